"""What Taylor arithmetic knows of each row: formulas of the language, in the arguments x y z.

Beyond its value a row's series follows from its partials, which the table states. Here stand
those of rows whose partials series can't be divided by, and integer powers, which are products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from diffcli.errors import LimitError
from diffcli.language.algebra import Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.functions import TABLE
from diffcli.language.rationals import fraction_of
from diffcli.language.rules import ARGUMENTS, formula
from diffcli.language.special_functions import POLYNOMIALS

LARGEST_POWER = 2**31
"""Up to which an integer power is made of products."""

_PARTIALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pow": ("y*x^y/x", "x^y*log(x)"),
        # Regular at 0, where a quotient by x isn't (DLMF 10.51.2).
        "sinc": ("-sphericalj(1, x)",),
        "Shi": ("sinh(x)/x",),
    }
)

STEPS = frozenset(row.name for row in TABLE.values() if row.between[:1] == ("0",))
"""The rows that are constant between their jumps."""

OF_DEGREE = frozenset(row.name for row in POLYNOMIALS)
"""The polynomials, by their degree; below degree 0 they are 0."""


class NoSeriesError(LimitError):
    """A row has no rule in Taylor arithmetic."""


def definition(term: Node) -> Node | None:
    """Return the formula whose series is that of a node beyond the value, if it has one."""
    if term.op == "mul" and len(term.args) > 2:
        return node("mul", node("mul", *term.args[:-1]), term.args[-1])
    if term.op == "pow":
        exponent = integer(term.args[1])
        return None if exponent is None else _integer_power(term.args[0], exponent)
    return None


def partial(term: Node, index: int) -> Node:
    """Return a node's partial in an argument, as a node.

    Raises NoSeriesError where the row has none.
    """
    partials = _PARTIALS.get(term.op) or _stated_partials(term.op)
    if index >= len(partials) or not partials[index]:
        where = f" in its argument {index + 1}" if len(term.args) > 1 else ""
        raise NoSeriesError(f"Taylor arithmetic has no rule for {term.op}{where}")
    return _grafted(partials[index], term)


def _stated_partials(op: str) -> Sequence[str]:
    """Return a row's partials as the table has them: with a value at a kink, if there are such."""
    if op not in TABLE:
        return ()
    row = TABLE[op]
    return row.subgradient or row.partials or row.between


def integer(exponent: Node) -> int | None:
    """Return the integer that an exponent is, if it is one and not huge."""
    exact = fraction_of(exponent)
    if exact is None or exact.denominator != 1 or abs(exact) > LARGEST_POWER:
        return None
    return exact.numerator


def _integer_power(base: Node, exponent: int) -> Node:
    """Return a power as products of halves: unlike a recurrence, it holds at 0."""
    if exponent < 0:
        return node("div", number(1), node("pow", base, number(-exponent)))
    if exponent < 2:
        return base if exponent else number(1)
    half = node("pow", base, number(exponent // 2)) if exponent > 3 else base
    square = node("mul", half, half)
    return node("mul", square, base) if exponent % 2 else square


def _grafted(text: str, term: Node) -> Node:
    arguments = {variable(x): arg for x, arg in zip(ARGUMENTS, term.args, strict=False)}
    return Algebra(Builder(_fail)).graft(formula(text), arguments)


def _fail(message: str, **_: object) -> NoSeriesError:
    return NoSeriesError(message)
