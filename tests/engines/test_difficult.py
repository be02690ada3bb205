"""Difficult points: where autograd, symbols and central differences agree and are all wrong.

The truths are elementary calculus, by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import e, inf, pi, sqrt

import pytest
from flint import arb

from diffcli.clock import now
from diffcli.engines import difficult
from diffcli.engines.balls.decimals import FORMATS, certain_float
from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.difficult import Kind, is_linear
from diffcli.language.expression import Node, number
from diffcli.language.parser import parse


def read(text: str, *names: str) -> Node:
    return parse(text, declared=names).outputs[0]


@dataclass(frozen=True)
class Seen:
    """A difficulty whose balls are rounded to floats, where they are certain."""

    kind: Kind
    reason: str
    value: float | None = None
    left: float | None = None
    right: float | None = None
    side: str | None = None


def seen(found: difficult.Difficulty) -> Seen:
    value, left, right = map(rounded, (found.value, found.left, found.right))
    return Seen(found.kind, found.reason, value, left, right, found.side)


def rounded(ball: arb | None) -> float | None:
    if ball is None or not ball.is_finite():
        return None if ball is None else float(ball)
    return certain_float(ball, *FORMATS["float64"])


def found_at(formula: str, at: str, index: str = "x") -> Seen:
    point = dict(zip("xyz", (read(text) for text in at.split(",")), strict=False))
    return seen(difficult.classify(read(formula, *point), point, tuple(index)))


DIFFERENTIABLE = [
    ("relu(x)-relu(-x)", "0", 1),
    ("piecewise((1, x == 1), (x^2, True))", "1", 2),
    ("piecewise((1, x == 0), (sin(x)/x, True))", "0", 0),
    ("piecewise((x^2*sin(1/x), x != 0), (0, True))", "0", 0),
    ("piecewise((exp(-1/x), x > 0), (0, True))", "0", 0),
    ("x*abs(x)", "0", 0),
    ("abs(x)^3", "0", 0),
    ("sqrt(x^4)", "0", 0),
    ("(x^4)**0.5", "0", 0),
    ("x^(7/3)", "0", 0),
    ("softsign(x)", "0", 1),
    ("elu(x)", "0", 1),
    ("max(x, 2*x/2)", "1", 1),
    ("x^(x/x)", "-1", 1),
    ("abs(cos(x))^3", "pi/2", 0),
    ("abs((x-pi)^9)", "pi", 0),
    ("floor(x)", "5/2", 0),
    ("mod(x, 3)", "15/2", 1),
    ("frac(x)", "5/4", 1),
    ("sqrt(x^4+y^4)", "0,0", 0),
    ("atan2(y, x)", "-1,0", 0),
    ("x*abs(y)", "3,0", 0),
    ("relu(x) - relu(-x) + sqrt(x + 1e-100)", "0", 1 + 5e49),
    # Powers just above the first, and scales far below any step.
    ("1e-11*x + x*abs(x)^0.036", "0", 1e-11),
    ("3e-40*x + abs(x)^(1 + 1/50)", "0", 3e-40),
    ("x*log(abs(x) + 1e-400)", "0", -921.0340371976183),
    ("piecewise((x*(2 + tanh((2^3000*x)^2)), x != 0), (0, True))", "0", 2),
    ("piecewise((x*(5 + exp(-1/(2^-3500*x)^2)), x != 0), (0, True))", "0", 5),
    ("x*sqrt(x^2 + 1e-400)", "0", 1e-200),
    ("abs(x)^pi", "0", 0),
    ("x*abs(x)^(pi - 3)", "0", 0),
    # Bounded oscillations, and what is smaller than every power.
    ("piecewise((x^2*sign(sin(1/x)), x != 0), (0, True))", "0", 0),
    ("piecewise((x^2, sin(1/x) > 0), (-x^2, True))", "1", 2),
    ("x^2*floor(tanh(1/(x^2 + 1e-9)))", "0", 0),
    ("piecewise((x + (1 - tanh(1/x^2))/x^3, x != 0), (0, True))", "0", 1),
    ("piecewise((log(1 - tanh(1/x^2))*x^3, x != 0), (0, True))", "0", -2),
    ("abs(x - pi)*sin(x)", "pi", 0),
    ("max(sin(x), x) - max(-x, -sin(x))", "0", 2),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("formula", "at", "truth"), DIFFERENTIABLE)
def test_a_derivative_is_found_where_there_is_one(formula: str, at: str, truth: float) -> None:
    found = found_at(formula, at)
    assert (found.kind, found.value) == (Kind.DIFFERENTIABLE, truth)


KINKS = [
    ("abs(x)", "0", -1, 1, "abs at 0"),
    ("abs(x-0.1)", "0.1", -1, 1, "abs at 0"),
    ("abs(x-1e300)", "10^300", -1, 1, "abs at 0"),
    ("abs(sin(x))", "pi", -1, 1, "abs at 0"),
    ("max(x, x^2)", "1", 1, 2, "max: both arguments equal 1"),
    ("max(x, 0)", "0", 0, 1, "max: both arguments equal 0"),
    ("sqrt(x^2)", "0", -1, 1, "sqrt at 0"),
    ("(x^2)**0.5", "0", -1, 1, "power 1/2 of 0"),
    ("acos(cos(x))", "0", -1, 1, "edge of acos"),
    ("hypot(x, y)", "0,0", -1, 1, "hypot at the origin"),
    ("elu(x, 2)", "0", 2, 1, "elu at 0"),
    ("clamp(x, 0, 1)", "1", 1, 0, "clamp at 1"),
    ("x^(2/3)", "0", -inf, inf, "power 2/3 of 0"),
    # W is −1 + p − …, where p = √(2(e·x + 1)).
    ("lambertw(x^2 - 1/e)", "0", -sqrt(2 * e), sqrt(2 * e), "edge of lambertw"),
    # Another kink is as near as that.
    ("relu(x)-relu(x-1e-350)", "0", 0, 1, "relu at 0"),
    ("abs(x)-abs(x-exp(-5000))", "0", 0, 2, "abs at 0"),
    ("sqrt(x^2)-sqrt((x-exp(-5000))^2)", "0", 0, 2, "sqrt at 0"),
    ("abs(x-1e300)+abs(x-1e300-1)-x", "10^300", -3, -1, "abs at 0"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("formula", "at", "left", "right", "reason"), KINKS)
def test_a_kink_has_two_sides(
    formula: str, at: str, left: float, right: float, reason: str
) -> None:
    assert found_at(formula, at) == Seen(Kind.KINK, reason, None, left, right)


VERTICAL = [
    ("sqrt(x)", "0", None, inf, "right"),
    ("x^x", "0", None, -inf, "right"),
    ("sqrt(0.1-x)", "0.1", -inf, None, "left"),
    ("asin(x)", "1", inf, None, "left"),
    ("acosh(x)", "1", None, inf, "right"),
    ("cbrt(x)", "0", inf, inf, None),
    ("lambertw(x)", "-1/e", None, inf, "right"),
    ("lambertw(x, -1)", "-1/e", None, -inf, "right"),
    ("x^0.05", "0", None, inf, "right"),
]


@pytest.mark.parametrize(("formula", "at", "left", "right", "side"), VERTICAL)
def test_a_vertical_tangent(
    formula: str, at: str, left: float | None, right: float | None, side: str | None
) -> None:
    found = found_at(formula, at)
    assert (found.kind, found.value, found.left, found.right, found.side) == (
        Kind.VERTICAL,
        None,
        left,
        right,
        side,
    )


def test_an_endpoint_has_the_derivative_from_inside() -> None:
    assert found_at("x*sqrt(x)", "0") == Seen(Kind.ENDPOINT, "sqrt at 0", 0.0, None, 0.0, "right")
    assert found_at("(1-x)^1.5 + 3*x", "1").side == "left"
    assert found_at("(1-x)^1.5 + 3*x", "1").value == 3


def _gap(at: str, limit: str, slope: str) -> str:
    """Return what is said of a gap that can be filled."""
    return (
        f"no value at {at} (division by zero); the limit is {limit}, "
        f"and {slope} is its derivative when the gap is filled"
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "at", "kind", "reason"),
    [
        (
            "where(x < 1, x^2, x^2+1)",
            "1",
            Kind.JUMP,
            "the condition changes here: its sides both equal 1",
        ),
        ("piecewise((5, x == 0), (x^2, True))", "0", Kind.JUMP, None),
        ("floor(x)", "2", Kind.JUMP, "floor jumps at 2"),
        ("floor(sqrt(x)^2)", "2", Kind.JUMP, "floor jumps at 2"),
        ("frac(x)", "3", Kind.JUMP, "frac jumps at 3"),
        ("round(x)", "5/2", Kind.JUMP, "round jumps halfway below 3"),
        ("0^x", "0", Kind.JUMP, None),
        ("1/x", "0", Kind.POLE, "division by zero"),
        ("1/(x-0.3)", "0.3", Kind.POLE, "division by zero"),
        ("tan(x)", "pi/2", Kind.POLE, "pole of tan"),
        ("log(x)", "0", Kind.POLE, "log of 0"),
        ("gamma(x)", "-2", Kind.POLE, "pole of gamma at -2"),
        ("piecewise((1/x, x != 0), (0, True))", "0", Kind.POLE, None),
        ("log(x)", "-1", Kind.UNDEFINED, "log of a negative number"),
        ("(-2)^x", "2", Kind.UNDEFINED, None),
        ("x/x", "0", Kind.UNDEFINED, _gap("0", "1", "0")),
        ("(x^2-1)/(x-1)", "1", Kind.UNDEFINED, _gap("1", "2", "1")),
        ("sin(x)/x", "0", Kind.UNDEFINED, _gap("0", "1", "0")),
        ("x*log(x)", "0", Kind.UNDEFINED, "log of 0"),
        ("sqrt(-x^2)", "0", Kind.UNDEFINED, "an isolated point: sqrt at 0"),
        ("atan2(y, x)", "0,0", Kind.UNDEFINED, "atan2 at the origin"),
        ("piecewise((x*sin(1/x), x != 0), (0, True))", "0", Kind.UNDETERMINED, None),
    ],
)
def test_no_derivative(formula: str, at: str, kind: Kind, reason: str | None) -> None:
    found = found_at(formula, at)
    assert (found.kind, found.value) == (kind, None)
    assert reason is None or found.reason == reason


@pytest.mark.parametrize(
    ("formula", "index", "kind", "value", "left", "right"),
    [
        ("x*abs(x)", "xx", Kind.KINK, None, -2, 2),
        ("abs(x)^3", "xx", Kind.DIFFERENTIABLE, 0, 0, 0),
        ("abs(x)^3", "xxx", Kind.KINK, None, -6, 6),
        ("abs(x)^5", "xxx", Kind.DIFFERENTIABLE, 0, 0, 0),
        ("softsign(x)", "xx", Kind.KINK, None, 2, -2),
        ("elu(x)", "xx", Kind.KINK, None, 1, 0),
        ("sqrt(x^4)", "xx", Kind.DIFFERENTIABLE, 2, 2, 2),
        ("x^2*sqrt(x)", "xx", Kind.ENDPOINT, 0, None, 0),
        ("x*sqrt(x)", "xx", Kind.VERTICAL, None, None, inf),
        ("abs(x)", "xx", Kind.KINK, None, None, None),
        (
            "piecewise((1, x == 0), (sin(x)/x, True))",
            "xx",
            Kind.DIFFERENTIABLE,
            -1 / 3,
            -1 / 3,
            -1 / 3,
        ),
    ],
)
def test_higher_orders(
    formula: str,
    index: str,
    kind: Kind,
    value: float | None,
    left: float | None,
    right: float | None,
) -> None:
    found = found_at(formula, "0", index)
    assert (found.kind, found.value, found.left, found.right) == (kind, value, left, right)


def test_sides_of_a_jump_are_those_that_exist() -> None:
    found = found_at("atan2(y, x)", "-1,0", "y")
    assert (found.kind, found.left, found.right) == (Kind.JUMP, None, -1)


@pytest.mark.parametrize(
    ("formula", "slopes", "linear"),
    [
        ("sqrt(x^4+y^4)+3*x", (3, 0), True),
        ("x*abs(y)", (0, 0), True),
        ("where(x == 0 and y == 0, 0, x*y/sqrt(x^2+y^2))", (0, 0), False),
        ("where(x == 0 and y == 0, 0, x*y/(x^2+y^2))", (0, 0), False),
        ("cbrt(x*y)", (0, 0), False),
    ],
)
def test_partials_without_a_gradient_are_told(
    formula: str, slopes: tuple[float, float], linear: bool
) -> None:
    origin = {"x": 0.0, "y": 0.0}
    for name in origin:
        assert found_at(formula, "0,0", name).value == slopes["xy".index(name)]
    assert is_linear(read(formula), origin, "xy") is linear


def test_an_ordinary_point_is_simply_enclosed() -> None:
    assert found_at("sin(x)", "pi/3") == Seen(Kind.DIFFERENTIABLE, "enclosed", 0.5)
    assert found_at("x^2", "pi").value == 2 * pi


@pytest.mark.parametrize(
    "wave",
    ["sin(pi/x)", "cos(2*pi/x)", "sin(2*pi*log2(abs(x)))", "cos(pi/x)^2", "cos(2*pi/(3*x))"],
)
def test_a_quotient_that_oscillates_has_no_limit(wave: str) -> None:
    found = found_at(f"piecewise((x*{wave}, x != 0), (0, True))", "0")
    assert (found.kind, found.value) == (Kind.UNDETERMINED, None)


@pytest.mark.parametrize(
    "formula",
    [
        "x + 1e-21*abs(x) + x*abs(x)^(1/15)",
        "pi*x + 1e-50*abs(x) - 355/113*x",
        "exp(x) + 2^-2000*abs(sin(x))",
        "piecewise((pi*x, x < 0), (355/113*x, True))",
    ],
)
def test_a_kink_is_a_kink_however_small(formula: str) -> None:
    assert found_at(formula, "0").kind is Kind.KINK


def test_no_step_is_in_step_with_a_proof() -> None:
    """log2|x| is a whole number at all powers of 2."""
    wave = "sin(pi*floor(log2(abs(x)))/100)"
    assert found_at(f"piecewise((x*{wave}, x != 0), (0, True))", "0").kind is Kind.UNDETERMINED
    assert found_at(f"piecewise((x^2*{wave}, x != 0), (0, True))", "0").value == 0


def test_what_is_not_proved_comes_with_what_quotients_suggest() -> None:
    found = found_at("gammainc(2, x)", "0")
    assert (found.kind, found.value) == (Kind.UNDETERMINED, None)
    assert "not proved" in found.reason


ALONG = [
    ("relu(x - 20*abs(y - 0.6*x))", (5, 3), Kind.KINK, None, 0, 5),
    ("piecewise((x, y == x/7), (0, True))", (7, 1), Kind.DIFFERENTIABLE, 7, 7, 7),
    ("piecewise((x, y == x/7), (0, True))", (7, 2), Kind.DIFFERENTIABLE, 0, 0, 0),
    ("abs(x*3 - y*2)", (2, 3), Kind.DIFFERENTIABLE, 0, 0, 0),
    ("abs(x*3 - y*2)", (1, 1), Kind.KINK, None, -1, 1),
    ("max(x, y) + min(x, y)", (1, -4), Kind.DIFFERENTIABLE, -3, -3, -3),
    ("cbrt(x^2*y)", (1, 1), Kind.DIFFERENTIABLE, 1, 1, 1),
    ("sqrt(x*y)^3", (1, 1), Kind.DIFFERENTIABLE, 0, 0, 0),
    ("sqrt(x*y)", (1, 1), Kind.KINK, None, -1, 1),
    ("hypot(x, y)", (3, -4), Kind.KINK, None, -5, 5),
]


@pytest.mark.parametrize(("formula", "vector", "kind", "value", "left", "right"), ALONG)
def test_a_derivative_along_a_vector(
    formula: str,
    vector: tuple[int, int],
    kind: Kind,
    value: float | None,
    left: float,
    right: float,
) -> None:
    direction = dict(zip("xy", map(Fraction, vector), strict=True))
    origin = {"x": 0.0, "y": 0.0}
    found = seen(difficult.along(read(formula, "x", "y"), origin, [direction], "a kink"))
    assert (found.kind, found.value, found.left, found.right) == (kind, value, left, right)


@pytest.mark.parametrize(
    ("formula", "index", "kind", "value"),
    [
        ("x*abs(y)", "yx", Kind.KINK, None),
        ("x^2*y*abs(y)", "xy", Kind.DIFFERENTIABLE, 0),
        ("where(x == 0 and y == 0, 0, x*y*(x^2 - y^2)/(x^2 + y^2))", "xy", None, -1),
        ("where(x == 0 and y == 0, 0, x*y*(x^2 - y^2)/(x^2 + y^2))", "yx", None, 1),
        ("x*y*abs(x*y)", "xy", Kind.DIFFERENTIABLE, 0),
        ("x*sin(y) + abs(y)^3*exp(x)", "xy", Kind.DIFFERENTIABLE, 1),
        ("x*y*relu(z + 1) + abs(z)*x", "zxy", Kind.KINK, None),
        ("exp(x)*y^2*abs(y)", "xyy", Kind.DIFFERENTIABLE, 0),
        ("exp(x)*y*abs(y)", "xyy", Kind.KINK, None),
    ],
)
def test_mixed_partials(formula: str, index: str, kind: Kind | None, value: float | None) -> None:
    found = found_at(formula, "0,0,0", index)
    assert found.value == value
    assert kind is None or found.kind in (kind, Kind.UNDETERMINED)


@pytest.mark.parametrize(
    ("formula", "at", "digits"),
    [
        ("abs(x)*x + x/3", "0", 60),
        ("(x - pi)*abs(x - pi) + x/7", "pi", 90),
        ("relu(x - sqrt(2)) + relu(sqrt(2) - x) + abs(x - sqrt(2))^3 + pi*x", "sqrt(2)", 40),
    ],
)
def test_as_many_digits_as_are_wanted(formula: str, at: str, digits: int) -> None:
    point = {"x": read(at)}
    found = difficult.classify(read(formula, "x"), point, ("x",), digits=digits)
    balls = [ball for ball in (found.value, found.left, found.right) if ball is not None]
    assert balls
    assert all(ball.rel_accuracy_bits() > 3.32 * digits for ball in balls)


def test_past_the_deadline_nothing_is_claimed() -> None:
    found = difficult.classify(read("abs(x)"), {"x": 0.0}, ("x",), deadline=now() - 1)
    assert (found.kind, found.left, found.right) == (Kind.UNDETERMINED, None, None)


def test_past_the_deadline_nothing_is_suggested_of_an_irrational_point() -> None:
    term = read("abs(sin(2x) - 2*sin(x)*cos(x))")
    found = difficult.classify(term, {"x": read("sqrt(2)/3")}, ("x",), deadline=now() - 1)
    assert found.kind is Kind.UNDETERMINED
    assert "difference quotients" not in str(found.reason)


def test_a_proof_has_a_deadline_if_nobody_sets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = "x"
    for _ in range(40):
        nested = f"exp({nested})"
    for module in ("difficult", "balls.signs"):
        monkeypatch.setattr(f"diffcli.engines.{module}.LONGEST", 0.2)
    before = now()
    found = difficult.classify(read(f"abs({nested})", "x"), {"x": number(1)}, ("x",))
    assert found.kind is Kind.UNDETERMINED
    assert found.reason.count("out of time") <= 1
    assert proved_sign(read(f"sin({nested})", "x"), {"x": number(1)}) is None
    # Ten times what it may take: without a deadline it takes minutes.
    assert now() - before < 4


def test_a_reason_is_not_doubled() -> None:
    late = difficult.classify(
        read("integrate(abs(t-x)*sqrt(t), t=0..1)", "x"), {"x": 0.3}, ("x",), deadline=now() - 1
    )
    assert late.reason.count("out of time") == 1


ONE = "gamma(1/3)*gamma(2/3)*sqrt(3)/(2*pi)"
"""1, by the reflection of Γ (DLMF 5.5.3), which no enclosure tells from a number next to it."""


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "doubt"),
    [
        ("abs(x - 1)", "abs at 0"),
        ("max(x, 1)", "max: both arguments equal 1"),
        ("sign(x - 1)", "sign jumps at 0"),
        ("besselj(0, x) + abs(x - 1)", "abs at 0"),
    ],
)
def test_a_point_that_may_be_a_kink_is_said_to_be_perhaps_one(formula: str, doubt: str) -> None:
    found = found_at(formula, ONE)
    assert found.kind is Kind.UNDETERMINED
    assert found.reason.startswith(f"perhaps {doubt} (the enclosure doesn't decide it)")


def test_a_kink_that_is_proved_is_said_to_be_one() -> None:
    found = found_at("abs(gamma(x) - gamma(1/3))", "1/3")
    assert (found.kind, found.reason) == (Kind.KINK, "abs at 0")
