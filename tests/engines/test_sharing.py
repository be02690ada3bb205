"""Engines that share a rule are one witness: a slip in it never ends as `agrees`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oracles import row_points

from diffcli.differentiation import Settings, derive
from diffcli.engines import symbolic
from diffcli.engines.kernels import closed
from diffcli.engines.sharing import shared_rule
from diffcli.engines.taylor import jets
from diffcli.engines.terms import chain
from diffcli.language.formula import Formula
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad, Jacobian, Operator, Partial
from diffcli.output.report import Result
from diffcli.verdict import Verdict

WITHOUT_BALLS = ("autograd", "symbolic")
CASES = {case.row: case for case in row_points() if case.wrt}
WITH_PARTIALS = sorted(name for name in CASES if name in TABLE and any(TABLE[name].partials))
SHARED = [name for name in WITH_PARTIALS if TABLE[name].is_shared]


@pytest.fixture(autouse=True)
def no_readable_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "readable", lambda *_, **__: Formula())


def forget() -> None:
    """Let each engine read the table again."""
    for cached in (closed.program, chain._partial):
        cached.cache_clear()
    jets.series_of.cache_clear()


@pytest.fixture
def slip() -> Iterator[list[str]]:
    """Make the partials of the rows that are put into this list 13/8 of what they are."""
    rows: list[str] = []
    before = {name: TABLE[name].partials for name in WITH_PARTIALS}
    for name, texts in before.items():
        wrong = tuple(f"13/8*({text})" if text else "" for text in texts)
        object.__setattr__(TABLE[name], "partials", wrong)
    forget()
    yield rows
    for name, texts in before.items():
        object.__setattr__(TABLE[name], "partials", texts)
    forget()


def answer(
    row: str, operator: Operator | None = None, engines: tuple[str, ...] = WITHOUT_BALLS
) -> Result:
    case = CASES[row]
    names = list(case.point)
    function = parse(case.formula, variables=names)
    (typed,) = read_points([",".join(f"{name}={place}" for name, place in case.point.items())])
    settings = Settings(budget=30, engines=engines)
    return derive(
        operator or Grad(wrt=case.wrt), function, [typed.bind(function.variables)], settings
    ).results[0]


@pytest.mark.sampled(9)
@pytest.mark.parametrize("row", WITH_PARTIALS)
def test_a_wrong_partial_of_the_table_never_agrees(row: str, slip: list[str]) -> None:
    wrong = answer(row)
    for check in wrong.checks:
        if check.verdict is Verdict.AGREES:
            assert check.value == pytest.approx(truth(row, check.entry), rel=1e-6), check


def truth(row: str, entry: str) -> float | None:
    """Return what the balls prove, which don't read the table's partials."""
    (found,) = [
        check for check in answer(row, engines=("enclosure",)).checks if check.entry == entry
    ]
    assert found.verdict is Verdict.CERTIFIED
    return found.value


@pytest.mark.parametrize("row", ["besselj", "Ei", "legendre", "lambertw", "gammainc"])
def test_what_shares_a_rule_is_unverified_and_says_so(row: str) -> None:
    checks = [check for check in answer(row).checks if check.symbolic is not None]
    assert checks
    for check in checks:
        assert check.verdict is Verdict.UNVERIFIED
        assert "both rest on the table's derivative of" in (check.reason or "")


@pytest.mark.parametrize("row", ["sin", "cosh", "log", "gamma", "erf", "sigmoid", "pow"])
def test_what_shares_no_rule_agrees(row: str) -> None:
    assert {check.verdict for check in answer(row).checks} == {Verdict.AGREES}


@pytest.mark.parametrize("row", ["Ei", "Si", "besselj", "erfinv", "fresnels"])
def test_taylor_arithmetic_shares_them_too(row: str, slip: list[str]) -> None:
    (variable,) = CASES[row].wrt[-1:]
    for check in answer(row, Partial((variable,) * 5)).checks:
        assert check.verdict is not Verdict.AGREES


def test_an_integral_rests_on_one_rule() -> None:
    function = parse("integrate(exp(-t*x), t=0..x)")
    (typed,) = read_points(["x=1.5"])
    settings = Settings(budget=30, engines=WITHOUT_BALLS)
    (result,) = derive(Grad(), function, [typed.bind(function.variables)], settings).results
    assert result.checks[0].verdict is Verdict.UNVERIFIED
    assert "Leibniz' rule" in (result.checks[0].reason or "")


def test_values_are_two_witnesses() -> None:
    for check in answer("besselj").value_checks:
        assert check.verdict is Verdict.AGREES


def test_which_rule_is_named() -> None:
    assert shared_rule(parse("sin(x) + exp(x)").outputs) is None
    assert shared_rule(parse("sin(x)*Si(x)").outputs) == "the table's derivative of Si"
    assert shared_rule(parse("sum(x^2)", declared=["x"]).outputs) is None


def test_many_points_of_a_shared_rule() -> None:
    function = parse("Si(x)*x")
    (typed,) = read_points(["x=linspace(1, 3, 100)"])
    settings = Settings(budget=30, engines=WITHOUT_BALLS)
    (result,) = derive(Grad(), function, [typed.bind(function.variables)], settings).results
    assert {check.verdict for check in result.checks} == {Verdict.UNVERIFIED}


def test_a_jacobian_of_shared_rules() -> None:
    function = parse("[Si(x)*y, x*y]")
    (typed,) = read_points(["x=1,y=2"])
    settings = Settings(budget=30, engines=WITHOUT_BALLS)
    (result,) = derive(Jacobian(), function, [typed.bind(function.variables)], settings).results
    verdicts = {check.entry: check.verdict for check in result.checks}
    assert verdicts["f2,x"] is Verdict.AGREES
    assert verdicts["f1,x"] is Verdict.UNVERIFIED
