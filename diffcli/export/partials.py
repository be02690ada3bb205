"""Partial derivatives over the typed DAG, also of what has kinks and jumps.

Away from them the derivative is that of the piece; at a kink it is that of one side, or 0 for
``abs``, as autograd has it. Conditions are constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from diffcli.errors import LimitError, UsageError
from diffcli.export.stable import FORMS, PARTIALS
from diffcli.language.algebra import ONE, ZERO, Algebra, signed
from diffcli.language.builder import Builder
from diffcli.language.derivative import Slopes, tangent
from diffcli.language.expression import VARIABLE, Node, constant, node, postorder, variable
from diffcli.language.functions import TABLE
from diffcli.language.rules import ARGUMENTS, Formulas


def differentiated(value: Node, name: str) -> Node:
    """Return the derivative of a node in a variable.

    Raises UsageError for a function without a closed derivative, LimitError where it swells.
    """
    algebra = Algebra(Builder(swelling))
    slopes: dict[Node, Node] = {}
    for part in _values(value):
        if part.is_leaf:
            slopes[part] = ONE if part.op == VARIABLE and part.value == name else ZERO
        elif all(slopes.get(arg, ZERO) is ZERO for arg in part.args):
            slopes[part] = ZERO
        else:
            slopes[part] = _RULES.get(part.op, _call)(algebra, part, slopes)
    return signed(slopes[value])


def swelling(
    message: str, error: type[LimitError] | None = None, **_: Any
) -> UsageError | LimitError:
    """Return the error of a derivative that can't be written, or is too large to be."""
    if error:
        return error(f"the derivative swells: {message}", hint="export the value alone")
    return UsageError(message, hint="export the value alone: kinds value")


def _values(root: Node) -> list[Node]:
    """Return every node that a value is made of, in order; what conditions read is none."""
    wanted = {root}
    order = postorder([root])
    for term in reversed(order):
        if term in wanted:
            wanted.update(term.args[::2] if term.op == "piecewise" else term.args)
    return [term for term in order if term in wanted]


def formula(text: str) -> Node:
    """Return a formula of a function's arguments; the names of stable forms are variables in it."""
    return Formulas.formula(text, (*ARGUMENTS, *FORMS))


def arguments_of(term: Node, text: str) -> dict[Node, Node]:
    """Return a node's arguments, and stable forms of them, by what stands for them in a formula."""
    forms = (name for name in FORMS if name in text)
    return {
        **{variable(x): arg for x, arg in zip(ARGUMENTS, term.args, strict=False)},
        **{variable(name): node(name, *term.args) for name in forms},
    }


def _choice(_: Algebra, term: Node, slopes: Slopes) -> Node:
    pairs = zip(term.args[::2], term.args[1::2], strict=True)
    return _chosen([(slopes[value], condition) for value, condition in pairs])


def _chosen(pieces: list[tuple[Node, Node]]) -> Node:
    return node("piecewise", *(part for pair in pieces for part in pair))


def _extreme(_: Algebra, term: Node, slopes: Slopes) -> Node:
    *first, last = term.args
    pieces = [(slopes[arg], node("eq", arg, term)) for arg in first]
    return _chosen([*pieces, (slopes[last], constant("true"))])


def _call(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    row = TABLE.get(term.op)
    partials = PARTIALS.get(term.op) or (row and (row.subgradient or row.between))
    if not partials:
        return tangent(algebra, term, slopes)
    return algebra.add(
        *(
            algebra.mul(slopes[arg], algebra.graft(formula(text), arguments_of(term, text)))
            for arg, text in zip(term.args, partials, strict=True)
            if slopes[arg] is not ZERO
        )
    )


_RULES: Mapping[str, Callable[[Algebra, Node, Slopes], Node]] = MappingProxyType(
    {"piecewise": _choice, "min": _extreme, "max": _extreme}
)
