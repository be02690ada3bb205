"""Very long vectors: the evaluator and the products, where a command asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from diffcli.cli import main
from diffcli.differentiation import Settings, answers, derive, problem
from diffcli.differentiation.numbers import vectors
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval, Grad, Hvp, Operator, Vjp
from diffcli.output.report import Report
from diffcli.verdict import Verdict

CHAIN = "sum(100*(x[1:]-x[:-1]^2)^2+(1-x[:-1])^2)"


def answer(text: str, at: list[str], operator: Operator, **chosen: object) -> Report:
    function = parse(text)
    (typed,) = read_points(at)
    return derive(operator, function, [typed.bind(function.variables)], Settings(**chosen))  # type: ignore[arg-type]


def test_many_points_are_told_and_agree_with_numpy() -> None:
    report = answer("x*sin(y)", ["x=linspace(0,1,100001),y=linspace(1,2,100001)"], Grad())
    x, y = np.arange(100001) / 100000, np.arange(100000, 200001) / 100000
    (result,) = report.results
    np.testing.assert_allclose(result.value, x * np.sin(y), rtol=1e-14)
    np.testing.assert_allclose(result.derivative["y"], x * np.cos(y), rtol=1e-13, atol=1e-16)
    assert report.told[0].startswith("100,001 points by autograd")
    assert result.verdict is Verdict.AGREES


def test_a_number_beside_a_long_vector_has_the_sum_of_all_derivatives() -> None:
    report = answer("x^2*y", ["x=linspace(0,1,100001),y=3"], Grad(), budget=0.0)
    (result,) = report.results
    x = np.linspace(0, 1, 100001)
    np.testing.assert_allclose(result.derivative["x"], 6 * x, rtol=1e-14)
    assert result.derivative["y"] == pytest.approx((x**2).sum(), rel=1e-12)
    assert report.told


def test_points_outside_the_domain_have_no_number() -> None:
    (result,) = answer("log(x)", ["x=linspace(-1,1,100001)"], Eval(), budget=0.0).results
    assert result.value[:50001] == [None] * 50001
    assert result.value[-1] == 0.0


def test_progress_is_told() -> None:
    seen: list[int] = []

    @contextmanager
    def watch(what: str, total: int) -> Iterator[Callable[[int], None]]:
        seen.append(total)
        yield seen.append

    answer("x^2", ["x=linspace(0,1,200000)"], Eval(), budget=0.0, progress=watch)
    assert seen[0] == seen[-1] == 200000


@pytest.mark.parametrize("kind", [Grad, Hvp, Vjp], ids=lambda kind: kind.name)
def test_products_of_a_long_chain_are_autograds(
    kind: type[Operator], monkeypatch: pytest.MonkeyPatch
) -> None:
    size, found = 150, {}
    (vector,) = read_points(["3" if kind is Vjp else f"linspace(0,1,{size})"])
    operator = kind() if kind is Grad else kind(vector)  # type: ignore[call-arg]
    monkeypatch.setattr(problem, "MOST_ENTRIES", 10)
    given: list[object] = []

    def product(*request: object) -> object:
        given.append(vectors.product(*request))  # type: ignore[arg-type]
        return given[-1]

    monkeypatch.setattr(answers, "product", product)
    for fewest in (10, 10**9):
        monkeypatch.setattr(vectors, "FEWEST", fewest)
        at = [f"x=linspace(-1,2,{size})"]
        (result,) = answer(CHAIN, at, operator, engines=("autograd",)).results
        found[fewest] = result.derivative["x"]
    assert [each is not None for each in given] == [True, False]
    np.testing.assert_allclose(found[10], found[10**9], rtol=1e-12, atol=1e-10)


def test_the_way_is_told_where_it_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    asked = ["eval", "x^2", "--at", "x=linspace(0,1,100000)", "--check-budget", "0", "--json"]
    assert main.run([*asked, "-v"]) == 0
    assert "100,000 points by autograd" in capfd.readouterr().err
    assert main.run(asked) == 0
    assert capfd.readouterr().err == ""
