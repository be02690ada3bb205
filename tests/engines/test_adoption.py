"""Anybody's sympy expressions as torch functions: values, derivatives and refusals."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import sympy
import torch
from mpmath import mp, mpf

import diffcli
from diffcli.errors import UsageError

X, Y = sympy.symbols("x y")


def at(*numbers: float) -> list[torch.Tensor]:
    return [torch.tensor(each, dtype=torch.float64) for each in numbers]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        (sympy.sqrt(2) * X, lambda x: mp.sqrt(2) * x),
        (X * sympy.sin(1), lambda x: x * mp.sin(1)),
        (sympy.log(X, 2), lambda x: mp.log(x) / mp.log(2)),
        (sympy.Max(X, 1), lambda x: max(x, mpf(1))),
        (sympy.Heaviside(X), lambda x: mpf(x > 0)),
        (10**20 * X, lambda x: mpf(10) ** 20 * x),
        (X**2.5 + 0.1, lambda x: x ** mpf("2.5") + mpf(0.1)),
        (X ** sympy.Rational(2, 3), lambda x: mp.cbrt(x) ** 2),
        (sympy.exp(X) ** 2 / X, lambda x: mp.exp(x) ** 2 / x),
        (X * sympy.EulerGamma + sympy.Catalan, lambda x: x * mp.euler + mp.catalan),
        (sympy.cot(X) * sympy.sech(X), lambda x: mp.cot(x) * mp.sech(x)),
        (sympy.gamma(X) + sympy.factorial(X), lambda x: mp.gamma(x) + mp.gamma(x + 1)),
        (sympy.sinc(X), lambda x: mp.sin(x) / x),
        (sympy.digamma(X) + sympy.trigamma(X), lambda x: mp.psi(0, x) + mp.psi(1, x)),
        (sympy.besselj(0, X) * sympy.besselk(1, X), lambda x: mp.besselj(0, x) * mp.besselk(1, x)),
        (sympy.airyai(X), mp.airyai),
        (sympy.LambertW(X), mp.lambertw),
        (sympy.zeta(X + 1), lambda x: mp.zeta(x + 1)),
        (sympy.polylog(2, X / 4), lambda x: mp.polylog(2, x / 4)),
        (sympy.jn(1, X), lambda x: mp.besselj(1.5, x) * mp.sqrt(mp.pi / (2 * x))),
        (sympy.lowergamma(2, X) + X, lambda x: mp.gammainc(2, 0, x) + x),
        (sympy.uppergamma(X, 2), lambda x: mp.gammainc(x, 2)),
        (
            sympy.elliptic_k(X / 2) + sympy.elliptic_e(X, Y / 4),
            lambda x: mp.ellipk(x / 2) + mp.ellipe(x, mpf(0.7) / 4),
        ),
        (sympy.assoc_laguerre(2, Y, X, evaluate=False), lambda x: mp.laguerre(2, mpf(0.7), x)),
        (sympy.expint(2, X), lambda x: mp.expint(2, x)),
        (sympy.Ei(X) + sympy.Si(X), lambda x: mp.ei(x) + mp.si(x)),
        (sympy.Mod(X, 1) + sympy.frac(X) + sympy.ceiling(X), lambda x: 2 * mp.frac(x) + mp.ceil(x)),
        (sympy.Piecewise((X**2, X < 0), (sympy.sin(X), True)), mp.sin),
    ],
    ids=lambda each: str(each) if isinstance(each, sympy.Basic) else "",
)
def test_values_and_slopes_are_those_of_mpmath(
    expression: Any, truth: Callable[[Any], Any]
) -> None:
    f: Any = diffcli.lambdify(expression, [X, Y])
    x, y = at(1.3, 0.7)
    x.requires_grad_()
    value = f(x, y)
    (slope,) = torch.autograd.grad(value, x)
    with mp.workdps(30):
        assert value.item() == pytest.approx(float(truth(mpf(1.3))), rel=1e-12)
        assert slope.item() == pytest.approx(float(mp.diff(truth, mpf(1.3))), rel=1e-10, abs=1e-12)


def test_the_real_root_and_the_branch_not_taken() -> None:
    x = torch.tensor([-8.0, 8.0], dtype=torch.float64, requires_grad=True)
    f: Any = diffcli.lambdify(X ** sympy.Rational(1, 3), X)
    assert f(x).tolist() == pytest.approx([-2, 2])
    g: Any = diffcli.lambdify(sympy.Piecewise((sympy.sqrt(X), X > 0), (X**2, True)), X)
    (slope,) = torch.autograd.grad(g(x).sum(), x)
    assert slope.tolist() == pytest.approx([-16, 0.5 / 8**0.5])


def test_derivatives_of_sympy_are_taken_too() -> None:
    energy = sympy.Abs(sympy.Symbol("r", real=True)) ** 3 * sympy.besselj(
        2, sympy.Symbol("r", real=True)
    )
    (r,) = energy.free_symbols
    f: Any = diffcli.lambdify([energy, energy.diff(r)], r)
    at_two = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    value, slope = f(at_two)
    assert torch.autograd.grad(value, at_two)[0].item() == pytest.approx(slope.item(), rel=1e-13)
    assert pickle.loads(pickle.dumps(f))(r=at_two)[1].item() == slope.item()  # noqa: S301


def test_torch_vectorises_it() -> None:
    f: Any = diffcli.lambdify(sympy.exp(-(X**2)) * Y + sympy.Max(X, Y), [X, Y])
    x, y = torch.linspace(-1, 1, 5, dtype=torch.float64), torch.full((5,), 0.3).double()
    slopes = torch.func.vmap(torch.func.grad(f))(x, y)
    expected = -2 * x * torch.exp(-(x**2)) * y + (x > y)
    assert torch.allclose(slopes, expected.double(), rtol=1e-14)


@pytest.mark.slow
def test_torch_compiles_it() -> None:
    f: Any = diffcli.lambdify(sympy.exp(-(X**2)) * Y + sympy.Max(X, Y), [X, Y])
    x, y = torch.linspace(-1, 1, 5, dtype=torch.float64), torch.full((5,), 0.3).double()
    compiled: Any = torch.compile(f, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x, y), f(x, y))


def test_names_are_nothing_but_names() -> None:
    strange = sympy.Symbol("__import__('os').system('id')")
    f: Any = diffcli.lambdify(sympy.sin(strange) + strange**2, strange)
    assert f(torch.tensor(0.0)).item() == 0


@pytest.mark.parametrize(
    ("expression", "symbols", "says"),
    [
        (sympy.hankel1(0, X), X, "hankel1 has no torch function"),
        (sympy.Integral(sympy.exp(X**3), (X, 0, Y)), Y, "Integral has no torch function"),
        (sympy.Function("g")(X), X, "g has no torch function"),
        (sympy.re(X), X, "re has no torch function"),
        (X + Y, X, "no value for y"),
        ("x**2", X, "str in place of"),
        (X, ["x"], "str in place of"),
        (sympy.zeta(X, Y, evaluate=False), [X, X], "twice"),
    ],
    ids=str,
)
def test_what_has_no_meaning_is_refused(expression: Any, symbols: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        diffcli.lambdify(expression, symbols)
