"""The walk of the enclosure: certificates refused, digits certain, mixed partials, constants."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nan
from time import process_time

import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from pace import is_within

from diffcli.clock import now
from diffcli.engines.enclosure import (
    Enclosure,
    Outcome,
    constant_value,
    nearest_float,
    partial,
    partials,
)
from diffcli.errors import PointError
from diffcli.language.expression import Node, constant, node, variable
from diffcli.language.parser import parse


def read(text: str, *names: str) -> Node:
    return parse(text, declared=names).outputs[0]


FALSE_CERTIFICATES = [
    ("x/x", 0.0, Outcome.UNDEFINED),
    ("(x^2-1)/(x-1)", 1.0, Outcome.UNDEFINED),
    ("sin(x)/x", 0.0, Outcome.UNDEFINED),
    ("sqrt(x^2)", 0.0, Outcome.DIFFICULT),
    ("(x^2)**0.5", 0.0, Outcome.DIFFICULT),
    ("(x^4)**0.5", 0.0, Outcome.DIFFICULT),
]


@pytest.mark.parametrize(("formula", "at", "outcome"), FALSE_CERTIFICATES)
@pytest.mark.parametrize("order", [1, 2])
def test_false_certificates_of_series_arithmetic_are_refused(
    formula: str, at: float, outcome: Outcome, order: int
) -> None:
    found = partial(read(formula), {"x": at}, ("x",) * order)
    assert (found.outcome, found.ball) == (outcome, None)


@pytest.mark.parametrize(
    ("formula", "typed"),
    [("abs(x-0.1)", "0.1"), ("1/(x-0.3)", "0.3"), ("sqrt(0.1-x)", "0.1"), ("tan(x)", "pi/2")],
)
def test_a_typed_point_is_exact(formula: str, typed: str) -> None:
    assert partial(read(formula), {"x": read(typed)}, ("x",)).ball is None
    nearby = partial(read(formula), {"x": nearest_float(read(typed))}, ("x",))
    assert nearby.ball is not None or nearby.reason == "sqrt of a negative number"


FORMULAS = [
    # formula, point, index, truth: by hand, or in mpmath at 50 digits
    ("6*x**2+2*x+4", {"x": 3.0}, "x", "38"),
    ("u^3+v^2+4*u*v", {"u": 3.0, "v": 4.0}, "u", "43"),
    ("u^3+v^2+4*u*v", {"u": 3.0, "v": 4.0}, "v", "20"),
    ("u^3+v^2+4*u*v", {"u": 3.0, "v": 4.0}, "", "91"),
    ("x^2*y^3", {"x": 1.0, "y": 2.0}, "xyy", "24"),
    ("x^3*y^2*z", {"x": 2.0, "y": 3.0, "z": 5.0}, "xyz", "72"),
    ("x^3*y^2*z", {"x": 2.0, "y": 3.0, "z": 5.0}, "xxxyyz", "12"),
    ("log(1+exp(x))", {"x": 800.0}, "x", "1"),
    ("log(1+exp(x))", {"x": 800.0}, "", "800"),
    ("x^(1/3)", {"x": -8.0}, "x", "0.083333333333333333"),
    ("softplus(x)", {"x": 700.0}, "xx", "9.8596765437597709e-305"),
    ("floor(x)", {"x": 2.5}, "x", "0"),
    ("mod(x, 3)", {"x": 7.5}, "x", "1"),
    ("frac(x)", {"x": 1.25}, "x", "1"),
    ("sinc(x)", {"x": 0.0}, "xx", "-0.33333333333333333"),
    ("atan2(y, x)", {"x": -1.0, "y": 0.0}, "x", "0"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("formula", "at", "index", "truth"), FORMULAS)
def test_partial(formula: str, at: dict[str, float], index: str, truth: str) -> None:
    found = partial(read(formula, *at), at, tuple(index))
    assert found.digits(17) == truth
    assert found.to_float() == float(truth)


def test_the_sine_of_a_huge_number_is_that_of_mpmath() -> None:
    with mp.workdps(350):
        truth = float(mp.sin(mp.mpf(1e300)))
    assert partial(read("sin(x)"), {"x": 1e300}).to_float() == truth


def test_precision_doubles_until_cancellation_is_overcome() -> None:
    cancelling = read("(1-cos(x))/x^2")
    for x in (1e-6, 1e-30, 1e-100):
        with mp.workdps(700):
            t = mp.mpf(x)
            truth = float((t * mp.sin(t) - 2 * (1 - mp.cos(t))) / t**3)
        assert partial(cancelling, {"x": x}, ("x",)).to_float() == truth
    found = partial(cancelling, {"x": 1e-30}, ("x",), max_bits=200)
    assert found.to_float() is None


def test_what_grows_beyond_arb_is_refused_at_once() -> None:
    start = process_time()
    for formula in ("exp(exp(exp(x)))", "gamma(exp(exp(x)))", "floor(exp(exp(exp(x))))"):
        assert partial(read(formula), {"x": 10.0}, ("x",)).outcome is Outcome.DIFFICULT
    assert is_within(process_time() - start, 2)


def test_a_deadline_ends_the_work() -> None:
    found = partial(read("sin(x)"), {"x": 1.0}, ("x",), deadline=now() - 1)
    assert found == Enclosure(Outcome.OUT_OF_TIME, reason="out of time")


@pytest.mark.slow
def test_a_deep_formula_is_walked_without_recursion() -> None:
    x = variable("x")
    deep = x
    for _ in range(20_000):
        deep = node("add", node("sin", deep), x)
    assert partial(deep, {"x": 0.5}, ("x",)).outcome is Outcome.ENCLOSED


# Mixed partials of polynomials, exactly.

Monomials = dict[tuple[int, int, int], int]
monomials = st.dictionaries(
    st.tuples(*[st.integers(0, 3)] * 3), st.integers(-9, 9), min_size=1, max_size=6
)


def differentiated(terms: Monomials, axis: int) -> Monomials:
    found: Monomials = {}
    for powers, factor in terms.items():
        if powers[axis]:
            lower = tuple(p - (i == axis) for i, p in enumerate(powers))
            found[lower] = found.get(lower, 0) + factor * powers[axis]
    return found


@settings(max_examples=60, deadline=None)
@given(monomials, st.lists(st.integers(0, 2), min_size=1, max_size=4))
def test_mixed_partials_of_polynomials_are_exact(terms: Monomials, axes: list[int]) -> None:
    point = (Fraction(3, 2), Fraction(-2), Fraction(5, 4))
    text = " + ".join(f"({factor})*x^{p}*y^{q}*z^{r}" for (p, q, r), factor in terms.items())
    truth: Monomials = terms
    for axis in axes:
        truth = differentiated(truth, axis)
    known = sum(
        factor * point[0] ** p * point[1] ** q * point[2] ** r
        for (p, q, r), factor in truth.items()
    )
    at = dict(zip("xyz", map(float, point), strict=True))
    found = partial(read(text, "x", "y", "z"), at, tuple("xyz"[axis] for axis in axes))
    assert found.to_float() == float(known)


def test_partials_share_their_passes_and_agree_with_single_ones() -> None:
    formula, at = read("exp(x*y)/(1+x^2+z)", "x", "y", "z"), {"x": 0.3, "y": 0.7, "z": 1.5}
    indices = [(), ("x",), ("x", "y"), ("y", "x"), ("x", "y", "z"), ("y", "y")]
    found = partials(formula, at, indices)
    assert found["x", "y"].digits(17) == found["y", "x"].digits(17)
    for index in indices:
        assert found[index].to_float() == partial(formula, at, index).to_float()


# Balls as text and as floats.


def enclosure(mid: str, rad: str = "0", bits: int = 200) -> Enclosure:
    with ctx.workprec(bits):
        return Enclosure(Outcome.ENCLOSED, arb(mid, rad))


def test_interval_is_short_where_exact_and_outward_elsewhere() -> None:
    assert enclosure("43").interval() == ("43", "43")
    assert enclosure("-0.125").interval() == ("-0.125", "-0.125")
    low, high = partial(read("1/x"), {"x": 3.0}).interval() or ("", "")
    assert (low, high) == ("0.33333333333333333333", "0.33333333333333333334")
    assert enclosure("0").interval() == ("0", "0")
    low, high = partial(read("exp(x)"), {"x": 1e9}).interval() or ("", "")
    with mp.workdps(40):
        assert mp.mpf(low) < mp.exp(10**9) < mp.mpf(high)


def test_rounding_is_certain_or_none() -> None:
    assert enclosure("1", "1e-30").to_float() == 1.0
    assert enclosure("1", "1e-10").to_float() is None
    assert enclosure("0", "1e-400").to_float() == 0.0
    assert enclosure("1e400").to_float() == inf
    assert enclosure("-1e39").to_float("float32") == -inf
    assert enclosure("0.1").to_float("float32") == 0.10000000149011612
    assert enclosure("3e-324").to_float() == 5e-324
    assert enclosure("1.00000000000000011102230246251565404").to_float() == 1.0
    assert enclosure("1.00000000000000011102230246251565404", "1e-20").to_float() is None


def test_digits_are_certain_or_none() -> None:
    assert enclosure("2", "1e-30").digits(17) == "2"
    assert enclosure("0.12345678901234567890").digits(5) == "0.12346"
    assert enclosure("1", "1e-10").digits(17) is None
    assert Enclosure(Outcome.DIFFICULT, reason="abs at 0").digits(17) is None


# Points as typed.


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("0.1", 0.1),
        ("1/3", 1 / 3),
        ("-1e-3", -1e-3),
        ("pi/4", 0.7853981633974483),
        ("sqrt(2)/2", 0.7071067811865476),
        ("sqrt(4)", 2.0),
        ("e", 2.718281828459045),
        ("tau", 6.283185307179586),
        ("sin(pi)", 0.0),
        ("9007199254740993", 9007199254740992.0),
        ("1e-320", 1e-320),
        ("1e400", inf),
    ],
)
def test_nearest_float(text: str, truth: float) -> None:
    assert nearest_float(read(text)) == truth


@pytest.mark.parametrize("text", ["1/0", "log(-1)", "tan(pi/2)"])
def test_a_point_without_a_real_value_is_refused(text: str) -> None:
    with pytest.raises(PointError, match="no real value"):
        nearest_float(read(text))


def test_a_point_at_infinity_is_refused() -> None:
    with pytest.raises(PointError, match="finite coordinates, and inf is none") as refused:
        nearest_float(node("neg", constant("inf")))
    assert "complex" not in str(refused.value.hint)


def test_constant_value_has_the_precision_asked_for() -> None:
    with mp.workdps(100):
        truth = mp.nstr(mp.pi / 7, 90)
    found = constant_value(read("pi/7"), 256)
    assert found.rel_accuracy_bits() > 240
    with ctx.workprec(400):
        assert abs(found - arb(truth)) < arb(10) ** -70


def test_a_point_must_fit() -> None:
    with pytest.raises(PointError, match="gives y no value"):
        partial(read("x*y", "x", "y"), {"x": 1.0}, ("x",))
    for bad in (nan, inf):
        with pytest.raises(PointError, match="not a finite number"):
            partial(read("x"), {"x": bad}, ("x",))


def test_an_undefined_coordinate_is_a_reason() -> None:
    found = partial(read("x^2"), {"x": read("1/0")}, ("x",))
    assert (found.outcome, found.reason) == (Outcome.UNDEFINED, "division by zero")


def test_a_tiny_difference_is_told_from_zero() -> None:
    # mpmath 1.3: erfc(30) = 2.5646562037561116000333972775014471465488897227786e-393.
    ball = partial(parse("1 - erf(x)").outputs[0], {"x": 30.0}).ball
    assert ball is not None
    assert ball > 0
    assert ball.overlaps(arb("2.5646562037561116000333972775e-393 +/- 1e-421"))
