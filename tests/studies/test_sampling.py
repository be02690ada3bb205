from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

from diffcli.studies.curves.breaks import BreakKind, simplest
from diffcli.studies.curves.grid import HEIGHT, WIDTH
from diffcli.studies.curves.samples import Samples
from diffcli.studies.curves.sampling import BUDGET, sample
from diffcli.studies.curves.viewing import visible_range

Floats = NDArray[np.float64]
Lines = Callable[[Floats], tuple[Floats, ...]]


def sampled(lines: Lines, low: float = -10, high: float = 10, **more) -> Samples:
    """Sample functions whose derivatives are written by hand."""

    def evaluate(x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.array([lines(x)])

    return sample(evaluate, low, high, **more)


def found(samples: Samples) -> list[tuple[BreakKind, int, float]]:
    return sorted(
        ((each.kind, each.order, each.at) for each in samples.breaks), key=lambda each: each[2]
    )


def tangent(x: Floats) -> tuple[Floats, Floats]:
    return np.tan(x), 1 / np.cos(x) ** 2


def floor(x: Floats) -> tuple[Floats, Floats]:
    return np.floor(x), 0 * x


def root(x: Floats) -> tuple[Floats, Floats]:
    return np.sqrt(x), 0.5 / np.sqrt(x)


def test_tan_breaks_at_its_poles_and_nowhere_else() -> None:
    breaks = found(sampled(tangent))
    assert {(kind, order) for kind, order, _ in breaks} == {(BreakKind.POLE, 0)}
    assert [at for *_, at in breaks] == pytest.approx(
        [(k + 0.5) * np.pi for k in range(-3, 3)], rel=1e-15
    )


def test_poles_at_the_ends_of_the_range_are_poles() -> None:
    breaks = found(sampled(tangent, -np.pi / 2, np.pi / 2))
    assert [(kind, order) for kind, order, _ in breaks] == [(BreakKind.POLE, 0)] * 2
    assert [at for *_, at in breaks] == pytest.approx([-np.pi / 2, np.pi / 2])


def test_floor_jumps_at_the_integers_exactly() -> None:
    samples = sampled(floor)
    assert found(samples) == [(BreakKind.JUMP, 0, float(at)) for at in range(-9, 11)]
    for jump in samples.breaks:
        left, right = (samples.x.searchsorted(end) for end in (jump.low, jump.high))
        assert samples.values[0, 0, left] == jump.at - 1
        assert right == samples.x.size - 1 or samples.values[0, 0, right] == jump.at
        assert jump.value == jump.at
        assert jump.high - jump.low < 1e-13


@settings(max_examples=10)
@pytest.mark.sampled(4)
@pytest.mark.parametrize("power", [1, 2, 3, 4])
@given(at=st.floats(-9, 9))
def test_a_pole_of_either_parity_is_found_wherever_it_is(power: int, at: float) -> None:
    samples = sampled(lambda x: ((x - at) ** -power, -power * (x - at) ** -(power + 1)))
    ((kind, order, place),) = found(samples)
    assert (kind, order) == (BreakKind.POLE, 0)
    assert place == pytest.approx(at, rel=1e-14, abs=1e-18)


@settings(max_examples=10)
@given(at=st.floats(-9, 9), height=st.floats(0.1, 100))
def test_a_jump_is_found_wherever_it_is(at: float, height: float) -> None:
    samples = sampled(lambda x: (np.cos(x) + height * (x > at), -np.sin(x)))
    ((kind, order, place),) = found(samples)
    assert (kind, order) == (BreakKind.JUMP, 0)
    assert place == pytest.approx(at, rel=1e-14, abs=1e-18)


@pytest.mark.parametrize(
    "lines",
    [
        lambda x: (np.arctan(1000 * x), 1000 / (1 + (1000 * x) ** 2)),
        lambda x: (np.arctan(1e6 * (x - 1)), 1e6 / (1 + (1e6 * (x - 1)) ** 2)),
        lambda x: (np.exp(x), np.exp(x)),
        lambda x: (np.exp(-1000 * x**2), -2000 * x * np.exp(-1000 * x**2)),
        lambda x: (special.expit(200 * x), 200 * special.expit(200 * x) * special.expit(-200 * x)),
        lambda x: (x**9, 9 * x**8),
        lambda x: (np.sin(x) / x, np.cos(x) / x - np.sin(x) / x**2),
    ],
    ids=["atan(1000x)", "atan(1e6(x-1))", "exp", "bell", "sigmoid", "x^9", "sin(x)/x"],
)
def test_a_steep_curve_is_not_broken(lines: Lines) -> None:
    samples = sampled(lines)
    assert samples.breaks == ()
    assert np.isfinite(samples.values).all()


def test_a_kink_breaks_the_derivative_alone_and_keeps_its_corner() -> None:
    samples = sampled(lambda x: (abs(x**2 - 4), np.sign(x**2 - 4) * 2 * x), -4, 4)
    assert found(samples) == [(BreakKind.JUMP, 1, -2.0), (BreakKind.JUMP, 1, 2.0)]
    corner = samples.x.tolist().index(2.0)
    function, derivative = samples.values[0, :, corner - 1 : corner + 2]
    assert function == pytest.approx([0, 0, 0], abs=1e-13)
    assert derivative == pytest.approx([-4, np.nan, 4], nan_ok=True)


def test_a_vertical_tangent_breaks_the_derivative_alone() -> None:
    samples = sampled(lambda x: (np.cbrt(x), np.cbrt(x) ** -2 / 3))
    assert found(samples) == [(BreakKind.POLE, 1, 0.0)]
    assert np.isfinite(samples.values[0, 0]).all()


def test_a_curve_starts_at_the_edge_of_its_domain() -> None:
    samples = sampled(root)
    assert found(samples) == [(BreakKind.EDGE, 0, 0.0), (BreakKind.POLE, 1, 0.0)]
    known = np.isfinite(samples.values[0, 0])
    assert samples.x[known][0] == 0
    assert samples.values[0, 0][known][0] == 0
    assert np.count_nonzero(~known) <= 2


def test_a_logarithm_has_a_pole_at_its_edge() -> None:
    samples = sampled(lambda x: (np.log(x), np.where(x > 0, 1 / x, np.nan)))
    assert found(samples) == [(BreakKind.POLE, 0, 0.0)]


def test_a_logarithmic_pole_between_two_floats_is_no_jump() -> None:
    samples = sampled(lambda x: (np.log(abs(x - 1 / 3)), 1 / (x - 1 / 3)))
    ((kind, order, at),) = found(samples)
    assert (kind, order, at) == (BreakKind.POLE, 0, pytest.approx(1 / 3, rel=1e-14))


def test_a_pole_of_one_side_and_the_gamma_function() -> None:
    one_sided = sampled(lambda x: (np.exp(1 / x), -np.exp(1 / x) / x**2))
    assert found(one_sided) == [(BreakKind.POLE, 0, 0.0)]
    gamma = sampled(lambda x: (special.gamma(x), special.gamma(x) * special.digamma(x)), -4.5, 4.5)
    assert [at for *_, at in found(gamma)] == [-4, -3, -2, -1, 0]
    assert all(each.kind is BreakKind.POLE for each in gamma.breaks)


def test_an_overflow_is_an_edge_without_a_pole() -> None:
    samples = sampled(lambda x: (np.exp(x**3), 3 * x**2 * np.exp(x**3)))
    assert {kind for kind, *_ in found(samples)} == {BreakKind.EDGE}


def test_a_missing_point_leaves_the_line_as_it_is() -> None:
    # 0 is where the closing in on the kink arrives.
    samples = sampled(lambda x: (np.where(x == 0, np.nan, abs(x)), np.sign(x)), -1, 1)
    assert found(samples) == [(BreakKind.JUMP, 1, 0.0), (BreakKind.HOLE, 0, 0.0)]
    missing = np.flatnonzero(np.isnan(samples.values[0, 0]))
    assert samples.x[missing] == [0.0]
    assert np.ptp(samples.x[missing[0] - 1 : missing[0] + 2]) < 1e-15


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "lines",
    [
        lambda x: (np.sin(1 / x), -np.cos(1 / x) / x**2),
        lambda x: (x * np.sin(1 / x), np.sin(1 / x) - np.cos(1 / x) / x),
        lambda x: (np.sin(1e6 * x), 1e6 * np.cos(1e6 * x)),
        lambda x: (np.floor(20 * x), 0 * x),
        lambda x: (1000 * x % 1, 0 * x + 1000),
        lambda x: (np.full_like(x, np.nan), np.full_like(x, np.nan)),
        lambda x: (np.random.default_rng(0).random(x.size), 0 * x),
    ],
    ids=["sin(1/x)", "x sin(1/x)", "sin(1e6x)", "floor(20x)", "frac(1000x)", "nothing", "noise"],
)
def test_the_wildest_function_ends_within_the_budget(lines: Lines) -> None:
    evaluated = 0

    def counted(x: Floats) -> tuple[Floats, ...]:
        nonlocal evaluated
        evaluated += x.size
        return lines(x)

    samples = sampled(counted)
    assert evaluated <= BUDGET
    assert (np.diff(samples.x) >= 0).all()


def test_a_smooth_line_is_drawn_to_a_tenth_of_a_pixel() -> None:
    samples = sampled(lambda x: (np.sin(3 * x), 3 * np.cos(3 * x)))
    x = np.linspace(-10, 10, 10_007)
    low, high = visible_range(samples, (0, 1))
    drawn = np.interp(x, samples.x, samples.values[0, 0])
    # The distance across the line is less than that along y where the line is steep.
    slope = 3 * np.cos(3 * x) * HEIGHT / (high - low) * 20 / WIDTH
    pixels = abs(drawn - np.sin(3 * x)) * HEIGHT / (high - low) / np.hypot(1, slope)
    assert pixels.max() < 0.1
    assert samples.x.size < 3000


def test_no_period_falls_in_with_the_first_grid() -> None:
    samples = sampled(lambda x: (np.cos(2 * np.pi * 25.6 * x), 0 * x), 0, 20, orders=(0,))
    assert np.nanmin(samples.values[0, 0]) < -0.99


def test_several_outputs_break_each_for_itself() -> None:
    def evaluate(x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.array([floor(x), (1 / (x - 1), -((x - 1) ** -2.0))])

    samples = sample(evaluate, -1.5, 1.5)
    assert sorted((each.output, each.at) for each in samples.breaks) == [
        (0, -1.0),
        (0, 0.0),
        (0, 1.0),
        (1, 1.0),
    ]
    at_zero = samples.values[:, 0, samples.x == 0.0]
    assert np.isnan(at_zero[0]).any()
    assert at_zero[1] == pytest.approx([-1.0])


def test_what_is_proved_smooth_is_not_closed_in_on() -> None:
    asked: list[tuple[float, float]] = []

    def smooth(output: int, order: int, low: float, high: float) -> bool:
        asked.append((low, high))
        return True

    assert sampled(floor, -1.5, 1.5, smooth=smooth).breaks == ()
    assert any(low < 0 <= high for low, high in asked)


@pytest.mark.parametrize(
    ("lines", "least", "most"),
    [
        (lambda x: (np.sin(x), np.cos(x)), (-1, 1), (-1, 1)),
        (lambda x: (np.exp(-100 * x**2), -200 * x * np.exp(-100 * x**2)), (-8, 8), (-9, 9)),
        (tangent, (-3, 3), (-10, 10)),
        (lambda x: (1 / x, -1 / x**2), (-1, 1), (-5, 5)),
        (root, (0, 3), (0, 4)),
        (lambda x: (0 * x + 5, 0 * x), (0, 5), (0, 5)),
        (lambda x: (x + 1e9, 0 * x + 1), (1e9 - 10, 1e9 + 10), (1e9 - 10, 1e9 + 10)),
    ],
    ids=["whole", "narrow bell", "tan", "1/x", "sqrt", "constant", "far away"],
)
def test_a_pole_does_not_flatten_the_rest(
    lines: Lines, least: tuple[float, float], most: tuple[float, float]
) -> None:
    low, high = visible_range(sampled(lines), (0, 1))
    assert most[0] - 0.01 <= low <= least[0] + 0.01
    assert least[1] - 0.01 <= high <= most[1] + 0.01


@pytest.mark.parametrize("value", [0.0, 3.0, -7.5, 1e-300])
def test_a_constant_is_given_room(value: float) -> None:
    samples = sampled(lambda x: (0 * x + value,), orders=(0,))
    low, high = visible_range(samples, (0,))
    assert low < value < high


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1e-20, 1e-20, 0.0),
        (2.9999999999999996, 3.0, 3.0),
        (0.09999999999999999, 0.1, 0.1),
        (1.41, 1.43, 1.42),
    ],
)
def test_simplest(low: float, high: float, expected: float) -> None:
    assert simplest(low, high) == expected


def test_poles_that_lines_share_are_each_lines_own() -> None:
    def evaluate(x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            one = np.array([1 / (x - 1), -1 / (x - 1) ** 2])
        return np.array([one, 2 * one])

    samples = sample(evaluate, -3, 3)
    assert [(each.kind, each.output, each.at) for each in samples.breaks] == [
        (BreakKind.POLE, 0, 1.0),
        (BreakKind.POLE, 1, 1.0),
    ]
    gap = samples.x.searchsorted(1.0)
    assert np.isnan(samples.values[:, :, gap]).all()
