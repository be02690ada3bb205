"""A function and its Taylor polynomials, drawn in the frame that the function alone would have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from diffcli.errors import UsageError
from diffcli.language.algebra import ZERO
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.printer import text_of
from diffcli.output.plots.canvas import render
from diffcli.output.plots.compose import compose
from diffcli.output.plots.frame import Line, frame_range
from diffcli.output.plots.kinds.lines import Lines
from diffcli.output.plots.pictures import Ends, Request
from diffcli.output.plots.style import Canvas
from diffcli.output.plots.typed import math_name, typed_latex
from diffcli.studies.curves.line import default_range, evaluator
from diffcli.studies.taylor.expansion import Expansion, total

MOST = 6
"""Polynomials that are drawn: with the function, as many as there are colours."""

SHORT = 30
"""Characters of the longest polynomial that a legend still shows with the others."""


@dataclass(frozen=True)
class Polynomial:
    """Polynomials that are the same: their orders, the formula that is drawn, and that is told."""

    orders: tuple[int, ...]
    drawn: Node
    shown: Node


def expansion_figure(function: Function, expansion: Expansion, canvas: Canvas) -> bytes:
    """Return the picture of a function and its polynomials T1 … Tn as the bytes of a file.

    Raises UsageError unless the function has one variable, a number, and one polynomial is known.
    """
    return render(expansion_picture(function, expansion).paint, canvas)


def expansion_picture(function: Function, expansion: Expansion) -> Lines:
    """Return the lines of a function and its polynomials, in the function's own frame.

    Polynomials of different orders that are the same are one line, and of many some are drawn.
    Raises UsageError as :func:`expansion_figure` does.
    """
    (centre,) = (expansion.result.at or {}).values() if len(function.variables) == 1 else (None,)
    if not isinstance(centre, float):
        raise UsageError(
            "the polynomials of one variable are drawn, and it must be a number",
            hint="give the others a value: --let y=1",
        )
    (name,) = function.variables
    polynomials = _thinned(list(_polynomials(expansion, name, centre)))
    if not polynomials:
        raise UsageError("no polynomial is known here, so none is drawn", hint="another --at")
    ends = _range_about(function, centre)
    alone = _lines(function, Request(kind="lines", orders=(0,), ranges={name: ends}, features=()))
    height = frame_range(alone.samples, alone.lines, alone.frame)
    together = replace(function, outputs=(*function.outputs, *(p.drawn for p in polynomials)))
    asked = Request(kind="lines", orders=(0,), ranges={name: ends}, y_range=height, features=())
    picture = _lines(together, asked)
    is_told = all(len(text_of(one.shown)) <= SHORT for one in polynomials)
    lines = [_line(row, one, name, is_told=is_told) for row, one in enumerate(polynomials, start=1)]
    value = expansion.result.value
    dots = [(alone.lines[0], centre, value)] if isinstance(value, float) else []
    return replace(picture, lines=[*alone.lines, *lines], points=dots)


def _lines(function: Function, request: Request) -> Lines:
    picture = compose(function, request).picture
    if not isinstance(picture, Lines):
        raise TypeError("lines are what was asked for")
    return picture


def _polynomials(expansion: Expansion, name: str, centre: float) -> Iterator[Polynomial]:
    """Yield the polynomials from the first order on; the constant alone where there is no other.

    What is drawn has all digits of the coefficients, what is told those that are shown.
    """
    step = node("add", variable(name), number(-centre)) if centre else variable(name)
    coefficients = list(expansion.result.derivative.values())[: len(expansion.summands)]
    terms = [
        node("mul", number(value), node("pow", step, number(power))) if value else ZERO
        for power, value in enumerate(coefficients)
    ]
    order = min(1, len(terms) - 1)
    while 0 <= order < len(terms):
        after = order + 1
        while after < len(terms) and terms[after] is ZERO:
            after += 1
        yield Polynomial(
            tuple(range(order, after)), total(terms[:after]), total(expansion.summands[:after])
        )
        order = after


def _thinned(polynomials: Sequence[Polynomial]) -> list[Polynomial]:
    """Return some of many polynomials, the first and the last among them."""
    kept = np.linspace(0, len(polynomials) - 1, min(MOST, len(polynomials))).round().astype(int)
    return [polynomials[position] for position in kept]


# What overflows says nothing of the range.
@np.errstate(all="ignore")
def _range_about(function: Function, centre: float) -> Ends:
    """Return the function's own range, moved to a place that lies outside it."""
    usual = default_range(function, evaluator(function, 1))
    if usual.low < centre < usual.high:
        return usual.low, usual.high
    half = (usual.high - usual.low) / 2
    return centre - half, centre + half


def _line(output: int, polynomial: Polynomial, name: str, *, is_told: bool) -> Line:
    """Return a polynomial's line, which is called by all orders that it has."""
    latex = typed_latex(polynomial.shown)
    argument = rf"\left({math_name(name)}\right)"
    left = _called([rf"T_{{{order}}}{argument}" for order in polynomial.orders], r"\cdots")
    return Line(
        output,
        0,
        name=_called([f"T{order}({name})" for order in polynomial.orders], "…"),
        text=text_of(polynomial.shown) if is_told else None,
        latex=latex and f"{left} = {latex}",
    )


def _called(names: Sequence[str], more: str) -> str:
    """Return equal names as one, the first and the last where they are many."""
    return " = ".join(names if len(names) < 3 else (names[0], more, names[-1]))
