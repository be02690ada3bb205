"""The identities of calculus that tie the operators to each other: functions × operators × dtypes.

Every number is autograd's own; that it is the truth is checked elsewhere.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import Typed, read_points
from diffcli.operators import (
    Curl,
    Directional,
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

Array = NDArray[np.float64]

DTYPES = {"float64": 1e-12, "float32": 2e-4}
"""How near two numbers are that should be equal."""

SCALARS = {
    "polynomial": ("x^2*y + y^3*z", "x=1,y=2,z=-0.5"),
    "mixed": ("exp(x*y)*sin(x + z) + z^4", "x=0.3,y=1.2,z=-0.4"),
    "branches": ("relu(x)*y^2 + abs(y)*x^3 - max(x, z)*y", "x=0.7,y=-1.3,z=0.2"),
    "special": ("lgamma(x)*normcdf(y) + x^y*erf(z)", "x=1.7,y=0.4,z=0.9"),
    "quotient": ("x*y/(1 + z^2) + sqrt(x + y)", "x=2.1,y=0.6,z=-1.4"),
    "a vector": ("sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)", "x=[0.3,-0.7,1.1,0.4]"),
    "a norm": ("norm(x)*logsumexp(x) + prod(x)", "x=[0.8,1.4,0.5]"),
    "a quadratic form": ("x @ A @ x + dot(x, x)^2", "x=[0.5,-1],A=[[2,1],[0.5,3]]"),
    "a determinant": ("log(det(A)) + trace(inv(A))", "A=[[2,0.3],[0.5,1.5]]"),
    "large": ("sum(sin(x[1:]*x[:-1])) + x[0]^4", "x=linspace(0.1,2,51)"),
    "linear": ("3*x - 2*y + z", "x=1,y=2,z=3"),
}
OF_NUMBERS = [name for name, (_, at) in SCALARS.items() if "z=" in at]
FIELDS = {
    "two of two": ("[x^2*y, 5x + sin(y)]", "x=1.2,y=0.7"),
    "three of two": ("[exp(x*y), x/y, atan2(y, x)]", "x=0.4,y=1.9"),
    "one of three": ("[x*y*z + log(x + z^2)]", "x=1.1,y=-0.3,z=0.8"),
    "special": ("[gamma(x)*erf(y), sinh(x*y)]", "x=2.3,y=0.6"),
    "branches": ("[x^2*y if x > y else x - y^3, max(x, y)*y]", "x=0.2,y=1.5"),
    "a constant": ("[3, x]", "x=0.1,y=2"),
    "vectors": ("x*exp(y) + x^2", "x=[0.3,-0.7],y=[1.5,0.2]"),
    "softmax": ("softmax(x)", "x=[0.3,-0.7,1.2]"),
    "matrices": ("A @ x", "A=[[1,2],[3,4],[0.5,-1]],x=[0.3,-0.7]"),
    "solved": ("solve(A, x)", "A=[[3,1],[0.5,2]],x=[0.3,-0.7]"),
    "differences": ("[diff(x)^2, cumsum(x)]", "x=[0.3,-0.7,1.2]"),
    "sparse": ("(3 - 2*x[1:-1])*x[1:-1] - x[:-2] - 2*x[2:] + 1", "x=linspace(-1,1,52)"),
}
TRIPLES = {
    "polynomial": ("[x*y^2*z, x^3 + z^3*y, x*y*z^2]", "x=0.3,y=1.7,z=-0.6"),
    "elementary": ("[exp(x*y), sin(y)*z, log(1 + x^2)*y]", "x=0.3,y=1.7,z=-0.6"),
    "a vector": ("[x[0]*x[1], x[1]*x[2]^2, exp(x[0])]", "x=[0.3,1.7,-0.6]"),
}


def answer(operator: Operator, text: str, at: str, dtype: str = "float64") -> Any:
    (typed,) = read_points([at])
    function = parse(text, declared=typed.named, variables=list(typed.named))
    chosen = Settings(dtype=dtype, engines=("autograd",))
    return derive(operator, function, [typed.bind(function.variables)], chosen).results[0]


def flat(derivative: Any) -> Array:
    if isinstance(derivative, dict) and "matrix" in derivative:
        return np.array(derivative["matrix"], dtype=float)
    parts = derivative.values() if isinstance(derivative, dict) else [derivative]
    return np.concatenate([np.concatenate(_ravelled(part)) for part in parts])


def _ravelled(part: Any) -> list[Array]:
    if isinstance(part, list):
        return [each for inner in part for each in _ravelled(inner)] or [np.zeros(0)]
    return [np.array([part], dtype=float)]


def number_of(operator: Operator, text: str, at: str, dtype: str) -> Array:
    return flat(answer(operator, text, at, dtype).derivative)


def vector_of(count: int, seed: int = 0) -> tuple[Typed, Array]:
    """A vector typed with few digits, so that every dtype has nearly the same."""
    values = np.random.default_rng(seed).integers(-8, 9, count) / 4
    return read_points([str(values.tolist())])[0], values


def near(found: Array, expected: Array, dtype: str) -> None:
    size = float(np.abs(expected).max(initial=1.0))
    np.testing.assert_allclose(found, expected, rtol=DTYPES[dtype], atol=DTYPES[dtype] * size)


PATIENT = Settings(budget=30)
"""For the readable formulas, which the time cuts on a busy machine."""

dtypes = pytest.mark.parametrize("dtype", DTYPES)
scalars = pytest.mark.parametrize("name", SCALARS)
fields = pytest.mark.parametrize("name", FIELDS)


@pytest.mark.sampled(2)
@dtypes
@fields
def test_jvp_is_the_jacobian_times_the_vector(name: str, dtype: str) -> None:
    text, at = FIELDS[name]
    jacobian = number_of(Jacobian(), text, at, dtype)
    typed, vector = vector_of(jacobian.shape[1])
    near(number_of(Jvp(typed), text, at, dtype), jacobian @ vector, dtype)


@pytest.mark.sampled(2)
@dtypes
@fields
def test_vjp_is_the_vector_times_the_jacobian(name: str, dtype: str) -> None:
    text, at = FIELDS[name]
    jacobian = number_of(Jacobian(), text, at, dtype)
    typed, vector = vector_of(jacobian.shape[0])
    near(number_of(Vjp(typed), text, at, dtype), vector @ jacobian, dtype)


@pytest.mark.sampled(2)
@dtypes
@fields
def test_reverse_is_forward(name: str, dtype: str) -> None:
    text, at = FIELDS[name]
    reverse, forward, auto = (
        number_of(Jacobian(mode), text, at, dtype) for mode in ("reverse", "forward", "auto")
    )
    near(reverse, forward, dtype)
    near(auto, forward, dtype)


@pytest.mark.sampled(6)
@dtypes
@scalars
def test_the_hessian_is_symmetric(name: str, dtype: str) -> None:
    hessian = number_of(Hessian(), *SCALARS[name], dtype)
    np.testing.assert_array_equal(hessian, hessian.T)


@pytest.mark.sampled(4)
@dtypes
@scalars
@pytest.mark.parametrize("operator", [Hvp, Vhp])
def test_hvp_is_the_hessian_times_the_vector(name: str, dtype: str, operator: Any) -> None:
    text, at = SCALARS[name]
    hessian = number_of(Hessian(), text, at, dtype)
    typed, vector = vector_of(len(hessian))
    near(number_of(operator(typed), text, at, dtype), hessian @ vector, dtype)


@pytest.mark.sampled(2)
@dtypes
@scalars
def test_the_laplacian_is_the_trace_of_the_hessian(name: str, dtype: str) -> None:
    text, at = SCALARS[name]
    hessian = number_of(Hessian(), text, at, dtype)
    near(number_of(Laplacian(), text, at, dtype), np.array([hessian.trace()]), dtype)
    near(number_of(Grad(order=2), text, at, dtype), hessian.diagonal(), dtype)


@pytest.mark.sampled(2)
@dtypes
@scalars
def test_the_gradient_is_the_jacobian_s_row(name: str, dtype: str) -> None:
    text, at = SCALARS[name]
    gradient = number_of(Grad(), text, at, dtype)
    near(number_of(Jacobian(), text, at, dtype)[0], gradient, dtype)
    typed, vector = vector_of(len(gradient))
    near(number_of(Directional(typed), text, at, dtype), np.array([gradient @ vector]), dtype)


@pytest.mark.sampled(2)
@dtypes
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_the_hessian_is_the_jacobian_of_the_gradient(name: str, dtype: str) -> None:
    text, at = SCALARS[name]
    (result,) = derive(Grad(), parse(text), settings=PATIENT).results
    slopes = [str(formula.text) for formula in result.symbolic.values()]
    hessian = number_of(Hessian(), text, at, dtype)
    near(number_of(Jacobian(), f"[{', '.join(slopes)}]", at, dtype), hessian, dtype)


@dtypes
@pytest.mark.parametrize("name", TRIPLES)
def test_the_divergence_is_the_trace_of_the_jacobian(name: str, dtype: str) -> None:
    text, at = TRIPLES[name]
    jacobian = number_of(Jacobian(), text, at, dtype)
    near(number_of(Divergence(), text, at, dtype), np.array([jacobian.trace()]), dtype)
    rotation = [jacobian[2, 1] - jacobian[1, 2], jacobian[0, 2] - jacobian[2, 0]]
    rotation.append(jacobian[1, 0] - jacobian[0, 1])
    near(number_of(Curl(), text, at, dtype), np.array(rotation), dtype)


@dtypes
@pytest.mark.parametrize("name", ["polynomial", "elementary"])
def test_a_curl_has_no_divergence(name: str, dtype: str) -> None:
    text, at = TRIPLES[name]
    curl = derive(Curl(), parse(text), settings=PATIENT).results[0].symbolic.values()
    rotated = f"[{', '.join(str(each.text) for each in curl)}]"
    near(number_of(Divergence(), rotated, at, dtype), np.zeros(1), dtype)


@dtypes
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_gradient_has_no_curl(name: str, dtype: str) -> None:
    text, at = SCALARS[name]
    gradient = derive(Grad(), parse(text), settings=PATIENT).results[0].symbolic.values()
    field = f"[{', '.join(str(each.text) for each in gradient)}]"
    near(number_of(Curl(), field, at, dtype), np.zeros(3), dtype)


@pytest.mark.sampled(2)
@dtypes
@pytest.mark.parametrize("make", [Grad, Hessian, Laplacian, Hvp, Directional])
def test_derivatives_are_linear(make: Any, dtype: str) -> None:
    texts = [SCALARS[name][0] for name in OF_NUMBERS]
    at = "x=1.3,y=0.4,z=0.8"
    operator = make(vector_of(3)[0]) if make in (Hvp, Directional) else make()
    for first, second in pairwise(texts):
        both = number_of(operator, f"3*({first}) - 2*({second})", at, dtype)
        one, other = (number_of(operator, text, at, dtype) for text in (first, second))
        near(both, 3 * one - 2 * other, dtype)


@dtypes
@pytest.mark.parametrize(
    ("outer", "inner", "at"),
    [
        ("[u*v, sin(u) + v^2]", ("x^2*y", "5x + sin(y)"), "x=1.2,y=0.7"),
        ("[exp(u)/v]", ("x*y", "1 + y^2"), "x=0.4,y=1.9"),
        ("[log(u), u*v, v^3]", ("cosh(x)", "x*y^2"), "x=-0.4,y=0.9"),
    ],
)
def test_the_chain_rule(outer: str, inner: tuple[str, str], at: str, dtype: str) -> None:
    whole = number_of(Jacobian(), f"u = {inner[0]}; v = {inner[1]}; {outer}", at, dtype)
    field = f"[{inner[0]}, {inner[1]}]"
    u, v = answer(Jacobian(), field, at, dtype).value
    left = number_of(Jacobian(), outer, f"u={u!r},v={v!r}", dtype)
    near(whole, left @ number_of(Jacobian(), field, at, dtype), dtype)


@dtypes
def test_the_chain_rule_of_vectors(dtype: str) -> None:
    at = "x=[0.3,-0.7,1.2]"
    whole = number_of(Jacobian(), "y = softmax(x)*x; outer(y, y) @ y", at, dtype)
    inner = answer(Jacobian(), "softmax(x)*x", at, dtype)
    left = number_of(Jacobian(), "outer(y, y) @ y", f"y={inner.value}", dtype)
    near(whole, left @ flat(inner.derivative), dtype)
