"""The Python API: methods that follow from the registry, numbers of the kind that came in."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
import subprocess
import sys
from fractions import Fraction
from io import StringIO
from math import isnan, pi
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

import diffcli
from diffcli.api.function import Function
from diffcli.errors import FormulaError, PointError, UsageError
from diffcli.operators import OPERATORS
from diffcli.verdict import Verdict

F = diffcli.parse("x^2*y")
ROWS = diffcli.parse("[x^2*y, 5x + sin(y)]")
CUBES = diffcli.parse("where(x > 0, sqrt(x)*besselj(0, x), x^3) + tanh(x)")


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_is_a_method_with_its_fields(name: str) -> None:
    method = getattr(Function, name)
    parameters = inspect.signature(method).parameters
    fields = {each.name: each.default for each in dataclasses.fields(OPERATORS[name])}
    own = {key for key in parameters if key not in ("self", "at", "point", "settings")}
    assert own == fields.keys()
    assert {"settings", "point"} <= parameters.keys()
    for key in own - {"wrt", "vector"}:
        assert parameters[key].default == fields[key]
    assert inspect.getdoc(method)


def test_nothing_heavy_is_imported_with_the_api() -> None:
    script = (
        "import diffcli; f = diffcli.parse('x^2'); f.read_as; import sys;"
        "print(*{'torch', 'sympy', 'numpy', 'matplotlib', 'rich'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((3, 2), {}),
        ((), {"x": 3, "y": 2.0}),
        (("x=3",), {"y": 2}),
        (("3, 2",), {}),
        (({"x": Fraction(3)}, {"y": "sqrt(4)"}), {}),
    ],
)
def test_a_point_is_given_in_many_ways(values: tuple, named: dict) -> None:
    assert F.grad(*values, **named).derivative == {"x": 12.0, "y": 9.0}


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ((3,), {}, "no value for y"),
        ((3, 2, 1), {}, "3 values for"),
        ((), {"x": 3, "y": 2, "z": 1}, "z is not in the formula"),
        (("x=1",), {"x": 2, "y": 3}, "x has two values"),
        (("x=1;x=2",), {"y": 3}, "several points"),
        ((), {"x": float("nan"), "y": 1}, "is no number"),
        ((), {"x": "y", "y": 1}, "y has no value here"),
        ((), {"x": "x=1", "y": 1}, "is no value"),
        ((), {"x": object(), "y": 1}, "no value"),
        ((), {"x": [1.0, float("inf")], "y": 1}, "no number in it"),
        ((), {"x": np.array([1j]), "y": 1}, "complex"),
    ],
)
def test_a_point_that_does_not_fit(values: tuple, named: dict, message: str) -> None:
    with pytest.raises(PointError, match=message):
        F.grad(*values, **named)


def test_a_float_is_the_number_that_it_is_and_a_text_what_it_says() -> None:
    kink = diffcli.parse("abs(x - 0.1)")
    assert kink.grad(x=0.1)["x"] == 1.0
    found = kink.grad(x="0.1")
    assert found.verdict is Verdict.NOT_DIFFERENTIABLE
    assert isnan(found["x"])


def test_numbers_come_back_in_the_kind_of_the_point() -> None:
    floats = F.grad(x=3.0, y=2.0)
    assert type(floats["x"]) is float
    assert type(floats.value) is float
    arrays = F.grad(x=np.array([3.0, 1.0]), y=np.array([2.0, 1.0]))
    assert type(arrays["x"]) is np.ndarray
    assert arrays["x"].tolist() == [12.0, 2.0]
    assert arrays.value.tolist() == [18.0, 1.0]
    narrow = F.grad(x=np.float32(3), y=np.float32(2))
    assert narrow["x"].dtype == np.float32
    for dtype in (torch.float64, torch.float32):
        x = torch.tensor([3.0, 1.0], dtype=dtype, requires_grad=True)
        tensors = F.grad(x=x, y=2)
        assert tensors["x"].dtype == dtype
        assert tensors["x"].tolist() == [12.0, 4.0]
        assert tensors["y"].tolist() == 10.0
    assert ROWS.jacobian(torch.tensor(1.0), 0).derivative.tolist() == [[0.0, 1.0], [5.0, 1.0]]


def test_a_derivative_is_a_number_an_array_a_mapping() -> None:
    assert float(diffcli.parse("x^3").grad(2)) == 12.0
    assert np.asarray(F.grad(3, 2)).tolist() == [12.0, 9.0]
    assert dict(F.grad(3, 2).derivative) == {name: F.grad(3, 2)[name] for name in F.grad(3, 2)}
    assert np.asarray(F.hessian(3, 2)).shape == (2, 2)
    assert np.asarray(F.grad(torch.tensor([1.0, 2.0]), 2), dtype=np.float32).tolist() == [4, 8, 5]
    with pytest.raises(ValueError, match="too many values"):
        float(F.grad(3, 2))


def test_products_are_those_of_the_matrices() -> None:
    point, direction = {"x": 1.5, "y": 0.5}, np.array([0.3, -2.0])
    matrix, curvature = ROWS.jacobian(point).derivative, F.hessian(point).derivative
    assert np.allclose(ROWS.jvp(point, vector=direction).derivative, matrix @ direction)
    assert np.allclose(np.asarray(ROWS.vjp(point, vector=direction)), direction @ matrix)
    assert np.allclose(np.asarray(F.hvp(point, vector=direction)), curvature @ direction)
    assert np.allclose(np.asarray(F.vhp(point, vector=direction)), curvature @ direction)
    assert float(F.laplacian(point)) == np.trace(curvature)
    assert float(F.partial("x", "y", at=point)) == curvature[0, 1]
    assert float(F.grad(point, order=2, wrt=["x"])) == curvature[0, 0]


def test_a_sparse_matrix() -> None:
    chain = diffcli.parse("sum((x[1:] - x[:-1])^2)")
    values = np.arange(5.0)
    found = chain.hessian(x=values, sparse=True).derivative
    assert found.nnz == 13
    assert np.array_equal(found.toarray(), chain.hessian(x=values).derivative)
    tensor = chain.hessian(x=torch.tensor(values), sparse=True).derivative
    assert tensor.is_sparse
    assert np.array_equal(tensor.to_dense().numpy(), found.toarray())


def test_fields() -> None:
    assert float(ROWS.divergence(x=1, y=0)) == 1.0
    field = diffcli.parse("[y*z, x*z, 2x*y]")
    assert field.curl(1, 2, 3).derivative == {"x": 1.0, "y": -2.0, "z": 0.0}


def test_without_a_point_there_are_formulas() -> None:
    found = F.grad()
    assert (found.value, found.derivative, found.verdict) == (None, None, None)
    assert found.symbolic["x"].text == "2*x*y"
    assert repr(found) == "<grad x: 2*x*y, y: x**2>"
    assert ROWS.symbolic["f2,y"].text == "cos(y)"


def test_a_name_that_is_a_parameter_goes_in_a_mapping() -> None:
    assert diffcli.parse("order^2").grad({"order": 3})["order"] == 6.0


def test_settings_are_obeyed() -> None:
    found = F.grad(3, 2, settings=diffcli.Settings(engines=("autograd",)))
    assert found.verdict is Verdict.UNVERIFIED


RESULTS = {
    "grad": lambda: F.grad(3, 2),
    "formulas": F.grad,
    "hessian": lambda: diffcli.parse("sum(x^2*y)").hessian(x=[1, 2], y=[3, 4]),
    "ball": lambda: F.enclosure(3, 2, digits=30),
    "no ball": lambda: diffcli.parse("1/x").enclosure(0),
    "verify": lambda: F.verify(3, 2),
    "claim": lambda: F.verify(claim="[2xy, x^2]"),
    "steps": F.steps,
    "plot": lambda: diffcli.parse("sin(x)").plot(x=(0, 3)),
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_every_result_shows_itself(result) -> None:
    found = result()
    assert found._repr_html_().startswith(("<pre>", "<!DOCTYPE svg"))
    assert "\\" in (found._repr_latex_() or "a picture is no LaTeX: \\")
    printed = StringIO()
    Console(width=70, file=printed).print(found)
    assert printed.getvalue().strip()
    assert repr(found)


def test_enclosure() -> None:
    third = diffcli.parse("x^2").enclosure(x="1/3", wrt=["x"], digits=30)
    assert third.digits == "0.666666666666666666666666666667"
    assert float(third) == 2 / 3
    low, high = map(Fraction, third.interval)
    assert low < Fraction(2, 3) < high
    pole = diffcli.parse("1/x").enclosure(0)
    assert pole.digits is None
    assert pole.reason
    with pytest.raises(ValueError, match=re.escape(str(pole.reason))):
        float(pole)
    with pytest.raises(UsageError, match="one point"):
        F.enclosure(x=[1, 2], y=1)


def test_implicit() -> None:
    circle = diffcli.parse("x^2 + y^2 - 25")
    assert circle.implicit(3, 4).derivative == {"dy/dx": -0.75}
    assert circle.implicit(of=["x"]).symbolic["dx/dy"].text == "-y/x"
    with pytest.raises(PointError, match="not on the curve"):
        circle.implicit(1, 1)


def test_verify() -> None:
    assert F.verify(3, 2)
    assert F.verify(claim="[2xy, x^2]")
    assert not diffcli.parse("x^2").verify(claim="3x")
    with pytest.raises(UsageError, match="verify what"):
        F.verify()


def test_plot_is_saved(tmp_path: Path) -> None:
    plot = diffcli.parse("1/x").plot(x=(-1, 1), title="pole")
    for kind in ("png", "svg", "pdf"):
        plot.save(tmp_path / f"f.{kind}", dpi=40)
        assert (tmp_path / f"f.{kind}").stat().st_size > 1000
    assert plot._repr_png_()[:4] == b"\x89PNG"
    with pytest.raises(UsageError, match=r"no picture ends in \.txt"):
        plot.save(tmp_path / "f.txt")


def test_export() -> None:
    assert "def area(r: float)" in diffcli.parse("pi r^2").export(name="area").text


def test_latex_and_sympy() -> None:
    import sympy

    assert F.latex == "x^{2} y"
    assert F._repr_latex_() == "$x^{2} y$"
    x, y = sympy.symbols("x y", real=True)
    assert sympy.simplify(F.sympy - x**2 * y) == 0
    assert len(ROWS.sympy) == 2
    assert str(diffcli.parse("x/x").sympy) != "1"


def test_functions_are_equal_and_pickled() -> None:
    assert diffcli.parse("x^2*y") == F == pickle.loads(pickle.dumps(F))  # noqa: S301  (its own)
    assert copy.deepcopy(ROWS) == ROWS
    with pytest.raises(FormulaError):
        diffcli.parse("x^")


def points() -> torch.Tensor:
    return torch.tensor([-1.5, 0.5, 2.5], dtype=torch.float64)


def slopes() -> torch.Tensor:
    return CUBES.grad(points())["x"]


def test_torch_is_differentiated_by_autograd() -> None:
    x = points().requires_grad_()
    (slope,) = torch.autograd.grad(CUBES.torch(x).sum(), x, create_graph=True)
    assert torch.allclose(slope, slopes(), rtol=1e-13)
    (second,) = torch.autograd.grad(slope.sum(), x)
    assert torch.allclose(second, CUBES.grad(points(), order=2)["x"], rtol=1e-12)


# Torch's own, of its first call.
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_torch_is_vectorised() -> None:
    f = CUBES.torch
    assert torch.equal(torch.func.vmap(f)(points()), f(points()))
    assert torch.allclose(torch.func.vmap(torch.func.grad(f))(points()), slopes(), rtol=1e-13)
    tangent = torch.func.jvp(f, (points(),), (torch.ones(3, dtype=torch.float64),))[1]
    assert torch.allclose(tangent, slopes(), rtol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_torch_is_compiled_as_one_graph(dtype: torch.dtype) -> None:
    function = diffcli.parse("where(x > 0, sqrt(x), x^3) + sin(x)/3")
    x = points().to(dtype).requires_grad_()
    torch.compile(function.torch, backend="aot_eager", fullgraph=True)(x).sum().backward()
    assert x.grad.dtype == dtype
    assert torch.allclose(x.grad, function.grad(x)["x"])


# Torch's own, where a graph breaks.
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")
def test_torch_is_compiled_around_rules() -> None:
    x = points().requires_grad_()
    torch.compile(CUBES.torch, backend="eager")(x).sum().backward()
    assert torch.allclose(x.grad, slopes(), rtol=1e-13)


class Spring(torch.nn.Module):
    """A user's model: a parameter, and a formula as its energy."""

    def __init__(self) -> None:
        super().__init__()
        self.k = torch.nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
        self.energy = diffcli.parse("k*x^2/2 + softplus(x)").torch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.energy(k=self.k, x=x).sum()


def test_torch_is_part_of_a_model() -> None:
    model = Spring()
    model(points()).backward()
    assert model.k.grad.item() == pytest.approx(float((points() ** 2).sum() / 2))
    again = copy.deepcopy(model)
    assert torch.equal(again(points()), model(points()))
    assert model.energy == pickle.loads(pickle.dumps(model.energy))  # noqa: S301  (its own pickle)


def test_torch_takes_values_in_order_or_by_name() -> None:
    f = ROWS.torch
    first, second = f(torch.tensor(2.0), y=torch.tensor(0.0))
    assert (first.item(), second.item()) == (0.0, 10.0)
    assert first.dtype == torch.float32
    for wrong in ({"x": 1.0}, {"x": 1.0, "y": 1.0, "z": 1.0}):
        with pytest.raises(UsageError, match="a value for each of x, y"):
            f(**{name: torch.tensor(value) for name, value in wrong.items()})


def test_constants() -> None:
    assert diffcli.parse("2 pi").eval().value == 2 * pi
    assert diffcli.parse("2 pi").grad().derivative == {}


def test_wrt_chooses_the_variables_of_every_derivative() -> None:
    assert ROWS.jacobian(x=1, y=0, wrt=["y"]).derivative.tolist() == [[1.0], [1.0]]
    assert F.hessian(x=3, y=2, wrt=["x"]).derivative.tolist() == [[4.0]]
    assert ROWS.jvp(x=1, y=0, vector=[2], wrt=["y"]).derivative.tolist() == [2.0, 2.0]
    assert dict(ROWS.vjp(x=1, y=0, vector=[1, 1], wrt=["x"]).derivative) == {"x": 5.0}
    assert dict(F.hvp(x=3, y=2, vector=[2], wrt=["x"]).derivative) == {"x": 8.0}
    assert dict(F.vhp(x=3, y=2, vector=[2], wrt=["x"]).derivative) == {"x": 8.0}
    assert float(F.laplacian(x=3, y=2, wrt=["y"])) == 0.0
    assert float(diffcli.parse("x^2*y").divergence(x=3, y=2, wrt=["x"])) == 12.0
