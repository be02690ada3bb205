"""Points at the edge of floating point, for every row of the table: the answer, or a reason.

A number that is said to be proved is the truth at the point as the dtype holds it, by mpmath.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import inf, isfinite, ulp
from random import Random

import numpy as np
import pytest
from mpmath import mp, mpf
from oracle_functions import OutsideDomainError
from oracles import NotDifferentiableError, derivative, row_points, value

from diffcli.differentiation import Settings, derive
from diffcli.errors import DiffcliError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad
from diffcli.verdict import Check, Verdict

EDGES = {
    "float64": [
        "5e-324", "2.5e-320", "2.2250738585072014e-308", "1e-308", "-1e-308", "1e308", "-1e308",
        "1.7976931348623157e308", "9007199254740991", "9007199254740992", "9007199254740993",
        "-9007199254740993", "-0.0", "0", "4503599627370496.5", "1e-16", "-1e-200", "1e154",
    ],
    "float32": [
        "1e-45", "1e-40", "1.17549435e-38", "-1e-38", "3.4028234e38", "1e38", "-1e38",
        "16777215", "16777217", "-16777217", "-0.0", "1e-8", "1e19",
    ],
}  # fmt: skip
SHARES = 40
"""Of the long form."""
DIGITS = 25
"""Of the reference."""
SECONDS = 1
"""Of processor time, that the reference is given for a number: its series may be endless there."""
PROVED = (Verdict.CERTIFIED, Verdict.INEXACT)
NO_NUMBER = (Verdict.UNDEFINED, Verdict.NOT_DIFFERENTIABLE)
BEYOND = {"lbeta", "gammainc", "gammaincc"}
"""Rows whose reference fails there: it loses all digits, or has no value at an end it includes."""
ROWS = {case.formula: case for case in row_points() if case.wrt and case.row not in BEYOND}


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes more processor time, where the system has such a timer."""

    def over(*_: object) -> None:
        raise TimeoutError

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cases() -> list[tuple[str, str, str]]:
    """Each row's formula, its last variable at an edge and the others at an ordinary place."""
    random, found = Random(10), []
    for formula, case in ROWS.items():
        moved = random.choice(list(case.wrt))
        for dtype, edges in EDGES.items():
            for edge in edges:
                places = {**{name: str(at) for name, at in case.point.items()}, moved: edge}
                point = ",".join(f"{name}={at}" for name, at in places.items())
                found.append((formula, point, dtype))
    random.shuffle(found)
    return found


def judged(formula: str, point: str, dtype: str) -> str | None:
    """What is wrong with an answer."""
    function = parse(formula)
    (typed,) = read_points([point])
    try:
        place = typed.bind(function.variables)
        (result,) = derive(Grad(), function, [place], Settings(dtype=dtype, budget=1)).results
    except DiffcliError as error:
        return None if error.exit_code in (2, 4, 6) else str(error)
    kind = np.dtype(dtype).type
    fields = [each.split("=") for each in point.split(",")]
    at = {name: Fraction(float(kind(float(Fraction(text))))) for name, text in fields}
    pairs: list[tuple[Check, tuple[str, ...]]]
    pairs = [(check, (check.entry,)) for check in result.checks]
    pairs += [(check, ()) for check in result.value_checks]
    as_typed = {name: Fraction(text) for name, text in fields}
    for check, wrt in pairs:
        # A difficult point is decided as it was typed.
        fault = _fault(check, formula, at, wrt, dtype)
        if fault and _fault(check, formula, as_typed, wrt, dtype):
            return f"{check.entry}: {fault}"
    return None


def _fault(
    check: Check, formula: str, at: dict[str, Fraction], wrt: tuple[str, ...], dtype: str
) -> str | None:
    if check.verdict is Verdict.DISAGREES:
        return "engines disagree"
    if check.value is None or not isfinite(check.value):
        return None if check.reason or check.left is not None else "no number, and no reason"
    if check.verdict not in PROVED:
        return None
    try:
        with patience(SECONDS):
            truth = derivative(formula, at, wrt, DIGITS) if wrt else value(formula, at, DIGITS)
    except (OutsideDomainError, NotDifferentiableError):
        # An end of the domain has a derivative from one side.
        return None if check.reason else f"{check.value} where there is no derivative"
    except (ArithmeticError, ValueError, MemoryError, TimeoutError):
        return None  # mpmath has no answer here
    kind = np.dtype(dtype).type
    with np.errstate(all="ignore"):
        step = max(float(np.spacing(np.abs(kind(check.value)))), ulp(0.0))
    away = abs(mpf(check.value) - truth)
    allowed = inf if not isfinite(step) else step * (1 + mpf(10) ** -6)
    return None if away <= allowed else f"{check.value} where {mp.nstr(truth, 20)} is true"


def faults(found: list[tuple[str, str, str]]) -> list[str]:
    judgements = [(case, judged(*case)) for case in found]
    return [f"{case}: {fault}" for case, fault in judgements if fault]


def test_a_share_of_the_rows_at_the_edges() -> None:
    assert faults(cases()[:: len(cases()) // 4]) == []


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES), ids=lambda share: f"share{share}")
def test_every_row_at_every_edge(share: int) -> None:
    found = cases()[share::SHARES]
    assert faults(found) == []
    sys.stdout.write(f"{len(found)} points at the edges\n")


@pytest.mark.parametrize("typed", ["inf", "-inf", "nan", "x=inf", "1/0", "0/0", "[1,inf]"])
def test_what_is_no_real_number_is_no_point(typed: str) -> None:
    def answered() -> None:
        (point,) = read_points([typed])
        derive(Grad(), parse("x^2"), [point.bind(["x"])])

    with pytest.raises(DiffcliError) as refused:
        answered()
    assert refused.value.exit_code in (2, 3)
