"""Formulas of matrices in LaTeX, as papers print them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diffcli.engines.callable import callable_of
from diffcli.errors import FormulaError
from diffcli.language.latex.matrices import bold_name, matrix_latex
from diffcli.language.parser import parse

RANKS = {"A": 2, "X": 2, "S": 2, "x": 1, "y": 1, "w": 1, "beta": 1, "s": 0}


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("2*X.T @ (X @ w - y)",
         r"2 \mathbf{X}^{\top} \left(\mathbf{X} \mathbf{w} - \mathbf{y}\right)"),
        ("inv(A).T @ x", r"\mathbf{A}^{-\top} \mathbf{x}"),
        ("x.T @ A @ x", r"\mathbf{x}^{\top} \mathbf{A} \mathbf{x}"),
        ("dot(x, y)", r"\mathbf{x}^{\top} \mathbf{y}"),
        ("outer(x, y) - 0.5*eye(3)", r"\mathbf{x} \mathbf{y}^{\top} - 0.5 \mathbf{I}_{3}"),
        ("x*y + 1", r"\mathbf{x} \odot \mathbf{y} + \mathbf{1}"),
        ("A @ (x*y)", r"\mathbf{A} \left(\mathbf{x} \odot \mathbf{y}\right)"),
        ("X*x", r"\mathbf{X} \operatorname{diag}\left(\mathbf{x}\right)"),
        ("s*x - beta/s", r"s \mathbf{x} - \frac{\boldsymbol{\beta}}{s}"),
        ("x/y", r"\mathbf{x} \oslash \mathbf{y}"),
        ("norm(X)^2 + norm(x)",
         r"\left\|\mathbf{X}\right\|_{\mathrm{F}}^{2} + \left\|\mathbf{x}\right\|"),
        ("-0.5*logdet(S)", r"-0.5 \log\det\left(\mathbf{S}\right)"),
        ("trace(A) + sum(x)",
         r"\operatorname{tr}\left(\mathbf{A}\right) + \mathbf{1}^{\top} \mathbf{x}"),
        ("sum(X, axis=0)", r"\mathbf{X}^{\top} \mathbf{1}"),
        ("exp(A @ x)^2", r"\left(e^{\odot \mathbf{A} \mathbf{x}}\right)^{\odot 2}"),
        ("exp(x.T @ A @ x)", r"e^{\mathbf{x}^{\top} \mathbf{A} \mathbf{x}}"),
        ("solve(A.T, x)", r"\mathbf{A}^{-\top} \mathbf{x}"),
        ("x - (y - w)", r"\mathbf{x} - \left(\mathbf{y} - \mathbf{w}\right)"),
        ("(A @ x) @ y", r"\left(\mathbf{A} \mathbf{x}\right)^{\top} \mathbf{y}"),
        ("A @ (x @ X)", r"\mathbf{A} \left(\mathbf{x}^{\top} \mathbf{X}\right)^{\top}"),
        ("x @ A @ y", r"\mathbf{x}^{\top} \mathbf{A} \mathbf{y}"),
        ("x.T + y", r"\mathbf{x} + \mathbf{y}"),
        ("x - (-y)", r"\mathbf{x} + \mathbf{y}"),
    ],
)  # fmt: skip
def test_a_formula(text: str, latex: str) -> None:
    (root,) = parse(text, declared=RANKS).outputs
    assert matrix_latex(root, RANKS) == latex


def test_lengths_have_names() -> None:
    (root,) = parse("eye(1009)/1009", declared=RANKS).outputs
    assert matrix_latex(root, RANKS, {1009: "n"}) == r"\frac{\mathbf{I}_{n}}{n}"


def test_bold_names() -> None:
    assert bold_name("x_1", 1) == r"\mathbf{x}_{1}"
    assert bold_name("beta", 1) == r"\boldsymbol{\beta}"
    assert bold_name("s", 0) == "s"


ROUND_TRIPS = [
    "X.T @ (X @ w - y)", "inv(A).T @ x", "-inv(A).T @ B @ inv(A)", "x*w + 1", "x/w",
    "exp(A @ x)^2", "sum(exp(X @ w) - y*(X @ w))", "sum(X)/4 + s", "sum(X, axis=0)*w",
    "sum(X @ A, axis=1) - y", "trace(A @ B) + 3*eye(3)", "logdet(A @ A.T + eye(3))",
    "kron(A + A.T, eye(3))", "outer(A @ x, w) + s*ones(3, 3)", "heaviside(X @ w)*y",
    "norm(A)^2 + norm(x)", "softmax(X @ w) - y", "X*w + w", "s*x + 2", "diag(x) @ A",
    "solve(A, x)", "-2*A.T @ inv(B) @ (x - w)",
]  # fmt: skip


@pytest.mark.parametrize("text", ROUND_TRIPS)
def test_the_latex_is_read_back_with_the_same_value(text: str) -> None:
    shapes = {"X": (4, 3), "A": (3, 3), "B": (3, 3), "w": (3,), "x": (3,), "y": (4,), "s": ()}
    draw = np.random.default_rng(1)
    point = {name: torch.tensor(draw.normal(size=shape)) for name, shape in shapes.items()}
    ranks = {name: len(shape) for name, shape in shapes.items()}
    typed = parse(text, declared=shapes)
    read = parse(matrix_latex(typed.outputs[0], ranks), declared=shapes)
    found, expected = (
        callable_of(each)(**{name: point[name] for name in each.variables})
        for each in (read, typed)
    )
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\mathbf{1}^\top \mathbf{X} \mathbf{w}", "sum(X @ w)"),
        (r"\mathbf{1}^\top \mathbf{X}", "sum(X, axis=0)"),
        (r"\mathbf{1}^\top \mathbf{X} \mathbf{1} + 1", "sum(X) + 1"),
        (r"\log\det\mathbf{A}", "logdet(A)"),
        (r"\ln \det\left(\mathbf{A}\right)", "logdet(A)"),
        (r"\mathbf{I}_{3} + \mathbf{A}^{-T}", "eye(3) + inv(A.T)"),
        (r"\mathbf{A}^{\odot 2} + \mathbf{A}^{2}", "A**2 + A @ A"),
        (r"\mathbf{1}_{4 \times 3} \mathbf{w}", "ones(4, 3) @ w"),
    ],
)
def test_signs_of_matrices(latex: str, text: str) -> None:
    shapes = {"X": (4, 3), "A": (3, 3), "w": (3,)}
    assert parse(latex, declared=shapes).outputs == parse(text, declared=shapes).outputs


@pytest.mark.parametrize("latex", [r"a \otimes b", r"\mathbf{a} \otimes \mathbf{b}"])
def test_a_tensor_product_of_vectors_or_numbers_is_refused(latex: str) -> None:
    with pytest.raises(FormulaError, match="otimes"):
        parse(latex)
