"""Formulas of tensors: their gradients against closed forms of matrix calculus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch

import diffcli
from diffcli.differentiation import Settings, derive
from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import expression, symbol
from diffcli.errors import LimitError, UsageError
from diffcli.language.limits import MAX_ELEMENTS
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.language.tensors import TENSORS
from diffcli.operators import Eval, Grad, Hessian, Jacobian, Operator
from diffcli.output.report import Result
from diffcli.tensors.rules import rule_of
from diffcli.tensors.shapes import shapes_of
from diffcli.verdict import Verdict

AT = {
    "x": np.array([0.5, -1.25, 2.0]),
    "y": np.array([1.5, 0.25, -0.75]),
    "A": np.array([[2.0, 0.5, -1.0], [0.25, 3.0, 0.75], [1.0, -0.5, 1.5]]),
    "B": np.array([[1.0, 2.0, 0.0], [0.5, -1.0, 1.0], [0.0, 0.25, 2.0]]),
}


def answer(operator: Operator, text: str, at: Mapping[str, Any], **settings: Any) -> Result:
    typed = ",".join(f"{name}={np.asarray(value).tolist()}" for name, value in at.items())
    function = parse(text, declared=at)
    (point,) = read_points([typed] if at else [])
    given = point.bind(function.variables)
    return derive(operator, function, [given], Settings(budget=5, **settings)).results[0]


def gradient(text: str, *names: str) -> Result:
    used = {name: AT[name] for name in "ABxy" if name in parse(text, declared=AT).variables}
    return answer(Grad(wrt=names), text, used)


inv, det = np.linalg.inv, np.linalg.det
x, y, A, B = (AT[name] for name in "xyAB")

COOKBOOK: Sequence[tuple[str, str, str, Callable[..., Any]]] = [
    # Petersen and Pedersen, The Matrix Cookbook (15 November 2012), by the numbers of equations;
    # by section where it is a case of several.
    ("49", "det(A)", "A", lambda: det(A) * inv(A).T),
    ("51", "det(A@B)", "A", lambda: det(A @ B) * inv(A).T),
    ("52", "det(A.T @ A)", "A", lambda: 2 * det(A) ** 2 * inv(A).T),
    ("57", "log(abs(det(A)))", "A", lambda: inv(A).T),
    ("58", "det(A)^3", "A", lambda: 3 * det(A) ** 3 * inv(A).T),
    ("61", "x @ inv(A) @ y", "A", lambda: -inv(A).T @ np.outer(x, y) @ inv(A).T),
    ("62", "det(inv(A))", "A", lambda: -det(inv(A)) * inv(A).T),
    ("63", "trace(B @ inv(A))", "A", lambda: -(inv(A) @ B @ inv(A)).T),
    ("64", "trace(inv(A + B))", "A", lambda: -(inv(A + B) @ inv(A + B)).T),
    ("69", "x.T @ y", "x", lambda: y),
    ("70", "x.T @ A @ y", "A", lambda: np.outer(x, y)),
    ("71", "x.T @ A.T @ y", "A", lambda: np.outer(y, x)),
    ("72", "x.T @ A @ x", "A", lambda: np.outer(x, x)),
    ("77", "x @ A.T @ A @ y", "A", lambda: A @ (np.outer(x, y) + np.outer(y, x))),
    ("81", "x.T @ B @ x", "x", lambda: (B + B.T) @ x),
    ("87", "dot(x - A@y, x - A@y)", "x", lambda: 2 * (x - A @ y)),
    ("88", "dot(x - A@y, x - A@y)", "A", lambda: -2 * np.outer(x - A @ y, y)),
    ("91", "x @ A @ A @ y", "A", lambda: np.outer(x, A @ y) + np.outer(A.T @ x, y)),
    ("2.4", "sum(x^2) + dot(y, x)", "x", lambda: 2 * x + y),
    ("99", "trace(A)", "A", lambda: np.eye(3)),
    ("100", "trace(A@B)", "A", lambda: B.T),
    ("103", "trace(A.T @ B)", "A", lambda: B),
    ("106", "trace(A@A)", "A", lambda: 2 * A.T),
    ("107", "trace(A@A@B)", "A", lambda: (A @ B + B @ A).T),
    ("108", "trace(A.T@B@A)", "A", lambda: B @ A + B.T @ A),
    ("111", "trace(A@B@A.T)", "A", lambda: A @ B.T + A @ B),
    ("115", "trace(A.T@A)", "A", lambda: 2 * A),
    ("121", "trace(A@A@A)", "A", lambda: 3 * (A @ A).T),
    ("124", "trace(inv(A)@B)", "A", lambda: -(inv(A) @ B @ inv(A)).T),
    ("129", "norm(x - y)", "x", lambda: (x - y) / np.linalg.norm(x - y)),
    ("131", "norm(x)^2", "x", lambda: 2 * x),
    ("132", "norm(A)^2", "A", lambda: 2 * A),
]  # fmt: skip

OTHERS: Mapping[str, tuple[str, str, Callable[..., Any]]] = {
    "twice dot": ("2*dot(x, x)", "x", lambda: 4 * x),
    "mean": ("mean(3*(x + 2)^2)", "x", lambda: 2 * (x + 2)),
    "logsumexp": ("logsumexp(x)", "x", lambda: np.exp(x) / np.exp(x).sum()),
    "variance": ("var(x)", "x", lambda: (x - x.mean())),
    "deviation": ("std(x)", "x", lambda: (x - x.mean()) / 2 / x.std(ddof=1)),
    "product": ("prod(x)", "x", lambda: x.prod() / x),
    "largest": ("max(x)", "x", lambda: x == x.max()),
    "smallest": ("x.min()", "x", lambda: x == x.min()),
    "by column": ("dot(A.sum(axis=0), x)", "A", lambda: np.tile(x, (3, 1))),
    "running": ("dot(cumsum(x), y)", "x", lambda: y[::-1].cumsum()[::-1]),
    "neighbours": ("sum(diff(x)^2)", "x", lambda: 2 * np.array([
        x[0] - x[1], 2 * x[1] - x[0] - x[2], x[2] - x[1]])),
    "solve": ("dot(y, solve(A, x))", "x", lambda: inv(A).T @ y),
    "outer": ("sum(outer(x, y)*A)", "x", lambda: A @ y),
    "softmax": ("dot(softmax(x), y)", "x", lambda: (
        s := np.exp(x) / np.exp(x).sum()) * (y - s @ y)),
    "log_softmax": ("log_softmax(x)[0]", "x", lambda: (
        np.array([1, 0, 0]) - np.exp(x) / np.exp(x).sum())),
    "a slice": ("sum(A[1:, 0]*A[0, :2])", "A", lambda: np.array(
        [[A[1, 0], A[2, 0], 0], [A[0, 0], 0, 0], [A[0, 1], 0, 0]])),
    "a branch": ("sum(x^2 if x > 0 else y)", "x", lambda: np.where(x > 0, 2 * x, 0)),
    "a whole in a branch": ("sum(sum(x) if x > 0 else y)", "x",
                            lambda: np.full(3, (x > 0).sum())),
    "broadcast": ("sum(A*x)", "x", lambda: A.sum(0)),
    "detached": ("dot(detach(x), x)", "x", lambda: x),
    "an operation of constants": ("sum(mean(3)*x)", "x", lambda: np.full(3, 3.0)),
}  # fmt: skip


CASES = {f"{section}: {case[0]}": case for section, *case in COOKBOOK} | OTHERS


@pytest.mark.sampled(20)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_closed_forms(case: tuple[str, str, Callable[..., Any]]) -> None:
    text, name, truth = case
    found = gradient(text, name)
    np.testing.assert_allclose(found.derivative[name], truth(), rtol=1e-12, atol=1e-14)
    assert found.verdict in (Verdict.CERTIFIED, Verdict.AGREES)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_torch_agrees_on_the_shape(case: tuple[str, str, Callable[..., Any]]) -> None:
    function = parse(case[0], declared=AT)
    program = lambdify(expression(function), [symbol(name) for name in function.variables])
    values = [torch.tensor(AT[name]) for name in function.variables]
    shapes = shapes_of(function, {name: AT[name].shape for name in function.variables})
    (output,) = program(*values, shape=())
    assert tuple(output.shape) == shapes[function.outputs[0]]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("text", "name", "formula"),
    [
        ("2*dot(x, x)", "x", "4*x"),
        ("x.T @ A @ x", "x", "(A + A.T) @ x"),
        ("x.T @ A @ x", "A", "outer(x, x)"),
        ("norm(x)", "x", "x/norm(x)"),
        ("mean(3*(x + 2)^2)", "x", "2*(x + 2)"),
        ("logsumexp(x)", "x", "softmax(x)"),
        ("norm(A@x - y)^2", "x", "2*A.T @ (A @ x - y)"),
        ("log(det(A))", "A", "inv(A).T"),
        ("dot(y, solve(A, x))", "A", "-outer(solve(A.T, y), solve(A, x))"),
    ],
)
def test_gradients_as_formulas_of_tensors(text: str, name: str, formula: str) -> None:
    assert gradient(text).symbolic[name].text == formula


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("R*norm(x)", {"R": "norm(x)", "x": "R*x/norm(x)"}),
        ("a*norm(A)", {"a": "norm(A)", "A": "a*A/norm(A)"}),
    ],
)
def test_without_a_point_a_letter_is_a_number_where_only_that_fits(
    text: str, formulas: dict[str, str]
) -> None:
    (found,) = derive(Grad(), parse(text)).results
    assert {name: each.text for name, each in found.symbolic.items()} == formulas


@pytest.mark.sampled(30)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_formulas_of_tensors_have_the_gradients_values(
    case: tuple[str, str, Callable[..., Any]],
) -> None:
    text, name, truth = case
    formula = gradient(text).symbolic.get(name)
    if formula is None or formula.text is None or "[" in formula.text:
        pytest.skip("no closed form")
    used = {each: AT[each] for each in parse(formula.text, declared=AT).variables}
    expected = np.asarray(truth())
    found = np.broadcast_to(answer(Eval(), formula.text, used).value, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_formulas_of_tensors_vouch_for_what_is_too_large() -> None:
    function = parse("mean((A@x - y)^2)")
    (point,) = read_points(["A=rand(400,300),x=rand(300),y=ones(400)"])
    (found,) = derive(Grad(), function, [point.bind(function.variables)]).results
    assert found.verdict is Verdict.AGREES
    assert found.symbolic["x"].text == "A.T @ (A @ x - y)/200"


def test_what_is_computed_has_at_most_so_many_numbers() -> None:
    function = parse("x + 1")
    assert shapes_of(function, {"x": (MAX_ELEMENTS,)})[function.outputs[0]] == (MAX_ELEMENTS,)
    with pytest.raises(LimitError, match="has 20,000,001 numbers"):
        shapes_of(function, {"x": (MAX_ELEMENTS + 1,)})


def test_every_operation_is_expanded() -> None:
    assert all(callable(rule_of(op).expand) for op in TENSORS)


def test_second_derivatives_cross_components() -> None:
    hessian = np.array(answer(Hessian(), "sum(x)^3", {"x": AT["x"]}).derivative["matrix"])
    np.testing.assert_allclose(hessian, np.full((3, 3), 6 * AT["x"].sum()), rtol=1e-14)
    second = answer(Grad(order=2), "sum(x)^3", {"x": AT["x"]}).derivative["x"]
    np.testing.assert_allclose(second, np.full(3, 6 * AT["x"].sum()), rtol=1e-14)


def test_a_kink_of_a_reduction_is_no_derivative() -> None:
    at_zero = answer(Grad(), "norm(x)", {"x": [0, 0]})
    assert at_zero.derivative == {"x": [None, None]}
    assert at_zero.verdict is Verdict.NOT_DIFFERENTIABLE
    assert answer(Grad(), "det(inv(A))", {"A": [[1, 2], [2, 4]]}).verdict is Verdict.UNDEFINED


def test_a_number_is_a_tensor_too() -> None:
    found = answer(Grad(), "mean(x^2) + norm(x) + softmax(x)", {"x": 3})
    assert (found.value, found.derivative) == (13.0, {"x": 7.0})


def test_the_jacobian_of_a_softmax() -> None:
    matrix = answer(Jacobian(), "softmax(x)", {"x": AT["x"]}).derivative
    s = np.exp(AT["x"]) / np.exp(AT["x"]).sum()
    np.testing.assert_allclose(matrix["matrix"], np.diag(s) - np.outer(s, s), rtol=1e-14)
    assert matrix["rows"] == ["f1", "f2", "f3"]


@pytest.mark.slow
def test_many_components_are_sampled() -> None:
    at = {"x": np.linspace(0.1, 1, 150)}
    found = answer(Grad(), "sum(x^3)", at)
    assert found.sampled is None or found.sampled[0] < found.sampled[1] == 151
    np.testing.assert_allclose(found.derivative["x"], 3 * at["x"] ** 2, rtol=1e-14)
    assert found.verdict in (Verdict.CERTIFIED, Verdict.AGREES)


def test_of_a_large_gradient_a_sample_is_certified() -> None:
    function = parse("sum(100*(x[1:]-x[:-1]^2)^2 + (1-x[:-1])^2)")
    point = read_points(["x=linspace(0,1,131073)"])[0].bind(["x"])
    (found,) = derive(Grad(), function, [point]).results
    assert found.sampled == (len(found.checks), 131_073)
    assert {check.verdict for check in found.checks} == {Verdict.CERTIFIED}
    assert found.verdict is Verdict.AGREES
    t = np.linspace(0, 1, 131073)
    truth = np.zeros_like(t)
    truth[:-1] += -400 * t[:-1] * (t[1:] - t[:-1] ** 2) - 2 * (1 - t[:-1])
    truth[1:] += 200 * (t[1:] - t[:-1] ** 2)
    np.testing.assert_allclose(found.derivative["x"], truth, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("A@x", {"A": AT["A"], "x": [1, 2]}, r"A @ x .* \[3, 3\] and \[2\]"),
        ("dot(x, y)", {"x": [1, 2], "y": [1, 2, 3]}, r"dot\(x, y\) .* \[2\] and \[3\]"),
        ("sum(x + y)", {"x": [1, 2], "y": [1, 2, 3]}, r"x \+ y .* \[2\] and \[3\]"),
        ("x[3]", {"x": [1, 2]}, r"x\[3\] .* \[2\]"),
        ("det(x)", {"x": [1, 2]}, "square"),
        ("sum(x, axis=1)[0]", {"x": [1, 2]}, "no axis 1"),
        ("diff(x)", {"x": 3}, "no neighbours"),
        ("cumsum(x)", {"x": [1, 2]}, "2 numbers"),
    ],
)
def test_shapes_that_do_not_go_together(text: str, at: Mapping[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        answer(Grad(), text, at)


def test_values_have_their_shape() -> None:
    found = answer(Eval(), "outer(x, x)", {"x": [1, 2]})
    assert found.value == [[1.0, 2.0], [2.0, 4.0]]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("2*dot(x, x)", {"x": "4*x"}),
        ("x.T @ A @ x", {"x": "(A + A.T) @ x", "A": "outer(x, x)"}),
        ("trace(A.T @ B @ A)", {"A": "(B + B.T) @ A", "B": "A @ A.T"}),
        ("log(det(A))", {"A": "inv(A).T"}),
        ("norm(x)", {"x": "x/norm(x)"}),
        ("mean(x^2)", {"x": "2*x/n"}),
        ("trace(A)", {"A": "eye(n)"}),
        ("sum(x[:3]^2)", {"x": "2*eye(n)[:3].T @ x[:3]"}),
    ],
)
def test_gradients_of_tensors_without_a_shape(text: str, formulas: Mapping[str, str]) -> None:
    report = derive(Grad(), parse(text))
    assert {name: each.text for name, each in report.results[0].symbolic.items()} == formulas
    assert any("the formulas take" in warning for warning in report.warnings)


@pytest.mark.parametrize("text", ["inv(A)", "dot(x, A) @ x"])
def test_what_depends_on_the_shape_asks_for_it(text: str) -> None:
    (formula,) = derive(Grad(), parse(text)).results[0].symbolic.values()
    assert formula.text is None
    assert "or a point" in str(formula.reason)


@pytest.mark.parametrize(
    ("matrix", "cofactors"),
    [
        ([[1, 2], [2, 4]], [[4, -2], [-2, 1]]),
        ([[1, 2, 3], [2, 4, 6], [1, 0, 1]], [[4, 4, -4], [-2, -2, 2], [0, 0, 0]]),
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]]),
    ],
)
def test_the_determinant_of_a_singular_matrix_has_a_derivative(
    matrix: list[list[int]], cofactors: list[list[int]]
) -> None:
    found = answer(Grad(), "det(A)", {"A": np.array(matrix, dtype=float)})
    assert found.derivative == {"A": cofactors}
    assert found.verdict is Verdict.CERTIFIED


def test_a_gradient_whose_condition_reads_a_tensor_operation() -> None:
    """Where every entry is negative the greatest relu is 0 whatever they are."""
    found = answer(Grad(), "max(relu(x))", {"x": np.array([-1.0, -2.0])})
    assert (found.derivative, found.verdict) == ({"x": [0, 0]}, Verdict.CERTIFIED)


@pytest.mark.parametrize("place", ["::-1", "2:0:-1", "::-2", "-1:-9:-3", "0:2:-1", "3:1:-1"])
def test_a_slice_runs_backwards(place: str) -> None:
    numbers = [1.0, 2.0, 4.0, 8.0]
    start, stop, step = (int(each) if each else None for each in f"{place}:".split(":")[:3])
    taken = numbers[start:stop:step]
    found = diffcli.parse(f"sum(x[{place}]^2)").grad(x=numbers)
    assert found.value == sum(each**2 for each in taken)
    assert list(found["x"]) == [2 * each if each in taken else 0 for each in numbers]


def test_the_hessian_of_a_determinant_has_no_noise() -> None:
    at = {"A": np.array([[2, 0.3, 1], [0.5, 1.5, 2], [1, 1, 3]])}
    assert answer(Hessian(), "det(A)", at).verdict is Verdict.CERTIFIED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(A x)", ["A*x is taken entry by entry; the product of matrices is A @ x"]),
        ("sum(A^2)", ["A**2 is taken entry by entry; the power of a matrix is matrix_power(A, 2)"]),
        ("sum(A*x)", []),
        ("sum(A @ x)", []),
        ("sum(2x)", []),
    ],
)
def test_a_product_that_paper_would_read_as_one_of_matrices_is_said(
    text: str, said: list[str]
) -> None:
    function = parse(text)
    (point,) = read_points(["A=[[1,2],[3,4]],x=[1,1]"])
    values = {name: point.named[name] for name in function.variables}
    settings = Settings(engines=("autograd",))
    report = derive(Grad(), function, [Point(values)], settings)
    assert list(report.warnings) == said
