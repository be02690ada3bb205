"""A derivative is spelled as the formula was typed: exponentials, roots and tiny numbers."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product
from random import Random

import pytest
from mpmath import mp, mpf

from diffcli.cli.main import run
from diffcli.language.parser import parse

EXPONENTIALS = {"x": 1, "x/2": 0.5, "2x": 2}
"""Exponents of exponentials, and what the chain rule takes from each."""


def _derivative(formula: str, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert run(["grad", formula, "--quiet", *options]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("typed", "derivative"),
    [
        ("e^(x/3)", "e**(x/3)/3"),
        ("exp(x/3)", "exp(x/3)/3"),
        ("e^x + 1/e^x", "e**x - 1/e**x"),
        ("x*e^x", "e**x*(x + 1)"),
        ("x^e", "x**(e - 1)*e"),
        ("x^(1/2)", "1/(2*x**(1/2))"),
        ("sqrt(x)", "1/(2*sqrt(x))"),
        ("x^2.5", "5*x**(3/2)/2"),
        ("1e-21*abs(x)", "1e-21*sign(x)"),
        ("-3e-40*x^2", "-6e-40*x"),
        ("4e25*x", "4e25"),
        ("x/3e20", "1/300000000000000000000"),
        ("0.1*x^2", "x/5"),
    ],
)
def test_the_derivative_has_the_spelling_of_the_formula(
    typed: str, derivative: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _derivative(typed, capsys)[-1] == f"  f′(x) = {derivative}"


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("e^(2x)", ["f(x) &= e^{2 x} \\\\", "f'(x) &= 2 e^{2 x}"]),
        ("exp(2x)", [r"f(x) &= e^{2 x} \\", r"f'(x) &= 2 e^{2 x}"]),
        ("x^(1/2)", [r"f(x) &= x^{1/2} \\", r"f'(x) &= \frac{1}{2 x^{1/2}}"]),
    ],
)
def test_both_lines_of_latex_have_one_spelling(
    typed: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _derivative(typed, capsys, "--format", "latex")[1:-1] == lines


def test_latex_sets_several_formulas_as_a_vector_and_definitions_as_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["jacobian", "[x**2*y, sin(x)]", "--quiet", "--format", "latex"]) == 0
    lines = capsys.readouterr().out.splitlines()
    vector = r"\begin{pmatrix} x^{2} y \\ \sin\left(x\right) \end{pmatrix}"
    assert lines[1] == rf"f(x, y) &= {vector} \\"
    lines = _derivative("y = x^2 + 1; z = y^2; z*exp(y)", capsys, "--format", "latex")
    assert lines[1:4] == [r"y &= x^{2} + 1 \\", r"z &= y^{2} \\", r"f(x) &= z e^{y} \\"]


def test_the_latex_of_the_formula_needs_no_symbolic_engine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = _derivative("x^2*y + sin(x*y)", capsys, "--format", "latex", "--check-budget", "0")
    assert shown[1].startswith(r"f(x, y) &= x^{2} y + \sin\left(x y\right)")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(20))
def test_what_is_spelled_is_read_back_as_the_same(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(seed)
    base, root = random.choice(list(product(["e^({})", "exp({})"], ["({})^(3/2)", "sqrt({})"])))
    (exponent, slope), tiny = random.choice(list(EXPONENTIALS.items())), random.randint(20, 300)
    typed = f"{base.format(exponent)} + {root.format('x')} + 7e-{tiny}*x"
    text = _derivative(typed, capsys)[-1].partition(" = ")[2]
    again = parse(text)
    numbers = {each.value for each in again.nodes if each.op == "number"}
    assert Fraction(7, 10**tiny) in numbers
    with mp.workdps(30):
        x = mpf(2)
        root_slope = mpf(3) / 2 * mp.sqrt(x) if "3/2" in root else 1 / (2 * mp.sqrt(x))
        expected = slope * mp.exp(x * slope) + root_slope
    assert run(["eval", text, "--at", "2", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["value"] == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["implicit", "e^y + x*y = 3"], "dy/dx      = -y/(x + e**y)"),
        (["implicit", "exp(y) + x*y = 3"], "dy/dx        = -y/(x + exp(y))"),
        (["implicit", "x*y^(1/2) = e^x"], "e**x"),
        (["critical", "x*e^(-x/3)"], "f = 3/e"),
        (["critical", "x*exp(-x/3)"], "f = 3*exp(-1)"),
        (["critical", "(ln(x) - 1/3)^2 + e^2 - e^2", "--range", "0.5:3"], "x = e**(1/3)"),
        (["critical", "(e^x - y)^2"], "wherever y - e**x = 0"),
        (["taylor", "e^x", "--at", "1", "--order", "1"], "e + e*(x - 1)"),
        (["taylor", "x^(1/2)", "--at", "3", "--order", "1"], "3**(1/2) + 3**(1/2)*(x - 3)/6"),
        (["taylor", "x*log2(x)", "--at", "1/8", "--order", "0"], "-3/8"),
        (["steps", "x^cos(x)"], "logarithms of y:  log(y) = cos(x)·log(x)"),
    ],
)
def test_every_command_has_the_spelling_of_the_formula(
    command: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--quiet"]) == 0
    out = capsys.readouterr().out
    assert shown in out
    assert ("exp(" in out) == ("exp(" in command[1])
    assert "ln " not in out


@pytest.mark.parametrize(
    ("formula", "at", "says"),
    [
        ("x^(1/3)", "-8", "x**(1/3) takes the real root where x is negative"),
        ("x^(1/3)", "8", ""),
        ("x^(1/2) + x^2", "8", ""),
        ("cbrt(x)", "-8", ""),
        ("y*(x - 10)^0.4", "x=3,y=1", "(x - 10)**0.4 takes the real root where x - 10 is negative"),
        ("x^(1/5)", "[1,2,-3]", "x**(1/5) takes the real root where x is negative"),
        ("sum(x^(-2/3))", "x=[1,-3]", "x**(-2/3) takes the real root where x is negative"),
        ("x^(5/3)", "linspace(1,2,30)", ""),
    ],
)
def test_a_real_root_of_a_negative_number_is_said(
    formula: str, at: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grad", formula, "--at", at]) == 0
    warned = capsys.readouterr().err
    assert says in warned
    assert bool(says) == ("real root" in warned)
