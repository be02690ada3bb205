"""The evaluation of many points, against mpmath and one point at a time."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import mpmath
import numpy as np
import pytest
import torch

from diffcli.engines.throughput import Evaluator, emission
from diffcli.engines.throughput.products import Products
from diffcli.engines.throughput.slices import sliced
from diffcli.errors import DisagreementError, PointError, UsageError
from diffcli.language.functions import TABLE, Row
from diffcli.language.parser import parse

ONE = "exp(-x^2)*sin(3x)/(1+x^2)"


def one(x: float) -> tuple[float, float]:
    """The value and the slope of the first formula, to the last digit."""
    with mpmath.workdps(50):
        f = lambda t: mpmath.exp(-t * t) * mpmath.sin(3 * t) / (1 + t * t)  # noqa: E731
        return float(f(mpmath.mpf(x))), float(mpmath.diff(f, mpmath.mpf(x)))


def test_values_and_gradients_are_those_of_mpmath() -> None:
    x = np.linspace(-2, 2, 41)
    found = Evaluator(parse(ONE), kinds=("value", "grad")).evaluate({"x": x})
    values, slopes = np.array([one(float(each)) for each in x]).T
    assert found["value"].shape == (41,)
    assert found["grad"].shape == (1, 41)
    np.testing.assert_allclose(found["value"], values, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(found["grad"][0], slopes, rtol=1e-13, atol=1e-14)


def test_hessians_and_jacobians_have_the_shape_of_one_point_then_the_points() -> None:
    columns = {"x": torch.tensor([1.0, 2.0, 3.0]), "y": 2.0}
    hessian = Evaluator(parse("x^2*y + y^3"), kinds=["hessian"]).evaluate(columns)["hessian"]
    assert hessian[:, :, 1].tolist() == [[4.0, 4.0], [4.0, 12.0]]
    several = Evaluator(parse(["x*y", "x + y^2"]), kinds=["jacobian", "value"])
    found = several.evaluate(columns)
    assert found["jacobian"][:, :, 2].tolist() == [[2.0, 3.0], [1.0, 4.0]]
    assert found["value"][:, 2].tolist() == [6.0, 7.0]


def test_a_higher_order_and_chosen_variables() -> None:
    third = Evaluator(parse("x^4*y"), ["x"], ["grad"], order=3)
    found = third.evaluate({"x": np.array([1.0, 2.0]), "y": np.array([1.0, 3.0])})
    assert found["grad"].tolist() == [[24.0, 144.0]]


def test_a_point_outside_the_domain_is_nan_and_touches_no_other() -> None:
    found = Evaluator(parse("log(x)")).evaluate({"x": np.array([1.0, -1.0, 0.0, 2.0])})
    assert found["grad"][0, [0, 3]].tolist() == [1.0, 0.5]
    assert found["grad"][0, 1:3].isnan().all()
    assert found["value"].isnan().tolist() == [False, True, True, False]


def test_a_formula_is_undefined_where_another_is_defined() -> None:
    found = Evaluator(parse(["log(x)", "2x"]), kinds=["jacobian"]).evaluate({"x": np.array([-1.0])})
    assert found["jacobian"][1].tolist() == [[2.0]]
    assert found["jacobian"][0].isnan().all()


def test_no_points_give_empty_results() -> None:
    found = Evaluator(parse("x^2")).evaluate({"x": np.array([])})
    assert found["value"].shape == (0,)
    assert found["grad"].shape == (1, 0)


def test_columns_may_be_of_any_layout_and_dtype() -> None:
    wide = np.arange(20, dtype=np.float32).reshape(10, 2)[:, 1]
    found = Evaluator(parse("x^2")).evaluate({"x": wide})
    assert found["grad"].tolist() == [[2 * float(each) for each in wide]]
    assert found["grad"].dtype == torch.float64
    single = Evaluator(parse("x^2"), dtype="float32").evaluate({"x": np.arange(3)})
    assert single["value"].dtype == torch.float32


def test_columns_that_fit_no_formula_are_refused() -> None:
    evaluator = Evaluator(parse("x + y"))
    with pytest.raises(PointError, match="no column for y"):
        evaluator.evaluate({"x": np.zeros(3)})
    with pytest.raises(PointError, match="different lengths"):
        evaluator.evaluate({"x": np.zeros(3), "y": np.zeros(2)})
    with pytest.raises(UsageError, match="no gradient"):
        Evaluator(parse(["x", "y"]))
    with pytest.raises(UsageError, match="of tensors"):
        Evaluator(parse("sum(x)"))


def compared(text: str, way: str, columns: dict[str, np.ndarray], **more: object) -> None:
    """Hold a way's numbers against autograd's, point by point."""
    function = parse(text, variables=list(columns))
    plain = Evaluator(function, way="eager", **more).evaluate(columns)  # type: ignore[arg-type]
    found = Evaluator(function, way=way, **more).evaluate(columns)  # type: ignore[arg-type]
    for kind, numbers in plain.items():
        np.testing.assert_allclose(
            found[kind], numbers, rtol=1e-9, atol=1e-12, err_msg=f"{text}: {kind}"
        )


def drawn(names: str, points: int, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: random.uniform(-2, 3, points) for name in names}


SAMPLED = [row for row in TABLE.values() if not row.boolean and row.name != "piecewise"]


@pytest.mark.sampled(10)
@pytest.mark.parametrize("row", SAMPLED, ids=lambda row: row.name)
def test_the_emitted_sweep_of_every_function_is_autograds(row: Row) -> None:
    names = "xyzw"[: max(row.arity[0], 1)]
    call = {"add": "x+y", "mul": "x*y", "div": "x/y", "neg": "-x", "pow": "x^y"}.get(row.name)
    degree = {"polygamma": 0, "hermite": 0, "multigammaln": 1}
    points = 6 if row.name == "polylog" else 24  # mpmath computes each of its numbers
    columns = drawn(names, points)
    if row.name in degree:
        columns[names[degree[row.name]]] = np.full(points, 2.0)
    compared(call or f"{row.name}({', '.join(names)})", "emitted", columns)


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        "a**3*b**2/ln(c+1)+exp(a*d)*cos(b*c)+sqrt(a**2+b**2)*ln(d**2+k**2)",
        "piecewise((sqrt(x), x > 0), (x^2, x < -1), (log(abs(x)), True))",
        "sqrt(x) if x > 0 else x^2",
        "max(x, x^2, 1) + min(x, y) + relu(x)*sign(y)",
        "detach(x*y)*x + mod(x, 2)*y",
        "x^3 - x^(1/3) + x^-2 + y^2.5 + 2^x + x^0",
        "3",
        "x",
        "3x - y",
        "x - x",
        "-(-x)/(-y)",
        "sin(x)*cos(x) + tan(x)/atan(y) + sinh(x)*cosh(y) + erf(x*y)",
        "log2(x)*log10(y) + log1p(x) + 1/x",
    ],
)
def test_the_emitted_sweep_of_formulas_is_autograds(text: str) -> None:
    columns = drawn("abcdkxy", 200)
    compared(text, "emitted", columns)
    compared(text, "emitted", columns, kinds=["hessian"])


@pytest.mark.parametrize("way", ["eager", "chunked", "emitted"])
def test_no_chunk_forgets_a_point_or_the_order(way: str) -> None:
    points = 2 * 65536 + 17
    x = np.random.default_rng(1).normal(size=points)
    done: list[int] = []
    found = Evaluator(parse("x^3"), way=way).evaluate({"x": x}, progress=done.append)
    np.testing.assert_allclose(found["value"], x**3, rtol=1e-14)
    np.testing.assert_allclose(found["grad"][0], 3 * x**2, rtol=1e-14)
    assert done == sorted(done)
    assert done[-1] == points


def test_chunks_take_columns_of_any_layout_and_dtype() -> None:
    table = np.random.default_rng(2).normal(size=(70000, 2)).astype(np.float32)
    columns = {"x": table[:, 0], "y": table[::-1, 1]}
    expected = columns["x"].astype(float) * columns["y"].astype(float)
    found = Evaluator(parse("x*y"), way="emitted").evaluate(columns)
    assert np.array_equal(found["value"], expected)
    single = Evaluator(parse("x*y"), way="emitted", dtype="float32").evaluate(columns)
    assert single["value"].dtype == torch.float32
    np.testing.assert_allclose(single["value"], expected, rtol=1e-6, atol=1e-30)


def test_results_may_go_into_memory_that_is_used_again() -> None:
    evaluator = Evaluator(parse("x^2"), way="emitted")
    memory = evaluator.allocate(3)
    for x in (np.arange(3.0), np.arange(3.0) + 1):
        found = evaluator.evaluate({"x": x}, memory=memory)
        assert found["value"].tolist() == (x**2).tolist()
        assert found["value"].data_ptr() == memory.data_ptr()


def test_a_sweep_that_autograd_contradicts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emission, "_LOOPS", {"torch:exp": np.expm1})
    with pytest.raises(DisagreementError, match="autograd gives"):
        Evaluator(parse("exp(x)"), way="emitted").evaluate({"x": np.linspace(0, 1, 50)})


def test_floating_points_own_noise_is_no_contradiction() -> None:
    x = np.linspace(1e-7, 1e-6, 50)
    Evaluator(parse("(1 - cos(x))/x^2"), way="emitted").evaluate({"x": x})


def test_the_way_goes_by_the_number_of_points() -> None:
    evaluator = Evaluator(parse("x^2"))
    for points, said in ((10, "one pass"), (100_000, "by autograd"), (1_000_000, "emitted")):
        evaluator.evaluate({"x": np.zeros(points)})
        assert evaluator.told.startswith(f"{points:,} points")
        assert said in evaluator.told


def test_too_few_points_are_not_compiled() -> None:
    evaluator = Evaluator(parse("x^2"), way="compiled")
    assert evaluator.evaluate({"x": np.arange(3.0)})["grad"].tolist() == [[0.0, 2.0, 4.0]]
    assert evaluator.told == "3 points by autograd, one pass"


def test_without_a_compiler_compiling_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CXX", "")
    with pytest.raises(UsageError, match=r"a C\+\+ compiler"):
        Evaluator(parse("x^2"), way="compiled").evaluate({"x": np.zeros(1 << 17)})


def test_a_formula_without_variables_has_its_value() -> None:
    for way in ("eager", "emitted"):
        found = Evaluator(parse("2^3"), way=way).evaluate({})
        assert found["value"].tolist() == [8.0]
        assert found["grad"].shape == (0, 1)


def test_two_threads_share_one_evaluator() -> None:
    evaluator = Evaluator(parse("sin(x)"), way="emitted")
    x = [np.full(300_000, float(each)) for each in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda each: evaluator.evaluate({"x": each})["value"], x))
    for each, values in zip(x, found, strict=True):
        np.testing.assert_allclose(values, np.sin(each), rtol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["chunked", "emitted"])
def test_memory_is_bounded_whatever_the_number_of_points(way: str) -> None:
    script = f"""
import resource, torch
from diffcli.engines.throughput import Evaluator
from diffcli.language.parser import parse
evaluator = Evaluator(parse({ONE!r}), way={way!r})
x = torch.rand(20_000_000, dtype=torch.float64)
memory = evaluator.allocate(x.numel()).fill_(0)
evaluator.evaluate({{"x": x[:1000]}})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
evaluator.evaluate({{"x": x}}, memory=memory)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 32


@pytest.mark.slow
def test_a_compiled_sweep_is_autograds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    columns = drawn("xy", 300_000)
    compared("exp(-x^2)*sin(3x)/(1+y^2) + log(y) + sqrt(x)", "compiled", columns)
    compared("max(x, y)*relu(x) + tanh(x)", "compiled", columns)


@pytest.mark.slow
def test_gated_activations_are_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    compared("gelu(x) + silu(2x) + mish(x^2)", "compiled", drawn("x", 200_000))


@pytest.mark.cuda
def test_a_gpu_gives_what_the_processor_gives() -> None:
    columns = drawn("x", 20_000_000)
    compared(ONE, "compiled", columns, device="cuda")


ROSENBROCK = "sum(100*(x[1:]-x[:-1]^2)^2+(1-x[:-1])^2)"


def products(text: str, **sizes: int) -> tuple[Products, dict[str, torch.Tensor]]:
    random = np.random.default_rng(3)
    found = sliced(parse(text), {name: (size,) for name, size in sizes.items()})
    assert found is not None
    at = {name: torch.from_numpy(random.uniform(-1, 1, size)) for name, size in sizes.items()}
    return Products(found), at


@pytest.mark.parametrize("size", [2, 3, 1000, 3 * (1 << 17) + 1])
def test_products_of_a_chain_are_autograds(size: int) -> None:
    of, at = products(ROSENBROCK, x=size)
    x, v = at["x"].clone().requires_grad_(), torch.linspace(-1, 2, size, dtype=torch.float64)
    value = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    (slope,) = torch.autograd.grad(value, x, create_graph=True)
    (curved,) = torch.autograd.grad((slope * v).sum(), x)
    torch.testing.assert_close(of.gradient(at)["x"], slope.detach())
    torch.testing.assert_close(of.hvp(at, {"x": v})["x"], curved)
    torch.testing.assert_close(of.jvp(at, {"x": v}), (slope.detach() * v).sum())
    two = torch.tensor(2.0, dtype=torch.float64)
    torch.testing.assert_close(of.vjp(at, two)["x"], 2 * slope.detach())


def test_products_of_a_stencil_of_two_variables_are_autograds() -> None:
    size = (1 << 17) + 10
    of, at = products("exp(x[2:])*y[:-1] - x[:-2]/(2 + x[1:-1]^2)", x=size, y=size - 1)
    x, y = (each.clone().requires_grad_() for each in at.values())
    value = x[2:].exp() * y[:-1] - x[:-2] / (2 + x[1:-1] ** 2)
    cotangent = torch.linspace(0, 1, size - 2, dtype=torch.float64)
    slopes = torch.autograd.grad(value, (x, y), cotangent, retain_graph=True)
    found = of.vjp(at, cotangent)
    torch.testing.assert_close((found["x"], found["y"]), slopes)
    along = {name: torch.ones_like(each) for name, each in at.items()}
    product = torch.autograd.functional.jvp(
        lambda x, y: x[2:].exp() * y[:-1] - x[:-2] / (2 + x[1:-1] ** 2),
        tuple(at.values()),
        tuple(along.values()),
    )[1]
    torch.testing.assert_close(of.jvp(at, along), product)


def test_products_write_over_memory_that_is_given() -> None:
    of, at = products(ROSENBROCK, x=10)
    memory = {"x": torch.full((10,), torch.nan, dtype=torch.float64)}
    assert of.gradient(at, memory)["x"] is memory["x"]
    assert memory["x"].isfinite().all()


@pytest.mark.parametrize("text", ["sum(x)*2", "x@x", "sum(x[::2])", "sum(x[1:]*x[0])", "max(x)"])
def test_what_does_not_repeat_along_slices_is_left_to_autograd(text: str) -> None:
    assert sliced(parse(text, variables=["x"]), {"x": (10,)}) is None


@pytest.mark.slow
def test_compiled_products_are_the_emitted_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    of, at = products(ROSENBROCK, x=700_001)
    v = {"x": torch.ones_like(at["x"])}
    compiled = Products(of.formula, compiling=True)
    torch.testing.assert_close(compiled.hvp(at, v)["x"], of.hvp(at, v)["x"])
    torch.testing.assert_close(compiled.jvp(at, v), of.jvp(at, v))
    two = torch.tensor(2.0, dtype=torch.float64)
    torch.testing.assert_close(compiled.vjp(at, two)["x"], of.vjp(at, two)["x"])


@pytest.mark.slow
def test_compiled_products_of_a_stencil_reach_every_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    size = 300_000
    of, at = products("exp(x[2:])*y[1:-1] - x[1:-1]/(2 + x[2:]^2)", x=size, y=size)
    compiled = Products(of.formula, compiling=True)
    at["z"] = torch.ones(size, dtype=torch.float64)  # no variable of the formula
    cotangent = torch.linspace(0, 1, size - 2, dtype=torch.float64)
    torch.testing.assert_close(compiled.vjp(at, cotangent), of.vjp(at, cotangent))
    torch.testing.assert_close(compiled.hvp(at, at), of.hvp(at, at))
    torch.testing.assert_close(compiled.gradient(at), of.gradient(at))


def random_formula(seed: int) -> str:
    random = Random(seed)
    parts = ["x", "y", "2", "0.3"]
    names = "sin cos tanh atan sigmoid softplus asinh exp sqrt log abs cbrt erf gelu".split()
    while len(parts) < 40:
        first, second = random.choices(parts[-6:], k=2)
        part = f"({first} {random.choice('+-*/^')} {second})"
        parts.append(random.choice((part, f"{random.choice(names)}({first})", f"max({first}, y)")))
        if len(parts[-1]) > 200:
            break
    return parts[-1]


@pytest.mark.parametrize("seed", range(12))
def test_the_emitted_sweep_of_random_formulas_is_autograds(seed: int) -> None:
    # Where floating point keeps no digit, the two differ; the evaluator's own check knows that.
    text, columns = random_formula(seed), drawn("xy", 500, seed)
    function = parse(text, variables=["x", "y"])
    plain = Evaluator(function, way="eager").evaluate(columns)
    found = Evaluator(function, way="emitted").evaluate(columns)
    for kind, numbers in plain.items():
        both = numbers.isfinite() & found[kind].isfinite()
        error = (found[kind] - numbers).abs()[both] / (1 + numbers.abs()[both])
        assert (error > 1e-9).sum() <= 5, text
        assert (numbers.isnan() != found[kind].isnan()).sum() <= 5, text
