"""Integrals whose kinks and jumps move with a parameter, against mpmath's quadrature of the pieces.

The places of the kinks are known by construction, so the oracle cuts the range there itself, and
differentiates the integral as a function of the parameter numerically, at many digits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import torch
from mpmath import mp, mpf

from diffcli.engines.enclosure import partial
from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import Symbolic, expression, symbol
from diffcli.engines.terms.moving import MovingJumpError
from diffcli.errors import FormulaError
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.studies.steps.differentiation import explain

Real = Any


def _sign(u: Real) -> Real:
    return mp.sign(u)


def _frac(u: Real) -> Real:
    return u - mp.floor(u)


#: A function of a margin u, and whether it breaks at u = 0 or at every integer.
BREAKS: dict[str, tuple[Callable[[Real], Real], bool]] = {
    "abs({u})": (abs, False),
    "sign({u})": (_sign, False),
    "heaviside({u})": (lambda u: mpf(u > 0), False),
    "relu({u})": (lambda u: max(u, mpf(0)), False),
    "leaky_relu({u}, 1/5)": (lambda u: u if u > 0 else u / 5, False),
    "elu({u})": (lambda u: u if u > 0 else mp.expm1(u), False),
    "max({u}, 0)": (lambda u: max(u, mpf(0)), False),
    "min({u}, 0)^2": (lambda u: min(u, mpf(0)) ** 2, False),
    "sqrt(({u})^2)": (abs, False),
    "piecewise((exp({u}), {u} < 0), (2, True))": (
        lambda u: mp.exp(u) if u < 0 else mpf(2),
        False,
    ),
    "(1 if {u} > 0 and t > -9 else {u})": (lambda u: mpf(1) if u > 0 else u, False),
    "clamp({u}, 0, 100)": (lambda u: max(u, mpf(0)), False),
    "floor({u})": (mp.floor, True),
    "ceil({u})": (mp.ceil, True),
    "frac({u})": (_frac, True),
    "mod({u}, 1)^2": (lambda u: _frac(u) ** 2, True),
    "round({u} + 1/2)": (lambda u: mp.floor(u) + 1, True),
}

#: A margin in t and x; its value; the t at which it comes to k.
MARGINS: list[tuple[str, Callable[[Real, Real], Real], Callable[[Real, Real], list[Real]]]] = [
    ("(x - t)", lambda t, x: x - t, lambda k, x: [x - k]),
    ("(x^2 - t)", lambda t, x: x * x - t, lambda k, x: [x * x - k]),
    ("(3*t - 2*x)", lambda t, x: 3 * t - 2 * x, lambda k, x: [(k + 2 * x) / 3]),
    ("(x*t - 1/2)", lambda t, x: x * t - mpf(1) / 2, lambda k, x: [(k + mpf(1) / 2) / x]),
    (
        "(t^2 - sin(x))",
        lambda t, x: t * t - mp.sin(x),
        lambda k, x: [s * mp.sqrt(k + mp.sin(x)) for s in (-1, 1) if k + mp.sin(x) >= 0],
    ),
    ("(exp(t) - 1 - x)", lambda t, x: mp.expm1(t) - x, lambda k, x: [mp.log(1 + x + k)]),
]

#: A smooth factor, in t and x.
FACTORS: list[tuple[str, Callable[[Real, Real], Real]]] = [
    ("1", lambda _t, _x: mpf(1)),
    ("cos(x*t)", lambda t, x: mp.cos(x * t)),
    ("(t + x)^2", lambda t, x: (t + x) ** 2),
    ("exp(-t)", lambda t, _x: mp.exp(-t)),
]

#: The bounds, as functions of x.
BOUNDS: list[tuple[str, Callable[[Real], tuple[Real, Real]]]] = [
    ("0..2", lambda _: (mpf(0), mpf(2))),
    ("-1/2..3/2", lambda _: (-mpf(1) / 2, mpf(3) / 2)),
    ("-x..2*x", lambda x: (-x, 2 * x)),
    ("1..x^2/2", lambda x: (mpf(1), x * x / 2)),
]


def drawn(random: Random) -> tuple[str, Callable[[Real], Real]]:
    """Return a random integral as text, and as a function of x by the oracle."""
    template, (apply, at_integers) = random.choice(list(BREAKS.items()))
    margin, value, roots = random.choice(MARGINS)
    factor, smooth = random.choice(FACTORS)
    bounds, ends = random.choice(BOUNDS)
    text = f"integrate({factor}*{template.format(u=margin)}, t={bounds})"

    def oracle(x: Real) -> Real:
        low, high = ends(x)
        levels = range(-8, 64) if at_integers else [0]
        inside = [r for k in levels for r in _real(roots, mpf(k), x)]
        cuts = sorted({low, high, *(r for r in inside if min(low, high) < r < max(low, high))})
        total = mpf(0)
        for left, right in pairwise(cuts):
            middle = (left + right) / 2
            # The branch of the middle is that of the whole piece, the ends included.
            step = mp.floor(value(middle, x)) if at_integers else None

            def integrand(t: Real, step: Real = step, middle: Real = middle) -> Real:
                return smooth(t, x) * _on_branch(apply, value(t, x), value(middle, x), step)

            total += mp.quad(integrand, [left, right])
        return total if low < high else -total

    return text, oracle


def _real(roots: Callable[[Real, Real], list[Real]], k: Real, x: Real) -> list[Real]:
    try:
        found = roots(k, x)
    except (ValueError, ZeroDivisionError):
        return []
    return [each for each in found if isinstance(each, mpf)]


def _on_branch(apply: Callable[[Real], Real], u: Real, middle: Real, step: Real | None) -> Real:
    """Return the function at u, which lies in a piece, or by rounding just beside it."""
    if step is None:
        return apply(u if u * middle > 0 else middle * mpf(2) ** -400)
    inside = min(max(u, step + mpf(2) ** -100), step + 1 - mpf(2) ** -100)
    return apply(inside)


def differentiated(oracle: Callable[[Real], Real], at: float) -> tuple[Real, Real, Real]:
    """Return the value and two derivatives by central differences, to about 18 digits."""
    with mp.workdps(40):
        h = mpf("1e-10")
        before, here, after = (oracle(mpf(at) + k * h) for k in (-1, 0, 1))
        return here, (after - before) / (2 * h), (after - 2 * here + before) / h**2


QUICK = 12
"""The seeds of the quick tests, which leave out sympy: its quadrature of a kink takes seconds."""
SEEDS = [pytest.param(s, marks=[] if s < QUICK else pytest.mark.slow) for s in range(200)]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_moving_kinks(seed: int) -> None:
    random = Random(seed)
    text, oracle = drawn(random)
    at = random.randrange(1001, 1999) / 1024
    function = parse(text, variables=("x",))
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (y,) = lambdify(expression(function), [symbol("x")])(x)
    truths = differentiated(oracle, at)
    for order, truth in enumerate(truths):
        size = max(1, abs(truth))
        ball = partial(function.outputs[0], {"x": at}, ("x",) * order).ball
        assert ball is not None, text
        assert abs(mpf(ball.mid().str(30, radius=False)) - truth) < 1e-13 * size, order
        assert torch.isnan(y) or abs(y.item() - truth) < 1e-8 * size, order
        if order < 2:
            (y,) = torch.autograd.grad(y, x, create_graph=True, materialize_grads=True)
        if seed >= QUICK:
            with suppress(MovingJumpError):
                value = Symbolic(function).value({"x": at}, ["x"] * order)
                assert value.number is None or abs(value.number - truth) < 1e-10 * size, order


@pytest.mark.parametrize(
    ("formula", "at", "order", "truth"),
    [
        ("integrate(abs(x - t), t=0..1)", "x=1/2", 2, 2),
        ("integrate(sign(x - t), t=0..1)", "x=1/3", 1, 2),
        ("integrate(sign(x - t), t=0..1)", "x=3", 1, 0),
        ("integrate(sign(x - t), t=1e-6..2e-6)", "x=1.5e-6", 1, 2),
        # max(x, t) on both sides of its kink, and Green's function of the string.
        ("integrate(max(x, t), t=0..1)", "x=1/4", 2, 1),
        ("integrate(min(x, t)*(1 - max(x, t))*t, t=0..1)", "x=1/4", 2, mpf(-1) / 4),
        # |x - t| from 0 to x is a power: the kink stays at the bound.
        ("integrate(abs(x - t), t=0..x)", "x=3/10", 2, 1),
        ("integrate(abs(t*x), t=-1..1)", "x=2/7", 1, 1),
        # A kink that stands still, between bounds of which one moves with the parameter.
        ("integrate(x*abs(t - 3/10), t=0..x)", "x=1", 1, mpf("0.29") + mpf("0.7")),
        (
            "integrate(floor(5*t)*x^3, t=0..x)",
            "x=1/2",
            1,
            3 * mpf("0.25") * mpf("0.4") + mpf(1) / 4,
        ),
        ("integrate(detach(x)*x*t, t=0..1)", "x=3", 1, mpf("1.5")),
        ("integrate(detach(x)*x*t, t=0..x)", "x=1", 1, mpf("1.5")),
        ("integrate(detach(x^2 + t)*x, t=0..1)", "x=2", 1, mpf("4.5")),
        ("integrate(abs(detach(x) - t)*x, t=0..1)", "x=1/2", 1, mpf("0.25")),
    ],
)
def test_moving_kinks_by_hand(formula: str, at: str, order: int, truth: Real) -> None:
    function = parse(formula, variables=("x",))
    place = read_points([at])[0].bind(("x",)).values
    ball = partial(function.outputs[0], place, ("x",) * order).ball
    assert ball is not None
    assert abs(mpf(ball.mid().str(30, radius=False)) - truth) < 1e-15 * max(1, abs(truth))


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("formula", "at", "order"),
    [
        ("integrate(abs(x - t), t=0..1)", 0.0, 2),
        ("integrate(sign(x - t), t=0..1)", 1.0, 1),
        ("integrate(abs((x - t)^3), t=0..1)", 0.5, 4),
        ("integrate(acos(cos(x - t)), t=0..1)", 0.5, 2),
        ("integrate(atan(1/(x - t)), t=0..1)", 0.5, 1),
        ("integrate((x - t)/abs(x - t), t=0..1)", 0.5, 1),
        ("integrate(cbrt(x - t), t=0..1)", 0.5, 2),
        ("integrate(hypot(x - t, 0), t=0..1)", 0.5, 2),
        ("integrate(integrate(sign(x - t), s=0..1), t=0..1)", 0.5, 1),
    ],
)
def test_where_no_engine_knows_none_answers(formula: str, at: float, order: int) -> None:
    function = parse(formula, variables=("x",))
    assert partial(function.outputs[0], {"x": at}, ("x",) * order, max_bits=256).ball is None
    with suppress(MovingJumpError):
        assert Symbolic(function).value({"x": at}, ["x"] * order).number is None
    y = x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (y,) = lambdify(expression(function), [symbol("x")])(x)
    for _ in range(order):
        (y,) = torch.autograd.grad(y, x, create_graph=True, materialize_grads=True)
    assert torch.isnan(y)


def test_torch_answers_where_the_jump_is_outside() -> None:
    (term,) = expression(parse("integrate(sign(x - t)*x, t=0..1)"))
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
    (y,) = lambdify([term], [symbol("x")])(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert slope[0] == pytest.approx(-1)
    assert torch.isnan(slope[1])
    assert slope[2] == pytest.approx(1)


@pytest.mark.parametrize(
    "formula",
    [
        "integrate(sign(x - t), t=0..1)",
        "integrate(floor(x + t)*x, t=0..1)",
        "integrate(1 if x < t else 0, t=0..1)",
        "integrate((x - t)/abs(x - t), t=0..1)",
        "integrate(integrate(sign(x - t), s=0..1), t=0..1)",
        "integrate(atan(1/(x - t)), t=0..1)",
        "integrate(tanh((x + t)^-3), t=0..1)",
        "integrate(t*erf(x/(x^2 - t)), t=0..1)",
        "integrate((x - t)*sqrt(1 + 1/(x - t)^2), t=0..1)",
        "integrate(atan(tan(x - t)), t=0..1)",
    ],
)
def test_the_language_differentiates_no_moving_jump(formula: str) -> None:
    function = parse(formula, variables=("x",))
    with pytest.raises(FormulaError, match="may jump where x moves the jump"):
        differentiate(function.outputs[0], "x", Builder(FormulaError, lambda _: None, {}))
    with pytest.raises(FormulaError, match="may jump where x moves the jump"):
        explain(function)


@pytest.mark.parametrize(
    ("formula", "has_formula"),
    [
        ("integrate(atan(1/(x - t)), t=0..1)", False),
        ("integrate(tanh((x + t)^-3), t=0..1)", False),
        ("integrate((x - t)*sqrt(1 + 1/(x - t)^2), t=0..1)", False),
        ("integrate(atan(tan(x - t)), t=0..1)", False),
        ("integrate(exp(-x/t), t=1..2)", True),
        ("integrate(1/(x^2 + t^2), t=0..1)", True),
        ("integrate(sin(x*t)/t, t=1..2)", True),
    ],
)
def test_a_pole_below_a_function_may_make_a_jump(formula: str, has_formula: bool) -> None:
    """By hand, the first has the derivative atan(1/x) - atan(1/(x - 1)), with the jump's part."""
    found = Symbolic(parse(formula, variables=("x",))).formula(("x",))
    assert (found.text is not None) is has_formula
