"""The look of the plots: for print, for colour-blind eyes, and the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cycler import cycler

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Colours told apart by colour-blind eyes (Okabe and Ito, "Color Universal Design", 2008)."""

PALETTE_ON_DARK = ("#56B4E9", "#F0A04B", "#2BC79A", "#E29AC4", "#F0E442", "#7FA8FF", "#FFFFFF")
"""The same hues, light enough to be read on a dark ground."""

DASHES = ("-", (0, (5, 1.6)), (0, (5, 1.4, 1, 1.4)), (0, (1.2, 1.4)))
"""A line style for each order of derivative, told apart in grey too."""

ASYMPTOTE = (0, (4, 3))

WIDTHS = (1.7, 1.4)
"""Of a function's line and of a derivative's, in points."""

DOT: Mapping[str, Any] = MappingProxyType({"markersize": 3.6, "zorder": 3.5})
"""The value at a jump; a ring of the same size is an end of the line there without its value."""

FONT_SIZE = 12
"""Of names and formulas, in points."""

INK, FAINT, FAINTER = "#262626", "#8c8c8c", "#e4e4e4"
"""Text; axes and asymptotes; the grid."""

OWN = "diffcli"
"""The style that is used unless another is asked for."""

REPRODUCIBLE: Mapping[str, Any] = MappingProxyType(
    {
        "figure.constrained_layout.use": True,
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": OWN,
    }
)
"""What holds in every style: the layout, and files that are the same every time."""

_LIGHT: Mapping[str, Any] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": FAINT,
        "axes.formatter.limits": (-4, 5),
        "axes.formatter.use_mathtext": True,
        "axes.grid": True,
        "axes.labelcolor": INK,
        "axes.labelsize": FONT_SIZE,
        "axes.linewidth": 0.7,
        "axes.prop_cycle": cycler(color=PALETTE),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 13,
        "font.family": "STIXGeneral",
        "font.size": 11,
        "grid.color": FAINTER,
        "grid.linewidth": 0.6,
        "image.cmap": "YlGnBu",
        "legend.fontsize": FONT_SIZE,
        "legend.frameon": False,
        "legend.handlelength": 2.6,
        "lines.solid_capstyle": "round",
        "lines.solid_joinstyle": "round",
        "mathtext.fontset": "stix",
        "text.color": INK,
        "xtick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.color": FAINT,
        "ytick.labelcolor": INK,
    }
)

_GROUND, _CHALK, _DIM, _DIMMER = "#14181f", "#e2e6ec", "#7d8590", "#2b313a"
_PANE = "#1b2028"
"""The walls behind a surface."""

_DARK: Mapping[str, Any] = MappingProxyType(
    {
        **_LIGHT,
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), _DIM),
        **dict.fromkeys(("axes.facecolor", "figure.facecolor", "savefig.facecolor"), _GROUND),
        **dict.fromkeys(
            ("axes.labelcolor", "text.color", "xtick.labelcolor", "ytick.labelcolor"), _CHALK
        ),
        **{f"axes3d.{axis}axis.panecolor": _PANE for axis in "xyz"},
        "axes.prop_cycle": cycler(color=PALETTE_ON_DARK),
        "grid.color": _DIMMER,
        "image.cmap": "cividis",
    }
)

STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType({OWN: _LIGHT, f"{OWN}-dark": _DARK})
"""The project's own styles: matplotlib's settings, over its defaults.

What the user's own matplotlibrc says is left out.
"""


@dataclass(frozen=True)
class Canvas:
    """A file's format, its size in inches, the pixels an inch, the style and the title."""

    kind: str = "png"
    size: tuple[float, float] = (8.0, 5.0)
    dpi: float = 200
    style: str = OWN
    title: str | None = None
