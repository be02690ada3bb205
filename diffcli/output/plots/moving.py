"""A Function's pictures as one of its variables moves: a parameter, or the place of a tangent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.expression import Node, number
from diffcli.language.function import Function
from diffcli.language.printer import text_of
from diffcli.output.plots.compose import compose, kinds_of
from diffcli.output.plots.frame import frame_range
from diffcli.output.plots.kinds.lines import Lines, straight_line
from diffcli.output.plots.movie import FRAMES
from diffcli.output.plots.pictures import Picture, PlotPlan, Request
from diffcli.studies.curves.parameters import Slider, holding

DIGITS = 4
"""Of the values that are passed."""


def travelling(function: Function, along: Slider, request: Request) -> list[Picture]:
    """Return the picture of lines as a tangent travels along; it is missing where there is none.

    Raises UsageError where the picture isn't one of lines.
    """
    picture = compose(function, request).picture
    if not isinstance(picture, Lines):
        raise UsageError("a tangent travels along lines only", hint="--kind lines")
    pictures: list[Picture] = []
    for value in _values(along):
        try:
            straights = [*picture.straights, straight_line(function, value, "tangent")]
        except NoDerivativeError:
            straights = [*picture.straights]
        pictures.append(replace(picture, straights=straights))
    return pictures


def moved(function: Function, parameter: Slider, request: Request) -> list[Picture]:
    """Return the pictures of a Function as a parameter moves, all in one frame.

    Raises UsageError where the frame isn't known: of what isn't lines it has to be asked for.
    """

    def plan(value: Node, asked: Request) -> PlotPlan:
        held = holding(function, {parameter.name: value})
        said = f"{parameter.name} = {text_of(value)}"
        # A legend of formulas would jump as their numbers change.
        family = (said,) * len(held.outputs) if "lines" in kinds_of(held)[:1] else ()
        return compose(held, replace(asked, family=family))

    values = _values(parameter)
    if not request.ranges or request.y_range is None:
        middle = plan(values[len(values) // 2], request).picture
        if isinstance(middle, Lines):
            request = replace(request, ranges={middle.frame.variable: middle.frame.x_range})
            some = [plan(values[0], request).picture, middle, plan(values[-1], request).picture]
            views = [
                frame_range(each.samples, each.lines, each.frame)
                for each in some
                if isinstance(each, Lines)
            ]
            lows, highs = zip(*views, strict=True)
            request = replace(request, y_range=request.y_range or (min(lows), max(highs)))
        elif not request.ranges:
            raise UsageError(
                "what moves needs one frame", hint="--range x=-2:2,y=-2:2 for all of its pictures"
            )
    return [plan(value, request).picture for value in values]


def _values(slider: Slider) -> list[Node]:
    """Return the values that are passed, of few digits, so that a legend says them."""
    unit = 10.0 ** (np.floor(np.log10(slider.high - slider.low)) - DIGITS + 1)
    steps = np.linspace(slider.low, slider.high, FRAMES)
    return [number(Fraction(f"{round(each / unit) * unit:.12g}")) for each in steps.tolist()]
