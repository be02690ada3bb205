"""Formulas of matrices in LaTeX, as papers print them."""

from __future__ import annotations

import pytest

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
