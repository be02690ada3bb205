"""Lines as an inline SVG: a page gives them its ink, and its ground when that is dark.

It is drawn without matplotlib, whose import takes longer than the picture. What it shows is told in
words too, for a screen reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import isfinite

import numpy as np

from diffcli.output.html import math
from diffcli.output.plots.frame import (
    Line,
    LinesShown,
    frame_range,
    line_ends,
    poles_of,
    shown_lines,
)
from diffcli.output.plots.style import FAINT, FAINTER, PALETTE, PALETTE_ON_DARK
from diffcli.output.plots.ticks import ticks
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.features import Feature

WIDTH, HEIGHT, LOWER = 640, 300, 180
"""Of the picture and of its axes, those of one of several panels, in pixels."""
LEFT, RIGHT, ABOVE, BELOW = 64, 24, 10, 26
"""What surrounds the axes, in pixels."""
MOST_ACROSS, MOST_UP = 9, 6
"""Ticks of an axis."""
DASHES = ("", "7 4", "7 4 2 4", "2 3")
MOST_TOLD = 8
"""Points of a kind that the alternative text lists."""
MOST_DOTS = 60
"""Extrema that are marked: more would fill the line."""
BEYOND = 2.0
"""How far beyond the frame a line is drawn, as a part of its height."""


def _inks(palette: Sequence[str]) -> str:
    return " ".join(f"--ink{place}: {colour};" for place, colour in enumerate(palette))


STYLE = (
    f".dc-plot {{ {_inks(PALETTE)} --grid: {FAINTER}; --faint: {FAINT};"
    " --ground: #fff; max-width: 40rem; }"
    " @media (prefers-color-scheme: dark) { .dc-plot { "
    f"{_inks(PALETTE_ON_DARK)} --grid: #333a44; --faint: #7d8590; --ground: #121212; }} }}"
    " @media print { .dc-plot { break-inside: avoid; } }"
    " .dc-plot { margin: 1rem 0; }"
    " .dc-plot > svg { width: 100%; height: auto; display: block; }"
    " .dc-plot text { fill: currentColor; font: 13px system-ui, sans-serif; }"
    " .dc-plot:not(.dc-painted) path { fill: none; }"
    " .dc-light { color: #262626; background: #fff; }"
    " .dc-plot figcaption > span { margin-right: 1.5rem; }"
    " .dc-plot figcaption svg { width: 2rem; height: .8rem; margin-right: .4rem; }"
)
"""The style of a figure: the page's ink, and its ground when that is dark."""


@dataclass(frozen=True)
class _Axes:
    """A pair of axes: what they show, and where they stand in the picture."""

    across: tuple[float, float]
    up: tuple[float, float]
    top: float
    height: float

    def x(self, values: Floats | float) -> Floats:
        """Return how far from the left numbers lie, in pixels."""
        low, high = self.across
        return np.asarray((values - low) / (high - low) * (WIDTH - LEFT - RIGHT))

    def y(self, values: Floats | float) -> Floats:
        """Return how far below the top of the axes numbers lie, in pixels."""
        low, high = self.up
        share = np.clip((values - low) / (high - low), -BEYOND, 1 + BEYOND)
        return np.asarray((1 - share) * self.height)


def inline_figure(plot: LinesShown) -> str:
    """Return lines as a figure of HTML: an SVG with its alternative text, and a legend.

    Axes are even: ``plot`` has no logarithmic ones. What would have an axis of its own on the right
    stands in a panel below.
    """
    layout = "stacked" if plot.frame.layout == "twin" else plot.frame.layout
    panels = replace(plot, frame=replace(plot.frame, layout=layout)).panels
    height = HEIGHT if len(panels) == 1 else LOWER
    total = ABOVE + len(panels) * (height + BELOW)
    parts: list[str] = []
    for place, panel in enumerate(panels):
        view = frame_range(panel.samples, panel.lines, panel.frame)
        axes = _Axes(panel.frame.x_range, view, ABOVE + place * (height + BELOW), height)
        parts += _panel(panel, axes)
    body = "\n".join(parts)
    return (
        f'<figure class="dc-plot"><style>{STYLE}</style>\n'
        f'<svg viewBox="0 0 {WIDTH} {total}" role="img" aria-label="{escape(described(plot))}">\n'
        f"{body}\n</svg>\n<figcaption>{''.join(_legend(plot))}</figcaption></figure>"
    )


def described(plot: LinesShown) -> str:
    """Return in words what lines show: the alternative text of their picture."""
    low, high = (f"{end:.4g}" for end in plot.frame.x_range)
    lines = shown_lines(plot.samples, plot.lines, plot.frame)
    names = " and ".join(line.equation for line in lines)
    sentences = [f"Plot of {names} for {plot.frame.variable} from {low} to {high}"]
    sentences += [f"dot at ({x:.6g}, {y:.6g}) on {line.name}" for line, x, y in plot.points]
    if poles := poles_of(plot.samples, lines):
        sentences.append(f"poles at {_listed(poles)}")
    for feature in Feature:
        places = [spot.x for spot in plot.spots if spot.feature is feature]
        if places:
            sentences.append(f"{feature.value} at {_listed(places)}")
    return f"{'; '.join(sentences)}."


def _listed(places: Sequence[float]) -> str:
    more = f" and {len(places) - MOST_TOLD} more" if len(places) > MOST_TOLD else ""
    return ", ".join(f"{place:.4g}" for place in places[:MOST_TOLD]) + more


def _legend(plot: LinesShown) -> Iterator[str]:
    for line in shown_lines(plot.samples, plot.lines, plot.frame):
        label = math(line.latex) if line.latex and line.short else escape(line.equation)
        yield (
            f'<span><svg viewBox="0 0 32 12" aria-hidden="true"><path d="M0 6H32" {_pen(line)}/>'
            f"</svg>{label}</span>"
        )


def _pen(line: Line) -> str:
    dash = DASHES[line.order % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="var(--ink{line.order % len(PALETTE)})" stroke-width="2"{dashed}'


def _panel(plot: LinesShown, axes: _Axes) -> Iterator[str]:
    """Yield the axes and what they hold; an inner SVG clips what lies beyond them."""
    width = WIDTH - LEFT - RIGHT
    x_ticks, y_ticks = ticks(axes.across, MOST_ACROSS), ticks(axes.up, MOST_UP)
    size = f'width="{width}" height="{axes.height}"'
    yield f'<svg x="{LEFT}" y="{axes.top}" {size}>'
    grid = [f"M{axes.x(tick):.1f} 0V{axes.height}" for tick, _ in x_ticks]
    grid += [f"M0 {axes.y(tick):.1f}H{width}" for tick, _ in y_ticks]
    yield f'<path d="{"".join(grid)}" stroke="var(--grid)"/>'
    poles = poles_of(plot.samples, plot.lines)
    zeros = [f"M0 {axes.y(0.0):.1f}H{width}"] * (axes.up[0] <= 0 <= axes.up[1])
    zeros += [f"M{axes.x(0.0):.1f} 0V{axes.height}"] * (0.0 not in poles)
    yield f'<path d="{"".join(zeros)}" stroke="var(--faint)"/>'
    uprights = "".join(f"M{axes.x(pole):.1f} 0V{axes.height}" for pole in poles)
    yield f'<path d="{uprights}" stroke="var(--faint)" stroke-dasharray="4 3"/>'
    for line in plot.lines:
        row = plot.samples.values[line.output, line.order]
        yield f'<path d="{_path(axes.x(plot.samples.x), axes.y(row))}" {_pen(line)}/>'
    yield from _marks(plot, axes)
    yield "</svg>"
    foot = axes.top + axes.height + 17
    for tick, label in x_ticks:
        yield f'<text x="{LEFT + axes.x(tick):.1f}" y="{foot}" text-anchor="middle">{label}</text>'
    for tick, label in y_ticks:
        up = axes.top + axes.y(tick) + 4
        yield f'<text x="{LEFT - 6}" y="{up:.1f}" text-anchor="end">{label}</text>'


def _path(x: Floats, y: Floats) -> str:
    """Return a line through points in pixels, broken where one is missing."""
    parts: list[str] = []
    last, pen = "", "M"
    for known, across, up in zip(np.isfinite(y), x.tolist(), y.tolist(), strict=True):
        if not known:
            pen, last = "M", ""
            continue
        if (place := f"{across:.1f} {up:.1f}") != last:
            parts.append(f"{pen}{place}")
        pen, last = "L", place
    return "".join(parts)


def _marks(plot: LinesShown, axes: _Axes) -> Iterator[str]:
    """Yield the ends of lines at jumps, the extrema, and the points that were asked for."""

    def circle(x: float, y: float, ink: int, radius: float, *, is_open: bool = False) -> str:
        colour = f"var(--ink{ink % len(PALETTE)})"
        ground = "var(--ground)" if is_open else colour
        return (
            f'<circle cx="{axes.x(x):.1f}" cy="{axes.y(y):.1f}" r="{radius}" fill="{ground}"'
            f' stroke="{colour}"/>'
        )

    for line in plot.lines:
        rings, dots = line_ends(plot.samples, line)
        for spots, is_open in ((rings, True), (dots, False)):
            for x, y in spots:
                if isfinite(y):
                    yield circle(x, y, line.order, 2.8, is_open=is_open)
    for spot in plot.spots if len(plot.spots) <= MOST_DOTS else ():
        if isfinite(spot.y):
            yield circle(spot.x, spot.y, 0, 2.2)
    for line, x, y in plot.points:
        yield circle(x, y, line.order, 4.5)
