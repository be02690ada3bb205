"""Limits: those of calculus texts with their published values, and functions that deceive."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import mpmath
import pytest

import diffcli
from diffcli.cli.main import run
from diffcli.errors import PointError, UsageError

TEXT = (Path(__file__).parents[1] / "data" / "limits.txt").read_text()
TABLE = [
    tuple(part.strip() for part in line.split("|"))
    for line in TEXT.splitlines()
    if line and not line.startswith("#")
]


def limit(formula: str, at: str, **options: Any) -> dict[str, Any]:
    """Return the only result of the command."""
    (found,) = diffcli.parse(formula).study("limit", at=at, **options).found["results"]
    return dict(found)


def published(text: str) -> Any:
    names = {name: getattr(mpmath, name) for name in "mpf pi e log exp sqrt cos".split()}
    exact = re.sub(r"\d+", r"mpf(\g<0>)", text)
    return eval(exact, {"__builtins__": {}}, names)  # noqa: S307  (the table is this project's)


def held(found: dict[str, Any], value: str) -> bool:
    """Whether an answer is the published limit, and proved."""
    if value == "none":
        return found["verdict"] == "does_not_exist" and found["limit"] is None
    if found["verdict"] != "proved":
        return False
    if value in ("inf", "-inf"):
        return found["infinite"] == {"inf": "+inf", "-inf": "-inf"}[value]
    with mpmath.workdps(40):
        low, high = map(mpmath.mpf, found["enclosure"])
        # The published value has 40 digits, the enclosure 20.
        slack = mpmath.mpf(10) ** -30
        return bool(low - slack <= published(value) <= high + slack)


def test_the_table_has_sixty_limits_and_more() -> None:
    assert len(TABLE) >= 60
    assert len(set(TABLE)) == len(TABLE)


@pytest.mark.sampled(12)
@pytest.mark.parametrize(("formula", "at", "value"), TABLE)
def test_a_limit_of_a_text_is_proved_with_its_published_value(
    formula: str, at: str, value: str
) -> None:
    wrt = {"wrt": "x"} if "," in at else {}
    assert held(limit(formula, at, **wrt), value)


DECEIVING = [
    ("x*floor(log2(abs(x)))", "0", "0"),
    ("1e-30/x", "0", "none"),
    ("1e-30/x^2", "0", "inf"),
    ("sin(x)/x + 1e-20*sign(x)", "0", "none"),
    ("tanh(2^3000*x)", "0", "0"),
    ("atan(1e-40/x)", "0", "none"),
    ("cos(x)^(1e30)", "0", "1"),
    ("(1 + 1e-30*x)^(1/x)", "0", "exp(10**-30)"),
    ("1e-25*log(abs(x))", "0", "-inf"),
    ("sin(1/x)*1e-12 + x", "0", "none"),
    ("sin(x) + sin(2x + 1)", "inf", "none"),
    ("x + 1e9*sin(x)", "inf", "inf"),
    ("x*sin(x)", "inf", "none"),
    ("sign(sin(log(abs(x))))*x", "0", "0"),
    ("floor(x) - x", "inf", "none"),
    ("exp(-1e-9*x)*x^20", "inf", "0"),
    ("(sqrt(x + 1e15) - sqrt(x))*sqrt(x)", "inf", "10**15/2"),
    ("piecewise((sin(x)/x, x != 0), (5, True))", "0", "1"),
    ("abs(sin(pi*x))", "inf", "none"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("formula", "at", "value"), DECEIVING)
def test_what_deceives_numbers_is_decided_by_proof(formula: str, at: str, value: str) -> None:
    assert held(limit(formula, at), value)


UNKNOWN = [
    ("sin(x)^2 + cos(x)^2", "inf"),
    ("cos(x) + sin(sqrt(2)*x)", "inf"),
    ("sin(pi*floor(x))", "inf"),
    ("(2 + sin(x))*x", "inf"),
]


@pytest.mark.parametrize(("formula", "at"), UNKNOWN)
def test_what_no_expansion_decides_is_unverified_and_says_why(formula: str, at: str) -> None:
    found = limit(formula, at)
    assert found["verdict"] == "unverified"
    assert found["limit"] is None
    assert found["reason"]


def test_numbers_next_to_the_point_are_an_estimate_and_no_limit() -> None:
    found = limit("sin(x)^2 + cos(x)^2", "inf")
    assert found["sides"][0]["estimate"] == pytest.approx(1.0)
    assert found["exact"] is None


def test_one_side_alone_in_the_domain_gives_the_limit_and_says_so() -> None:
    found = limit("x*log(x)", "0")
    assert found["verdict"] == "proved"
    assert [side["verdict"] for side in found["sides"]] == ["undefined", "proved"]
    assert "from the right" in found["reason"]


def test_a_point_that_is_not_next_to_the_domain_has_no_limit() -> None:
    assert limit("log(x)", "-1")["verdict"] == "undefined"
    assert limit("sqrt(-x)", "0", side="right")["verdict"] == "undefined"
    alone = limit("asin(1 + x^2)", "0")  # which is π/2 at 0 itself
    assert alone["verdict"] == "undefined"
    assert "next to the point f has no value" in alone["reason"]


def test_two_sequences_prove_that_a_function_oscillates() -> None:
    rules = {step["rule"]: step["lines"] for step in limit("x*sin(x)", "inf")["steps"]}
    assert rules["two sequences"][1:] == [
        "where x = 2*pi*k:  f goes to 0",
        "where x = pi/2 + 2*pi*k:  f goes to inf",
    ]


@pytest.mark.parametrize(
    ("formula", "at", "rule"),
    [
        ("x^2 + 1", "2", "direct substitution"),
        ("sin(x)/x", "0", "l'Hôpital's rule"),
        ("x^2*sin(1/x)", "0", "squeeze"),
        ("(1 + 1/x)^x", "inf", "logarithm"),
        ("sqrt(x^2 + x) - x", "inf", "expansion"),
    ],
)
def test_the_first_step_names_the_rule(formula: str, at: str, rule: str) -> None:
    assert limit(formula, at)["steps"][0]["rule"] == rule


def test_the_rounds_of_hospital_end_on_a_quotient_with_the_limit() -> None:
    lines = limit("(tan(x) - x)/x^3", "0")["steps"][0]["lines"]
    assert len(lines) == 3
    last = lines[-1].rpartition("  ")[2]
    assert limit(last, "0")["exact"] == "1/3"


def test_zero_to_the_zero_is_no_direct_substitution() -> None:
    assert "direct substitution" not in [step["rule"] for step in limit("x^x", "0+")["steps"]]


def test_the_expansion_shows_taylor_coefficients() -> None:
    steps = {step["rule"]: step["lines"] for step in limit("sin(x)/x", "0")["steps"]}
    assert steps["expansion"] == ["f = 1 - x**2/6 + x**4/120 + O(x**5)"]


def test_the_mark_of_a_side_and_the_option_mean_the_same() -> None:
    marked, named = limit("exp(1/x)", "x->0-"), limit("exp(1/x)", "0", side="left")
    assert marked == named
    assert marked["exact"] == "0"


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("x", {}),
        ("x", {"at": "0+", "side": "left"}),
        ("x", {"at": "[0,1]"}),
        ("x*y", {"at": "0,1"}),
        ("x*y", {"at": "0,1", "wrt": "z"}),
        ("x", {"at": "2*inf"}),
        ("x*y", {"at": "0,inf", "wrt": "x"}),
        ("x", {"at": "0", "side": "above"}),
        ("[x, x^2]", {"at": "0"}),
    ],
)
def test_a_place_that_is_none_is_refused(formula: str, options: dict[str, str]) -> None:
    with pytest.raises((PointError, UsageError)):
        diffcli.parse(formula).study("limit", **options)


def test_the_method_of_a_function_takes_numbers_and_infinity() -> None:
    found = diffcli.parse("(1 + 1/x)^x").limit(float("inf"))
    assert found.found["results"][0]["exact"] == "e"
    assert found
    assert not diffcli.parse("1/x").limit(0)
    assert diffcli.parse("1/x").limit(0, side="left").found["results"][0]["infinite"] == "-inf"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sin(x)/x", "--at", "0"], 0),
        (["1/x", "--at", "0"], 4),
        (["cos(x) + sin(sqrt(2)*x)", "--at", "inf"], 6),
    ],
)
def test_the_exit_code_tells_proved_none_and_unverified(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["limit", *arguments, "--json"]) == code
    assert json.loads(capsys.readouterr().out)["command"] == "limit"


GAPS = [
    ("sin(x)/x", 0, 1, "the limit is 1, and 0 is its derivative"),
    ("(x^2 - 1)/(x - 1)", 1, 1, "the limit is 2, and 1 is its derivative"),
    ("(exp(x) - 1)/x", 0, 2, "the limit is 1, and 1/3 is its derivative of order 2"),
    ("x*sin(1/x)", 0, 1, "the limit is 0"),
]


@pytest.mark.parametrize(("formula", "at", "order", "said"), GAPS)
def test_a_gap_in_a_function_is_told_with_what_fills_it(
    formula: str, at: int, order: int, said: str
) -> None:
    result = diffcli.parse(formula).grad(at, order=order)
    assert result.verdict is not None
    assert result.verdict.value == "undefined"
    assert said in str(result.checks[0].reason)


@pytest.mark.parametrize("formula", ["abs(x)/x", "1/x", "sin(1/x)"])
def test_a_gap_that_nothing_fills_is_not_said_to_have_a_limit(formula: str) -> None:
    assert "the limit" not in str(diffcli.parse(formula).grad(0).checks[0].reason)


WRITTEN = [
    (r"\lim_{x \to 0} sin(x)/x", "1"),
    (r"\lim_{x\to 0}\frac{\sin x}{x}", "1"),
    (r"$\lim\limits_{x\rightarrow\infty} \left(1+\frac{1}{x}\right)^x$", "e"),
    (r"\displaystyle \lim_{\theta \to 0^{+}} \frac{1}{\theta}", "inf"),
    (r"\lim_{x \to \frac{\pi}{2}^-} \tan x", "inf"),
    ("lim x->0 sin(x)/x", "1"),
    ("lim x->0: sin(3x)/x", "3"),
    ("lim_{x->0-} 1/x", "-inf"),
    ("lim_(x→0⁺) ln(x)", "-inf"),
    ("lim x -> -inf exp(x)", "0"),
    ("lim x->0 1/x", "none"),
    ("limit(sin(x)/x, x, 0)", "1"),
    ("limit((x^2-1)/(x-1), x=1)", "2"),
    ("Limit[Sin[x]/x, x -> 0]", "1"),
    ("sin(x)/x as x->0", "1"),
    ("the limit of (1-cos(x))/x^2 as x approaches 0", "1/2"),
]


def answered(capsys: pytest.CaptureFixture[str], *typed: str) -> dict[str, Any]:
    """Return the only result of a command line."""
    run(["limit", *typed, "--json"])
    (found,) = json.loads(capsys.readouterr().out)["results"]
    return dict(found)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("typed", "value"), WRITTEN)
def test_a_limit_is_read_as_it_is_written(
    typed: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert held(answered(capsys, typed), value)


def test_the_point_fixes_what_a_written_limit_leaves_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answered(capsys, r"\lim_{h \to 0} ((x+h)^2-x^2)/h", "--at", "x=3")
    assert (found["variable"], found["fixed"]) == ("h", {"x": "3"})
    assert held(found, "6")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["lim x->0"], 3),
        (["lim x->0(sin(x)/x)"], 3),
        (["lim x->0 sin(x)/x", "--wrt", "y"], 2),
        (["lim x->0 sin(x)/x", "--at", "x=1"], 2),
        (["lim x->0 lim y->0 x/y"], 3),
        (["x*lim x->0 sin(x)/x"], 2),
    ],
)
def test_what_is_no_single_limit_is_refused(
    typed: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["limit", *typed]) == code
    assert "hint: " in capsys.readouterr().err


@pytest.mark.parametrize("formula", ["lim x->0 sin(x)/x", r"\lim_{x \to 0} x", "limit(x, x, 0)"])
def test_other_commands_name_the_one_that_finds_limits(
    formula: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", formula]) == 3
    assert "diffcli limit" in capsys.readouterr().err


def test_an_enclosure_that_says_nothing_gives_no_estimate() -> None:
    found = limit("cos(exp(-x))^(exp(2*x))", "inf")
    # The limit is exp(-1/2); where the cosine is 1 but for 2**-2000, its ball decides nothing.
    assert found["verdict"] == "proved" or found["sides"][0]["estimate"] is None
