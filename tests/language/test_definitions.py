"""The definitions of the table: each is its function, by the oracle's own reading of both."""

from __future__ import annotations

import pytest
from mpmath import mp
from oracle_functions import OutsideDomainError
from oracles import row_points, value

from diffcli.language.functions import TABLE

DEFINED = [
    (row.name, text, tolerance)
    for row in TABLE.values()
    for text, tolerance in ((row.definition, 1e-40), (row.stable, 1e-15))
    if text
]
POINTS = [
    dict(zip("xyz", numbers.split(), strict=True))
    for numbers in (
        "3/7 5/3 2",
        "-3/7 -3/7 1/2",
        "9/4 1/3 1",
        "-9/4 -3 5",
        "-1/2 3 1",
        "5/2 2 3",
        "0 1 2",
    )
]
"""Inside of every domain, outside of most, and at a kink."""


def real(formula: str, point: dict[str, str]) -> mp.mpf | None:
    """Return a formula's value; None where it has none."""
    try:
        return mp.mpf(value(formula, point))
    except (OutsideDomainError, ZeroDivisionError):
        return None


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("name", "text", "tolerance"), DEFINED)
def test_a_definition_is_its_function(name: str, text: str, tolerance: float) -> None:
    call = f"{name}({', '.join('xyz'[: TABLE[name].arity[0]])})"
    points = [*POINTS, *(dict(case.point) for case in row_points() if case.row == name)]
    known = 0
    for point in points:
        numbers = {"x": "1", "y": "1", "z": "1"} | point
        if (truth := real(call, numbers)) is None:
            continue
        known += 1
        assert abs(real(text.replace("^", "**"), numbers) - truth) <= tolerance * max(
            abs(truth), 1
        ), numbers
    assert known
