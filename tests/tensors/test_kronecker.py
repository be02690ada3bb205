"""Derivatives of a matrix in a matrix as one matrix, against torch's own, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import hessian, jacobian

from diffcli.differentiation.forms.agreement import agreement
from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.differentiation.forms.closed import closed_form
from diffcli.differentiation.settings import Settings
from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import expression, symbol
from diffcli.language.declarations import declarations
from diffcli.language.expression import node
from diffcli.language.parser import parse
from diffcli.operators import Hessian, Jacobian, Scalars
from diffcli.verdict import Agreement

SHAPES = {"A": (3, 3), "B": (2, 4), "X": (3, 2), "Y": (3, 4)}
A, B, X, Y = (
    torch.linspace(-1, 2, n).double().sin().reshape(shape)
    for n, shape in ((9, (3, 3)), (8, (2, 4)), (6, (3, 2)), (12, (3, 4)))
)


@pytest.mark.parametrize(
    ("formula", "by_hand", "expected"),
    [
        ("trace(X.T@A@X)", lambda X: (X.T @ A @ X).trace(), "kron(A + A.T, eye(2))"),
        (
            "norm(A@X@B - Y)^2",
            lambda X: (A @ X @ B - Y).square().sum(),
            "2*kron(A.T @ A, B @ B.T)",
        ),
        ("sum(X)^2", lambda X: X.sum() ** 2, None),
        ("sum(exp(X)) + norm(X)^2", lambda X: X.exp().sum() + X.square().sum(), None),
        ("norm(X)", lambda X: X.norm(), None),
        ("trace(A@X@B@Y.T)^2", lambda X: (A @ X @ B @ Y.T).trace() ** 2, None),
        ("trace(X.T@A@X@B@B.T)", lambda X: (X.T @ A @ X @ B @ B.T).trace(), None),
    ],
)
def test_a_hessian_in_a_matrix_is_one_matrix(
    formula: str, by_hand: Callable[[Tensor], Tensor], expected: str | None
) -> None:
    function = replace(parse(formula), variables=tuple(SHAPES))
    scalars = Hessian(wrt=("X",)).moving(Scalars(None, SHAPES, ((),)))
    form = closed_form(Hessian(wrt=("X",)), function, scalars, SHAPES)
    assert form.matrices is not None
    if expected is not None:
        assert form.formulas["matrix"].text == expected
    program = lambdify(expression(form.matrices.function), [symbol(name) for name in SHAPES])
    (ours,) = program(A, B, X, Y, shape=())
    torch.testing.assert_close(ours.broadcast_to(6, 6), hessian(by_hand, X).reshape(6, 6))


def test_a_jacobian_of_a_matrix_in_a_matrix_is_a_kronecker_product() -> None:
    function = parse("A @ X @ B")
    form, _ = assumed_form(Jacobian(wrt=("X",)), function)
    assert form.formulas["matrix"].text == "kron(A, B.T)"
    assert form.matrices is not None
    program = lambdify(expression(form.matrices.function), [symbol(name) for name in "ABX"])
    (ours,) = program(A, B, X, shape=())
    whole = jacobian(lambda matrix: A @ matrix @ B, X)
    torch.testing.assert_close(ours, whole.reshape(12, 6))


@pytest.mark.parametrize("formula", ["logdet(X)", "trace(X@X)", "sum(softplus(X@W))"])
def test_what_is_no_kronecker_product_stays_a_linear_map(formula: str) -> None:
    form, _ = assumed_form(Hessian(wrt=("X",)), parse(formula))
    assert [*form.formulas] == ["map[V]"]
    assert form.matrices is None


def test_a_wrong_matrix_is_found_beside_a_right_linear_map() -> None:
    function = parse("trace(X.T@A@X)", said=declarations("X=(m,n)", None))
    operator = Hessian(wrt=("X",))
    form, _ = assumed_form(operator, function)
    assert agreement(operator, function, form, Settings()) == Agreement("enclosure", 3)
    matrix, along = form.blocks
    turned = replace(matrix, node=node("kron", *matrix.node.args[::-1]))
    wrong = replace(form, blocks=(turned, along))
    for engine in ("enclosure", "autograd"):
        settings = Settings(engines=(engine,))
        assert agreement(operator, function, wrong, settings) is None
