"""What a plot of lines shows, whatever draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf

import numpy as np

from diffcli.errors import LimitError, UsageError
from diffcli.studies.curves.breaks import BreakKind, Floats
from diffcli.studies.curves.enclosure import Band
from diffcli.studies.curves.features import FeaturePoint
from diffcli.studies.curves.samples import Samples
from diffcli.studies.curves.viewing import visible_range
from diffcli.studies.relations.notable import NotableKind
from diffcli.studies.relations.scene import Scene

MARGIN = 0.05
"""Above and below the lines, as a part of their height."""
HIGHEST = 1e306
"""The largest number at an end of an axis: to draw one, larger numbers are computed with."""
LEAST = 1e-12
"""How small a value a logarithmic axis still shows, as a part of the largest."""
TENTH = 0.1
"""The part of all values that an axis of logarithms shows evenly about 0."""
STRAIGHT = 201
"""Points along a straight line, which a logarithm bends."""
MOST_MARKED = 50
"""Jumps of a line that are marked: more would be a row of rings."""
LONG = 60
"""Characters of a formula that a legend still shows."""


Spot = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One line of a plot: the samples that it shows, and the equation that the legend shows.

    ``name`` is the equation's left side, as ``f'(x)``; ``text`` its right side, where known.
    ``latex`` is the whole equation in LaTeX.
    """

    output: int
    order: int
    name: str
    text: str | None = None
    latex: str | None = None

    @property
    def short(self) -> bool:
        """Whether the formula is known, and short enough to be shown."""
        return self.text is not None and len(self.text) <= LONG

    @property
    def equation(self) -> str:
        """The equation as text, or its left side alone."""
        return f"{self.name} = {self.text}" if self.short else self.name


@dataclass(frozen=True)
class StraightLine:
    """A tangent or a normal at (``x``, ``y``); its slope is infinite where it is upright."""

    name: str
    output: int
    x: float
    y: float
    slope: float
    in_plane: bool = False
    """Whether the point is told by both coordinates."""

    @property
    def text(self) -> str:
        """What the legend says: ``tangent at 1: y = 2x − 1``."""
        place = f"({self.x:.4g}, {self.y:.4g})" if self.in_plane else f"{self.x:.4g}"
        return f"{self.name} at {place}: {self.equation}".replace("-", "−")

    @property
    def equation(self) -> str:
        """The equation, with four digits."""
        if isinf(self.slope):
            return f"x = {self.x:.4g}"
        rise = self.y - self.slope * self.x
        # What is left of numbers that cancel is nothing.
        rise = 0.0 if abs(rise) < 1e-12 * abs(self.y) else rise
        if not self.slope:
            return f"y = {rise:.4g}"
        steep = {1.0: "x", -1.0: "-x"}.get(self.slope, f"{self.slope:.4g}x")
        shift = f" {'-' if rise < 0 else '+'} {abs(rise):.4g}" if rise else ""
        return f"y = {steep}{shift}"

    def line(
        self, x_range: tuple[float, float], y_range: tuple[float, float], *, log_x: bool = False
    ) -> tuple[Floats, Floats]:
        """Return points along the line across a picture."""
        if isinf(self.slope):
            return np.full(2, self.x), np.array(y_range)
        x = (np.geomspace if log_x else np.linspace)(*x_range, STRAIGHT)
        return x, self.y + self.slope * (x - self.x)


@dataclass(frozen=True)
class Frame:
    """What surrounds the lines: the variable, the ranges, whether y is drawn by its logarithm.

    ``latex`` is the variable in LaTeX. ``equal`` is whether both axes have the same scale,
    ``log_x`` whether x is drawn by its logarithm, ``symlog`` whether y is on both sides of 0.
    ``layout`` is where derivatives stand: overlay, twin or stacked.
    """

    variable: str
    latex: str
    x_range: tuple[float, float]
    y_range: tuple[float, float] | None = None
    log: bool = False
    equal: bool = False
    log_x: bool = False
    symlog: bool = False
    layout: str = "overlay"


@dataclass(frozen=True)
class LinesShown:
    """What a plot of lines shows.

    ``points`` are dots on lines: the line, x and y. ``quiet`` features are marked in passing.
    ``bands`` are proved bounds of functions.
    """

    samples: Samples
    lines: Sequence[Line]
    frame: Frame
    straights: Sequence[StraightLine] = ()
    points: Sequence[tuple[Line, float, float]] = ()
    spots: Sequence[FeaturePoint] = ()
    quiet: bool = True
    fill: bool = False
    bands: Sequence[Band] = ()

    @property
    def panels(self) -> list[LinesShown]:
        """What each pair of axes shows: everything, or the lines of each order by themselves.

        Twin axes have the functions on the one, and all derivatives on the other. What is marked
        stands with the functions.
        """
        lines = shown_lines(self.samples, self.lines, self.frame)
        orders = sorted({line.order for line in lines})
        if self.frame.layout == "overlay" or len(orders) < 2:
            return [self]
        first, *rest = ([line for line in lines if line.order == order] for order in orders)
        if self.frame.layout == "twin":
            rest = [[line for group in rest for line in group]]
        own = replace(self.frame, y_range=None)
        return [
            replace(self, lines=first, points=self._points_on(first)),
            *(
                replace(
                    self, lines=group, frame=own, points=self._points_on(group), straights=(),
                    spots=(), bands=(), fill=False,
                )
                for group in rest
            ),
        ]  # fmt: skip

    def _points_on(self, lines: Sequence[Line]) -> list[tuple[Line, float, float]]:
        return [point for point in self.points if point[0] in lines]


def shown_lines(samples: Samples, lines: Sequence[Line], frame: Frame) -> list[Line]:
    """Return the lines of which something is drawn: on a logarithmic axis, positive values."""
    if not frame.log:
        return list(lines)
    return [line for line in lines if (samples.values[line.output, line.order] > 0).any()]


def line_ends(samples: Samples, line: Line) -> tuple[list[Spot], list[Spot]]:
    """Return the ends of a line at its jumps, and the function's own values there.

    An end towards which a line swings on is none; where jumps are many, none is marked.
    """
    breaks = samples.breaks_of(line.output, line.order)
    jumps = [each for each in breaks if each.kind in (BreakKind.JUMP, BreakKind.HOLE)]
    if len(jumps) > MOST_MARKED:
        return [], []
    row = samples.values[line.output, line.order]
    rings = [
        (jump.at, float(row[samples.x.searchsorted(end)]))
        for jump in jumps
        for end in (jump.low, jump.high)
        if (line.output, line.order, end) not in samples.restless
    ]
    dots = [(jump.at, jump.value) for jump in jumps if line.order == 0]
    return rings, dots


def poles_of(samples: Samples, lines: Sequence[Line]) -> list[float]:
    """Return where lines have poles, in order."""
    breaks = (each for line in lines for each in samples.breaks_of(line.output, line.order))
    return sorted({each.at for each in breaks if each.kind is BreakKind.POLE})


MOST_LISTED = 4
"""Points of a kind whose coordinates a legend lists."""


def marks_of(scene: Scene) -> dict[NotableKind, str]:
    """Return what a legend says of each kind of points that are marked: where they are, if few."""
    texts = {}
    for kind in NotableKind:
        points = [each for each in scene.notable if each.kind is kind]
        places = ", ".join(f"({point.x:.4g}, {point.y:.4g})" for point in points)
        if points:
            few = len(points) <= MOST_LISTED
            texts[kind] = f"{kind.value}: {places if few else f'{len(points)} points'}"
    return {kind: text.replace("-", "−") for kind, text in texts.items()}


def straights_of(scene: Scene) -> list[StraightLine]:
    """Return the tangents of curves as lines across the picture."""
    return [
        StraightLine(
            "tangent", tangent.relation, tangent.x, tangent.y, tangent.slope, in_plane=True
        )
        for tangent in scene.tangents
    ]


def frame_range(samples: Samples, lines: Sequence[Line], frame: Frame) -> tuple[float, float]:
    """Return the range of y that is drawn: the one asked for, else the visible with a margin.

    Raises UsageError where a logarithm is asked for and nothing is positive, LimitError where all
    is too far away to be drawn.
    """
    if frame.y_range:
        low, high = frame.y_range
    else:
        low, high = visible_range(samples, sorted({line.order for line in lines}))
        low, high = with_margin(low, high, MARGIN)
    if frame.log and low <= 0:
        low = _least_positive(samples, lines, high)
    return low, high


def linear_part(samples: Samples, lines: Sequence[Line]) -> float:
    """Return the power of ten about 0 within which an axis of logarithms is even.

    A tenth of the values that aren't 0 lie within it.
    """
    values = np.concatenate([samples.values[line.output, line.order] for line in lines])
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    least = float(np.quantile(sizes, TENTH)) if sizes.size else 1.0
    return float(10.0 ** np.clip(np.floor(np.log10(least)), -300, 300))


def with_margin(low: float, high: float, part: float) -> tuple[float, float]:
    """Return a range with a part of its length before and after it.

    Raises LimitError where an end is too large to be drawn.
    """
    if max(-low, high) > HIGHEST:
        raise LimitError(
            f"values beyond ±{HIGHEST:g} can't be drawn",
            hint="another --range or --y-range, or --data for the numbers",
        )
    margin = part * high - part * low
    return low - margin, high + margin


def _least_positive(samples: Samples, lines: Sequence[Line], high: float) -> float:
    shown = np.concatenate([samples.values[line.output, line.order] for line in lines])
    positive = shown[shown > 0]
    least = max(positive.min(initial=np.inf), high * LEAST)
    if not 0 < least < high:
        raise UsageError("no value is positive, so none has a logarithm", hint="without --log")
    return float(least)
