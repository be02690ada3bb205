"""The derivative of a call, by the partials of its row in the table of functions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from diffcli.errors import FormulaError
from diffcli.language.algebra import Algebra
from diffcli.language.derivative import BETWEEN_JUMPS
from diffcli.language.expression import Node, node, variable
from diffcli.language.functions import TABLE, Row
from diffcli.studies.steps.fits import ITSELF, Fit, Moves, Nodes, named, plus, scaled

BETWEEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **BETWEEN_JUMPS,
        "clamp": (
            "piecewise((1, y < x and x < z), (0, x < y or z < x))",
            "piecewise((1, x < y and y < z), (0, y < x or z < y))",
            "piecewise((1, z < max(x, y)), (0, max(x, y) < z))",
        ),
        "hardtanh": ("piecewise((1, abs(x) < 1), (0, abs(x) > 1))",),
        "relu": ("piecewise((1, x > 0), (0, x < 0))",),
        "leaky_relu": (
            "piecewise((1, x > 0), (y, x < 0))",
            "piecewise((0, x > 0), (x, x < 0))",
        ),
        "elu": (
            "piecewise((1, x > 0), (y*exp(x), x < 0))",
            "piecewise((0, x > 0), (exp(x) - 1, x < 0))",
        ),
        "selu": ("piecewise((selu(1), x > 0), (selu(-1)*exp(x)/(exp(-1) - 1), x < 0))",),
    }
)
"""Partials that hold between the kinks and jumps of a row, in the arguments x, y, z."""

_ARGUMENTS = "xyz"


def call(term: Node, moves: Moves, x: Node, algebra: Algebra) -> Fit:
    """Return the rule of a function that is called; raises FormulaError where it has none."""
    row = TABLE[term.op]
    partials = BETWEEN.get(row.name, row.partials)
    moving = [place for place, arg in enumerate(term.args) if moves(arg)]
    for place in moving:
        if place >= len(partials) or not partials[place]:
            raise FormulaError(
                f"{row.name} has no closed derivative in its argument {place + 1}",
                hint="its derivative at a point: diffcli grad … --at …",
            )

    def slope(parts: Nodes, slopes: Nodes) -> Node:
        places = {variable(name): part for name, part in zip(_ARGUMENTS, parts, strict=False)}
        return plus(
            *(
                scaled(algebra.graft(_partial(partials[place]), places), slopes[place])
                for place in moving
            )
        )

    alone = all(term.args[place] is x for place in moving)
    return Fit(
        f"derivative of {row.name}" if alone else f"derivative of {row.name} and chain rule",
        tuple(named(arg, x) if moves(arg) else (ITSELF, arg) for arg in term.args),
        lambda *parts: node(term.op, *parts),
        slope,
        note=note_of(row),
    )


def note_of(row: Row) -> str | None:
    """Return where a function has no derivative, in words."""
    said = [f"no derivative: {row.kinks}"] if row.kinks else []
    return "; ".join([*said, f"jumps {row.jumps}"] if row.jumps else said) or None


@cache
def _partial(text: str) -> Node:
    from diffcli.language.parser import parse

    return parse(text, variables=_ARGUMENTS).outputs[0]
