"""Integrals in formulas: as they are read, and by three engines, against mpmath at 50 digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from mpmath import mp, mpf
from texts import rows

from diffcli.engines.enclosure import partial
from diffcli.engines.lambdify import lambdify
from diffcli.engines.remote import lower
from diffcli.engines.symbolic import Symbolic, expression, symbol
from diffcli.errors import FormulaError
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.parser import parse
from diffcli.language.printer import text_of

ORDER = 3
READ = rows("integrals.txt")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("typed", "read_as", "slope"), READ)
def test_integrals_are_read_and_differentiated(typed: str, read_as: str, slope: str) -> None:
    function = parse(typed)
    assert function.read_as == read_as
    assert parse(read_as, variables=function.variables).outputs == function.outputs
    if slope != "-":
        build = Builder(FormulaError, lambda _: None, {})
        assert text_of(differentiate(function.outputs[0], "x", build)) == slope


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("integrate(t)", "needs a variable and its bounds"),
        ("integrate t", "no argument"),
        ("integrate(t, t=0..2*inf)", "infinity"),
        (r"\int x \, dx", "two bounds"),
        (r"\int_0^x t", "without its dt"),
        ("integrate(t, t=1)", "two bounds"),
        ("integrate(sum(A)*t, t=0..x)", "formula of numbers"),
        ("∫ t dt", "integrate"),
    ],
)
def test_what_is_no_integral_is_refused(typed: str, words: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(typed)
    assert words in f"{refused.value} {refused.value.hint}"


def integral(f: Callable[..., Any], low: Any, high: Any) -> Any:
    return mp.quad(f, mp.linspace(low, high, 9))


CASES = {
    "integrate(exp(-t^2), t=0..x)": (lambda x: integral(lambda t: mp.exp(-t * t), 0, x), 1.0),
    "integrate(sin(x*t)/t, t=1..x^2)": (
        lambda x: integral(lambda t: mp.sin(x * t) / t, 1, x * x),
        1.5,
    ),
    "integrate(cos(2t - x*sin(t)), t=0..pi)/pi": (lambda x: mp.besselj(2, x), 5.0),
    "integrate(1/sqrt(1 - t^2), t=0..x)": (mp.asin, 0.5),
    "integrate(sqrt(1 - x*sin(t)^2), t=0..pi/2)": (mp.ellipe, 0.25),
    "x^2*integrate(log(1 + x*t), t=x..2)^2": (
        lambda x: x**2 * integral(lambda t: mp.log(1 + x * t), x, 2) ** 2,
        0.75,
    ),
    "integrate(t^(x-1)*exp(-t), t=1..20)": (lambda x: mp.gammainc(x, 1, 20), 2.5),
    "integrate(normpdf(t, x, 2), t=-1..x^2)": (
        lambda x: mp.ncdf((x * x - x) / 2) - mp.ncdf((-1 - x) / 2),
        1.25,
    ),
    "integrate(j0(t), t=0..x)": (
        lambda x: x * mp.hyp1f2(mpf(1) / 2, 1, mpf(3) / 2, -x * x / 4),
        3.0,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("formula", CASES)
def test_three_engines_prove_value_and_three_derivatives(formula: str) -> None:
    define, at = CASES[formula]
    with mp.workdps(50):
        step = mpf("1e-9")
        truth = [mp.diff(define, mpf(at), n, h=step) if n else define(mpf(at)) for n in range(4)]
    function = parse(formula)
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (y,) = lambdify(expression(function), [symbol("x")])(x)
    for order, exact in enumerate(truth):
        enclosed = partial(function.outputs[0], {"x": at}, ("x",) * order)
        assert abs(float(enclosed.ball.mid()) - exact) <= abs(exact) * 1e-15, order
        value = Symbolic(function).value({"x": at}, ["x"] * order)
        assert value.number is not None, value.reason
        assert abs(value.number - exact) <= abs(exact) * 1e-14, order
        assert y.item() == pytest.approx(float(exact), rel=1e-11), order
        (y,) = torch.autograd.grad(y, x, create_graph=True)


def test_many_integrals_at_once_in_either_mode() -> None:
    (term,) = expression(parse("integrate(exp(-s*t^2), t=0..x)"))
    program = lambdify([term], [symbol("s"), symbol("x")])
    s, x = torch.tensor([0.5, 1.0, 2.0]).double(), torch.linspace(-2, 2, 5).double()[:, None]
    (many,) = program(s, x)
    assert many.shape == (5, 3)
    one = torch.stack([program(a, b)[0] for b in x[:, 0] for a in s]).reshape(5, 3)
    assert torch.allclose(many, one, rtol=1e-15)
    assert torch.autograd.gradcheck(program, (s[0].requires_grad_(), x[0].requires_grad_()))


def test_hard_integrands_are_settled_or_nan() -> None:
    def value(text: str) -> float:
        (found,) = lambdify(expression(parse(text)), [symbol("x")])(torch.tensor(1.0).double())
        return found.item()

    assert value("integrate(abs(t - 0.3), t=0..x)") == pytest.approx(0.29, rel=1e-14)
    assert value("integrate(sign(t - 0.3), t=0..x)") == pytest.approx(0.4, rel=1e-14)
    assert value("integrate(sqrt(t), t=0..x)") == pytest.approx(2 / 3, rel=1e-14)
    assert value("integrate(log(t), t=0..x)") == pytest.approx(-1, rel=1e-14)
    assert value("integrate(1/t, t=-1..x)") != value("integrate(1/t, t=-1..x)")
    assert value("integrate(sqrt(t), t=-1..x)") != value("integrate(sqrt(t), t=-1..x)")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("integrate(1/t, t=-1..x)", "singular between the bounds"),
        ("integrate(1/sqrt(x - t), t=0..x)", "an improper integral whose end moves: at t = 1"),
        ("integrate(sqrt(t), t=-1..x)", "0 or negative next to a singular end"),
        ("integrate(polylog(2, t), t=0..x)", "an integral of polylog isn't enclosed"),
        ("integrate(floor(3t), t=0..x)", "floor jumps at 3"),
    ],
)
def test_what_is_not_enclosed_says_why(formula: str, reason: str) -> None:
    found = partial(parse(formula).outputs[0], {"x": 1.0}, ("x",))
    assert found.ball is None
    assert reason in str(found.reason)


@pytest.mark.slow
def test_a_kink_at_a_bound_does_no_harm_to_the_first_derivative() -> None:
    (root,) = parse("integrate(abs(t), t=-1..x)").outputs
    assert partial(root, {"x": 0.0}, ("x",)).nearest() == 0.0
    assert partial(root, {"x": 0.0}, ("x", "x")).ball is None


@pytest.mark.parametrize(
    ("formula", "at_0", "rise"),
    [
        # By hand: the integrals are x/6, x²/4 and 1/3 − x/2 + x²/3.
        ("integrate(integrate(t*x, t=0..s), s=0..1)", 1 / 6, 0),
        ("integrate(x*integrate(t*s*x, t=0..1), s=0..1)", 0, 1 / 2),
        ("integrate(integrate((t - x*s)^2, t=0..1), s=0..1)", -1 / 2, 2 / 3),
    ],
)
def test_an_integral_within_an_integral_is_differentiated(
    formula: str, at_0: float, rise: float
) -> None:
    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    (value,) = lower(parse(formula, variables=("x",)))(x)
    (found,) = torch.autograd.grad(value.sum(), x)
    assert found.tolist() == pytest.approx([at_0 + rise / 2, at_0 + 2 * rise], rel=1e-12)
