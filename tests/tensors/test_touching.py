"""Kinks and jumps among very many components: each is found, wherever it stands.

The truths are elementary calculus, by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diffcli.differentiation import Settings, derive
from diffcli.differentiation.settings import ENGINES
from diffcli.engines.margins import kink_terms
from diffcli.engines.touching import at_kinks, components_at_kinks
from diffcli.language.expression import node, variable
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval, Grad, Hessian, Hvp, Jacobian, Jvp, Operator, Vjp
from diffcli.output.report import Result
from diffcli.verdict import Verdict

SIZE = 1101
MIDDLE = SIZE // 2
AT = f"x=linspace(-1,1,{SIZE})"
"""Its middle component is exactly 0, which a random sample need not have."""
(ONES,) = read_points([f"ones({SIZE})"])
NOT_DIFFERENTIABLE = Verdict.NOT_DIFFERENTIABLE


def answer(text: str, at: str, operator: Operator | None = None, **settings: Any) -> Result:
    (typed,) = read_points([at])
    function = parse(text, declared=typed.named)
    point = typed.bind(function.variables)
    chosen = Settings(**{"budget": 20.0, "engines": ("autograd", "enclosure"), **settings})
    return derive(operator or Grad(), function, [point], chosen).results[0]


def missing(found: Result) -> list[int]:
    return [place for place, each in enumerate(found.derivative["x"]) if each is None]


def test_every_function_with_a_kink_or_a_jump_says_where() -> None:
    broken = {name: row for name, row in TABLE.items() if row.kinks or row.jumps}
    silent = {
        name
        for name, row in broken.items()
        if not kink_terms(node(name, *map(variable, "xyz"[: max(1, min(row.arity[1], 3))])))
    }
    assert silent == {"piecewise"}  # its conditions say it


@pytest.mark.parametrize(
    "text",
    [
        "sum(abs(x))", "sum(relu(x))", "mean(x*sign(x))", "sum(max(x, 0))", "sum(clamp(x, 0, 1/2))",
        "sum(x^2 if x > 0 else x)", "sum(hypot(x, x))", "sum(floor(x))", "sum(round(x + 1/2))",
        "sum(mod(x, 3))", "sum(sqrt(abs(x)))", "sum(cbrt(x))",
    ],
)  # fmt: skip
def test_one_kink_among_thousands_is_found(text: str) -> None:
    found = answer(text, AT)
    assert found.verdict is NOT_DIFFERENTIABLE
    assert MIDDLE in missing(found)
    (check,) = (each for each in found.checks if each.entry == f"x[{MIDDLE}]")
    assert check.verdict is NOT_DIFFERENTIABLE


@pytest.mark.parametrize("text", ["abs(x)", "floor(x + 1)", "sqrt(abs(x))"])
def test_one_kink_among_thousands_of_points_is_found(text: str) -> None:
    found = answer(text, AT, budget=0.2)
    assert found.verdict is NOT_DIFFERENTIABLE
    assert MIDDLE in missing(found)


@pytest.mark.parametrize("text", ["sum(x*abs(x))", "sum(relu(x)^2)"])
def test_a_derivative_at_a_kink_of_a_part_is_certified(text: str) -> None:
    found = answer(text, AT)
    assert missing(found) == []
    assert {check.verdict for check in found.checks} == {Verdict.CERTIFIED}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("max(x)", ["x[1]", "x[3]"]),
        ("min(-x)^2 + sum(x)", ["x[1]", "x[3]"]),
        ("sum(max(A, axis=0))", ["A[0,1]", "A[1,1]"]),
        ("sum(max(A, axis=1))", ["A[2,0]", "A[2,2]"]),
    ],
)
def test_ties_are_found_along_any_axis(text: str, entries: list[str]) -> None:
    """Among so many others that they stand in no sample."""
    at = {
        "x": f"x=[0,2,1,2,{','.join(f'-{n}/7' for n in range(1030))}]",
        "A": "A=[[1,5,0],[0,5,-1],[3,2,3]]",
    }["A" if "A" in text else "x"]
    found = answer(text, at, Jacobian(sparse=True) if "A" in text else None)
    told = {check.entry.removeprefix("f1,") for check in found.checks if check.value is None}
    assert told == set(entries)
    assert found.verdict is NOT_DIFFERENTIABLE


@pytest.mark.parametrize(
    ("operator", "entry"),
    [
        (Vjp(read_points(["2"])[0]), f"x[{MIDDLE}]"),
        (Hvp(ONES), f"x[{MIDDLE}]"),
        (Jacobian(), f"f1,x[{MIDDLE}]"),
        (Jacobian(sparse=True), f"f1,x[{MIDDLE}]"),
        (Hessian(sparse=True), f"x[{MIDDLE}],x[{MIDDLE}]"),
    ],
)
def test_every_operator_looks_at_the_kink(operator: Operator, entry: str) -> None:
    found = answer("sum(x^2 + abs(x))", AT, operator)
    (check,) = (each for each in found.checks if each.entry == entry)
    assert check.verdict is NOT_DIFFERENTIABLE


def test_a_product_of_many_rows_looks_at_the_row_of_the_kink() -> None:
    found = answer("abs(x)*x[0]", AT, Jvp(ONES))
    (check,) = (each for each in found.checks if each.entry == f"f{MIDDLE + 1}")
    assert check.verdict is NOT_DIFFERENTIABLE


def test_a_value_has_no_kinks() -> None:
    assert answer("abs(x)*x[0]", AT, Eval()).verdict is Verdict.AGREES


@pytest.mark.slow
def test_kinks_beyond_the_sample_are_told() -> None:
    found = answer("sum(abs(x)*x) + sum(x)^2", f"x=zeros({SIZE})")
    assert found.verdict is Verdict.UNVERIFIED
    left = SIZE - len(found.checks) + 1
    assert f"{left:,} more may stand at a kink" in str(found.checks[-1].reason)


def test_what_only_shares_a_convention_does_not_agree() -> None:
    """Too many components to be proved; formulas of tensors halve a tie as torch does."""
    size = 6000
    found = answer("max(x)", f"x=ones({size})", engines=ENGINES)
    assert found.verdict is Verdict.UNVERIFIED
    assert not any(check.verdict is Verdict.AGREES for check in found.checks)
    smooth = answer("norm(x)", f"x=ones({size})", engines=ENGINES)
    assert {check.verdict for check in smooth.checks} == {Verdict.AGREES}


def test_a_number_agrees_only_with_its_own_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """1e-13 is off by as much as itself, and by nothing beside the largest number."""
    from diffcli.differentiation.numbers.evaluation import Evaluation

    right = Evaluation.closed

    def closed(self: Evaluation, *arguments: Any) -> Any:
        found = right(self, *arguments)
        assert found is not None
        found.values[0][0] += 1e-13
        return found

    monkeypatch.setattr(Evaluation, "closed", closed)
    found = answer("norm(x)", "x=linspace(0,1,6000)", engines=ENGINES)
    assert found.checks[0].verdict is Verdict.UNVERIFIED
    assert found.checks[1].verdict is Verdict.AGREES


def test_a_missing_number_is_looked_at() -> None:
    found = answer("sum(asin(x))", f"x=linspace(-1,1,{SIZE})")
    assert missing(found) == [0, SIZE - 1]
    assert found.verdict is NOT_DIFFERENTIABLE


@pytest.mark.slow
def test_thousands_of_kinks_are_found() -> None:
    count = 5100
    function = parse("+".join(f"abs(x{place} - {place})" for place in range(count)))
    arrays = {f"x{place}": np.array(place + float(place != 5000)) for place in range(count)}
    found = at_kinks(function, arrays, shape=(), dtype="float64", device="cpu")
    assert [mask.tolist() for _, mask in found] == [True]
    assert components_at_kinks(function, arrays, found).tolist() == [5000]


@pytest.mark.slow
def test_a_kink_of_a_term_that_is_too_large_for_the_symbolic_engine_is_found() -> None:
    count = 20_001
    function = parse("abs(" + "+".join(f"x{place}" for place in range(count)) + f" - {count})")
    arrays = {f"x{place}": np.array(1.0) for place in range(count)}
    found = at_kinks(function, arrays, shape=(), dtype="float64", device="cpu")
    assert [mask.tolist() for _, mask in found] == [True]
