"""The kinds of plots: each is the ``KIND`` of the file of its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import PlotKind

KINDS = ("lines", "curve", "field", "surface", "stream", "relation", "polar", "space")
"""Their names, in the order in which help lists them."""


def kind_of(name: str) -> PlotKind:
    """Return a kind of plot."""
    kind: PlotKind = import_module(f"{__name__}.{name}").KIND
    return kind
