"""Claims as people write them: with the derivative's name before them, and about equations."""

from __future__ import annotations

import json
from random import Random

import pytest

from diffcli.cli.main import run
from diffcli.errors import UsageError
from diffcli.studies.check.claim import About, read_claim

NAMED = {
    1: ["y' = {}", "f'(x) = {}",
        "dy/dx = {}", "df/dx={}", "d/dx f(x) = {}", "∂f/∂x = {}", "f_x = {}",
        r"\frac{{dy}}{{dx}} = {}", r"y^{{\prime}} = {}", "d y / d x = {}"],
    2: ["y'' = {}", "f''(x) = {}", "d^2y/dx^2 = {}", "d²y/dx² = {}", "f_{{xx}} = {}",
        r"\frac{{d^2 y}}{{dx^2}} = {}", r"\frac{{d^{{2}}y}}{{dx^{{2}}}} = {}", "f″(x) = {}"],
}  # fmt: skip
POWERS = {
    "x^3": ("3x^2", "6x"),
    "sin(x)": ("cos(x)", "-sin(x)"),
    "exp(2x)": ("2exp(2x)", "4exp(2x)"),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(24))
def test_a_claim_with_the_name_of_its_derivative(seed: int) -> None:
    random = Random(seed)
    formula = random.choice(list(POWERS))
    order, wrong = random.choice([1, 2]), random.random() < 0.3
    text = POWERS[formula][order - 1 if not wrong else 2 - order]
    assert run(["check", formula, random.choice(NAMED[order]).format(text)]) == 5 * wrong


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("y' = 2x", About(1)),
        ("f''(t) = 2", About(2, ("t",))),
        ("dy/dx = 2x", About(1, ("x",))),
        ("d^3f/dt^3 = 0", About(3, ("t", "t", "t"))),
        ("∂f/∂x_1 = 2x_1", About(1, ("x_1",))),
        ("d/dx x^2 = 2x", About(1, ("x",), "x^2")),
        ("f_xy = 1", About(2, ("x", "y"))),
        ("2x", None),
        ("[y, x]", None),
        ("y = 2x", None),
        ("f(x) = 2x", None),
        ("where(x <= 1, 2x, 0)", None),
        ("2x if x >= 0 else 0", None),
    ],
)
def test_what_a_claim_is_about(text: str, about: About | None) -> None:
    assert read_claim(text).about == about


@pytest.mark.parametrize("text", ["x+1 = 2", "d^2y/dx = 3", "2x = y'"])
def test_what_names_no_derivative_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no derivative"):
        read_claim(text)


def test_a_claim_that_names_its_formula_stands_alone() -> None:
    assert run(["check", "d/dx x^2 = 2x"]) == 0
    assert run(["check", "d/dx x^2 = 3x"]) == 5
    assert run(["check", r"\frac{d}{dx} x^2 = 2x"]) == 0
    assert run(["check", "y = x^2", "dy/dx = 2x"]) == 0


def test_which_variable_a_claim_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "a x^2 + t", "y' = 2a x"]) == 0
    assert "the prime is the derivative in x" in capsys.readouterr().err
    assert run(["check", "x^2 y", "∂f/∂y = x^2"]) == 0
    assert run(["check", "t^2", "dy/dx = 2t"]) == 2
    assert run(["check", "x^3", "y'' = 6x", "--order", "1"]) == 2
    assert run(["check", "x^3 y", "dy/dx = 3x^2 y", "--wrt", "y"]) == 2


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("equation", "claim", "code"),
    [
        ("x^2 + y^2 = 25", "-x/y", 0),
        ("x^2 + y^2 = 25", "dy/dx = -x/y", 0),
        ("x^2 + y^2 = 25", "x/y", 5),
        ("x^2 + y^2 = 25", "(y^2-25)/(x y)", 0),
        ("x^2 + y^2 = 25", "(y^2-24)/(x y)", 5),
        ("x y = 1", "-1/x^2", 0),
        ("x y = 1", "-y^2", 0),
        ("x y = 1", "-y", 5),
        ("x^3 + y^3 = 6x y", "(2y-x^2)/(y^2-2x)", 0),
        ("x^3 + y^3 = 6x y", "x", 6),
        ("e^y = x", "e^(-y)", 0),
        ("y^2 = x^3", "3x^2/(2y)", 0),
        ("x^2 + y^2 = 25", "[x, y]", 2),
        ("x^2 + y^2 = 25", "y'' = 2", 2),
    ],
)
def test_a_claim_about_an_equation(equation: str, claim: str, code: int) -> None:
    assert run(["check", equation, claim]) == code


def test_a_claim_about_an_equation_as_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "x^2 + y^2 = 25", "-x/y", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["read_as"] == "x**2 + y**2 = 25"
