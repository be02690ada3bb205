"""Functions that the text defines, or that it only names."""

from __future__ import annotations

import json

import mpmath
import pytest

import diffcli
from diffcli.cli.main import run
from diffcli.errors import DiffcliError, FormulaError, LimitError
from diffcli.language.latex.printer import node_latex
from diffcli.language.parser import parse

F = {
    "f": lambda u: mpmath.exp(u) / (1 + u**2),
    "g": lambda u: u**3 + mpmath.sin(u),
    "y": lambda u: 1 / (2 + mpmath.cos(u)),
}
DEFINED = "f(u) = exp(u)/(1 + u^2); g(u) = u^3 + sin(u); y(t) = 1/(2 + cos(t)); "


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("f(x)*sin(x)", 1, lambda x: F["f"](x) * mpmath.sin(x)),
        ("f(g(x))", 2, lambda x: F["f"](F["g"](x))),
        ("x^2*y(x)^3 - g(2x)/f(x)", 2, lambda x: x**2 * F["y"](x) ** 3 - F["g"](2 * x) / F["f"](x)),
        ("f'(x^2)", 1, lambda x: mpmath.diff(F["f"], x**2)),
        ("log(f(x)) + f(y(x))^x", 1, lambda x: mpmath.log(F["f"](x)) + F["f"](F["y"](x)) ** x),
    ],
)
def test_the_formula_holds_for_every_function(text: str, order: int, value: object) -> None:
    """The derivative with f, g and y only named, with functions put in, against mpmath."""
    from diffcli.engines.symbolic import Symbolic

    found = Symbolic(parse(text, unknowns=True)).formula(("x",) * order).text
    with mpmath.workdps(40):
        for x in (0.25, 0.75, 1.5):
            truth = mpmath.diff(value, x, order)
            assert diffcli.parse(DEFINED + found)(x) == pytest.approx(float(truth), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["grad", "f(x, y(x))"], ["F′(x) = ∂₂f(x, y(x))*y'(x) + ∂₁f(x, y(x))"]),
        (["partial", "u(x, y)", "x", "y", "y"], ["∂³f/∂x∂y² = ∂₁∂₂²u(x, y)"]),
        (["grad", "f(x)", "--order", "2"], ["F″(x) = f''(x)"]),
        (["steps", "f(g(x))"], ["(f(u))′ = f'(u)·u′", "(f(g(x)))′ = f'(g(x))·g'(x)"]),
        (["steps", "f(x^2, y(x))"], ["(f(u, v))′ = ∂₁f(u, v)·u′ + ∂₂f(u, v)·v′"]),
        (["grad", "f(x)*x", "--format", "latex"], [r"F'(x) &= x f'\left(x\right) +"]),
    ],
)
def test_primes_and_partials_stand_in_the_answer(
    arguments: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr()
    assert "is an unknown function of" in shown.err
    for line in lines:
        assert line in shown.out


def test_partials_in_latex() -> None:
    (node,) = parse("diff(phi(x, y), x, 2, y)", unknowns=True).outputs
    assert node_latex(node) == r"\partial_{1}^{2}\partial_{2} \phi\left(x, y\right)"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["grad", "sine(x)"], "did you mean 'sin(…)'"),
        (["grad", "k(x+1)"], "to multiply, write k*(…)"),
        (["grad", "foo(x)"], "unknown function 'foo'"),
        (["grad", "f(x)", "--at", "3"], "unknown function 'f'"),
        (["eval", "f(x)"], "unknown function 'f'"),
        (["plot", "f(x)"], "unknown function 'f'"),
        (["critical", "f(x)"], "unknown function 'f'"),
        (["grad", "f(x)*f(x, y)"], "f has 1 argument elsewhere, and 2 here"),
        (["grad", "f'(x, y)"], "f' has 2 arguments"),
        (["grad", "sum(f(x))"], "f is only named"),
    ],
)
def test_nothing_else_is_taken_for_an_unknown_function(
    arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) in (2, 3)
    assert error in capsys.readouterr().err


def test_a_name_that_stands_alone_is_multiplied(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "a(x) + a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["read_as"] == "a*x + a"
    assert run(["grad", "f(x)", "--at", "f=2,x=3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["read_as"] == "f*x"


@pytest.mark.parametrize(
    ("text", "read_as", "variables"),
    [
        ("f(x) = x^2; g(x) = sin(x); f(g(x))", "sin(x)**2", ("x",)),
        ("f(t, a) = a*t^2; x = 3u; f(x + 1, 2)", "2*(3*u + 1)**2", ("u",)),
        ("f(x) = x^3; f'(2y) + f''(y)", "3*(2*y)**2 + 6*y", ("y",)),
        ("f(x, y) = x - y; f(y, x)", "y - x", ("x", "y")),
        ("f(x) = a*x; f(a^2)", "a*a**2", ("a",)),
        ("x f(x) = x^2; x", None, ()),
        ("f(x) = x^2; 2 f(3) sin f(x)", "2*3**2*sin(x**2)", ("x",)),
        ("f(v) = sum(v); f(w)", "sum(w)", ("w",)),
        ("f(x) = x^2", "x**2", ("x",)),
    ],
)
def test_definitions_of_functions(text: str, read_as: str | None, variables: tuple) -> None:
    if read_as is None:
        with pytest.raises(DiffcliError):
            parse(text)
        return
    found = parse(text)
    assert found.outputs == parse(read_as, variables=variables).outputs
    assert found.variables == variables


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("f(x) = x^2; f", FormulaError, "f is a function here"),
        ("f(x) = x^2; f(1, 2)", FormulaError, "f has 1 argument elsewhere, and 2 here"),
        ("f(x) = x; f(x) = 2x; f(1)", FormulaError, "defined twice"),
        ("sin(x) = x; sin(1)", FormulaError, "a function already"),
        ("f(x) = f(x - 1); f(3)", FormulaError, "unknown function"),
        ("f(x, x) = x; f(1, 2)", FormulaError, "names a parameter twice"),
        ("f(n) = 2^n; f(10^9)", LimitError, "too large"),
        ("f(x, y) = x*y; f'(1)", FormulaError, "a prime goes with one parameter"),
    ],
)
def test_definitions_that_are_refused(text: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        parse(text)


def test_a_definition_of_a_function_goes_with_let(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "f(x)/x", "--let", "f(u) = sin(u)", "--at", "pi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["derivative"]["x"] == pytest.approx(
        -1 / float(mpmath.pi)
    )


def test_a_function_of_python_can_be_called() -> None:
    f = diffcli.parse("x^2 + y")
    assert f(2.0, 1) == f(x=2, y=1) == f({"x": 2}, y=1) == 5.0
    assert f([1.0, 2.0], 1).tolist() == [2.0, 5.0]
    assert diffcli.parse("[x, 2x]")(3).tolist() == [3.0, 6.0]
