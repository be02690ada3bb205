"""Deadlines reach into one step of an enclosure, by a clock that ticks when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from math import inf

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from diffcli import clock
from diffcli.clock import deadline_passed, now, until
from diffcli.engines.balls.integrands import Complex
from diffcli.engines.enclosure import Index, Outcome, partials
from diffcli.engines.evidence import examine
from diffcli.language.parser import parse

BUDGET = 300
"""Ticks."""


class Ticking:
    """A clock that goes on by one at each reading, and how often integrands were evaluated."""

    def __init__(self) -> None:
        self.evaluations = 0
        self._ticks = count()

    def __call__(self) -> float:
        return float(next(self._ticks))


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ticking]:
    ticks = Ticking()
    evaluate = Complex.__call__

    def counted(self: Complex, *args: object) -> object:
        ticks.evaluations += 1
        return evaluate(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(clock, "thread_time", ticks)
    monkeypatch.setattr(clock, "perf_counter", ticks)
    monkeypatch.setattr(Complex, "__call__", counted)
    yield ticks
    monkeypatch.undo()


WILD = [
    "x*integrate(exp(-s*t^2), t=0..x)",
    "integrate(sin(s*t)/t, t=x..x^2)",
    "integrate(exp(cos(s*t^3)), t=-x..x)",
    "integrate(log(t)*cos(s*t)^2, t=1..x)",
    "sum(integrate(sin(s*t*k), t=0..x), k=1..20)",
]
INDICES: list[Index] = [("s",), ("x",), ("s", "x")]
COORDINATES = st.floats(1, 1e6)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("text", WILD)
@settings(
    max_examples=5,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(s=COORDINATES, x=COORDINATES)
def test_an_integral_stops_at_the_deadline(ticking: Ticking, text: str, s: float, x: float) -> None:
    (output,) = parse(text).outputs
    before, ticking.evaluations = now(), 0
    partials(output, {"s": s, "x": x}, INDICES, digits=100, deadline=before + BUDGET)
    assert ticking.evaluations <= BUDGET


def test_what_ran_out_of_time_says_so(ticking: Ticking) -> None:
    (output,) = parse(WILD[2]).outputs
    at, deadline = {"s": 9000.0, "x": 1e4}, now() + BUDGET
    found = partials(output, at, INDICES, deadline=deadline)
    assert {each.outcome for each in found.values()} == {Outcome.OUT_OF_TIME}
    evidence = examine(output, at, at, INDICES, digits=17, dtype="float64", deadline=deadline)
    assert {each.reason for each in evidence.values()} == {"out of time"}
    assert ticking.evaluations <= BUDGET + 1


def test_what_was_enclosed_before_is_kept(ticking: Ticking) -> None:
    (output,) = parse("integrate(exp(-t^2), t=0..x)").outputs
    deadline = now() + BUDGET
    (found,) = partials(output, {"x": 1.0}, [("x",)], digits=10**5, deadline=deadline).values()
    assert found.to_float() == 0.36787944117144233


def test_an_inner_deadline_ends_no_later_than_an_outer_one(ticking: Ticking) -> None:
    assert not deadline_passed()
    with until(now() + 5):
        with until(inf):
            while not deadline_passed():
                pass
        assert deadline_passed()
        with until(now() - 1):
            assert deadline_passed()
    assert not deadline_passed()


def test_the_clock_is_not_read_before_it_can_have_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = Ticking()
    monkeypatch.setattr(clock, "thread_time", readings)
    with until(1000.0):
        assert not any(deadline_passed() for _ in range(100))
    assert readings() == 1
