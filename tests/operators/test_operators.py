"""The operators: every number certified, in all variables and in some, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffcli.differentiation import Settings, derive
from diffcli.errors import UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import (
    OPERATORS,
    Curl,
    Divergence,
    Grad,
    Hessian,
    Hvp,
    Jacobian,
    Jvp,
    Laplacian,
    Operator,
    Vhp,
    Vjp,
)
from diffcli.output.report import Result
from diffcli.verdict import Verdict

FIELDS = {
    "two of two": (["x^2*y", "5x + sin(y)"], "x=1.2,y=0.7"),
    "three of two": (["exp(x*y)", "x/y", "atan2(y, x)"], "x=0.4,y=1.9"),
    "one of three": (["x*y*z + log(x + z^2)"], "x=1.1,y=-0.3,z=0.8"),
    "special": (["gamma(x)*erf(y)", "erfi(x*y)"], "x=2.3,y=0.6"),
    "a branch": (["x^2*y if x > y else x - y^3", "max(x, y)*y"], "x=0.2,y=1.5"),
    "vectors": (["x*exp(y) + x^2"], "x=[0.3,-0.7],y=[1.5,0.2]"),
    "a constant": (["3", "x"], "x=0.1,y=2"),
}
VECTOR = [0.25, -1.5, 2.0, 0.75]


def answer(operator: Operator, texts: str | list[str], at: str, **settings: Any) -> Result:
    typed = read_points([at])
    function = parse(texts, declared=typed[0].named, variables=list(typed[0].named))
    points = [point.bind(function.variables) for point in typed]
    (result,) = derive(operator, function, points, Settings(budget=5, **settings)).results
    return result


def vector_of(length: int) -> Any:
    return read_points([str(VECTOR[:length])])[0]


def flat(derivative: Any) -> np.ndarray:
    if isinstance(derivative, dict):
        derivative = [np.ravel(part) for part in derivative.values()]
        return np.concatenate(derivative)
    return np.ravel(derivative)


def matrix(operator: Operator, texts: str | list[str], at: str) -> np.ndarray:
    found = answer(operator, texts, at)
    assert found.verdict in (Verdict.CERTIFIED, Verdict.AGREES)
    return np.array(found.derivative["matrix"])


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", FIELDS)
def test_products_are_those_of_the_jacobian(name: str) -> None:
    texts, at = FIELDS[name]
    jacobian = matrix(Jacobian(), texts, at)
    rows, columns = jacobian.shape
    forward = answer(Jvp(vector_of(columns)), texts, at)
    backward = answer(Vjp(vector_of(rows)), texts, at)
    np.testing.assert_allclose(flat(forward.derivative), jacobian @ VECTOR[:columns], rtol=1e-13)
    np.testing.assert_allclose(flat(backward.derivative), VECTOR[:rows] @ jacobian, rtol=1e-13)
    assert {forward.verdict, backward.verdict} <= {Verdict.CERTIFIED, Verdict.AGREES}


def test_a_combination_at_a_kink_asks_only_for_what_it_needs() -> None:
    along_y, along_x = (
        answer(Jvp(read_points([f"x={x},y={y}"])[0]), "abs(x)*y", "x=0,y=1")
        for x, y in ((0, 1), (1, 0))
    )
    assert (along_y.derivative, along_y.verdict) == (0.0, Verdict.CERTIFIED)
    assert (along_x.derivative, along_x.verdict) == (None, Verdict.NOT_DIFFERENTIABLE)


@pytest.mark.parametrize(
    ("operator", "texts", "said"),
    [
        (Hessian(), ["x", "y"], "one formula"),
        (Curl(), ["x", "y"], "3 formulas of 3 variables"),
        (Divergence(), ["x*y"], "2 formulas of 2 variables"),
        (Jvp(), ["x*y"], "needs a vector"),
        (Jvp(read_points(["[1,2,3]"])[0]), ["x*y"], "a vector of 3 numbers"),
        (Vjp(read_points(["ones(3)"])[0]), ["x*y"], "shape"),
        (Grad(wrt=("z",)), ["x*y"], "'z' is not a variable"),
    ],
)
def test_what_does_not_apply_is_refused(operator: Operator, texts: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        answer(operator, texts, "x=1,y=2")


WITH_FORMULAS = {name: make for name, make in OPERATORS.items() if make.has_formulas}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("make", WITH_FORMULAS.values(), ids=WITH_FORMULAS)
def test_every_operator_agrees_with_its_formulas(make: Callable[..., Operator]) -> None:
    """The number of every entry is what its own formula gives, typed in again."""
    several = make.name in ("jacobian", "jvp", "vjp", "divergence", "curl")
    texts = ["x^2*y", "z*sin(y)", "x/z"] if several else ["x^2*y*sin(z) + x/z"]
    given: dict[str, Any] = {}
    if "vector" in make.__dataclass_fields__:
        given["vector"] = vector_of(3)
    if make.name == "partial":
        given["wrt"] = ("x", "z", "x")
    at = "x=1.5,y=0.25,z=2"
    found = answer(make(**given), texts, at)
    for check in found.checks:
        text = found.symbolic[check.entry].text
        assert text is not None
        value = answer(OPERATORS["eval"](), text, at).value
        assert check.value == pytest.approx(value, rel=1e-12)
        assert check.verdict is Verdict.CERTIFIED


CHOSEN = ("y", "x")
"""Two of the variables, in an order of their own; ``z`` is constant."""
FIELD, POINT = ["x^2*y*z", "z*sin(y)*x"], "x=1.5,y=0.25,z=2"


def test_a_matrix_in_some_variables_has_their_columns_alone() -> None:
    jacobian, hessian = matrix(Jacobian(), FIELD, POINT), matrix(Hessian(), FIELD[0], POINT)
    found = answer(Jacobian(wrt=CHOSEN), FIELD, POINT)
    assert found.derivative["columns"] == [*CHOSEN]
    assert np.array_equal(found.derivative["matrix"], jacobian[:, [1, 0]])
    assert found.verdict is Verdict.CERTIFIED
    found = answer(Hessian(wrt=CHOSEN), FIELD[0], POINT)
    assert found.derivative["rows"] == found.derivative["columns"] == [*CHOSEN]
    assert np.array_equal(found.derivative["matrix"], hessian[np.ix_([1, 0], [1, 0])])
    assert found.verdict is Verdict.CERTIFIED


def test_products_and_sums_go_over_the_chosen_variables() -> None:
    jacobian, hessian = matrix(Jacobian(), FIELD, POINT), matrix(Hessian(), FIELD[0], POINT)
    (step,) = read_points(["x=3,y=-1"])
    v = np.array([3.0, -1.0])
    found = answer(Jvp(step, wrt=CHOSEN), FIELD, POINT).derivative
    assert found == pytest.approx(jacobian[:, :2] @ v)
    found = answer(Vjp(vector_of(2), wrt=("z",)), FIELD, POINT).derivative
    whole = answer(Vjp(vector_of(2)), FIELD, POINT).derivative
    assert found == {"z": whole["z"]}
    for make in (Hvp, Vhp):
        found = answer(make(step, wrt=CHOSEN), FIELD[0], POINT).derivative
        assert [found["x"], found["y"]] == pytest.approx(hessian[:2, :2] @ v)
        assert len(found) == 2
    found = answer(Laplacian(wrt=CHOSEN), FIELD[0], POINT).derivative
    assert found == pytest.approx(hessian[:2, :2].trace())
    found = answer(Divergence(wrt=("x", "y")), FIELD, POINT).derivative
    assert found == pytest.approx(jacobian[:, :2].trace())


def test_the_hessian_in_the_weights_alone() -> None:
    (point,) = read_points(["X=[[1,2],[3,4]],w=[1,1]"])
    function = parse("logsumexp(X@w)", variables=("X", "w"))
    (found,) = derive(Hessian(wrt=("w",)), function, [point.bind(function.variables)]).results
    p = 1 / (1 + np.exp(4.0))
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    mean = p * rows[0] + (1 - p) * rows[1]
    covariance = p * np.outer(rows[0], rows[0]) + (1 - p) * np.outer(rows[1], rows[1])
    covariance -= np.outer(mean, mean)
    assert found.derivative["columns"] == ["w[0]", "w[1]"]
    assert np.allclose(found.derivative["matrix"], covariance, rtol=1e-12)
    assert found.verdict is Verdict.CERTIFIED


@pytest.mark.slow
@pytest.mark.parametrize("is_sparse", [False, True])
def test_a_large_hessian_in_some_variables(is_sparse: bool) -> None:
    """Of the sum of a_i x_i² x_{i+1} in x alone, checked against numpy."""
    count = 60
    text = "sum(a[1:]*x[:-1]^2*x[1:])"
    at = f"a=linspace(1,2,{count}),x=linspace(-1,1,{count})"
    (point,) = read_points([at])
    function = parse(text, variables=("a", "x"))
    operator = Hessian(sparse=is_sparse, wrt=("x",))
    (found,) = derive(operator, function, [point.bind(function.variables)]).results
    a, x = np.linspace(1, 2, count)[1:], np.linspace(-1, 1, count)
    truth = np.zeros((count, count))
    truth[np.arange(count - 1), np.arange(count - 1)] = 2 * a * x[1:]
    off = 2 * a * x[:-1]
    truth += np.diag(off, 1) + np.diag(off, -1)
    if is_sparse:
        whole = np.zeros((count, count))
        for row, column, value in found.derivative["entries"]:
            whole[row, column] = value
    else:
        whole = np.array(found.derivative["matrix"])
    assert np.allclose(whole, truth, rtol=1e-12, atol=1e-14)
    assert found.sampled
    assert {each.verdict for each in found.checks} == {Verdict.CERTIFIED}
    along = Hvp(read_points([f"x=ones({count})"])[0], wrt=("x",))
    (found,) = derive(along, function, [point.bind(function.variables)]).results
    assert np.allclose(found.derivative["x"], truth.sum(axis=1), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("make", [Jacobian, Hessian, Laplacian])
def test_what_is_no_variable_is_no_choice(make: Callable[..., Operator]) -> None:
    with pytest.raises(UsageError, match="'q' is not a variable"):
        answer(make(wrt=("q",)), "x*y", "x=1,y=2")
    with pytest.raises(UsageError, match="x is named twice"):
        make(wrt=("x", "x"))
