"""Lines and curves, drawn with characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from textwrap import wrap
from typing import Any

import numpy as np
import uniplot
from uniplot.axis_labels.label_set import LabelSet

from diffcli.errors import UsageError
from diffcli.output.plots.frame import (
    Line,
    LinesShown,
    Spot,
    StraightLine,
    frame_range,
    marks_of,
    shown_lines,
    straights_of,
)
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.features import Feature
from diffcli.studies.curves.samples import Samples
from diffcli.studies.relations.scene import Scene, Shown

COLOURS = {"blue": 34, "red": 31, "green": 32, "magenta": 35, "cyan": 36, "yellow": 33}
"""By name, with their codes on a terminal."""
AROUND = 12
"""Columns that the box and its labels take."""
LEAST, MOST = (20, 6), (160, 48)
"""The least and the largest picture, in columns and lines."""
MOST_LISTED = 8
"""Features of a kind that the legend lists."""
LEAST_ROOM = 1e-9
"""Share of an axis behind its last tick, far less than a character."""
DOTTED = 1
"""Columns between the dots of a derivative."""
PLAIN = 50
"""The largest power of ten of an axis whose numbers are written out."""


def _written_out(labels: LabelSet) -> list[str]:
    """Return the numbers at an axis with all their digits: uniplot writes 2.5 as 2."""
    numbers = [float(label) for label in labels.labels]
    smallest = min(np.abs(np.diff(numbers)), default=1.0) / 1000
    for digits in range(10):
        texts = [f"{number:,.{digits}f}" for number in numbers]
        rounded = [float(text.replace(",", "")) for text in texts]
        if np.allclose(rounded, numbers, rtol=0, atol=smallest):
            break
    # A rounded zero has no sign.
    return [text.lstrip("-") if not float(text.replace(",", "")) else text for text in texts]


LabelSet._find_shortest_string_representation = _written_out  # type: ignore[assignment, method-assign]


@np.errstate(all="ignore")
def lines_text(plot: LinesShown, columns: int, rows: int, *, colour: bool) -> str:
    """Return lines as text that fits a terminal, the legend below.

    Without colour a derivative is a row of dots.
    """
    panels = plot.panels
    if len(panels) > 1:
        texts = [
            lines_text(replace(panel, frame=replace(panel.frame, layout="overlay")), columns,
                       rows // len(panels), colour=colour)
            for panel in panels
        ]  # fmt: skip
        return "\n".join(texts)
    frame, lines = plot.frame, shown_lines(plot.samples, plot.lines, plot.frame)
    if frame.symlog:
        raise UsageError("--symlog is drawn in a file", hint="-o plot.png")
    legend = [line.equation for line in lines] + [straight.text for straight in plot.straights]
    features = _features(plot, columns)
    width, height = _room(columns, rows, len(legend) + len(features))
    view = frame_range(plot.samples, plot.lines, plot.frame)
    dots = None if colour else width
    drawn = [
        _points(plot.samples, line, dots if line.order else None, log_x=frame.log_x)
        for line in lines
    ]
    drawn += [straight.line(frame.x_range, view, log_x=frame.log_x) for straight in plot.straights]
    axis = _Axis(*view, is_log=frame.log)
    solid = [colour or not line.order for line in lines] + [True] * len(plot.straights)
    colours = [name for name, _ in zip(cycle(COLOURS), legend, strict=False)]
    picture = uniplot.plot_to_string(
        [axis.scaled(y) for _, y in drawn],
        [x for x, _ in drawn],
        lines=solid,
        color=colours if colour else False,
        character_set="braille",
        width=width,
        height=height,
        x_min=frame.x_range[0],
        x_max=_with_last_tick(*frame.x_range),
        **axis.options("y"),
        x_as_log=frame.log_x,
        y_as_log=frame.log,
    )
    keys = _legend(legend, solid, colours if colour else None)
    return "\n".join([picture, *keys, *features])


def curve_text(
    samples: Samples,
    view: tuple[Spot, Spot],
    legend: Sequence[str],
    straights: Sequence[StraightLine],
    remarks: Sequence[str],
    columns: int,
    rows: int,
    *,
    colour: bool,
) -> str:
    """Return a curve in the plane and its tangents as text that fits a terminal.

    ``view`` is what is shown of both coordinates.
    """
    (x, _), (y, _) = samples.values
    series = [Series(np.array([x, y]).T, "blue")]
    series += [Series(np.array(straight.line(*view)).T, "green") for straight in straights]
    keys = [(legend[0], "blue")]
    return series_text(series, view, keys, [*legend[1:], *remarks], columns, rows, colour=colour)


@dataclass(frozen=True)
class Series:
    """Points (n, 2) that are joined, or dots, in a colour; nan ends a line."""

    points: Floats
    ink: str
    is_line: bool = True


@np.errstate(all="ignore")
def series_text(
    series: Sequence[Series],
    view: tuple[Spot, Spot],
    keys: Sequence[tuple[str, str]],
    remarks: Sequence[str],
    columns: int,
    rows: int,
    *,
    colour: bool,
) -> str:
    """Return points and lines in a plane as text that fits a terminal.

    ``view`` is what is shown of both coordinates, ``keys`` are names and their colours, ``remarks``
    stand below them.
    """
    width, height = _room(columns, rows, len(keys) + len(remarks))
    across, up = (_Axis(low, _with_last_tick(low, high)) for low, high in view)
    picture = uniplot.plot_to_string(
        [up.scaled(one.points[:, 1]) for one in series],
        [across.scaled(one.points[:, 0]) for one in series],
        lines=[one.is_line for one in series],
        color=[one.ink for one in series] if colour else False,
        character_set="braille", width=width, height=height,
        **across.options("x"), **up.options("y"),
    )  # fmt: skip
    texts, inks = [text for text, _ in keys], [ink for _, ink in keys]
    legend = _legend(texts, [True] * len(texts), inks if colour else None)
    return "\n".join([picture, *legend, *(f"      {remark}" for remark in remarks)])


@np.errstate(all="ignore")
def relations_text(
    scene: Scene, notes: Sequence[str], columns: int, rows: int, *, colour: bool
) -> str:
    """Return curves and regions as text that fits a terminal, what is said of them below."""
    keys = [
        (shown.relation.text, ink) for shown, ink in zip(scene.shown, cycle(COLOURS), strict=False)
    ]
    straights = straights_of(scene)
    notes = [*(straight.text for straight in straights), *marks_of(scene).values(), *notes]
    size = _room(columns, rows, len(keys) + len(notes))
    (left, right), (low, high) = (ends[[0, -1]].tolist() for ends in (scene.grid.x, scene.grid.y))
    view = (left, right), (low, high)
    series = [
        Series(points, ink, is_line)
        for shown, (_, ink) in zip(scene.shown, keys, strict=True)
        for points, is_line in _drawn(scene, shown, size)
    ]
    series += [Series(np.array(straight.line(*view)).T, keys[0][1]) for straight in straights]
    return series_text(series, view, keys, notes, columns, rows, colour=colour)


def _drawn(scene: Scene, shown: Shown, size: tuple[int, int]) -> Iterator[tuple[Floats, bool]]:
    """Yield single points, a region's among them, and the points of lines, which are joined."""
    gap = np.full((1, 2), np.nan)
    grid = scene.grid
    dots = [np.concatenate([edge.branches.dots, edge.branches.cells]) for edge in shown.edges]
    if shown.inside is not None:
        # A dot a character.
        columns, rows = (
            np.linspace(0, count - 1, cells).round().astype(int)
            for count, cells in zip(grid.shape[::-1], size, strict=True)
        )
        picked = np.ix_(rows, columns)
        x, y = np.meshgrid(grid.x[columns], grid.y[rows])
        dots.append(np.array([x, y])[:, shown.inside[picked]].T)
    yield np.concatenate([*dots, gap]), False
    lines = [part for edge in shown.edges for line in edge.branches.lines for part in (line, gap)]
    yield np.concatenate([*lines, gap]), True


def _room(columns: int, rows: int, legend: int) -> tuple[int, int]:
    """Return the columns and lines that are left for the picture itself."""
    width, height = (
        min(max(given, least), most)
        for given, least, most in zip(
            (columns - AROUND, rows - legend - 5), LEAST, MOST, strict=True
        )
    )
    return width, height


@dataclass(frozen=True)
class _Axis:
    """What an axis shows, in units of a power of ten where numbers are very large or small.

    uniplot squares the length of an axis to place its ticks, which overflows beyond 1e154.
    """

    low: float
    high: float
    is_log: bool = False

    @property
    def exponent(self) -> int:
        """The power of ten that is the unit."""
        largest = max(abs(self.low), abs(self.high))
        power = int(np.floor(np.log10(largest))) if largest else 0
        return 0 if self.is_log or abs(power) <= PLAIN else power

    def scaled(self, values: Floats) -> Floats:
        """Return values in the unit; what the axis doesn't show lies a little beyond its ends."""
        low, high = self._in_unit(np.array([self.low, self.high])).tolist()
        if self.is_log:
            least, most = low / 2, 2 * high
            values = np.where(values > 0, values, np.nan)
        else:
            least, most = 2 * low - high, 2 * high - low
        shown = np.clip(self._in_unit(values), least, most)
        # uniplot takes no line that has no values: it gets one that isn't seen.
        return shown if np.isfinite(shown).any() else np.full_like(shown, most)

    def _in_unit(self, values: Floats) -> Floats:
        half = self.exponent // 2
        return np.asarray(values / 10.0**half / 10.0 ** (self.exponent - half))

    def options(self, name: str) -> dict[str, Any]:
        """Return the ends and the unit, as uniplot takes those of the axis ``name``."""
        low, high = self._in_unit(np.array([self.low, self.high])).tolist()
        unit = f"e{self.exponent}" if self.exponent else ""
        return {f"{name}_min": low, f"{name}_max": high, f"{name}_unit": unit}


def _with_last_tick(low: float, high: float) -> float:
    """Return the end of an axis with room for a tick at it: uniplot's ticks lie below the end."""
    return high + (high - low) * LEAST_ROOM


def _points(
    samples: Samples, line: Line, columns: int | None, *, log_x: bool
) -> tuple[Floats, Floats]:
    x, y = samples.x, samples.values[line.output, line.order]
    if columns is not None:
        dots = (np.geomspace if log_x else np.linspace)(x[0], x[-1], columns // DOTTED + 1)
        x, y = dots, np.interp(dots, x, y)
    return x, y


def _legend(
    texts: Sequence[str], solid: Sequence[bool], colours: Sequence[str] | None
) -> Iterator[str]:
    for index, text in enumerate(texts):
        key = "───" if solid[index] else "···"
        if colours is not None:
            key = f"\x1b[{COLOURS[colours[index]]}m{key}\x1b[0m"
        yield f"  {key} {text}"


def _features(plot: LinesShown, columns: int) -> list[str]:
    """Return the places of each kind of feature that was asked for, in lines that fit."""
    listed: list[str] = []
    for feature in Feature if not plot.quiet else ():
        spots = [f"{spot.x:.12g}" for spot in plot.spots if spot.feature is feature]
        more = ["…"] if len(spots) > MOST_LISTED else []
        if spots:
            text = f"{feature.value}: {', '.join(spots[:MOST_LISTED] + more)}"
            listed += wrap(text, columns, initial_indent="  ", subsequent_indent="    ")
    return listed
