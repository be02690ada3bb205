"""The Python API: methods that follow from the registry, numbers of the kind that came in."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from io import StringIO
from math import isnan, pi
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from rich.console import Console

import diffcli
from diffcli.api.function import Function
from diffcli.cli.main import run
from diffcli.errors import DiffcliError, FormulaError, PointError, UsageError
from diffcli.operators import OPERATORS
from diffcli.verdict import Verdict

F = diffcli.parse("x^2*y")
ROWS = diffcli.parse("[x^2*y, 5x + sin(y)]")
CUBES = diffcli.parse("where(x > 0, sqrt(x)*besselj(0, x), x^3) + tanh(x)")


def last(nested: list) -> np.ndarray:
    """Return nested lists of arrays as one array whose last axes are those of the lists."""
    return np.moveaxis(np.array(nested), (0, 1), (-2, -1))


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
        ((), {"x": [1.0, float("inf")], "y": 1}, "nan or infinity in it"),
        ((), {"x": np.array([1j]), "y": 1}, "complex"),
        ((), {"x": 1j, "y": 1}, "complex"),
    ],
)
def test_a_point_that_does_not_fit(values: tuple, named: dict, message: str) -> None:
    with pytest.raises(PointError, match=message):
        F.grad(*values, **named)


def test_what_is_missing_is_named_in_python_s_words() -> None:
    with pytest.raises(PointError) as missing:
        F.grad(x=3)
    assert missing.value.message == "no value for y"
    assert missing.value.hint == "the variables are x, y; each is an argument: y=…"
    with pytest.raises(PointError) as foreign:
        F.grad(z=3)
    assert foreign.value.hint == "the variables are x, y; each is an argument: x=…"


def test_the_callable_of_a_formula_is_shown_in_one_line() -> None:
    assert repr(F.torch) == "Callable(variables=('x', 'y'), is_scalar=True)"


@pytest.mark.parametrize("text", [3, None, [], ["x", 3], b"x", {"x": 1}])
def test_what_is_no_formula_is_refused(text) -> None:
    with pytest.raises(UsageError, match="a formula is a text, not") as refused:
        diffcli.parse(text)
    assert "parse(" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.grad(x=1, y=2, order=0), "0 is no order"),
        (lambda: F.grad(x=1, y=2, order=1.5), "1.5 is no order"),
        (lambda: F.grad(x=1, y=2, mode="sideways"), "'sideways' is no mode"),
        (lambda: F.grad(x=1, y=2).to("xml"), "'xml' is no format"),
        (lambda: F.grad(x=1, y=2, settings=diffcli.Settings(engines=("magic",))), "no engine"),
        (lambda: F.grad(x=1, y=2, settings=diffcli.Settings(dtype="int8")), "no dtype"),
        (lambda: F.jvp(x=1, y=2, vector=None), "None is no value"),
        (lambda: F.enclosure(x=1, y=2, output=1), "no output 1"),
        (lambda: F.enclosure(x=1, y=2, wrt=["z"]), "'z' is no variable"),
        (lambda: F.plot(z=(0, 1)), "'z' is no variable"),
        (lambda: F.plot(x=3), "range of x isn't two numbers"),
        (lambda: F.plot(x=(0, 1, 2)), "range of x isn't two numbers"),
        (lambda: F.plot(x=([1], 2)), "range of x isn't two numbers"),
        (lambda: F.export("cobol"), "'cobol' is no language"),
        (lambda: F.export(kinds="slope"), "is no kind"),
    ],
)
def test_what_there_is_none_of_is_said(call: Callable, message: str) -> None:
    with pytest.raises((UsageError, PointError), match=message) as refused:
        call()
    assert refused.value.hint


def test_names_are_a_list_or_a_text() -> None:
    angle = diffcli.parse("sin(alpha)*y")
    for wrt in ("alpha", ["alpha"], "alpha, y"):
        assert angle.grad(alpha=0, y=2, wrt=wrt)["alpha"] == 2.0
    assert angle.enclosure(alpha=0, y=2, wrt="alpha,y").digits == "1"


def test_a_range_has_constants() -> None:
    assert diffcli.parse("sin(x)").plot(x=("-pi", np.float64(1))).chosen is None


def test_a_partial_has_variables() -> None:
    with pytest.raises(UsageError, match="in which variables"):
        F.partial(x=1, y=2)


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
        assert tensors["y"].tolist() == [9.0, 1.0]
    assert ROWS.jacobian(torch.tensor(1.0), 0).derivative.tolist() == [[0.0, 1.0], [5.0, 1.0]]


WAVE = diffcli.parse("x^2*sin(y)")
X, Y = np.linspace(-2, 2, 5), np.array([[0.5], [1.5]])
SIN, COS = np.sin(Y) + 0 * X, np.cos(Y) + 0 * X
WAVE_HESSIAN = [[2 * SIN, 2 * X * COS], [2 * X * COS, -(X**2) * SIN]]
GRADIENT = [2 * X * SIN, X**2 * COS]
MANY: Mapping[str, tuple[Callable, object]] = {
    "eval": (lambda f, **at: f.eval(**at).value, X**2 * SIN),
    "grad": (lambda f, **at: f.grad(**at)["y"], GRADIENT[1]),
    "order": (lambda f, **at: f.grad(order=3, **at)["y"], -(X**2) * COS),
    "partial": (lambda f, **at: f.partial("x", "x", "y", **at)["x,x,y"], 2 * COS),
    "jacobian": (lambda f, **at: f.jacobian(**at).derivative, last([GRADIENT])),
    "hessian": (lambda f, **at: f.hessian(**at).derivative, last(WAVE_HESSIAN)),
    "wrt": (lambda f, **at: f.hessian(wrt=["y"], **at).derivative, last([[WAVE_HESSIAN[1][1]]])),
    "laplacian": (lambda f, **at: f.laplacian(**at).derivative, (2 - X**2) * SIN),
    "jvp": (
        lambda f, **at: f.jvp(vector=[3, -1], **at).derivative,
        3 * GRADIENT[0] - GRADIENT[1],
    ),
    "jvp by points": (
        lambda f, **at: f.jvp(vector={"x": at["x"], "y": 1}, **at).derivative,
        X * GRADIENT[0] + GRADIENT[1],
    ),
    "vjp": (lambda f, **at: f.vjp(vector=at["x"], **at)["x"], X * GRADIENT[0]),
    "hvp": (
        lambda f, **at: f.hvp(vector=[1, 2], **at)["y"],
        WAVE_HESSIAN[1][0] + 2 * WAVE_HESSIAN[1][1],
    ),
    "taylor": (lambda f, **at: f.taylor(order=2, **at)["y**2"], -(X**2) * SIN / 2),
}


@pytest.mark.sampled(14)
@pytest.mark.parametrize("repeat", [1, 40], ids=["each checked", "a sample"])
@pytest.mark.parametrize("name", MANY)
def test_arrays_are_points_that_broadcast(name: str, repeat: int) -> None:
    compute, expected = MANY[name]
    found = compute(WAVE, x=np.tile(X, repeat), y=Y)
    tiled = np.concatenate([expected] * repeat, axis=1)
    assert found.shape == tiled.shape
    np.testing.assert_allclose(found, tiled, rtol=1e-14, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 200])
def test_several_formulas_at_many_points(count: int) -> None:
    x = torch.linspace(1, 2, count, dtype=torch.float64)
    found = ROWS.jacobian(x=x, y=0.5)
    assert found.value.shape == (count, 2)
    assert found.derivative.shape == (count, 2, 2)
    assert found.derivative[-1].tolist() == [[2.0, 4.0], [5.0, float(np.cos(0.5))]]
    assert torch.allclose(found.value[:, 0], x**2 / 2, rtol=1e-15)
    weights = {"f1": np.arange(count), "f2": 1}
    found = ROWS.vjp(x=x, y=0.5, vector=weights)
    assert torch.allclose(found["x"], x * torch.arange(count) + 5, rtol=1e-15)


@pytest.mark.slow
def test_many_points_are_answered_as_each_alone() -> None:
    x = np.linspace(0.1, 3, 70)
    found = CUBES.grad(x=x)
    alone = [float(CUBES.grad(x=each)) for each in x]
    np.testing.assert_allclose(found["x"], alone, rtol=1e-14)
    assert found.verdict is Verdict.AGREES
    assert CUBES.grad(x=x[:64]).verdict is Verdict.CERTIFIED
    assert len(found.checks) == 64


def test_a_kink_among_very_many_points_is_found() -> None:
    x = (np.arange(200_001) - 100_000) / 1e5
    found = diffcli.parse("abs(x - y)").grad(x=x, y=x[:, None][77_777])
    (place,) = np.flatnonzero(np.isnan(found["x"]))
    assert place == 77_777
    assert found.verdict is Verdict.NOT_DIFFERENTIABLE
    assert "left derivative -1, right derivative 1" in str(found)


def test_points_outside_the_domain_have_no_number() -> None:
    found = diffcli.parse("log(x)*y").grad(x=np.linspace(-1, 1, 101), y=2.0)
    assert np.isnan(found["x"]).sum() == np.isnan(found.value).sum() == 51
    assert found.verdict is Verdict.UNDEFINED


def test_a_million_points_by_a_written_sweep() -> None:
    x = np.linspace(0, 1, 1_000_000)
    found = WAVE.grad(x=x, y=np.array([0.5]))
    np.testing.assert_allclose(found["x"], 2 * x * np.sin(0.5), rtol=1e-14)
    np.testing.assert_allclose(found["y"], x**2 * np.cos(0.5), rtol=1e-14)


def test_no_points_have_no_numbers() -> None:
    found = WAVE.hessian(x=np.empty((0, 3)), y=1)
    assert found.derivative.shape == (0, 3, 2, 2)
    assert found.value.shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WAVE.grad(x=[1, 2], y=[1, 2, 3]), "shapes don't go together"),
        (lambda: WAVE.jvp(x=[1, 2], y=1, vector=[1, 2, 3]), "a vector of"),
        (lambda: WAVE.jvp(x=[1, 2], y=1, vector={"x": [1, 2, 3], "y": 1}), "a vector of"),
        (lambda: WAVE.hessian(x=[1, 2], y=1, sparse=True), "of one point"),
        (lambda: ROWS.hessian(x=[1, 2], y=1), "one formula"),
    ],
)
def test_arrays_that_do_not_go_together(call: Callable, message: str) -> None:
    with pytest.raises((UsageError, PointError), match=message):
        call()


def test_a_derivative_is_a_number_an_array_a_mapping() -> None:
    assert float(diffcli.parse("x^3").grad(2)) == 12.0
    assert np.asarray(F.grad(3, 2)).tolist() == [12.0, 9.0]
    assert dict(F.grad(3, 2).derivative) == {name: F.grad(3, 2)[name] for name in F.grad(3, 2)}
    assert np.asarray(F.hessian(3, 2)).shape == (2, 2)
    assert np.asarray(F.grad(torch.tensor([1.0, 2.0]), 2), dtype=np.float32).tolist() == [
        4,
        8,
        1,
        4,
    ]
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
    "many": lambda: F.hessian(x=np.arange(3.0), y=1),
    "a sample": lambda: F.grad(x=np.arange(300.0), y=1),
    "code": lambda: F.export("c"),
    "latex": lambda: F.export("latex"),
    "formula": lambda: F,
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_every_result_shows_itself(result) -> None:
    found = result()
    assert found._repr_html_().startswith(("<div class=", "<pre>", "<!DOCTYPE svg"))
    assert "\\" in (found._repr_latex_() or "a picture is no LaTeX: \\")
    for width in (40, 70):
        printed = StringIO()
        Console(width=width, file=printed).print(found)
        assert printed.getvalue().strip()
        assert max(map(len, printed.getvalue().splitlines())) <= width
    assert "object at" not in repr(found)


def test_a_formula_shows_itself() -> None:
    assert repr(F) == "<Function x**2*y of x, y>"
    assert str(ROWS) == "[x**2*y, 5*x + sin(y)]"
    assert len(repr(diffcli.parse("+".join(["x"] * 1000)))) < 300
    slope = F.symbolic["x"]
    assert (str(slope), slope._repr_latex_()) == ("2*x*y", "$2 x y$")
    assert repr(diffcli.parse("x").plot(x=(0, 1))) == "<plot of x>"
    assert repr(F.export()) == "<python code of f, f_grad>"


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


@pytest.mark.parametrize("name", ["table", "json", "csv"])
def test_a_polynomial_is_shown_as_its_command_shows_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = diffcli.parse("x*y^2").taylor(1, 2, order=2)
    run(["taylor", "x*y^2", "--at", "1,2", "--order", "2", "--format", name])
    assert found.to(name) == capsys.readouterr().out.rstrip("\n")
    assert pickle.loads(pickle.dumps(found)).to(name) == found.to(name)  # noqa: S301


@pytest.mark.slow
def test_every_command_is_a_study_of_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    found = diffcli.parse("x^2 + 3y^2").study("descend", at={"x": 1.5, "y": 2}, steps=3)
    run(["descend", "x**2 + 3*y**2", "--from", "x=3/2,y=2", "--steps", "3", "--json"])
    assert json.loads(found.to("json")) == json.loads(capsys.readouterr().out)
    kink = diffcli.parse("abs(x - 0.1)").study("grad", at={"x": 0.1})
    assert kink.found["results"][0]["derivative"] == {"x": 1.0}  # the double above a tenth
    with pytest.raises(UsageError, match="can't be given"):
        diffcli.parse("x").study("critical", order=2)
    with pytest.raises(UsageError, match="kind"):
        diffcli.parse("x").study("nothing")


@pytest.mark.slow
def test_every_result_is_json_of_the_schema() -> None:
    schema = json.loads(
        Path(diffcli.__file__).with_name("output").joinpath("schema.json").read_text()
    )
    circle = diffcli.parse("x^2 + y^2 - 25")
    for found in (
        F.grad(1, 2),
        ROWS.jacobian(1, 2),
        F.hessian(x=[1, 2], y=1),
        circle.implicit(3, 4),
        circle.implicit(),
        diffcli.parse("exp(x)").taylor(x=0),
        F.verify(3, 2),
        F.verify(claim="[2xy, x^2]"),
        diffcli.parse("x^2").steps(),
    ):
        jsonschema.validate(json.loads(found.to("json")), schema)


def test_verify() -> None:
    assert F.verify(3, 2)
    assert F.verify(claim="[2xy, x^2]")
    assert not diffcli.parse("x^2").verify(claim="3x")
    with pytest.raises(UsageError, match="verify what"):
        F.verify()


def test_a_claim_is_of_the_formula_as_it_was_parsed() -> None:
    defined = diffcli.parse("z^2", definitions=["z = x^2"])
    assert defined.verify(claim="4x^3")
    assert defined.verify(claim="2z*2x")
    assert not defined.verify(claim="2z")
    assert diffcli.parse("x^2*y", variables=["y", "x"]).verify(claim="[x^2, 2x*y]")
    assert diffcli.parse(["x*y", "x + y"]).verify(claim="[[y, x], [1, 1]]")
    assert diffcli.parse("y = 3x + 2").verify(claim="3")


@pytest.mark.slow
def test_a_claim_of_tensors() -> None:
    squares = diffcli.parse("sum((A@w - b)^2)")
    point = {"A": [[1, 2], [3, 4]], "w": np.array([1.0, 2.0]), "b": torch.tensor([1.0, 1.0])}
    assert squares.verify(claim="2*A.T@(A@w - b)", wrt="w", **point)
    assert not squares.verify(claim="A.T@(A@w - b)", wrt="w", **point)
    assert diffcli.parse("logsumexp(x)").verify(claim="softmax(x)", x=[1, 2, 3])
    assert diffcli.parse("sum(x^2)").verify(claim="2x")
    assert not diffcli.parse("sum(x^2)").verify(claim="3x")
    symmetric = diffcli.parse("x.T @ A @ x", assume="A symmetric")
    assert symmetric.verify(claim="2*A @ x", wrt="x")
    with pytest.raises(UsageError, match="nothing says the shapes"):
        diffcli.parse(["sum(x^2)", "sum(x)"]).verify(claim="[2x, 1]")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: ROWS.grad(x=1, y=2),
        lambda: ROWS.curl(x=1, y=2),
        lambda: diffcli.parse("[y, 0]").divergence(y=2),
        lambda: diffcli.parse("x*y").taylor(x=0, y=0, order=10_000),
        lambda: F.verify(claim="2x*y"),
        lambda: F.verify(claim="[2x*y, x^2, 1]"),
        lambda: diffcli.parse(["sum(x^2)", "sum(x)"]).verify(claim="[2x, 1]"),
        lambda: diffcli.parse("sum(x^2)").verify(claim="[x, x, x]", x=[1, 2]),
    ],
)
def test_hints_speak_no_words_of_the_command_line(ask: Callable[[], object]) -> None:
    with pytest.raises(DiffcliError) as raised:
        ask()
    assert raised.value.hint
    assert not re.search(r"--\w|diffcli \w", raised.value.hint)


def test_a_claim_in_some_of_the_variables() -> None:
    assert F.verify(claim="2x*y", wrt="x")
    assert set(F.verify(3, 2, wrt=["y"]).found.statements[0]) == {"y"}


@pytest.mark.slow
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
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_torch_is_vectorised() -> None:
    f = CUBES.torch
    assert torch.equal(torch.func.vmap(f)(points()), f(points()))
    assert torch.allclose(torch.func.vmap(torch.func.grad(f))(points()), slopes(), rtol=1e-13)
    tangent = torch.func.jvp(f, (points(),), (torch.ones(3, dtype=torch.float64),))[1]
    assert torch.allclose(tangent, slopes(), rtol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_torch_is_compiled_as_one_graph(dtype: torch.dtype) -> None:
    function = diffcli.parse("where(x > 0, sqrt(x), x^3) + sin(x)/3")
    x = points().to(dtype).requires_grad_()
    torch.compile(function.torch, backend="aot_eager", fullgraph=True)(x).sum().backward()
    assert x.grad.dtype == dtype
    assert torch.allclose(x.grad, function.grad(x)["x"])


@pytest.mark.slow
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


def test_a_vector_of_its_own_at_every_point() -> None:
    """The derivative of x²y along (v, 2) is 2xyv + 2x²."""
    x, v = np.linspace(0.5, 2.5, 81), np.linspace(0, 1, 81)
    found = diffcli.parse("x^2*y").jvp(x=x, y=3.0, vector={"x": v, "y": 2})
    np.testing.assert_allclose(found.derivative, 6 * x * v + 2 * x**2, rtol=1e-13)
    assert found.symbolic["f"].text is None
    assert "same at every point" in str(found.symbolic["f"].reason)
