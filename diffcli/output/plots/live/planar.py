"""What diffcli has found in a plane, as the data of a page: branches, regions, a path's samples.

The page draws them and computes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import isinf
from typing import Any

import numpy as np

from diffcli.engines.boxes.arithmetic import Mask
from diffcli.output.html import math
from diffcli.output.plots.frame import StraightLine, straights_of
from diffcli.output.plots.kinds.curve import Curve
from diffcli.output.plots.kinds.relation import RelationPicture
from diffcli.output.plots.plane_axes import UNEQUAL
from diffcli.output.plots.typed import relation_latex
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.relations.scene import Shown


def curves_data(picture: RelationPicture | Curve) -> dict[str, Any]:
    """Return what a page reads of curves and regions in a plane."""
    return _relations(picture) if isinstance(picture, RelationPicture) else _path(picture)


def _relations(picture: RelationPicture) -> dict[str, Any]:
    scene = picture.scene
    return {
        **_view(scene.grid.x[[0, -1]], scene.grid.y[[0, -1]]),
        "decided": True,
        "undecided": _masked(np.logical_or.reduce([shown.undecided for shown in scene.shown])),
        "axes": scene.names,
        "names": scene.names,
        "text": ", ".join(shown.relation.text for shown in scene.shown),
        "lines": [_relation(index, shown) for index, shown in enumerate(scene.shown)],
        "marks": [{"x": point.x, "y": point.y} for point in scene.notable],
        "straights": _straights(straights_of(scene)),
    }


def _relation(index: int, shown: Shown) -> dict[str, Any]:
    edges = [(edge, "strict" if edge.is_strict else "paths") for edge in shown.edges]
    text, latex = shown.relation.text, relation_latex(shown.relation.sides)
    return {
        "name": text,
        "label": math(latex) if latex else escape(text),
        "colour": index,
        **{
            name: [line.tolist() for edge, kind in edges for line in edge.branches.lines
                   if kind == name]
            for name in ("paths", "strict")
        },
        "dots": [
            spot
            for edge, _ in edges
            for spot in (*edge.branches.dots.tolist(), *edge.branches.cells.tolist())
        ],
        "holes": [hole for edge, _ in edges for hole in edge.branches.holes.tolist()],
        "inside": None if shown.inside is None else _masked(shown.inside),
    }  # fmt: skip


def _masked(cells: Mask) -> dict[str, Any] | None:
    """Return cells (rows, columns) by the lengths of runs outside and inside in turn, row by row.

    None where there are none.
    """
    if not cells.any():
        return None
    flat = np.concatenate([[False], cells.ravel(), [~cells.ravel()[-1]]])
    ends = np.flatnonzero(np.diff(flat))
    return {"columns": cells.shape[1], "runs": np.diff(ends, prepend=0).tolist()}


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
        "strict": [],
        "dots": [],
        "holes": [],
        "inside": None,
    }
    return {
        **_view(*picture.view),
        "decided": False,
        "undecided": None,
        "axes": ("x", "y"),
        "names": ("x", "y", picture.variable, "dy/dx"),
        "text": picture.equation,
        "lines": [line],
        "marks": [],
        "straights": _straights(picture.straights),
    }


def _rows(part: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(number) else number for number in row] for row in part.tolist()]


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
        {
            "x": straight.x,
            "y": straight.y,
            "slope": None if isinf(straight.slope) else straight.slope,
        }
        for straight in straights
    ]
