"""Nodes → nodes that a language can write: what it lacks by standard formulas, powers made real.

A definition is a formula of the language itself in ``x y z``, the function's arguments, chosen to
keep its digits wherever the function has them (DLMF chapter 4; Kahan 1987, "Branch cuts for complex
elementary functions"). A function without one, which a language lacks too, stays as it is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from diffcli.errors import PointError, UsageError
from diffcli.export.partials import arguments_of, formula
from diffcli.export.stable import FORMS
from diffcli.language.algebra import ONE, ZERO
from diffcli.language.builder import is_condition
from diffcli.language.expression import CONSTANT, VARIABLE, Node, constant, node, postorder
from diffcli.language.functions import TABLE
from diffcli.language.printer import text_of
from diffcli.language.rationals import ROOT_NAMES, fraction_of
from diffcli.language.tensors import TENSORS

MAX_CACHED = 4096
"""Constants whose floats are kept."""

TRUE, FALSE, NAN = constant("true"), constant("false"), constant("nan")
"""Conditions, and the value of a choice none of whose conditions holds."""


class Lowering:
    """Rewrites nodes in the functions that a language has, by their rows' names."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._varying: set[Node] = set()

    def lowered(self, roots: Sequence[Node]) -> tuple[Node, ...]:
        """Return the nodes rewritten; constants stay as they were typed."""
        return self._rewritten(roots, {})

    def _rewritten(self, roots: Sequence[Node], replaced: Mapping[Node, Node]) -> tuple[Node, ...]:
        """Return the nodes rewritten, with nodes in place of variables."""
        results = dict(replaced)
        for term in postorder(roots):
            if term not in results:
                results[term] = self._lowered(term, [results[arg] for arg in term.args])
        return tuple(results[root] for root in roots)

    def _lowered(self, term: Node, args: Sequence[Node]) -> Node:
        result = node(term.op, *args, value=term.value, static=term.static)
        if term.op == VARIABLE:
            self._varying.add(result)
        elif self._varying.isdisjoint(args):
            return _truth(result) if is_condition(result) else result
        elif term.op in _FOLDS:
            result = _FOLDS[term.op](args)
        else:
            result = self._known_one(_real_power(*args) if term.op == "pow" else result)
        if not self._varying.isdisjoint(result.args):
            self._varying.add(result)
        return result

    def _known_one(self, term: Node) -> Node:
        """Return an operation by its definition, where the language lacks it and there is one."""
        if term.op in self._known or term.op not in DEFINITIONS:
            return term
        standard = STANDARD.get(term.op) if term.args[1:] == (ZERO, ONE) else None
        text = standard or DEFINITIONS[term.op]
        (result,) = self._rewritten([formula(text)], arguments_of(term, text))
        return result


def varying_in(roots: Sequence[Node]) -> set[Node]:
    """Return the nodes that are no number: they depend on a variable, or are tensors."""
    varying: set[Node] = set()
    for term in postorder(roots):
        if term.op == VARIABLE or term.op in TENSORS or not varying.isdisjoint(term.args):
            varying.add(term)
    return varying


@lru_cache(MAX_CACHED)
def constant_float(value: Node) -> float:
    """Return the float64 nearest to a constant. Raises UsageError where it has none."""
    from diffcli.engines.exact import nearest

    if value.op == CONSTANT and value.value in ("nan", "inf"):
        return float(value.value)
    try:
        return nearest(value)
    except PointError as error:
        raise UsageError(
            f"{text_of(value)} has no float64", hint="a constant must be real and in its range"
        ) from error


def _truth(condition: Node) -> Node:
    """Return whether a condition without variables holds, by the floats of its numbers."""
    truths: dict[Node, bool] = {TRUE: True, FALSE: False}
    for term in postorder([condition]):
        if term.op in _COMPARISONS:
            left, right = map(constant_float, term.args)
            truths[term] = _COMPARISONS[term.op](left, right)
        elif term.op in _LOGIC:
            truths[term] = _LOGIC[term.op](truths[arg] for arg in term.args)
    return TRUE if truths[condition] else FALSE


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")}
)
_LOGIC: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {"and": all, "or": any, "not": lambda parts: not next(parts)}
)


def _joined(op: str, neutral: Node, decisive: Node) -> Callable[[Sequence[Node]], Node]:
    def fold(args: Sequence[Node]) -> Node:
        open_ones = [arg for arg in args if arg is not neutral]
        if decisive in open_ones:
            return decisive
        return node(op, *open_ones) if len(open_ones) > 1 else open_ones[0]

    return fold


def _choice(args: Sequence[Node]) -> Node:
    """Return a choice that ends in a piece for all the rest, without what is never chosen."""
    flat: list[Node] = []
    for value, condition in zip((*args[::2], NAN), (*args[1::2], TRUE), strict=True):
        if condition is not FALSE:
            flat += [value, condition]
        if condition is TRUE:
            break
    while len(flat) > 2 and flat[-4] is flat[-2]:
        flat[-4:-2] = []
    return node("piecewise", *flat) if len(flat) > 2 else flat[0]


_FOLDS: Mapping[str, Callable[[Sequence[Node]], Node]] = MappingProxyType(
    {
        "and": _joined("and", TRUE, FALSE),
        "or": _joined("or", FALSE, TRUE),
        "piecewise": _choice,
    }
)


def _real_power(base: Node, exponent: Node) -> Node:
    """Return a power that is real as the language says: x^(p/q) with odd q is the real root."""
    if base.op == CONSTANT and base.value == "e":
        return node("exp", exponent)
    exact = fraction_of(exponent)
    if exact is None or base.op == "abs":
        return node("pow", base, exponent)
    if exact in ROOT_NAMES:
        return node(ROOT_NAMES[exact], base)
    if exact.denominator == 1 or exact.denominator % 2 == 0:
        return node("pow", base, exponent)
    return node("odd power" if exact.numerator % 2 else "even power", base, exponent)


DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        "odd power": "sign(x)*abs(x)^y",
        "even power": "abs(x)^y",
        **{row.name: row.stable for row in TABLE.values() if row.stable},
        **{name: form.text for name, form in FORMS.items()},
    }
)
"""Functions, and partial derivatives in stable forms, by simpler functions."""
STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "normpdf": "exp(-x^2/2)/sqrt(2*pi)",
        "normcdf": "erfc(-x/sqrt(2))/2",
        **{name: form.standard for name, form in FORMS.items() if form.standard},
    }
)
"""The same of the standard distribution, with mean 0 and deviation 1."""
