"""Reference values of formulas and of their derivatives, from mpmath and the definitions alone.

Nothing here is shared with diffcli. A formula is Python text (``x**2 + sin(x)``); its numbers are
exact (``0.1`` is one tenth), and so are a point's coordinates (``"0.1"``, ``"1/3"``, an int or a
Fraction). Real analysis throughout: whatever isn't real and finite, at any step of the formula,
is :class:`OutsideDomainError`. Every answer is computed at growing precision until two precisions
agree to the digits asked for.
"""

from __future__ import annotations

import ast
import csv
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

from mpmath import mp, mpf
from oracle_functions import (
    CONSTANTS,
    Number,
    OutsideDomainError,
    alike,
    apply,
    inexact,
    modulo,
    typed_power,
)

DATA = Path(__file__).parent / "data"

Point = Mapping[str, int | str | Fraction]

MOST_DIGITS = 2000
"""Answers are sought up to this working precision; what cancels to nothing there is 0."""


Doubts = list[ast.AST]
"""Inexact sums that came out 0 or swallowed a term: what they lost may matter further on."""


class NotDifferentiableError(ValueError):
    """The derivatives from the left and from the right differ."""


def value(formula: str, point: Point, digits: int = 50) -> Number:
    """Return the formula's value at the point, to a relative error of 10^-digits.

    Raises OutsideDomainError where it isn't real, ArithmeticError where no precision settles it.
    """
    tree, names = _parse(formula), {name: Fraction(at) for name, at in point.items()}

    def compute(doubts: Doubts) -> Number:
        return inexact(_evaluate(tree, names, names, doubts))

    # A sum of a far coordinate and a near one is to keep both.
    scale = max(map(_decimal_exponent, names.values()), default=0)
    return _settle(compute, digits, digits + 15 + scale)


def derivative(
    formula: str, point: Point, orders: Mapping[str, int] | Iterable[str], digits: int = 50
) -> Number:
    """Return a partial derivative by mpmath.diff, to a relative error of 10^-digits.

    ``orders`` is ``{"x": 2, "y": 1}`` or, the same, ``("x", "x", "y")``. The difference quotients
    are taken from both sides; their mean is of second order in the step (10^-digits and less).
    Raises NotDifferentiableError where the sides disagree, ArithmeticError at a vertical tangent,
    and what :func:`value` raises.
    """
    tree, exact = _parse(formula), {name: Fraction(at) for name, at in point.items()}
    counts = Counter(orders)

    def mean_of_sides(doubts: Doubts) -> Number:
        def at(*coordinates: Number) -> Number:
            names = exact | dict(zip(counts, coordinates, strict=True))
            return inexact(_evaluate(tree, names, exact, doubts))

        with mp.workdps(4 * mp.dps):  # a kink stays nearer than the step
            coordinates = tuple(inexact(exact[name]) for name in counts)
        right, left = (
            mp.diff(at, coordinates, tuple(counts.values()), direction=side) for side in (1, -1)
        )
        mean = (right + left) / 2
        if abs(right - left) > max(abs(mean), 1) * mpf(10) ** -(digits // 2):
            raise NotDifferentiableError(
                f"{formula}: {mp.nstr(left)} from the left, {mp.nstr(right)}"
            )
        return mean

    # A step must be small beside the coordinate itself, however near 0 or far from it that lies.
    scale = max(_decimal_exponent(exact[name]) for name in counts)
    return _settle(mean_of_sides, digits, digits + 15 + 2 * scale)


def _decimal_exponent(coordinate: Fraction) -> int:
    return abs(len(str(abs(coordinate.numerator))) - len(str(coordinate.denominator)))


def _settle(compute: Callable[[Doubts], Number], digits: int, precision: int) -> Number:
    """Return what two successive precisions, each twice the last, agree on without a doubt."""
    previous = mp.nan
    while True:
        doubts: Doubts = []
        last = 2 * precision > MOST_DIGITS
        try:
            with mp.workdps(precision):
                current = compute(doubts)
                agreed = abs(current - previous) <= abs(current) * mpf(10) ** -digits
                if current and agreed and (last or not doubts):
                    return current
        except ZeroDivisionError as pole:
            raise OutsideDomainError("division by zero") from pole
        except NotDifferentiableError:
            if last:
                raise
            current = mp.nan
        if last:
            break
        previous, precision = current, 2 * precision
    if abs(current) < mpf(10) ** (-precision * 9 // 10):
        return mpf(0)
    raise ArithmeticError(f"{mp.nstr(current)} is not settled with {precision} digits")


# The formula's text, and the walk over it.


@cache
def _parse(formula: str) -> ast.expr:
    class Exact(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            if not isinstance(node.value, bool):
                node.value = Fraction(ast.get_source_segment(formula, node) or "")  # type: ignore[assignment]
            return node

    return Exact().visit(ast.parse(formula, mode="eval")).body  # type: ignore[no-any-return]


def _evaluate(
    node: ast.AST, names: Mapping[str, Number], frozen: Mapping[str, Number], doubts: Doubts
) -> Number:
    walk = partial(_evaluate, names=names, frozen=frozen, doubts=doubts)
    match node:
        case ast.Constant(value=number):
            return number
        case ast.Name(id=name):
            return names[name] if name in names else CONSTANTS[name]()
        case ast.UnaryOp(op=op, operand=operand):
            return UNARY[type(op)](walk(operand))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return typed_power(walk(left), walk(right))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = alike(walk(left), walk(right))
            result = BINARY[type(op)](a, b)
            sums = isinstance(op, ast.Add | ast.Sub) and isinstance(result, mpf)
            if sums and a and b and abs(result) in (0, abs(a), abs(b)):
                doubts.append(node)
            return result
        case ast.Compare(left=left, ops=ops, comparators=rest):
            sides = [walk(side) for side in (left, *rest)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return all(COMPARISONS[type(op)](*alike(a, b)) for op, a, b in pairs)
        case ast.BoolOp(op=op, values=values):
            return (all if isinstance(op, ast.And) else any)(walk(value) for value in values)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return walk(body if walk(test) else orelse)
        case ast.Call(func=ast.Name(id="where"), args=[test, body, orelse]):
            return walk(body if walk(test) else orelse)
        case ast.Call(func=ast.Name(id="piecewise"), args=pieces):
            for piece in pieces:
                match piece:
                    case ast.Tuple(elts=[body, test]) if walk(test):
                        return walk(body)
            raise OutsideDomainError("no condition of the piecewise holds")
        case ast.Call(func=ast.Name(id="detach"), args=[held]):
            return _evaluate(held, frozen, frozen, doubts)
        case ast.Call(func=ast.Name(id=name), args=args):
            return apply(name, [walk(arg) for arg in args])
    raise SyntaxError(f"not part of a formula: {ast.dump(node)}")


UNARY: Mapping[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}

BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: modulo,
}

COMPARISONS: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


# The tables beside this file.


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the table of functions as a formula, a point of it, and what is differentiable."""

    row: str
    formula: str
    point: Mapping[str, str]
    wrt: tuple[str, ...]


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of ``data/{name}.csv``.

    ``feynman``: the equations and sampling ranges of Udrescu & Tegmark 2020 (Science Advances 6,
    eaay2631), FeynmanEquations.csv and its 20 bonus equations. A formula need not be real in all
    of its range. ``derivatives``: textbook formulas, ``python`` in this module's syntax.
    ``points``: sample points of each row of the table of functions.
    """
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def row_points() -> Iterator[Case]:
    """Yield every sample point of every row, in the order of ``data/points.csv``."""
    for row in table("points"):
        for point in row["points"].split():
            coordinates = dict(zip("xyzw", point.split(","), strict=False))
            yield Case(row["row"], row["formula"], coordinates, tuple(row["wrt"].split()))
