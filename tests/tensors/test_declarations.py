"""Shapes and assumptions that are said beside a formula, in every way to ask."""

from __future__ import annotations

import json

import numpy as np
import pytest

import diffcli
from diffcli.commands.json_requests import answer
from diffcli.errors import DiffcliError, PointError, UsageError
from diffcli.language.declarations import declarations


def formula(text: str, wrt: str, shapes: str | None = None, assume: str | None = None) -> str:
    found = diffcli.parse(text, shapes=shapes, assume=assume).grad(wrt=wrt)
    return str(found.symbolic[wrt].text)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "wrt", "shapes", "expected"),
    [
        ("mean((X@w-y)^2)", "w", "X=(m,n), w=n, y=m", "2*X.T @ (X @ w - y)/m"),
        ("mean((X@w-y)^2)", "w", "X=(5,3), w=3, y=5", "2*X.T @ (X @ w - y)/5"),
        ("mean((X@w-y)^2)", "w", "X=(m,n)", "2*X.T @ (X @ w - y)/m"),
        ("sum(x)/n + n^2", "x", "x=n", "1/n"),
        ("trace(X @ eye(n))", "X", "X=(n,n)", "eye(n)"),
        ("s*sum(x)", "s", "s=(), x=n", "sum(x)"),
    ],
)
def test_a_formula_of_shapes_that_are_said(text: str, wrt: str, shapes: str, expected: str) -> None:
    assert formula(text, wrt, shapes) == expected


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("text", "wrt", "assume", "expected"),
    [
        ("x.T @ A @ x", "x", "A symmetric", "2*A @ x"),
        ("x.T @ A @ x", "x", "A posdef", "2*A @ x"),
        ("x.T @ D @ x", "x", "D diagonal", "2*D @ x"),
        ("norm(Q @ x)^2", "x", "Q orthogonal", "2*x"),
        ("logdet(S)", "S", "S posdef", "inv(S)"),
        ("x.T @ inv(A) @ x", "x", "A symmetric", "2*inv(A) @ x"),
        ("logdet(X.T @ S @ X)", "X", "S symmetric", "2*S @ X @ inv(X.T @ S @ X)"),
    ],
)
def test_an_assumption_gives_a_shorter_form(
    text: str, wrt: str, assume: str, expected: str
) -> None:
    assert formula(text, wrt, assume=assume) == expected


def test_the_derivative_in_a_symmetric_matrix_is_the_unconstrained_one_and_says_so() -> None:
    found = diffcli.parse("x.T @ A @ x", assume="A symmetric").grad(wrt="A")
    assert found.symbolic["A"].text == "outer(x, x)"
    assert any("unconstrained" in each for each in found.report.warnings)


def test_a_point_gives_the_names_of_lengths_their_numbers() -> None:
    line = {
        "kind": "grad", "expression": "trace(A @ eye(n))/n", "shapes": "A=(n,n)",
        "at": {"A": [[2, 1], [1, 3]]},
    }  # fmt: skip
    text, code = answer(json.dumps(line).encode(), 1, {})
    (result,) = json.loads(text)["results"]
    assert code == 0
    assert np.allclose(result["derivative"]["A"], [[0.5, 0], [0, 0.5]])
    assert result["verdict"] == "certified"


@pytest.mark.parametrize(
    ("fact", "matrix"),
    [
        ("symmetric", [[1, 2], [3, 4]]),
        ("posdef", [[1, 2], [2, 1]]),
        ("diagonal", [[1, 0], [1, 1]]),
        ("orthogonal", [[1, 0], [0, 2]]),
    ],
)
def test_a_point_that_breaks_an_assumption_is_refused(fact: str, matrix: list[list[int]]) -> None:
    function = diffcli.parse("trace(A @ A)", assume=f"A {fact}")
    with pytest.raises(PointError, match=f"assumed {fact}"):
        function.grad(A=np.array(matrix, dtype=float))


@pytest.mark.parametrize(
    ("shapes", "assume", "message"),
    [
        ("X=(m,n", None, "a shape can't be read"),
        ("x=n, x=m", None, "x has two shapes"),
        ("x=0", None, "'0' is no length"),
        ("x=n, n=3", None, "n is a variable and a length"),
        (None, "A funny", "'A funny' can't be assumed"),
        (None, "A posdef, A diagonal", "A is assumed posdef and diagonal"),
        ("A=(m,n)", "A symmetric", "square matrix"),
    ],
)
def test_what_cannot_be_read(shapes: str | None, assume: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        declarations(shapes, assume)


def test_a_value_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"X has the shape \(2,3\) at the point"):
        declarations("X=(n,n)", None, {"X": (2, 3)})


@pytest.mark.parametrize("shapes", ["X=(m,n), w=m", "X=(m,n), w=m, y=m"])
def test_a_mismatch_names_the_operation_both_shapes_and_the_place(shapes: str) -> None:
    with pytest.raises(DiffcliError) as caught:
        formula("norm(X @ w - y)", "w", shapes)
    assert caught.value.message == "X @ w doesn't go with shapes [m, n] and [m]"
    assert (caught.value.column, caught.value.width) == (5, 5)


@pytest.mark.parametrize(
    ("derivative", "text", "expected"),
    [("jacobian", "x*x", "2*diag(x)"), ("jacobian", "exp(x)", "diag(exp(x))")],
)
def test_shapes_count_in_a_formula_that_goes_entry_by_entry(
    derivative: str, text: str, expected: str
) -> None:
    found = getattr(diffcli.parse(text, shapes="x=n"), derivative)()
    (form,) = found.symbolic.values()
    assert form.text == expected
