"""Sympy terms as torch programs: the traps of sympy's own torch output, one by one."""

from __future__ import annotations

import ast
import pickle
import random
import re
from fractions import Fraction
from math import exp
from typing import Any

import oracles
import pytest
import sympy
import torch
from mpmath import mp, mpf
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils._python_dispatch import TorchDispatchMode

from diffcli.differentiation import Settings, derive
from diffcli.engines.callable import callable_of
from diffcli.engines.lambdify import lambdify
from diffcli.engines.program import Program
from diffcli.engines.symbolic import Symbolic, expression, symbol
from diffcli.engines.tape import rounded
from diffcli.errors import UsageError
from diffcli.language.expression import constant, node, number, variable
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad
from diffcli.verdict import Verdict

TINY, HUGE = 1e-300, 1e300


def program(text: str | list[str], variables: tuple[str, ...] = (), **options: bool) -> Program:
    function = parse(text, variables=variables, **options)
    return lambdify(expression(function), [symbol(name) for name in function.variables])


def derivatives(of: Program, at: float | list[float], order: int) -> list[float | list[float]]:
    """Return the value and the derivatives up to an order, at one point or at several."""
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (y,) = of(x)
    found = [y.tolist()]
    for _ in range(order):
        y = y if y.requires_grad else y + 0 * x
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True, materialize_grads=True)
        found.append(y.tolist())
    return found


@pytest.mark.sampled(11)
@pytest.mark.parametrize("row", oracles.table("points"), ids=lambda row: row["row"])
def test_every_row_computes_its_value(row: dict[str, str]) -> None:
    of, checked = program(row["formula"], tuple("xyzw")), 0
    for text in row["points"].split():
        floats = [float(Fraction(each)) for each in text.split(",")]
        point = {name: Fraction(each) for name, each in zip("xyzw", floats, strict=False)}
        inputs = [torch.tensor(each, dtype=torch.float64) for each in floats]
        inputs += [torch.tensor(0.0, dtype=torch.float64)] * (4 - len(inputs))
        try:
            truth = oracles.value(row["formula"], point, 20)
        except (ArithmeticError, ValueError):
            continue
        if not TINY < abs(truth) < HUGE:
            continue
        (value,) = of(*inputs)
        assert value.dtype == torch.float64
        # A few ulps of the argument, times the condition of the steepest row at these points.
        assert abs(value.item() - truth) <= 1e-9 * abs(truth), text
        checked += 1
    assert checked


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("sqrt(2)*x", "sqrt(2)"),
        ("x*sin(1)", "sin(1)"),
        ("exp(2)*x", "exp(2)"),
        ("pi/3*x", "pi/3"),
        ("10**20*x", "10**20"),
        ("(1/3 + 10**30/3)*x", "1/3 + 10**30/3"),
        ("(sqrt(2)^2 - 2 + 1/7)*x", "1/7"),
        ("(exp(100) - exp(100) + 1e-30)*x", "1e-30"),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constants_are_rounded_once(text: str, constant: str, dtype: torch.dtype) -> None:
    (value,) = program(text)(torch.tensor(1.0, dtype=dtype))
    assert value.dtype == dtype
    bits = 24 if dtype == torch.float32 else 53
    truth = oracles.value(constant, {}, 50)
    with mp.workprec(bits):
        exact = isinstance(truth, Fraction)
        assert value.item() == (mpf(truth.numerator) / truth.denominator if exact else +truth)


def test_no_double_rounding() -> None:
    # Just above half way between two float32: through float64 it would become the tie, and down.
    value = 1 + Fraction(1, 2**24) + Fraction(1, 2**80)
    assert rounded(value, torch.float32) == 1 + 2**-23
    assert rounded(Fraction(10) ** 400, torch.float64) == float("inf")


def test_constant_output_has_the_inputs_shape_dtype_and_device() -> None:
    x, y = torch.ones(3, 1, dtype=torch.float32), torch.ones(2, dtype=torch.float32)
    seven, product = program(["7", "x*y"])(x, y)
    assert seven.shape == product.shape == (3, 2)
    assert seven.dtype == product.dtype == torch.float32
    assert seven.tolist() == [[7, 7]] * 3
    (alone,) = program("1/3")()
    assert alone.item() == 1 / 3


def test_integers_become_float64() -> None:
    (value,) = program("10**x")(torch.tensor([19, 25]))
    assert value.tolist() == [1e19, 1e25]


def test_float32_stays_float32() -> None:
    of = program("piecewise((1/3, x>0), (1/7, True))*sqrt(x)")
    assert of(torch.tensor(4.0, dtype=torch.float32))[0].dtype == torch.float32
    x = torch.tensor(4.0, dtype=torch.float64)
    assert program("piecewise((1/3, x>0), (1/7, True))")(x)[0].item() == 1 / 3


def test_complex() -> None:
    of = program("exp(i*x)*sqrt(2) + log(-1)", complex_numbers=True)
    z = torch.tensor(0.5 + 0.25j, dtype=torch.complex128)
    expected = torch.exp(1j * z) * 2**0.5 + torch.pi * 1j
    torch.testing.assert_close(of(z)[0], expected, rtol=1e-15, atol=0)
    with pytest.raises(UsageError, match="imaginary"):
        of(torch.tensor(0.5))


@pytest.mark.parametrize(
    ("text", "at", "truth"),
    [
        ("piecewise((x^2, x<0))", 0.7, [float("nan")]),
        ("x^(1/3)", -8.0, [-2.0, 1 / 12, 1 / 144]),
        ("x^2", 0.0, [0.0, 0.0, 2.0, 0.0]),
        ("x^0 + x", 0.0, [1.0, 1.0, 0.0]),
        ("x^3", 0.0, [0.0, 0.0, 0.0, 6.0]),
        ("x^(3/2)", 4.0, [8.0, 3.0, 0.375]),
        ("x^-2", 2.0, [0.25, -0.25, 0.375]),
        ("1/x", 2.0, [0.5, -0.25, 0.25]),
        ("floor(x)*x + x%3", 4.5, [19.5, 5.0, 0.0]),
        ("max(x, x^2, -x)", 3.0, [9.0, 6.0, 2.0]),
        ("2^x", 3.0, [8.0, 8 * 0.6931471805599453]),
    ],
)
def test_values_and_derivatives(text: str, at: float, truth: list[float]) -> None:
    found = derivatives(program(text), at, len(truth) - 1)
    assert found == pytest.approx(truth, rel=4e-16, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "at", "truth"),
    [
        ("sqrt(x) if x>0 else x^2", [-1.0, 4.0], [[1, 2], [-2, 0.25], [2, -1 / 32], [0, 3 / 256]]),
        ("sqrt(x) if x>0 else x^2", [-1.0], [[1], [-2], [2], [0]]),
        ("1 if x==0 else sin(x)/x", [0.0], [[1], [0], [0]]),
        ("where(x<1, x^2, where(x>0, log(x-1), x))", [0.5, 2.0], [[0.25, 0], [1, 1], [2, -1]]),
        # The branch's terms are read by a condition too.
        ("piecewise((1, x==0), (sin(x)/x, sin(x)/x > 1/2), (0, True))", [0.0], [[1], [0], [0]]),
        # One term under two branches, wanted by neither at −1.
        (
            "piecewise((sqrt(x), x>4), (x^2, x<0), (2*sqrt(x), True))",
            [-1.0, 1.0, 9.0],
            [[1, 2, 3], [-2, 1, 1 / 6], [2, -0.5, -1 / 108]],
        ),
        # A selection inside the condition of another.
        (
            "sqrt(x) + 1 if (sqrt(x) if x>0 else -1) > 0 else x^3",
            [-1.0, 4.0],
            [[-1, 3], [3, 0.25], [-6, -1 / 32]],
        ),
        # A selection below what a branch not taken makes nan.
        ("where(x>0, x, sqrt(-x*where(x>-2, x, 1)))", [1.0], [[1], [1], [0]]),
        # A selection under a selection, at a point that neither takes.
        (
            "piecewise((piecewise((log(x), x>1), (sqrt(x), True)), x>0), (x, True))",
            [-1.0, 1 / 4],
            [[-1, 0.5], [1, 1], [0, -2]],
        ),
    ],
)
def test_a_branch_not_taken_poisons_nothing(
    text: str, at: list[float], truth: list[list[float]]
) -> None:
    found = derivatives(program(text), at, len(truth) - 1)
    for ours, exact in zip(found, truth, strict=True):
        assert ours == pytest.approx(exact, rel=1e-15)


def selections(generator: random.Random, size: int) -> Function:
    """Return a DAG of selections whose branches and conditions share their terms."""
    terms, conditions = [variable("x"), number(1), number(-1), number(2)], [constant("true")]
    for _ in range(size):
        a, b = generator.choice([*terms[-6:], terms[0]]), generator.choice(terms)
        kind = generator.random()
        if kind < 0.3:
            conditions.append(node(generator.choice(["lt", "gt", "le", "ne"]), a, b))
        elif kind < 0.6:
            pairs = [(generator.choice(terms[-6:]), generator.choice(conditions[-5:]))]
            pairs += [(b, generator.choice(conditions[-5:])), (a, conditions[0])]
            terms.append(node("piecewise", *(each for pair in pairs for each in pair)))
        elif kind < 0.75:
            terms.append(node(generator.choice(["sqrt", "log", "sin"]), a))
        else:
            terms.append(node(generator.choice(["add", "mul", "div"]), a, b))
    return Function(("",), (terms[-1],), ("x",))


@pytest.mark.sampled(8)
@pytest.mark.parametrize("seed", range(100))
def test_random_selections_have_the_derivatives_of_the_branch_taken(seed: int) -> None:
    generator = random.Random(seed)
    function = selections(generator, generator.choice([5, 12, 25, 40]))
    engine, points = Symbolic(function), [-1.7, -0.3, 0.6, 2.6]
    found = derivatives(lambdify(engine.outputs, [symbol("x")]), points, 2)
    for order, numbers in enumerate(found):
        for at, ours in zip(points, numbers, strict=True):
            truth = engine.value({"x": at}, ["x"] * order).number
            if truth is not None:
                assert ours == pytest.approx(float(truth), rel=1e-8, abs=1e-8)


def test_forward_mode_is_not_poisoned() -> None:
    of = program("sqrt(x) if x>0 else x^2")
    x = torch.tensor([-1.0, 4.0], dtype=torch.float64)
    _, slope = torch.autograd.functional.jvp(lambda x: of(x)[0], x, torch.ones_like(x))
    assert slope.tolist() == [-2, 0.25]


def test_several_outputs_share_terms() -> None:
    of = program(["sin(x*y)", "cos(x*y)"])
    assert of.source.count(" * ") == 1


ADVERSARIAL = ["sin", "pow", "where", "torch", "program", "v0", "__import__('os').system('id')"]


def test_nothing_typed_is_in_the_source() -> None:
    symbols = [sympy.Symbol(name, real=True) for name in ADVERSARIAL]
    total = sympy.Add(*(each**2 for each in symbols), evaluate=False) + sympy.sin(symbols[0])
    of = lambdify([total], symbols)
    (value,) = of(*(torch.tensor(float(k), dtype=torch.float64) for k in range(7)))
    assert value.item() == sum(k * k for k in range(7)) + 0.0
    names = {node.id for node in ast.walk(ast.parse(of.source)) if isinstance(node, ast.Name)}
    assert all(re.fullmatch(r"[vcfts]\d*", name) for name in names)
    assert not any(name in of.source for name in ("sin", "pow", "where", "import", "torch"))


def test_a_program_can_be_pickled() -> None:
    of = program("where(x<0, sqrt(2)*x, log2(x))")
    x = torch.tensor([-1.0, 8.0], dtype=torch.float64)
    before = of(x)[0]
    again = pickle.loads(pickle.dumps(of))  # noqa: S301
    assert again == of
    assert torch.equal(again(x)[0], before)


def test_the_number_of_inputs_is_checked() -> None:
    with pytest.raises(UsageError, match="1 values for 2 variables"):
        program("x*y")(torch.tensor(1.0))


class Operations(TorchDispatchMode):
    """Counts the operations of torch."""

    count = 0

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any, kwargs: Any) -> Any:
        self.count += 1
        return operation(*args, **kwargs or {})


def iterated(step: str, steps: int) -> str:
    lines = " ".join(f"f{n + 1} = {step.replace('f', f'f{n}')};" for n in range(steps))
    return f"f0 = x; {lines} f{steps}"


@pytest.mark.parametrize("step", ["3.5*f*(1 - f)", "where(f < 1/2, 2*f, 2 - 2*f)"])
def test_shared_terms_cost_once(step: str) -> None:
    function = parse(iterated(step, 30))
    roots = expression(function)
    of = lambdify(roots, [symbol("x")])
    x = torch.tensor(0.3, dtype=torch.float64)
    with Operations() as done:
        of(x)
    assert done.count < 1000
    f = 0.3
    for _ in range(30):
        f = eval(step, {"f": f, "where": lambda c, a, b: a if c else b})  # noqa: S307
    assert of(x)[0].item() == pytest.approx(f, rel=1e-6)


def test_long_sums_and_deep_nesting() -> None:
    one = torch.tensor(1.0, dtype=torch.float64)
    (total,) = program("+".join(f"{k}*x" for k in range(1, 5001)))(one)
    assert total.item() == 5000 * 5001 / 2
    (nested,) = program("sin(" * 100 + "x" + ")" * 100)(0 * one)
    assert nested.item() == 0


@pytest.mark.sampled(11)
@pytest.mark.parametrize("row", oracles.table("points"), ids=lambda row: row["row"])
def test_derivatives_of_the_symbolic_engine_lower_too(row: dict[str, str]) -> None:
    function = parse(row["formula"], variables=tuple("xyzw"))
    engine = Symbolic(function)
    for name in row["wrt"].split():
        of = lambdify([engine.partial([name])], [symbol(each) for each in "xyzw"])
        for text in row["points"].split()[::4]:
            floats = [float(Fraction(each)) for each in text.split(",")]
            point = dict(zip("xyzw", map(Fraction, floats), strict=False))
            truth = engine.value(point, [name]).number
            if truth is None or not TINY < abs(truth) < HUGE:
                continue
            inputs = [torch.tensor(each, dtype=torch.float64) for each in floats]
            inputs += [torch.tensor(0.0, dtype=torch.float64)] * (4 - len(inputs))
            (value,) = of(*inputs)
            assert isinstance(value, Tensor)
            if value.isfinite() and _is_well_conditioned(row["row"]):
                assert abs(value.item() - truth) <= 1e-6 * abs(truth), (name, text)


def _is_well_conditioned(row: str) -> bool:
    """Whether the textbook's partial keeps digits in floating point."""
    return row not in {
        "tanh", "sinc", "beta", "binomial", "factorial", "sigmoid", "silu", "mish", "asec", "acsc",
        "acosh", "asech", "atanh", "acoth", "coth", "acsch", "logit", "gelu", "lgamma", "gamma",
        "sech", "csch", "erfcx", "dawson",
    }  # fmt: skip


@pytest.mark.slow
def test_a_formula_too_large_for_the_symbolic_engine_is_differentiated_by_the_others() -> None:
    terms = [f"{k}*x^{k % 7 + 2}*sin(y/{k})" for k in range(1, 7001)]
    (point,) = read_points(["x=1/2,y=3/4"])
    settings = Settings(budget=60)
    function = parse(" + ".join(terms))
    (result,) = derive(Grad(), function, [point.bind(function.variables)], settings).results
    assert {each.verdict for each in result.checks} == {Verdict.CERTIFIED}
    assert [each.symbolic for each in result.checks] == [None, None]
    assert "the symbolic engine takes 20000" in str(result.symbolic["x"].reason)
    with mp.workdps(30):
        x, y = mpf(1) / 2, mpf(3) / 4
        exact = [
            sum(k * (k % 7 + 2) * x ** (k % 7 + 1) * mp.sin(y / k) for k in range(1, 7001)),
            sum(x ** (k % 7 + 2) * mp.cos(y / k) for k in range(1, 7001)),
        ]
    for check, truth in zip(result.checks, exact, strict=True):
        assert check.value == pytest.approx(float(truth), rel=1e-15)
        assert check.autograd == pytest.approx(float(truth), rel=1e-12)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_what_was_computed_plainly_is_differentiated_after_that() -> None:
    """The rules of autograd are left out only where nothing takes a derivative."""
    f: Any = callable_of(parse("sigmoid(x)"))
    x = torch.tensor([-40.0, 0.5, 40.0], dtype=torch.float64)
    slope = torch.tensor(
        [exp(t) / (1 + exp(t)) ** 2 for t in (-40.0, -0.5, -40.0)], dtype=torch.float64
    )
    assert torch.allclose(f(x), 1 / (1 + (-x).exp()), rtol=1e-14, atol=0)
    leaf, ones = x.clone().requires_grad_(), torch.ones_like(x)
    (backward,) = torch.autograd.grad(f(leaf).sum(), leaf)
    transformed = torch.func.vmap(torch.func.grad(f))(x)
    _, forward = torch.func.jvp(f, (x,), (ones,))
    with forward_ad.dual_level():
        dual = forward_ad.unpack_dual(f(forward_ad.make_dual(x, ones))).tangent
    for found in (backward, transformed, forward, dual):
        assert torch.allclose(found, slope, rtol=1e-14, atol=0)


def test_rules_of_several_arguments_broadcast_where_nothing_is_differentiated() -> None:
    f: Any = callable_of(parse("log(x, y)"))
    x, y = torch.tensor([2.0, 8.0], dtype=torch.float64), torch.tensor(2.0, dtype=torch.float64)
    assert torch.allclose(f(x, y), torch.tensor([1.0, 3.0], dtype=torch.float64))


def test_matrices_need_not_broadcast() -> None:
    f: Any = callable_of(parse("X.T @ (sigmoid(X@w) - y)"))
    X, w, y = (torch.rand(shape, dtype=torch.float64) for shape in ((4, 3), (3,), (4,)))
    assert torch.allclose(f(X=X, w=w, y=y), X.T @ (torch.sigmoid(X @ w) - y), rtol=1e-14)
