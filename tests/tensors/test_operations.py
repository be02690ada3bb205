"""Operations of matrices against numpy's linear algebra, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from diffcli.differentiation import Settings, derive
from diffcli.errors import DiffcliError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad
from diffcli.output.report import Result
from diffcli.verdict import Verdict

S = np.array([[3.0, 1.0], [1.0, 2.0]])
M = np.array([[2.0, 0.5], [-1.0, 1.5]])
X = np.array([1.0, 2.0, 4.0])


def gradient(text: str, at: Any) -> Result:
    """Return the gradient of a formula of A."""
    function = parse(text, declared=["A"])
    (typed,) = read_points([f"A={np.asarray(at).tolist()}"])
    point = typed.bind(function.variables)
    return derive(Grad(), function, [point], Settings(budget=5)).results[0]


def numbers(result: Result) -> Any:
    """Return the one tensor of a gradient."""
    assert result.derivative is not None
    (found,) = result.derivative.values()
    return np.asarray(found, dtype=float)


def _eigenvector(which: int) -> Any:
    column = np.linalg.eigh(S)[1][:, which]
    return np.outer(column, column)


def _to_cholesky() -> Any:
    """Return the gradient of the sum of the factor (Murray, arXiv:1602.07527, equation 9)."""
    factor = np.linalg.cholesky(S)
    middle = np.tril(factor.T @ np.tril(np.ones((2, 2))))
    middle[np.diag_indices(2)] /= 2
    inverse = np.linalg.inv(factor)
    whole = inverse.T @ middle @ inverse
    return (whole + whole.T) / 2


GRADIENTS: Mapping[str, tuple[str, Any, Callable[[], Any]]] = {
    "logdet": ("logdet(A)", M, lambda: np.linalg.inv(M).T),
    "cholesky": ("sum(cholesky(A))", S, _to_cholesky),
    "least eigenvalue": ("eigvalsh(A)[0]", S, lambda: _eigenvector(0)),
    "greatest eigenvalue": ("eigvalsh(A)[-1]", S, lambda: _eigenvector(1)),
    "kron": ("sum(kron(A, A))", M,
             lambda: np.full((2, 2), 2 * M.sum())),
    "vec": ("dot(vec(A)^2, vec(A))", M, lambda: 3 * M**2),
    "diag of a vector": ("trace(diag(A)@diag(A))", X, lambda: 2 * X),
    "diag of a matrix": ("prod(diag(A))", M, lambda: np.diag(M[[1, 0], [1, 0]])),
    "eye": ("det(A - 5*eye(2))", M, lambda: np.diag(M[[1, 0], [1, 0]] - 5)
            - np.array([[0, M[1, 0]], [M[0, 1], 0]])),
    "ones": ("A @ ones(3) + dot(zeros(3), A)", X, lambda: np.ones(3)),
    "matrix_power": ("trace(matrix_power(A, 4))", M,
                     lambda: 4 * np.linalg.matrix_power(M, 3).T),
    "negative matrix_power": ("trace(matrix_power(A, -1))", M,
                              lambda: -np.linalg.matrix_power(M, -2).T),
    "norm 1": ("norm(A - 2.5, 1)", X, lambda: np.sign(X - 2.5)),
    "norm inf": ("norm(A, inf)", X, lambda: np.array([0, 0, 1])),
}  # fmt: skip


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_is_certified_and_what_numpy_says(name: str) -> None:
    text, at, expected = GRADIENTS[name]
    result = gradient(text, at)
    assert result.verdict is Verdict.CERTIFIED
    assert np.allclose(numbers(result), expected(), rtol=1e-12, atol=1e-12)


def test_a_layer_norm_is_that_of_torch() -> None:
    import torch

    x = torch.tensor(X, requires_grad=True)
    torch.nn.functional.layer_norm(x, (3,))[0].backward()
    result = gradient("layernorm(A)[0]", X)
    assert result.verdict is Verdict.CERTIFIED
    assert np.allclose(numbers(result), x.grad, rtol=1e-10)


def test_equal_eigenvalues_have_no_derivative() -> None:
    result = gradient("eigvalsh(A)[0]", [[2, 0], [0, 2]])
    assert result.verdict is Verdict.NOT_DIFFERENTIABLE


def test_eigenvalues_without_a_formula_are_left_open() -> None:
    result = gradient("eigvalsh(A)[0]", np.diag([1.0, 2.0, 4.0]))
    assert result.verdict is Verdict.UNVERIFIED
    assert np.allclose(numbers(result), np.diag([1.0, 0.0, 0.0]))


def test_a_negative_determinant_has_no_logarithm() -> None:
    result = gradient("logdet(A)", [[0, 1], [1, 0]])
    assert result.verdict is Verdict.UNDEFINED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("eye(2, 3) @ A", "eye takes its lengths"),
        ("sum(ones(A))", "no positive whole number"),
        ("sum(A)*sum(ones(9999, 9999))", "99,980,001 numbers"),
        ("norm(A, 3)", "this norm isn't read"),
        ("trace(matrix_power(A, A))", "this power of a matrix isn't read"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(DiffcliError, match=message):
        gradient(text, X)
