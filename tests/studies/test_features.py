"""Where functions are zero, turn and bend: held against closed forms and mpmath."""

from __future__ import annotations

import math

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffcli.language.parser import parse
from diffcli.studies.critical.proofs import smoothness, truth
from diffcli.studies.curves.features import Feature, Search
from diffcli.studies.curves.line import evaluator
from diffcli.studies.curves.sampling import sample

TO_12_DIGITS = {"rel": 1e-12, "abs": 1e-13}


def places(formula: str, low: float, high: float, feature: Feature) -> list[float]:
    function = parse(formula)
    evaluate, proved = evaluator(function, 2), truth(function)
    samples = sample(evaluate, low, high, smooth=smoothness(function), truth=proved)
    return [spot.x for spot in Search(evaluate, samples, proved).spots([feature])]


def test_the_features_of_a_quintic_to_12_digits() -> None:
    quintic = "x^5 - 5x^3 + 4x", -2.5, 2.5
    assert places(*quintic, Feature.ZERO) == [-2, -1, 0, 1, 2]
    # Of 5x⁴ − 15x² + 4 and of 20x³ − 30x, from the quadratic formula.
    turning = [math.sqrt((15 + sign * math.sqrt(145)) / 10) for sign in (-1, 1)]
    assert places(*quintic, Feature.EXTREMUM) == pytest.approx(
        sorted([*turning, *(-x for x in turning)]), **TO_12_DIGITS
    )
    bending = math.sqrt(1.5)
    assert places(*quintic, Feature.INFLECTION) == pytest.approx(
        [-bending, 0, bending], **TO_12_DIGITS
    )


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("formula", "low", "high", "feature", "expected"),
    [
        ("x^2", -3, 3, Feature.ZERO, [0]),
        ("1 + cos(x)", -5, 5, Feature.ZERO, [-math.pi, math.pi]),
        ("sqrt(x)", -1, 4, Feature.ZERO, [0]),
        ("relu(x)", -1, 1, Feature.ZERO, []),
        ("tan(x)", -2, 2, Feature.ZERO, [0]),
        ("1/x", -1, 1, Feature.ZERO, []),
        ("floor(x) + 1/2", -2, 2, Feature.ZERO, []),
        ("|x^2 - 4|", -4, 4, Feature.EXTREMUM, [-2, 0, 2]),
        ("sqrt(|x|)", -1, 1, Feature.EXTREMUM, [0]),
        ("cbrt(x)", -1, 1, Feature.EXTREMUM, []),
        ("x^3", -1, 1, Feature.EXTREMUM, []),
        ("x^3", -1, 1, Feature.INFLECTION, [0]),
        ("3x + 1", -5, 5, Feature.INFLECTION, []),
        ("tan(x)", -5, 5, Feature.POLE, [k * math.pi / 2 for k in (-3, -1, 1, 3)]),
        ("|x^2 - 4| + 1/x", -4, 4, Feature.KINK, [-2, 2]),
    ],
)
def test_features(
    formula: str, low: float, high: float, feature: Feature, expected: list[float]
) -> None:
    assert places(formula, low, high, feature) == pytest.approx(expected, **TO_12_DIGITS)


def test_gamma_turns_between_its_poles() -> None:
    with mpmath.workdps(30):
        expected = [mpmath.findroot(mpmath.digamma, x) for x in (-2.6, -1.6, -0.5, 1.46)]
    found = places("gamma(x)", -2.9, 4, Feature.EXTREMUM)
    assert found == pytest.approx([float(x) for x in expected], **TO_12_DIGITS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "formula", ["sin(x)^2 + cos(x)^2", "(x^2-1)/(x-1)", "(exp(x)-1)/x", "1000 + 0x"]
)
def test_rounding_noise_has_no_features(formula: str) -> None:
    for feature in (Feature.EXTREMUM, Feature.INFLECTION, Feature.KINK, Feature.POLE):
        assert places(formula, -5, 5, feature) == []


@settings(max_examples=8)
@given(st.floats(-9, 9), st.floats(0.1, 10))
def test_a_parabola_turns_at_its_vertex(at: float, steep: float) -> None:
    (found,) = places(f"{steep}*(x - ({at}))^2 - 1", -10, 10, Feature.EXTREMUM)
    assert found == pytest.approx(at, rel=1e-12, abs=1e-12)
