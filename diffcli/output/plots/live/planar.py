"""Curves that diffcli has found, as the data of a page: an equation's branches, a path's samples.

The page draws them and computes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import isinf
from typing import Any

import numpy as np

from diffcli.errors import UsageError
from diffcli.output.html import math
from diffcli.output.plots.frame import StraightLine, straights_of
from diffcli.output.plots.kinds.curve import Curve
from diffcli.output.plots.kinds.relation import RelationPicture
from diffcli.output.plots.plane_axes import UNEQUAL
from diffcli.output.plots.typed import relation_latex
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.relations.scene import Shown


def curves_data(picture: RelationPicture | Curve) -> dict[str, Any]:
    """Return what a page reads of curves in a plane. Raises UsageError for a region."""
    return _relations(picture) if isinstance(picture, RelationPicture) else _path(picture)


def _relations(picture: RelationPicture) -> dict[str, Any]:
    scene = picture.scene
    if any(shown.inside is not None for shown in scene.shown):
        raise UsageError("a page shows curves, and no regions", hint="-o plot.svg")
    return {
        **_view(scene.grid.x[[0, -1]], scene.grid.y[[0, -1]]),
        "decided": True,
        "axes": scene.names,
        "names": scene.names,
        "text": ", ".join(shown.relation.text for shown in scene.shown),
        "lines": [_relation(place, shown) for place, shown in enumerate(scene.shown)],
        "marks": [{"x": each.x, "y": each.y} for each in scene.notable],
        "straights": _straights(straights_of(scene)),
    }


def _relation(place: int, shown: Shown) -> dict[str, Any]:
    branches = [edge.branches for edge in shown.edges]
    text, latex = shown.relation.text, relation_latex(shown.relation.sides)
    return {
        "name": text,
        "label": math(latex) if latex else escape(text),
        "colour": place,
        "paths": [line.tolist() for each in branches for line in each.lines],
        "dots": [spot for each in branches for spot in (*each.dots.tolist(), *each.cells.tolist())],
    }


def _path(picture: Curve) -> dict[str, Any]:
    """Return a path: each point is x, y, the parameter and the slope, null where there is none."""
    (x, dx), (y, dy) = picture.samples.values
    with np.errstate(all="ignore"):
        slope = np.where(np.isfinite(dy / dx), dy / dx, np.nan)
    rows = np.stack([x, y, picture.samples.x, slope], axis=1)
    is_known = np.isfinite(x) & np.isfinite(y)
    cuts = np.flatnonzero(~is_known)
    parts = [part[np.isfinite(part[:, :2]).all(axis=1)] for part in np.split(rows, cuts)]
    line = {
        "name": picture.equation,
        "label": math(picture.latex) if picture.latex else escape(picture.equation),
        "colour": 0,
        "paths": [_rows(part) for part in parts if len(part)],
        "dots": [],
    }
    return {
        **_view(*picture.view),
        "decided": False,
        "axes": ("x", "y"),
        "names": ("x", "y", picture.variable, "dy/dx"),
        "text": picture.equation,
        "lines": [line],
        "marks": [],
        "straights": _straights(picture.straights),
    }


def _rows(part: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(each) else each for each in row] for row in part.tolist()]


def _view(x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> dict[str, Any]:
    """Return the ranges that are seen at first, and whether both have one scale."""
    sides = [float(ends[1] - ends[0]) for ends in (x, y)]
    return {
        "x": [float(end) for end in x],
        "y": [float(end) for end in y],
        "equal": max(sides) <= UNEQUAL * min(sides),
    }


def _straights(straights: Sequence[StraightLine]) -> list[Mapping[str, Any]]:
    return [
        {"x": each.x, "y": each.y, "slope": None if isinf(each.slope) else each.slope}
        for each in straights
    ]
