"""Measured values as typed: ``x=3±0.1, y=2+-0.05``, and what correlates them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.errors import PointError
from diffcli.language.expression import Node
from diffcli.language.points import Typed, read_points

_SIGN = re.compile(r"±|\+/-|\+-|\\pm")
_CONCISE = re.compile(
    r"((?:[^=]*=)?\s*[+-]?\s*)([0-9]+)(\.[0-9 ]*)?\(([0-9]+(?:\.[0-9]+)?)\)([eE][+-]?[0-9]+)?\s*"
)
"""A number with the uncertainty of its last digits in brackets (GUM 7.2.2)."""
_BETWEEN = re.compile(r"([,;])(?![^\[(]*[\])])")
"""Commas and semicolons, but for those inside brackets."""
_EXAMPLE = "x=3±0.1, y=2+-0.05"


def read_measured(texts: Sequence[str]) -> tuple[list[str], tuple[Typed, ...]]:
    """Return the same texts without uncertainties, and these as points: 0 where none is given.

    Raises PointError where a text can't be read; it shows what was typed.
    """
    parted = [_parted(text) for text in texts]
    for typed, parts in zip(texts, parted, strict=True):
        for part in parts:
            try:
                read_points([part])
            except PointError as error:
                raise PointError(
                    error.message, hint=error.hint, text=typed, column=error.column,
                    width=error.width,
                ) from None  # fmt: skip
    return [values for values, _ in parted], read_points([spreads for _, spreads in parted])


def _written_out(part: str) -> str:
    """Return ``1.000(2)e-3``, the last digits' uncertainty in brackets, as ``1.000e-3±2e-6``."""
    match = _CONCISE.fullmatch(part)
    if match is None:
        return part
    before, whole, decimals, spread, exponent = match.groups(default="")
    digits = decimals.replace(" ", "")
    if "." not in spread:
        spread = f"{spread}e{int(exponent[1:] or 0) - max(len(digits) - 1, 0)}"
    else:
        spread += exponent
    return f"{before}{whole}{digits}{exponent}±{spread}"


def _parted(text: str) -> tuple[str, str]:
    """Return a text of points without its uncertainties, and one of these alone.

    What is left of either stands in the column where it was typed.
    """
    values, spreads = [], []
    for part in _BETWEEN.split(text):
        value, *spread = _SIGN.split(_written_out(part))
        if len(spread) > 1:
            raise PointError(f"{part.strip()!r} has two uncertainties", hint=_EXAMPLE)
        name, equals, _ = value.rpartition("=")
        named = f"{name}{equals}"
        wide = max(len(part) - len(named), 0)
        values.append(value.ljust(len(part)))
        spreads.append(part if part in ",;" else named + (spread or ["0"])[0].rjust(wide))
    return "".join(values), "".join(spreads)


def read_correlations(text: str, variables: Sequence[str]) -> dict[tuple[str, str], Node]:
    """Read the correlation coefficients of pairs: ``x,y=0.3; x,z=-0.1``.

    Raises PointError where the text can't be read or doesn't fit the variables.
    """
    correlations: dict[tuple[str, str], Node] = {}
    for part in filter(str.strip, text.split(";")):
        names, _, value = part.partition("=")
        pair = tuple(name.strip() for name in names.split(","))
        if len(pair) != 2 or not value.strip():
            raise PointError(f"{part.strip()!r} is no correlation", hint="x,y=0.3; x,z=-0.1")
        for name in pair:
            if name not in variables:
                known = ", ".join(variables)
                raise PointError(f"{name!r} is not in the formula", hint=f"it has {known}")
        (point,) = read_points([value])
        (coefficient,) = point.ordered
        if not isinstance(coefficient, Node):
            raise PointError(f"{value.strip()!r} is no number", hint="x,y=0.3")
        correlations[pair[0], pair[1]] = coefficient
    return correlations
