"""Claims that are false at single points, on one side, or far away: none of them is proved."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest

from diffcli.cli.main import run
from diffcli.language.parser import parse
from diffcli.studies.check.claim import read_claim
from diffcli.studies.check.judgement import Decision, Proof, decide


def check(formula: str, claim: str) -> Decision:
    read = read_claim(claim)
    return decide(parse([formula, *read.formulas]), read, budget=5)


DERIVATIVES = {"x^3": "3x^2", "sin(x)": "cos(x)", "exp(x)*x": "exp(x)*(x + 1)", "x": "1"}
AT_A_POINT = [
    "(1 - sign(x - {a})^2)",
    "0^abs(x - {a})",
    "piecewise((1, x == {a}), (0, True))",
    "(heaviside(x - {a}, 1) - heaviside(x - {a}, 0))",
    "(1 - ceil({b}*(x - {a})) + floor({b}*(x - {a})))",
    "(1 - frac({b}*(x - {a})) - frac({b}*({a} - x)))",
    "(1 - max(sign(x - {a}), sign({a} - x)))",
    "(1 if x >= {a} and x <= {a} else 0)",
]
"""0, but 1 at a; the last before the others at more points."""
FAR_AWAY = [
    "relu(x - {a})",
    "(x + {a} - abs(x + {a}))",
    "piecewise((0, x < {a}), (1, True))",
    "(sqrt((x + {a})^2) - x - {a})",
    "((((x + {a})^2)^(1/3))^(3/2) - x - {a})",
]
"""0 at all points that are drawn."""


def place(source: random.Random) -> str:
    return str(Fraction(source.randint(-(10**7), 10**7), 10**6))


@pytest.mark.parametrize("term", AT_A_POINT)
def test_a_claim_that_is_false_at_a_point_is_refuted_there(term: str) -> None:
    source = random.Random(term)
    formula, slope = source.choice(list(DERIVATIVES.items()))
    a = place(source)
    found = check(formula, f"{slope} + {term.format(a=f'({a})', b=1)}")
    assert found.proof is Proof.WRONG
    assert found.counterexample is not None
    (x,) = found.counterexample.at.values()
    assert abs(x - float(Fraction(a))) % 1 == pytest.approx(0, abs=1e-6) or x == pytest.approx(
        float(Fraction(a))
    )
    low, high = (tuple(map(float, b)) for b in (
        found.counterexample.derivative_bounds, found.counterexample.claim_bounds
    ))  # fmt: skip
    assert low[1] < high[0]


@pytest.mark.parametrize("a", ["pi/3", "sqrt(2)", "cbrt(5)", "exp(2)", "log(3)"])
@pytest.mark.parametrize("term", AT_A_POINT[:4])
def test_nor_is_it_proved_where_the_point_is_irrational(term: str, a: str) -> None:
    found = check("x^2", f"2x + {term.format(a=a, b=1)}")
    assert found.proof in (Proof.WRONG, Proof.ALMOST, Proof.EQUAL)


@pytest.mark.parametrize("term", FAR_AWAY)
def test_a_claim_that_is_false_far_away_is_refuted_there(term: str) -> None:
    found = check("x^3", f"3x^2 + {term.format(a=54321)}")
    assert found.proof is Proof.WRONG
    assert found.counterexample is not None
    assert abs(found.counterexample.at["x"]) > 50_000


@pytest.mark.parametrize("width", ["1e-9", "1e-30"])
def test_nor_is_it_proved_where_it_is_false_in_a_tiny_region(width: str) -> None:
    claim = f"2x + piecewise((1, x > 1/7 and x < 1/7 + {width}), (0, True))"
    assert check("x^2", claim).proof in (Proof.WRONG, Proof.EQUAL)


@pytest.mark.parametrize(
    ("formula", "claim", "at"),
    [
        ("x", "(x - 2/3)/(x - 2/3)", "2/3"),
        ("x", "abs(x + 5/9)/sqrt((x + 5/9)^2)", "-5/9"),
        ("x^2", "2x*(x - 22/7)^2/(x - 22/7)^2", "22/7"),
        ("x", "log(x^2/9)/(2*log(abs(x)/3))", "3"),
    ],
)
def test_a_hole_of_the_claim_is_said(formula: str, claim: str, at: str) -> None:
    found = check(formula, claim)
    assert found.proof is not Proof.WRONG
    assert any(
        gap.claim is None and abs(gap.at["x"]) == pytest.approx(abs(float(Fraction(at))))
        for gap in found.gaps
    ) or any(gap.claim is None and gap.at["x"] == 0 for gap in found.gaps)


@pytest.mark.parametrize(
    ("formula", "claim", "points"),
    [
        ("abs(x - 3/7)", "sign(x - 3/7)", [3 / 7]),
        ("relu(2x + 5)", "2*heaviside(2x + 5)", [-2.5]),
        ("max(x, x^2)", "1 if x > 0 and x < 1 else 2x", [0, 1]),
        ("abs(x^2 - 2)", "2x*sign(x^2 - 2)", [-(2**0.5), 2**0.5]),
        ("piecewise((x^2, x < 1), (2x, True))", "piecewise((2x, x <= 1), (2, True))", [1]),
        ("x + sign(x - 11/3)", "1", [11 / 3]),
    ],
)
def test_points_without_a_derivative_are_named(
    formula: str, claim: str, points: list[float]
) -> None:
    found = check(formula, claim)
    assert found.proof is Proof.ALMOST
    assert found.exit_code == 0
    assert sorted(each.at["x"] for each in found.exceptions.points) == pytest.approx(points)
    assert all(each.derivative is None for each in found.exceptions.points)


@pytest.mark.parametrize(
    ("formula", "claim", "where"),
    [
        ("floor(x)", "0", "x is a whole number"),
        ("frac(3x)", "3", "3*x is a whole number"),
        ("abs(sin(x))", "cos(x)*sign(sin(x))", "sin(x) = 0"),
        ("abs(x - y)", "[sign(x - y), sign(y - x)]", "x - y = 0"),
    ],
)
def test_a_set_that_no_list_exhausts_is_said_in_words(formula: str, claim: str, where: str) -> None:
    found = check(formula, claim)
    assert found.proof is Proof.ALMOST
    assert found.exceptions.where == (where,)
    assert found.exceptions.points


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        ("x*abs(x)", "2*abs(x)"),
        ("relu(x)^3", "3*relu(x)^2"),
        ("relu(x) - relu(-x)", "1"),
        ("abs(x)", "x/abs(x)"),
        ("sqrt(x)", "1/(2*sqrt(x))"),
        ("asin(x)", "1/sqrt(1 - x^2)"),
        ("x^x", "x^x*(1 + log(x))"),
        ("piecewise((x^2, x < 1), (2x - 1, True))", "2*min(x, 1)"),
        ("atan2(y, x)", "[-y/(x^2 + y^2), x/(x^2 + y^2)]"),
    ],
)
def test_what_holds_wherever_there_is_a_derivative_is_proved(formula: str, claim: str) -> None:
    found = check(formula, claim)
    assert found.proof is Proof.PROVED
    assert found.exceptions.points == ()


def test_a_convention_at_a_kink_is_no_derivative() -> None:
    found = check("relu(x) - relu(-x)", "heaviside(x, 0) + heaviside(-x, 0)")
    assert found.proof is Proof.WRONG
    assert found.counterexample is not None
    assert (found.counterexample.at, found.counterexample.derivative) == ({"x": 0.0}, 1.0)


def test_the_screen_and_the_json_name_the_exceptions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "abs(x)", "sign(x)", "--check-budget", "5"]) == 0
    shown = capsys.readouterr().out
    assert "proved almost everywhere, and equal at 100 points; not where x = 0" in shown
    assert "left -1, right 1" in shown
    assert run(["check", "abs(x)", "sign(x)", "--check-budget", "5", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["proof"] == "proved_almost_everywhere"
    (point,) = document["exceptions"]["points"]
    assert (point["at"], point["left"], point["right"]) == ({"x": 0.0}, -1.0, 1.0)


def test_an_integral_whose_kink_moves_is_not_proved() -> None:
    found = check("integrate(sign(x - t), t=1e-6..2e-6)", "0")
    assert found.proof is not Proof.PROVED
