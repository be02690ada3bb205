"""Functions that are only named: ``f(x)``, ``f(g(x))``, ``f(x, y(x))``, and their derivatives.

The operation of such a call holds the function's name and how often it is differentiated in each
argument, so that every walk over nodes carries both. It has no value at any point.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from diffcli.errors import UsageError
from diffcli.language.expression import Node, is_unknown, node, postorder
from diffcli.language.tokens import GREEK_NAMES

CONVENTIONAL = frozenset("fghFGH")
"""Letters that mathematics keeps for functions; another one may be meant as a factor."""
PARTIAL = "∂"
"""The sign of a partial derivative of an unknown function of several arguments."""
_NAME = re.compile(rf"(?:[A-Za-z]|{'|'.join(sorted(GREEK_NAMES))})(?:_?[0-9]+)?")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def may_name(name: str) -> bool:
    """Whether a name can be that of an unknown function: a letter, with digits behind it."""
    return _NAME.fullmatch(name) is not None


def is_conventional(name: str) -> bool:
    """Whether a name is one of a function by convention, whatever its arguments are."""
    return name[0] in CONVENTIONAL and name not in GREEK_NAMES


def unknown(name: str, orders: Sequence[int], args: Sequence[Node]) -> Node:
    """Return the call of a function that is only named, so often differentiated in each place."""
    return node(f"?{name} {' '.join(map(str, orders))}", *args)


def parts_of(op: str) -> tuple[str, tuple[int, ...]]:
    """Return the name and the orders of an unknown function's operation."""
    name, *orders = op.removeprefix("?").split()
    return name, tuple(map(int, orders))


def raised(op: str, index: int) -> str:
    """Return the operation differentiated once more in an argument."""
    name, orders = parts_of(op)
    risen = [order + (position == index) for position, order in enumerate(orders)]
    return f"?{name} {' '.join(map(str, risen))}"


def spelled(op: str) -> str:
    """Return how an unknown function is written before its arguments: ``f''``, ``∂₁²∂₂f``."""
    name, orders = parts_of(op)
    if len(orders) == 1:
        return name + "'" * orders[0]
    return "".join(_partial(index, order) for index, order in enumerate(orders, 1)) + name


def _partial(index: int, order: int) -> str:
    power = str(order).translate(_SUPERSCRIPTS) if order > 1 else ""
    return f"{PARTIAL}{str(index).translate(_SUBSCRIPTS)}{power}" if order else ""


def spelled_latex(op: str, name_latex: str) -> str:
    """Return how an unknown function is written before its arguments in LaTeX."""
    _, orders = parts_of(op)
    if len(orders) == 1:
        return name_latex + "'" * orders[0]
    partials = (
        rf"\partial_{{{index}}}" + (f"^{{{order}}}" if order > 1 else "")
        for index, order in enumerate(orders, 1)
        if order
    )
    return rf"{''.join(partials)} {name_latex}".strip()


def unknowns_in(roots: Iterable[Node]) -> dict[str, Node]:
    """Return the first call of each function that is only named, by its name."""
    calls: dict[str, Node] = {}
    for term in postorder(roots):
        if is_unknown(term.op):
            calls.setdefault(parts_of(term.op)[0], term)
    return calls


def refuse_unknown(roots: Iterable[Node]) -> None:
    """Raise UsageError where a formula has a function that is only named."""
    for name in unknowns_in(roots):
        raise UsageError(
            f"{name} is only named: it has no values", hint=f"define it: {name}(x) = x^2; …"
        )
