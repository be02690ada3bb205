"""Every row of the table at random points: its value and first two derivatives, against mpmath."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from mpmath import mp, mpf
from oracle_functions import OutsideDomainError
from oracles import Case, NotDifferentiableError, derivative, row_points, value

from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval, Operator, Partial
from diffcli.verdict import Check, Verdict

SHARES = 20
"""Of the long form."""
ROWS = list({case.formula: case for case in row_points() if case.wrt}.values())
PROVED = (Verdict.CERTIFIED, Verdict.INEXACT)


def places(count: int) -> list[tuple[Case, str, str, str]]:
    """Rows with a place for one of their variables, ordinary or beside an integer, and a dtype."""
    random, found = Random(20), []
    for case in ROWS:
        for _ in range(count):
            moved = random.choice(list(case.wrt))
            beside = random.randint(-4, 12) + random.choice([0, 1e-12, -1e-9, 0.5])
            at = repr(random.choice([beside, random.uniform(-4, 12), random.random()]))
            fits = all(abs(Fraction(place)) < 10**38 for place in case.point.values())
            found.append((case, moved, at, random.choice(["float64", "float32"][: 1 + fits])))
    random.shuffle(found)
    return found


def faults(case: Case, moved: str, at: str, dtype: str) -> list[str]:
    """Return what is wrong with the value and the first two derivatives in one variable."""
    typed = {**{name: str(place) for name, place in case.point.items()}, moved: at}
    function, found = parse(case.formula), []
    (point,) = read_points([",".join(f"{name}={place}" for name, place in typed.items())])
    exact = {name: Fraction(at) for name, at in typed.items()}
    for order in (0, 1, 2):
        wrt = (moved,) * order
        operator: Operator = Partial(wrt) if order else Eval()
        settings = Settings(dtype=dtype, budget=1)
        (result,) = derive(operator, function, [point.bind(function.variables)], settings).results
        (check,) = result.checks or result.value_checks
        if fault := _fault(check, case.formula, exact, wrt, dtype):
            found.append(f"{case.formula} at {typed} in {dtype}, order {order}: {fault}")
    return found


def _fault(
    check: Check, formula: str, at: dict[str, Fraction], wrt: tuple[str, ...], dtype: str
) -> str | None:
    if check.verdict is Verdict.DISAGREES:
        return f"engines disagree: {check.reason}"
    if check.verdict not in PROVED or check.value is None:
        return None if check.reason else "no reason"
    try:
        truth = derivative(formula, at, wrt) if wrt else value(formula, at)
    except (OutsideDomainError, NotDifferentiableError):
        is_end = check.reason or check.value in (0, 1)  # an end that the reference leaves out
        return None if is_end else f"{check.value} where there is none"
    except (ArithmeticError, ValueError):
        return None  # mpmath has no answer here
    step = mpf(float(np.spacing(np.abs(np.dtype(dtype).type(check.value)))))
    is_near = abs(mpf(check.value) - truth) <= step
    return None if is_near else f"{check.value} where {mp.nstr(truth, 20)} is true"


def test_a_share_of_the_rows() -> None:
    assert [fault for place in places(1)[::40] for fault in faults(*place)] == []


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES), ids=lambda share: f"share{share}")
def test_every_row(share: int) -> None:
    assert [fault for place in places(12)[share::SHARES] for fault in faults(*place)] == []
