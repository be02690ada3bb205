"""How derivatives are written: as a teacher or a table of derivatives has them."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
import sympy
from mpmath import mp, mpf
from oracles import OutsideDomainError, derivative, value

from diffcli.engines.symbolic import Symbolic
from diffcli.engines.terms.dag import tree_size
from diffcli.language.parser import parse

WRITTEN = {
    # Powers below the line stay powers: Stewart, Calculus 8e, 3.2 and 3.4.
    "(x**2+1)/(x-1)": "(x**2 - 2*x - 1)/(x - 1)**2",
    "(x**3-3*x+1)/(x**2-1)": "(x**4 - 2*x + 3)/(x**2 - 1)**2",
    "(2*x+1)**5/(x**2-1)": "2*(2*x + 1)**4*(3*x**2 - x - 5)/(x**2 - 1)**2",
    "(x**2+1)**5*(x**3-1)**4": "2*x*(x**2 + 1)**4*(x**3 - 1)**3*(11*x**3 + 6*x - 5)",
    # No fraction within a fraction.
    "exp(-x)/x": "-(x + 1)*exp(-x)/x**2",
    "atan(2/x)": "-2/(x**2 + 4)",
    "sqrt(1-1/x**2)": "1/(x**3*sqrt(1 - 1/x**2))",
    # A sum begins with what is added.
    "exp(-(x-pi)**2)": "2*(pi - x)*exp(-(x - pi)**2)",
    "max(x, x**2)": "2*x*heaviside(x**2 - x) + heaviside(x - x**2)",
    # Absolute values cancel, where nothing is lost by it.
    "log(abs(cos(x)))": "-tan(x)",
    "log(abs((x-1)/(x+1)))": "2/(x**2 - 1)",
    "abs(x)**3": "3*x*abs(x)",
    "x*abs(x)": "2*abs(x)",
    "abs(x)": "sign(x)",
    "abs(sin(x))": "cos(x)*sign(sin(x))",
    # Secants: the derivative of the tangent in every table; DLMF 4.20.
    "tan(x)": "sec(x)**2",
    "tan(x)**2": "2*tan(x)*sec(x)**2",
    "cot(x)": "-csc(x)**2",
    "log(sec(x)+tan(x))": "sec(x)",
    # DLMF 10.6.3, 10.29.3: of order 0, the derivative has order 1.
    "besselj(0,x)": "-besselj(1, x)",
    "bessely(0,x)": "-bessely(1, x)",
    "besseli(0,x)": "besseli(1, x)",
    "besselk(0,x)": "-besselk(1, x)",
    "besselj(0,x)**2": "-2*besselj(0, x)*besselj(1, x)",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("formula", WRITTEN)
def test_a_derivative_is_written_as_a_table_has_it(formula: str) -> None:
    assert Symbolic(parse(formula)).formula(("x",)).text == WRITTEN[formula]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("formula", WRITTEN)
def test_what_is_written_is_the_derivative(formula: str) -> None:
    random, held = Random(formula), 0
    written = parse(Symbolic(parse(formula)).formula(("x",)).text or "", variables=("x",))
    for _ in range(8):
        at = {"x": Fraction(random.uniform(-4, 4)).limit_denominator(64)}
        try:
            truth = derivative(formula, at, ("x",), digits=25)
            found = value(written.read_as, at, digits=25)
        except OutsideDomainError:
            continue
        held += 1
        with mp.workdps(40):
            assert abs(found - truth) <= mpf(10) ** -20 * max(1, abs(truth))
    assert held


def test_the_potential_of_a_charge_is_harmonic() -> None:
    function = parse("1/sqrt(x^2+y^2+z^2)")
    laplacian = Symbolic(function).combination([(1, 0, (name, name)) for name in "xyz"])
    assert laplacian.text == "0"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "formula",
    [
        # Their identities alone took sympy 5 s and 3 s.
        "cos(2y - cos(x-2) + tanh(cos(x-2) + 0.6)/5 - 2sin(2))*cos(x-2)",
        "sin(2y - cos(x-2) + tanh(cos(x-2) + 0.6)/5 - 2sin(2))",
        # Its arguments, multiplied out, have hundreds of terms; identities took minutes.
        "sin(sinh((x+y)^5)*tanh((x+1)^6))*y",
    ],
)
def test_sympy_rewrites_only_what_is_small(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, list[sympy.Expr]] = {"trigsimp": [], "factor_terms": []}
    for name, terms in asked.items():
        rewrite = getattr(sympy, name)
        monkeypatch.setattr(
            sympy,
            name,
            lambda term, terms=terms, rewrite=rewrite: (terms.append(term), rewrite(term))[1],
        )
    symbolic = Symbolic(parse(formula))
    assert all(symbolic.formula((name,)).text for name in "xy")
    assert asked["factor_terms"]
    assert all(tree_size(term) <= 300 for term in asked["factor_terms"])
    calls = (term.atoms(sympy.Function, sympy.Symbol) for term in asked["trigsimp"])
    assert all(len(generators) <= 4 for generators in calls)
