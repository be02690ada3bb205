"""Functions and vector fields over a plane, drawn with characters: shades and arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diffcli.output.plots.levels import levels_of

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Field

SHADES = " ·░▒▓█"
ARROWS = "→↗↑↖←↙↓↘"
NOTHING = " "
AROUND = (14, 6)
"""Columns and lines that the box, its labels and the legend take."""
LEAST, MOST = (16, 6), (96, 40)


def field_text(plot: Field, columns: int, rows: int) -> str:
    """Return a function as shades, the denser the higher; a vector field as arrows."""
    plane = plot.plane
    width, height = (
        min(max(given - around, least), most)
        for given, around, least, most in zip((columns, rows), AROUND, LEAST, MOST, strict=True)
    )
    across = np.linspace(0, len(plane.x) - 1, width).round().astype(int)
    up = np.linspace(len(plane.y) - 1, 0, height).round().astype(int)
    picked = plane.values[:, up[:, None], across]
    if len(picked) == 2:
        cells, legend = _arrows(*picked), ""
    else:
        levels = np.quantile(levels_of(picked), np.linspace(0, 1, len(SHADES) + 1)[1:-1])
        cells = np.array([*SHADES, NOTHING])[
            np.where(np.isfinite(picked[0]), levels.searchsorted(picked[0]), len(SHADES))
        ]
        scale = [f"{shade} {level:.3g}" for shade, level in zip(SHADES, levels, strict=False)]
        legend = f"  {' '.join(scale)} {SHADES[-1]}"
    (left, right), (low, high) = plane.x[[0, -1]], plane.y[[0, -1]]
    ends = {0: f" {high:.3g}", height - 1: f" {low:.3g}"}
    body = [f"│{''.join(row)}│{ends.get(index, '')}" for index, row in enumerate(cells)]
    first, last = f"{left:.3g}", f"{right:.3g}"
    return "\n".join(
        [
            f"┌{'─' * width}┐",
            *body,
            f"└{'─' * width}┘",
            f" {first}{last.rjust(width - len(first))}",
            *([legend] if legend else []),
            f"  {plot.equation}",
        ]
    )


def _arrows(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    turn = np.nan_to_num(np.arctan2(v, u) / (np.pi / 4)).round().astype(int) % len(ARROWS)
    moving = np.isfinite(u) & np.isfinite(v) & ((u != 0) | (v != 0))
    cells = np.where(moving, np.array([*ARROWS])[turn], "·")
    cells[:, 1::2] = NOTHING
    return cells
