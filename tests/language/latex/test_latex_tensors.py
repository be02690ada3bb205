r"""Vectors and matrices in LaTeX are multiplied as mathematics multiplies them, not by entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import diffcli
from diffcli import errors
from diffcli.cli.main import run
from diffcli.differentiation import Settings, derive
from diffcli.language.function import Given
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval

X, Y = np.array([1.0, -2.0, 0.5]), np.array([3.0, 0.25, -1.0])
A = np.array([[2.0, 1.0, 0.0], [-1.0, 3.0, 0.5], [0.25, 0.0, 1.0]])
B = np.array([[0.0, 2.0, 1.0], [1.0, -1.0, 0.0], [3.0, 0.5, 2.0]])
NUMBERS = {"x": X, "y": Y, "A": A, "B": B, "k": np.array(2.5)}
GIVEN = Given({name: value.shape for name, value in NUMBERS.items()})
MEANINGS: list[tuple[str, Callable[[], Any]]] = [
    (r"\mathbf x\cdot\mathbf y", lambda: X @ Y),
    (r"\vec x\cdot\vec y", lambda: X @ Y),
    (r"x \cdot y", lambda: X @ Y),
    (r"\langle x, y\rangle", lambda: X @ Y),
    (r"k\,\mathbf x\cdot\mathbf y", lambda: 2.5 * X @ Y),
    (r"\mathbf x\cdot(\mathbf x\times\mathbf y)+\|\mathbf x\times\mathbf y\|",
     lambda: np.linalg.norm(np.cross(X, Y))),
    (r"\|\mathbf x\|", lambda: np.linalg.norm(X)),
    (r"|\mathbf x|", lambda: np.linalg.norm(X)),
    (r"\lVert Ax-y\rVert_2^2", lambda: np.sum((A @ X - Y) ** 2)),
    (r"\|Ax-y\|_2^2", lambda: np.sum((A @ X - Y) ** 2)),
    (r"\|A\|_F", lambda: np.linalg.norm(A)),
    (r"\mathbf x^2", lambda: X @ X),
    (r"x^{T}Ay", lambda: X @ A @ Y),
    (r"\mathbf{x}^\top\mathbf{A}^{-1}\mathbf{x}", lambda: X @ np.linalg.inv(A) @ X),
    (r"(x-y)^{\mathsf T}A(x-y)", lambda: (X - Y) @ A @ (X - Y)),
    (r"$A^2$", lambda: A @ A),
    (r"$A^3$", lambda: A @ A @ A),
    (r"A^{-2}", lambda: np.linalg.inv(A @ A)),
    (r"A^{-1}x", lambda: np.linalg.solve(A, X)),
    (r"A\,B", lambda: A @ B),
    (r"A\cdot B", lambda: A @ B),
    (r"A \odot B", lambda: A * B),
    (r"k\,(A+B)x", lambda: 2.5 * (A + B) @ X),
    (r"x\,y^\top", lambda: np.outer(X, Y)),
    (r"\operatorname{tr}(A^{-1}B)", lambda: np.trace(np.linalg.inv(A) @ B)),
    (r"\det(AB)", lambda: np.linalg.det(A @ B)),
    (r"\left|A\right|", lambda: np.linalg.det(A)),
    (r"\frac{\mathbf x\cdot\mathbf y}{\|\mathbf x\|\,\|\mathbf y\|}",
     lambda: X @ Y / np.linalg.norm(X) / np.linalg.norm(Y)),
    (r"\sum_i x_i y_i", lambda: X @ Y),
    (r"\sum_{i,j} A_{ij}x_iy_j", lambda: X @ A @ Y),
    (r"\sum_{i=1}^{3} A_{i,i}", lambda: np.trace(A)),
    (r"x_1^2+x_{3}", lambda: 1.5),
    (r"\tanh(Ax+y)", lambda: np.tanh(A @ X + Y)),
    (r"\det\begin{pmatrix}k&1\\2&k\end{pmatrix}", lambda: 4.25),
    (r"\begin{vmatrix}1&2&3\\k&5&6\\7&8&k\end{vmatrix}",
     lambda: np.linalg.det(np.array([[1, 2, 3], [2.5, 5, 6], [7, 8, 2.5]]))),
    (r"\left|\begin{bmatrix}1&2\\k&1\end{bmatrix}\right|", lambda: -4.0),
    (r"\begin{pmatrix}1&2&k\end{pmatrix}x", lambda: 1 - 4 + 1.25),
    (r"\left\|\begin{pmatrix}3\\4\end{pmatrix}\right\|k", lambda: 12.5),
    ((r"\begin{pmatrix}k&1\end{pmatrix}\begin{bmatrix}2&1\\1&3\end{bmatrix}^{-1}"
      r"\begin{pmatrix}k\\1\end{pmatrix}"),
     lambda: np.array([2.5, 1]) @ np.linalg.inv([[2, 1], [1, 3]]) @ np.array([2.5, 1])),
]  # fmt: skip


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("latex", "meant"), MEANINGS, ids=[latex for latex, _ in MEANINGS])
def test_tensors_are_multiplied_as_mathematics_does(latex: str, meant: Callable[[], Any]) -> None:
    function = parse(latex, declared=NUMBERS, given=GIVEN)
    typed = ",".join(f"{name}={NUMBERS[name].tolist()}" for name in function.variables)
    (point,) = read_points([typed])
    report = derive(Eval(), function, [point.bind(function.variables)], Settings(budget=0))
    np.testing.assert_allclose(np.array(report.results[0].value), meant(), rtol=1e-12)


@pytest.mark.parametrize(
    "latex", [r"$A^2$", r"A^{-1}x", r"\|Ax-y\|_2^2", r"\mathbf x\cdot\mathbf y"]
)
def test_in_python_the_values_say_what_is_a_tensor(latex: str) -> None:
    read = diffcli.parse(latex)
    found = read.eval({name: NUMBERS[name] for name in read.variables}).value
    np.testing.assert_allclose(found, dict(MEANINGS)[latex](), rtol=1e-12)


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\mathbf x\times\mathbf y",
         "[x[1]*y[2]-x[2]*y[1], x[2]*y[0]-x[0]*y[2], x[0]*y[1]-x[1]*y[0]]"),
        ((r"\begin{pmatrix}\cos t&-\sin t\\\sin t&\cos t\end{pmatrix}"
          r"\begin{pmatrix}u\\v\end{pmatrix}"),
         "[cos(t)*u + -sin(t)*v, sin(t)*u + cos(t)*v]"),
        (r"\begin{bmatrix}u^2\\uv\end{bmatrix}+\begin{bmatrix}1\\u\end{bmatrix}",
         "[u^2+1, u*v+u]"),
        (r"\begin{pmatrix}a&b\\c&d\end{pmatrix}^{T}", "[a, c, b, d]"),
    ],
)  # fmt: skip
def test_vectors_are_several_formulas(latex: str, plain: str) -> None:
    assert parse(latex).outputs == parse(plain).outputs


@pytest.mark.parametrize(
    "latex",
    [
        r"\mathbf x\mathbf y", r"e^{A}", r"A^{1/2}", r"\frac{x}{A}", r"\|A\|_2", r"A\times B",
        r"\mathbf x^3", r"\begin{pmatrix}1&2\\3\end{pmatrix}", r"A^{x}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}+1", r"\begin{pmatrix}1\\2\end{pmatrix}\times x",
        r"\int_0^1\begin{pmatrix}t\\1\end{pmatrix}dt", r"x_4", r"\sum_i z_i",
    ],
)  # fmt: skip
def test_what_isnt_a_product_of_tensors_is_refused(latex: str) -> None:
    with pytest.raises(errors.FormulaError) as caught:
        parse(latex, declared=NUMBERS, given=GIVEN)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"\exp(A)", "entry by entry"),
        (r"A\odot B", "entry by entry"),
        (r"\|A\|", "root of its entries"),
        (r"\mathbf x^2", "dot product with itself"),
        (r"|A|", "determinant"),
        (r"x_1", "first entry"),
    ],
)
def test_what_may_be_meant_otherwise_is_said(latex: str, said: str) -> None:
    readings = parse(rf"${latex}$", declared=NUMBERS, given=GIVEN).readings
    assert any(said in reading for reading in readings)


def test_many_points_of_a_formula_of_numbers_stay_many_points() -> None:
    function = parse(r"\frac{x^2}{2}+\sin x", declared=["x"], given=Given({"x": (5,)}))
    assert function.outputs == parse("(x^2/2)+sin(x)", declared=["x"]).outputs
    assert function.readings == ()


def answered(capfd: pytest.CaptureFixture[str], *typed: str) -> dict[str, Any]:
    assert run([*typed, "--json", "-q"]) == 0
    return json.loads(capfd.readouterr().out)["results"][0]


def test_a_bound_that_the_point_gives_is_no_variable(capfd: pytest.CaptureFixture[str]) -> None:
    at = "n=3,x_1=1,x_2=2,x_3=3"
    result = answered(capfd, "grad", r"\frac1n\sum_{i=1}^{n}x_i^2", "--at", at)
    assert list(result["derivative"]) == ["x_1", "x_2", "x_3"]
    assert result["derivative"]["x_3"] == pytest.approx(2)


def test_values_without_names_are_tensors_too(capfd: pytest.CaptureFixture[str]) -> None:
    result = answered(capfd, "grad", r"\|Ax-b\|_2^2", "--at", "[[1,2],[3,4]],[1,1],[1,2]")
    assert result["value"] == 116
    assert result["derivative"]["b"] == [-8, -20]


def test_a_column_may_be_named_by_its_letter(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("α,$x_{1}$\n2,3\n")
    result = answered(capfd, "grad", r"\alpha x_1^2", "--points", str(rows))
    assert result["at"] == {"alpha": 2, "x_1": 3}
    assert run(["batch", "alpha*x_1^2", "--points", str(rows), "-q"]) == 0
    assert capfd.readouterr().out.splitlines()[1].startswith("2,3,18")
    rows.write_text("α,alpha\n2,3\n")
    assert run(["grad", "alpha^2", "--points", str(rows)]) == 2
    assert run(["batch", "alpha^2", "--points", str(rows)]) == 2
