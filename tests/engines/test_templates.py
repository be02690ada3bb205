"""Long formulas that repeat: reading each kind once, and differentiating it once."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import both_ways

from diffcli.differentiation import derive
from diffcli.engines.templates.derivatives import Derivatives, SparsePlan
from diffcli.engines.templates.levels import Levels, has_no_branches
from diffcli.engines.templates.shapes import templates_of
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language import parser, tokens
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.operators import Grad, Hessian, Jacobian
from diffcli.output.text import elided
from diffcli.verdict import Verdict

REPEATED = {
    "Broyden": "[(3 - 2*x1)*x1 - 2*x2 + 1, "
    + ", ".join(f"(3 - 2*x{i})*x{i} - x{i - 1} - 2*x{i + 1} + 1" for i in range(2, 9))
    + "]",
    "Rosenbrock": " + ".join(f"100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2" for i in range(1, 9)),
    "weights": " - ".join(f"0.{i}*sin({i}x{i})*x{i}^{i}" for i in range(1, 9)),
    "logarithm": ", ".join(f"log(x{i} + a)/pi" for i in range(9)),
    "condition": "[" + ",".join(f"where(x{i} < 0, x{i}^2, sqrt(x{i}))" for i in range(9)) + "]",
    "two arguments": ", ".join(f"atan2(x_{i}, max(x_{i + 1}, {i}))" for i in range(9)),
    "signs": "-x1^2 " + " ".join(f"- -x{i}*2 + -3*-x{i}^-2" for i in range(9)),
    "lines": "[\n" + ",\n".join(f"  x{i} y{i}/z" for i in range(9)) + "\n]",
}


@pytest.mark.parametrize("name", REPEATED)
def test_rows_that_repeat_are_read_once(name: str) -> None:
    assert both_ways([REPEATED[name]])


def test_arguments_that_repeat_are_read_once() -> None:
    assert both_ways([f"x{i}^2 - {i}*x{i + 1}" for i in range(9)])


DOUBTFUL = {
    "inverse with stars": " + ".join(f"sin**-{i}(x{i})" for i in range(4)),
    "inverse apart": ", ".join(f"sin ^-{i}(x{i})" for i in range(4)),
    "inverse": " + ".join(f"sin^-{i}(x{i})" for i in range(4)),
    "base": ", ".join(f"log(x{i}, {i + 2})" for i in range(9)),
    "minus after a function": " + ".join(f"sin -x{i}" for i in range(9)),
    "power of a function": "x1 + x2 " + " ".join(f"+ sin^2 - x{i}" for i in range(9)),
    "constant powers": " + ".join(f"x{i}*9^{10 ** (i // 2)}" for i in range(12)),
    "powers of digits": " + ".join(f"x{i}*{'9' * (1 + 40 * i)}^4" for i in range(9)),
    "digits": " + ".join(f"x{i}*{'9' * (100 * i)}1" for i in range(9)),
    "derivative": ", ".join(f"diff(x{i}^2*x{i + 1}, x{i})" for i in range(9)),
    "index": " + ".join(f"x[{i}]^2" for i in range(9)),
    "definition": "y = x1^2; [" + ", ".join(f"x{i}*y" for i in range(9)) + "]",
    "an empty row": "[" + ",".join(f"x{i}" for i in range(9)) + ",,]",
    "a bar": " + ".join(f"|x{i} + x{i + 1}|" for i in range(9)),
    "functions with digits": ", ".join(f"log10(x{i}) + j0(x{i})" for i in range(9)),
    "called": " + ".join(f"x{i}(x1 + {i})" for i in range(9)),
    "two points": " + ".join(f"x{i}*1.{i}.2" for i in range(9)),
    "a sum that ends": " + ".join(f"x{i}^2" for i in range(9)) + " +",
    "unknown function": ", ".join(f"sinn(x{i})" for i in range(9)),
    "quoted": ", ".join(f"sin {i} x{i} x{i + 1}" for i in range(9)),
    "conditions": "[" + ", ".join(f"x{i} < {i}" for i in range(9)) + "]",
    "comparison of sums": " + ".join(f"x{i}" for i in range(9)) + " < 3",
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_looks_into_the_slots_is_read_as_ever(name: str) -> None:
    both_ways([DOUBTFUL[name]])


def test_brackets_over_two_arguments_are_refused_as_ever() -> None:
    both_ways(["atan2(x1", *(f"x{i}), atan2(x{i}" for i in range(9)), "x2)"])


def test_an_underscore_beside_a_declared_name_is_read_as_ever() -> None:
    both_ways([", ".join(f"x_{i}^2" for i in range(9))], declared=["x1", "x2"])


_LEAVES = st.sampled_from("x1 x2 x_3 y7 a pi 2 0.5 1e-3 10 3. .5 e i".split())
_TERMS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", " - ", "*", "/", " ", "^", "**", "%"]), inner).map(
            "".join
        ),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("{}!".format),
        st.tuples(st.sampled_from("sin ln log exp2 sqrt max".split()), inner).map(
            "{0[0]}({0[1]})".format
        ),
        st.tuples(st.sampled_from(["sin ", "log ", "sin^2 "]), inner).map("".join),
        st.tuples(inner, inner).map("atan2({0[0]}, {0[1]})".format),
    ),
    max_leaves=6,
)


@given(_TERMS, st.lists(_TERMS, max_size=1), st.sampled_from(["+", " - ", ", "]), st.randoms())
@settings(max_examples=60, deadline=None)
def test_both_ways_of_reading_are_one(first, others, joiner, random) -> None:  # type: ignore[no-untyped-def]
    numbered = []
    for shape in [first, first, first, first, *others, first]:
        term = re.sub("(?<=x|_|y)[0-9]", lambda _: str(random.randint(0, 12)), shape)
        numbered.append(term.replace("10", str(random.choice([0, 1, 2, 7, 600]))))
    both_ways([joiner.join(numbered)])


# -- derivatives, against the same derivatives written out in numpy -------------

SIZE = 150


def broyden(count: int) -> str:
    """Broyden's tridiagonal function as text (Moré, Garbow and Hillstrom 1981, problem 30)."""
    rows = [
        f"(3 - 2*x{i})*x{i}"
        + (f" - x{i - 1}" if i > 1 else "")
        + (f" - 2*x{i + 1}" if i < count else "")
        + " + 1"
        for i in range(1, count + 1)
    ]
    return f"[{', '.join(rows)}]"


def broyden_jacobian(x: np.ndarray) -> np.ndarray:
    ones = np.ones(len(x) - 1)
    return np.diag(3 - 4 * x) - np.diag(ones, -1) - 2 * np.diag(ones, 1)


def rosenbrock(count: int) -> str:
    """The chained Rosenbrock function as text."""
    return " + ".join(f"100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2" for i in range(1, count))


def rosenbrock_hessian(x: np.ndarray) -> np.ndarray:
    diagonal = np.zeros(len(x))
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    beside = -400 * x[:-1]
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


def rosenbrock_gradient(x: np.ndarray) -> np.ndarray:
    slope = np.zeros(len(x))
    inner = x[1:] - x[:-1] ** 2
    slope[:-1] = -400 * x[:-1] * inner - 2 * (1 - x[:-1])
    slope[1:] += 200 * inner
    return slope


def dense(plan: SparsePlan, shape: tuple[int, int], numbers: np.ndarray) -> np.ndarray:
    whole = np.zeros(shape)
    whole[plan.rows, plan.columns] = numbers
    return whole


@pytest.fixture(params=["as typed", "as a DAG"])
def read(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Function]:
    """Read a formula by its repetition, or without it."""
    monkeypatch.setattr(parser, "LEAST_REPEATED", 1 if request.param == "as typed" else 10**9)
    return parse


def derivatives(function: Function, dtype: torch.dtype = torch.float64) -> Derivatives:
    templates = templates_of(function)
    assert templates is not None
    return Derivatives(templates, dtype)


def test_a_jacobian_is_made_of_a_few_shapes(read: Callable[..., Function]) -> None:
    function = read(broyden(SIZE))
    templates = templates_of(function)
    assert templates is not None
    assert len(templates.terms) == 4
    plan = Derivatives(templates).jacobian()
    for x in (np.linspace(-1, 1, SIZE), np.linspace(2, 3, SIZE)):
        assert dense(plan, (SIZE, SIZE), plan(x)) == pytest.approx(broyden_jacobian(x))
    assert len(plan.rows) == 3 * SIZE - 2


def test_a_hessian_is_made_of_a_few_shapes(read: Callable[..., Function]) -> None:
    plan = derivatives(read(rosenbrock(SIZE))).hessian()
    x = np.linspace(-1, 1, SIZE)
    assert dense(plan, (SIZE, SIZE), plan(x)) == pytest.approx(rosenbrock_hessian(x))


def test_a_gradient_and_a_value_are_made_of_a_few_shapes(read: Callable[..., Function]) -> None:
    found = derivatives(read(rosenbrock(SIZE)))
    x = np.linspace(-1, 1, SIZE)
    plan = found.jacobian()
    assert dense(plan, (1, SIZE), plan(x))[0] == pytest.approx(rosenbrock_gradient(x))
    value = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    assert found.values()(x) == pytest.approx([value])


def test_numbers_are_slots_and_exponents_are_not(read: Callable[..., Function]) -> None:
    text = " + ".join(f"{i}.5*sin({i}*x{i})*x{i}^{2 + i % 2}" for i in range(11, 51))
    templates = templates_of(read(text))
    assert templates is not None
    assert len(templates.terms) == 2
    plan = Derivatives(templates).jacobian()
    x, i = np.linspace(0.5, 1, 40), np.arange(11, 51)
    power = 2 + i % 2
    slope = (i + 0.5) * (i * np.cos(i * x) * x**power + np.sin(i * x) * power * x ** (power - 1))
    assert plan.columns.tolist() == list(range(40))
    assert plan(x) == pytest.approx(slope)


def test_a_number_and_a_variable_are_slots_of_two_kinds(read: Callable[..., Function]) -> None:
    plan = derivatives(read("[2*x1, x2*x1, 3*x2, x1*x2]")).jacobian()
    found = dense(plan, (4, 2), plan(np.array([5.0, 7.0])))
    assert found.tolist() == [[2, 0], [7, 5], [0, 3], [7, 5]]


def test_a_variable_that_stands_in_two_slots_at_some_rows_only(
    read: Callable[..., Function],
) -> None:
    function = read("[x1*x2, x1*x1, x2*x1, x2*x2, x1^2*x2, x1^2*x1]")
    plan = derivatives(function).jacobian()
    truth = [[5, 3], [6, 0], [5, 3], [0, 10], [30, 9], [27, 0]]
    assert dense(plan, (6, 2), plan(np.array([3.0, 5.0]))) == pytest.approx(np.array(truth))
    plan = derivatives(read("x1*x2 + x1*x1 + x2*x2 + x1*x2")).hessian()
    assert dense(plan, (2, 2), plan(np.array([3.0, 5.0]))).tolist() == [[2, 2], [2, 2]]


def test_branches_that_are_not_taken_poison_nothing(read: Callable[..., Function]) -> None:
    function = read(", ".join(f"where(x{i} < 0, x{i}^2, sqrt(x{i}))" for i in range(1, 5)))
    plan = derivatives(function).jacobian()
    x = np.array([-1.0, 4.0, -3.0, 0.25])
    assert plan(x) == pytest.approx([-2, 0.25, -6, 1])


def test_single_precision() -> None:
    plan = derivatives(parse(broyden(SIZE)), torch.float32).jacobian()
    x = np.linspace(-1, 1, SIZE, dtype=np.float32)
    assert plan(x).dtype == np.float32
    assert dense(plan, (SIZE, SIZE), plan(x)) == pytest.approx(broyden_jacobian(x), rel=1e-5)


UNLIKE = [
    "sin(x1*x2)/(1 + x3^2)",
    "exp(x2 - x1)*x2^3*2",
    "-(x3 + x1)^(1/2)",
    "atan2(x1, x2) + max(x1, x3)*pi",
    "3^x2*log(x3 + 2*3)",
    "x1*x1*x1/x2 - tanh(x3)*cosh(x1)",
    "e",
]


def test_unlike_terms_are_computed_in_waves() -> None:
    function = parse(UNLIKE)
    levels = Levels(function)
    x = np.array([0.7, 1.3, 0.4])
    with mpmath.workdps(50):
        at = {
            name: mpmath.mpf(float(value))
            for name, value in zip(("x1", "x2", "x3"), x, strict=True)
        }
        truth = [
            [
                mpmath.diff(lambda *p, k=k: _value(k, *p), tuple(at.values()), order)
                for order in ((1, 0, 0), (0, 1, 0), (0, 0, 1))
            ]
            for k in range(len(UNLIKE))
        ]
        values = [float(_value(k, *at.values())) for k in range(len(UNLIKE))]
    whole = np.zeros((len(UNLIKE), 3))
    whole[levels.rows, levels.columns] = levels(x)
    assert whole == pytest.approx(np.array(truth, dtype=float), rel=1e-12)
    assert levels.values(x) == pytest.approx(values, rel=1e-14)
    total = Levels(parse(" + ".join(UNLIKE)))
    assert total(x) == pytest.approx(np.array(truth, dtype=float).sum(axis=0), rel=1e-12)


def _value(k: int, a: mpmath.mpf, b: mpmath.mpf, c: mpmath.mpf) -> mpmath.mpf:
    return [
        lambda: mpmath.sin(a * b) / (1 + c**2),
        lambda: mpmath.exp(b - a) * b**3 * 2,
        lambda: -mpmath.sqrt(c + a),
        lambda: mpmath.atan2(a, b) + max(a, c) * mpmath.pi,
        lambda: mpmath.mpf(3) ** b * mpmath.log(c + 6),
        lambda: a**3 / b - mpmath.tanh(c) * mpmath.cosh(a),
        lambda: mpmath.e,
    ][k]()


def test_conditions_are_not_for_waves() -> None:
    assert not has_no_branches(parse("where(x < 0, x, 2*x) + y"))
    assert has_no_branches(parse("x + y^2"))


# -- the whole way --------------------------------------------------------------------------------


def point(function: Function, x: np.ndarray) -> list[Point]:
    return [
        Point(
            {
                name: number(Fraction(float(v)))
                for name, v in zip(function.variables, x, strict=True)
            }
        )
    ]


@pytest.mark.parametrize("is_sparse", [True, False])
def test_a_jacobian_of_many_formulas(is_sparse: bool) -> None:
    function, x = parse(broyden(SIZE)), np.linspace(-1, 1, SIZE)
    report = derive(Jacobian(sparse=is_sparse), function, point(function, x))
    (result,) = report.results
    assert any("4 shapes" in told for told in report.told)
    assert result.sampled == (32, 3 * SIZE - 2 if is_sparse else SIZE**2)
    assert {check.verdict for check in result.checks} == {Verdict.CERTIFIED}
    whole = np.zeros((SIZE, SIZE))
    if is_sparse:
        for row, column, value in result.derivative["entries"]:
            whole[row, column] = value
    else:
        whole[:] = result.derivative["matrix"]
    assert whole == pytest.approx(broyden_jacobian(x))


def test_a_gradient_and_a_hessian_of_many_terms() -> None:
    function, x = parse(rosenbrock(SIZE)), np.linspace(-1, 1, SIZE)
    (result,) = derive(Grad(), function, point(function, x)).results
    assert list(result.derivative.values()) == pytest.approx(rosenbrock_gradient(x))
    assert result.sampled == (32, SIZE)
    assert {check.verdict for check in result.checks} <= {Verdict.CERTIFIED, Verdict.INEXACT}
    (result,) = derive(Hessian(sparse=True), function, point(function, x)).results
    whole = np.zeros((SIZE, SIZE))
    for row, column, value in result.derivative["entries"]:
        whole[row, column] = value
    assert whole == pytest.approx(rosenbrock_hessian(x))


def test_a_wrong_operator_is_refused_as_for_few_variables() -> None:
    function = parse(broyden(SIZE))
    with pytest.raises(UsageError, match="one formula that is a number"):
        derive(Grad(), function, point(function, np.ones(SIZE)))


def test_a_gradient_outside_the_domain_has_no_number() -> None:
    function = parse(" + ".join(f"log(x{i})*x{i}" for i in range(1, SIZE + 1)))
    x = np.linspace(1, 2, SIZE)
    x[3] = -1
    (result,) = derive(Grad(), function, point(function, x)).results
    assert result.value is None
    assert result.derivative["x4"] is None


def test_a_text_that_repeats_may_be_longer_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_CHARACTERS", 3000)
    text = ", ".join(f"cos(x{i})*2^(-x{i + 1}^2/3)/(1 + x{i}^2)" for i in range(100))
    assert len(text) > 3000
    function = parse(text)
    assert (len(function.variables), len(function.outputs)) == (101, 100)
    assert function.outputs[-1] is parse("cos(x99)*2^(-x100^2/3)/(1 + x99^2)").outputs[0]
    with pytest.raises(LimitError, match="characters"):
        parse(text.replace("cos", "log1p"))


def test_a_repeated_function_is_compared_hashed_and_pickled_like_any_other() -> None:
    text = broyden(SIZE)
    first, second = parse(text), parse(text)
    assert first.repetition is not None
    assert (first == second, hash(first) == hash(second)) == (True, True)
    restored = pickle.loads(pickle.dumps(first))  # noqa: S301  (written here)
    assert restored == first
    with pytest.raises(AttributeError):
        first.unknown  # type: ignore[attr-defined]  # noqa: B018


def test_a_terminal_shows_the_ends_of_a_very_long_formula() -> None:
    assert elided("x" * 2000) == "x" * 2000
    assert elided("a" * 5000 + "b" * 5000) == f"{'a' * 400} … {'b' * 100} (10,000 characters)"


def test_few_of_many_missing_names_are_listed() -> None:
    (typed,) = read_points(["x1=1"])
    with pytest.raises(PointError) as caught:
        typed.bind([f"x{i}" for i in range(1, 1001)])
    assert caught.value.message == "no value for x2, x3, x4, x5, x6, x7, x8, x9, x10, …, x1000"
