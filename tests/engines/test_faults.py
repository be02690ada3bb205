"""A wrong rule in any engine is found out, for every row of the table.

A fault is put into one engine, or alike into two of the three, at a point where the row is
ordinary. What remains right contradicts it. Three engines that are wrong alike would be believed:
they share no rules, so that a slip in one of them isn't one in the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from flint import arb, arb_series
from oracles import row_points
from sympy import Rational

from diffcli.differentiation import Settings, derive
from diffcli.engines import lambdify, symbolic, tape
from diffcli.engines.balls import walk
from diffcli.engines.kernels import closed
from diffcli.engines.terms import chain, numeric
from diffcli.language.formula import Formula
from diffcli.language.functions import TABLE, resolve
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.operators import Grad
from diffcli.output.report import Result
from diffcli.verdict import Verdict

ENGINES = ("autograd", "symbolic", "enclosure")
SHARED = ("autograd", "symbolic")
"""A backward that is the symbolic partial makes one rule of two."""
BROKEN = [
    *[(engine,) for engine in ENGINES],
    SHARED,
    *[
        pytest.param(pair, marks=pytest.mark.slow)
        for pair in (("autograd", "enclosure"), ("symbolic", "enclosure"))
    ],
]
ROWS = sorted({case.row for case in row_points() if case.wrt} & set(TABLE))
SMOOTH = [name for name in ROWS if not TABLE[name].boolean]
SLIP = 5 / 8
"""How far what is wrong lies from what is right."""
CONDITIONS = [name for name in ROWS if TABLE[name].boolean]


@pytest.fixture(autouse=True)
def no_readable_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict doesn't depend on it, and it takes most of the time."""
    monkeypatch.setattr(symbolic, "readable", lambda *_, **__: Formula())


@pytest.fixture(autouse=True)
def no_fault_outlives_its_test() -> Iterator[None]:
    """A row's partial that was lowered with the fault in it is lowered again."""
    closed.program.cache_clear()
    yield
    closed.program.cache_clear()


@cache
def answer(formula: str, at: tuple[tuple[str, str], ...]) -> tuple[Any, Point]:
    function = parse(formula, variables=[name for name, _ in at])
    (typed,) = read_points([",".join(f"{name}={place}" for name, place in at)])
    return function, typed.bind(function.variables)


def judged(row: str) -> Result:
    """The answer to the row's formula at its ordinary point."""
    return answered(*ordinary(row))


def answered(formula: str, at: tuple[tuple[str, str], ...], wrt: tuple[str, ...]) -> Result:
    function, point = answer(formula, at)
    (result,) = derive(Grad(wrt=wrt), function, [point], Settings(budget=30)).results
    return result


@cache
def ordinary(row: str) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The first sample point of a row where all three engines speak of moderate numbers."""
    for case in row_points():
        if case.row == row:
            at = tuple((name, place) for name, place in case.point.items())
            if all(0.1 < abs(Fraction(place)) < 8 for _, place in at):
                found = answered(case.formula, at, case.wrt)
                checks = (*found.checks, *found.value_checks)
                if all(
                    check.verdict is Verdict.CERTIFIED
                    and None not in (check.autograd, check.symbolic, check.enclosure)
                    and abs(check.value or 0) < 1000
                    for check in checks
                ):
                    return case.formula, at, case.wrt
    raise AssertionError(f"{row} has no ordinary point")


def root_kind(row: str) -> Any:
    """The sympy class of the row's term, or of its condition."""
    formula, at, _ = ordinary(row)
    (root,) = symbolic.expression(answer(formula, at)[0])
    return type(root.args[0].args[1]) if TABLE[row].boolean else type(root)


def wrong_slope_in_autograd(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    """Every partial is 5/8 too large, and the value right."""
    _wrap_in_torch(
        monkeypatch, row, lambda value, *args: value + sum(a - a.detach() for a in args) * SLIP
    )


def wrong_slope_in_symbols(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    kind = root_kind(row)
    rule: Any = chain._RULES.get(kind, chain._chain)

    def wrong(terms: Any, term: Any, inner: Any) -> Any:
        return terms.add(rule(terms, term, inner), Rational(SLIP))

    monkeypatch.setattr(chain, "_RULES", {**chain._RULES, kind: wrong})


def wrong_slope_in_balls(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    def wrong(found: Any, *args: Any) -> Any:
        moves = any(isinstance(each, arb_series) for each in args)
        return found + arb_series([0, SLIP]) if moves else found

    _wrap_in_balls(monkeypatch, row, wrong)


def wrong_value_in_autograd(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    _wrap_in_torch(monkeypatch, row, lambda value, *_: value + SLIP)


def wrong_value_in_symbols(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    kind, compute = root_kind(row), numeric.Pass._compute

    def wrong(self: Any, term: Any) -> Any:
        found = compute(self, term)
        return self.add([found, Fraction(SLIP)]) if type(term) is kind else found

    monkeypatch.setattr(numeric.Pass, "_compute", wrong)


def wrong_value_in_balls(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    _wrap_in_balls(monkeypatch, row, lambda found, *_: found + arb(SLIP))


def wrong_branch_in_autograd(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    _wrap_in_torch(monkeypatch, row, lambda held, *_: ~held)


def wrong_branch_in_symbols(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    kind = root_kind(row)
    choice = numeric._CHOICES[kind]
    wrong = {**numeric._CHOICES, kind: lambda self, term: not choice(self, term)}
    monkeypatch.setattr(numeric, "_CHOICES", wrong)


def wrong_branch_in_balls(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    _wrap_in_balls(monkeypatch, row, lambda held, *_: not held)


def _wrap_in_torch(monkeypatch: pytest.MonkeyPatch, row: str, wrong: Callable[..., Any]) -> None:
    """Let ``wrong`` make what the row's term comes to, of that and all variables."""
    kind = root_kind(row)
    step = lambdify.Lowering.step

    def lowered(lowering: Any, term: Any) -> int:
        right = step(lowering, term)
        tape = lowering.tape
        return tape("wrong", right, *tape.inputs) if type(term) is kind else right

    monkeypatch.setattr(lambdify.Lowering, "step", lowered)
    monkeypatch.setattr(tape, "resolve", lambda name: wrong if name == "wrong" else resolve(name))


def _wrap_in_balls(monkeypatch: pytest.MonkeyPatch, row: str, wrong: Callable[..., Any]) -> None:
    """Let ``wrong`` make what the row's rule on balls returns, of that and its arguments."""
    reference = TABLE[row].enclosure
    rule = resolve(reference)

    def found(name: str) -> Any:
        return (lambda *args: wrong(rule(*args), *args)) if name == reference else resolve(name)

    monkeypatch.setattr(walk, "resolve", found)


SLOPES = {
    "autograd": wrong_slope_in_autograd,
    "symbolic": wrong_slope_in_symbols,
    "enclosure": wrong_slope_in_balls,
}
VALUES = {
    "autograd": wrong_value_in_autograd,
    "symbolic": wrong_value_in_symbols,
    "enclosure": wrong_value_in_balls,
}
BRANCHES = {
    "autograd": wrong_branch_in_autograd,
    "symbolic": wrong_branch_in_symbols,
    "enclosure": wrong_branch_in_balls,
}


@pytest.mark.sampled(40)
@pytest.mark.parametrize("broken", BROKEN, ids=str)
@pytest.mark.parametrize("row", [name for name in SMOOTH if name != "detach"])
def test_a_wrong_derivative(
    row: str, broken: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary(row)
    for engine in broken:
        SLOPES[engine](monkeypatch, row)
    assert {check.verdict for check in judged(row).checks} == {Verdict.DISAGREES}


@pytest.mark.sampled(30)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", SMOOTH)
def test_a_wrong_value(row: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary(row)
    VALUES[engine](monkeypatch, row)
    result = judged(row)
    assert result.value_checks[0].verdict is Verdict.DISAGREES
    assert result.verdict is Verdict.DISAGREES


@pytest.mark.sampled(3)
@pytest.mark.parametrize("broken", BROKEN, ids=str)
@pytest.mark.parametrize("row", CONDITIONS)
def test_a_wrong_condition(
    row: str, broken: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary(row)
    for engine in broken:
        BRANCHES[engine](monkeypatch, row)
    result = judged(row)
    if row in ("eq", "ne") and broken == ("symbolic",):
        # A symbolic derivative has a branch where the sides differ, and none where they meet.
        assert all(check.symbolic in (None, check.value) for check in result.checks)
    else:
        assert result.verdict is Verdict.DISAGREES
