"""Every operation of the table of tensors: it has a record, without a default, that is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from diffcli.engines.enclosure import partial
from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import expression, symbol
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.tensors import TENSORS, component_name
from diffcli.tensors import lines
from diffcli.tensors.calculus import differentials, forms
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.calculus.opening import OPENERS
from diffcli.tensors.components import expand
from diffcli.tensors.pieces import Pieces
from diffcli.tensors.rules import TensorRule, rule_of
from diffcli.tensors.shapes import shapes_of
from diffcli.tensors.sparsity import Dependence

FORMULAS: Mapping[str, str] = {
    "sum": "sum(A, axis=0)^2",
    "prod": "prod(A, axis=1)",
    "mean": "mean(A, axis=0)*x",
    "var": "var(A, axis=1)",
    "std": "std(A, axis=0)",
    "norm": "norm(A, axis=1)",
    "amax": "max(A, axis=0)*x",
    "amin": "min(A, axis=1)*x",
    "logsumexp": "logsumexp(A, axis=0)",
    "cumsum": "cumsum(x^2)",
    "differences": "diff(A, axis=0)^2",
    "softmax": "softmax(A, axis=0)",
    "log_softmax": "log_softmax(x)",
    "dot": "dot(x, y)*x",
    "outer": "outer(x, y)",
    "matmul": "A @ (x*y)",
    "trace": "trace(A*A)",
    "det": "det(A)",
    "inv": "inv(A)",
    "solve": "solve(A, x)",
    "transpose": "A.T*A",
    "index": "A[1:, 0]*y[:2]",
    "layernorm": "layernorm(A, axis=0)",
    "kron": "kron(A, A[:2, :2])",
    "logdet": "logdet(A)*x",
    "cholesky": "cholesky(A.T @ A)",
    "eigvalsh": "eigvalsh(A[:2, :2])",
    "diag": "diag(x) @ A + diag(diag(A)^2)",
    "vec": "vec(A)^2",
    "eye": "(A - 2*eye(3)) @ x",
    "full": "outer(x^2, ones(3) + zeros(3))",
}
"""A formula for each operation."""

POINT = {
    "x": [0.5, -1.25, 2.0],
    "y": [1.5, 0.25, -0.75],
    "A": [[2.0, 0.5, -1.0], [0.25, 3.0, 0.75], [1.0, -0.5, 1.5]],
}


@pytest.mark.parametrize("op", TENSORS)
def test_every_operation_has_a_record(op: str) -> None:
    assert isinstance(rule_of(op), TensorRule)


def test_a_record_has_no_default() -> None:
    assert all(
        field.default is MISSING and field.default_factory is MISSING
        for field in fields(TensorRule)
    )


def test_every_operation_has_a_differential_or_a_reason() -> None:
    known = {*OPENERS, *differentials.RULES, *differentials.WITHOUT}
    assert set(TENSORS) <= known
    assert not {*differentials.RULES, *differentials.WITHOUT} - set(TENSORS)


def test_no_record_is_of_no_operation() -> None:
    files = {row.rules for row in TENSORS.values()}
    recorded = [op for name in files for op in import_module(f"diffcli.tensors.{name}").RULES]
    assert sorted(recorded) == sorted(TENSORS)


def test_every_operation_has_a_formula_here() -> None:
    assert set(FORMULAS) == set(TENSORS)


def component(function: Function, known: Mapping[Any, tuple[int, ...]]) -> Any:
    """Return the first component of a formula, all of which matters."""
    pieces = Pieces(function, known, lambda name, position: f"{name}[{position}]")
    (output,) = function.outputs
    return pieces.component(output, 0, lambda _, positions: np.ones(positions.shape, dtype=bool))


WALKS: Mapping[str, Callable[..., Any]] = {
    "shapes": lambda function, _, variables: shapes_of(function, variables),
    "components": expand,
    "sparsity": Dependence,
    "closed form": lambda function, known, _: forms.gradient(
        Space(known), function.outputs[0], function.variables
    ),
    "pieces": lambda function, known, _: component(function, known),
}


@pytest.mark.parametrize("walk", WALKS)
def test_an_operation_that_was_forgotten_is_an_error(
    walk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, variables = read("sum(softmax(x)*x)")
    known = shapes_of(function, variables)
    assert WALKS[walk](function, known, variables)
    rules = {name: rule for name, rule in lines.RULES.items() if name != "softmax"}
    monkeypatch.setattr(lines, "RULES", rules)
    with pytest.raises(NotImplementedError, match="softmax has no rule"):
        WALKS[walk](function, known, variables)


def read(text: str) -> tuple[Function, dict[str, tuple[int, ...]]]:
    """Return a formula and the shapes of its variables."""
    function = parse(text, declared=["A", "x", "y"])
    return function, {name: np.shape(POINT[name]) for name in function.variables}


def derivatives(function: Function) -> tuple[Any, Any]:
    """Return the Jacobian and the sum of the outputs' Hessians, by torch."""
    program = lambdify(expression(function), [symbol(name) for name in function.variables])
    sizes = [np.size(POINT[name]) for name in function.variables]
    at = torch.cat(
        [torch.tensor(POINT[n], dtype=torch.float64).ravel() for n in function.variables]
    )

    def flat(x: torch.Tensor) -> torch.Tensor:
        parts = torch.split(x, sizes)
        given = [
            part.reshape(np.shape(POINT[name]))
            for part, name in zip(parts, function.variables, strict=True)
        ]
        return program(*given)[0].reshape(-1)

    jacobian = torch.autograd.functional.jacobian(flat, at)
    weights = torch.linspace(0.3, 1.7, len(jacobian), dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(lambda x: (flat(x) * weights).sum(), at)
    return jacobian.numpy(), hessian.numpy()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FORMULAS)
def test_no_derivative_is_outside_the_pattern(name: str) -> None:
    function, variables = read(FORMULAS[name])
    found = Dependence(function, shapes_of(function, variables), variables)
    for pattern, truth in zip(
        (found.jacobian(), found.hessian()), derivatives(function), strict=True
    ):
        outside = np.abs(truth) * (pattern.toarray() == 0)
        assert outside.max(initial=0) < 1e-12


@pytest.mark.parametrize("name", FORMULAS)
def test_a_component_by_itself_has_the_value_of_the_whole(name: str) -> None:
    function, variables = read(FORMULAS[name])
    known = shapes_of(function, variables)

    def named(variable: str, place: int) -> str:
        return component_name(
            variable, tuple(map(int, np.unravel_index(place, variables[variable])))
        )

    of = Pieces(function, known, named)
    program = lambdify(expression(function), [symbol(each) for each in function.variables])
    given = [torch.tensor(POINT[each], dtype=torch.float64) for each in function.variables]
    whole = program(*given)[0].reshape(-1).tolist()
    at = {
        named(each, place): float(value)
        for each in function.variables
        for place, value in enumerate(np.ravel(POINT[each]).tolist())
    }
    for place, expected in enumerate(whole):
        component = of.component(
            function.outputs[0], place, lambda _, places: np.ones(places.shape, dtype=bool)
        )
        assert partial(component, at).to_float() == pytest.approx(expected, rel=1e-12)
