"""The special functions: their digits, their derivatives in every argument, what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import oracle_special
import oracles
import pytest
import torch
from mpmath import mp, mpf, zeta
from torch import Tensor

from diffcli.differentiation import Settings, derive
from diffcli.engines.difficult import Kind, classify
from diffcli.engines.enclosure import Outcome, partial, partials
from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import Symbolic, expression, symbol
from diffcli.engines.terms import meanings
from diffcli.engines.terms.numeric import evaluate
from diffcli.language.expression import number
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval
from diffcli.verdict import Verdict

ORDER = 3
NAMES = ("x", "y", "z", "w")
LEAST, MOST = 1e-60, 1e290
"""What is smaller than the difference quotients of the truth is 0."""
ROWS = {row["row"]: row for row in oracles.table("points")}
SPECIAL = [name for name in ROWS if name in oracle_special.SPECIAL]
#: Constant between their jumps.
STEPS = {"sign", "floor", "ceil", "round", "heaviside", "detach"}


def arguments(text: str) -> list[float]:
    return [float(Fraction(each)) for each in text.split(",")]


def derivatives(formula: str, at: list[float], index: int, order: int = ORDER) -> list[float]:
    """Return the value and the derivatives in one argument, by autograd."""
    function = parse(formula, variables=NAMES)
    of = lambdify(expression(function), [symbol(name) for name in NAMES])
    padded = [*at, *[0.0] * (len(NAMES) - len(at))]
    tensors = [torch.tensor(each, dtype=torch.float64) for each in padded]
    x = tensors[index].requires_grad_()
    (y,) = of(*tensors)
    found = [y.item()]
    for _ in range(order):
        y = _slope(y, x)
        found.append(y.item())
    return found


def _slope(y: Tensor, x: Tensor) -> Tensor:
    if not y.requires_grad:
        return torch.zeros_like(x)
    (slope,) = torch.autograd.grad(y, x, create_graph=True, materialize_grads=True)
    return slope


def truth(define: Callable[..., Any], at: list[float], index: int) -> list[Any]:
    """Return the value and its first derivatives, from a polynomial through six near points."""
    places = range(-2, ORDER + 1)
    scale = abs(at[index]) if 0 < abs(at[index]) < 1 else 1.0
    with mp.workdps(110 - 5 * int(math.log10(scale))):
        exact = [mpf(each) for each in at]
        step = mpf("1e-15") * scale

        def along(t: int) -> Any:
            return define(*exact[:index], exact[index] + t * step, *exact[index + 1 :])

        vandermonde = mp.matrix([[mpf(t) ** k for k in range(len(places))] for t in places])
        found = mp.lu_solve(vandermonde, mp.matrix([along(t) for t in places]))
        return [found[k] * mp.factorial(k) / step**k for k in range(len(places) - 1)]


def error(ours: float, exact: list[Any], order: int, argument: float) -> float:
    """Return the error over the largest term; half an ulp of the argument is free.

    The terms of a closed derivative are of the size of the derivatives below it.
    """
    size = max(abs(each) for each in exact[: order + 1])
    if not LEAST < size < MOST:
        return 0.0
    slack = abs(argument * exact[min(order + 1, ORDER)]) * mpf(2) ** -53
    return float(max(abs(ours - exact[order]) - slack, 0) / size)


def between(points: list[list[float]], index: int) -> list[list[float]]:
    """Return the points, and two more between neighbours that differ in one argument alone."""
    lines: dict[tuple[float, ...], list[list[float]]] = {}
    for at in points:
        lines.setdefault((*at[:index], *at[index + 1 :]), []).append(at)
    found = list(points)
    for line in lines.values():
        for low, high in pairwise(sorted(line, key=lambda at: at[index])):
            for part in (0.37, 0.71):
                step = (high[index] - low[index]) * part
                found.append([*low[:index], low[index] + step, *low[index + 1 :]])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECIAL)
def test_forty_points_keep_the_digits_that_the_table_states(name: str) -> None:
    row, define = ROWS[name], oracle_special.SPECIAL[name]
    listed = [arguments(text) for text in row["points"].split()]
    for letter in row["wrt"].split() or ["x"]:
        index, worst, count = NAMES.index(letter), 0.0, 0
        for at in between(listed, index):
            try:
                exact = truth(define, at, index)
            except (ValueError, ZeroDivisionError):  # at a pole or an edge of the domain
                continue
            count += 1
            found = derivatives(row["formula"], at, index)
            worst = max(worst, *(error(f, exact, k, at[index]) for k, f in enumerate(found)))
        stated = TABLE[name].accuracy
        assert stated is not None
        assert count >= 40, letter
        assert worst <= stated <= 1e-12, (letter, worst)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", SPECIAL)
def test_value_and_three_derivatives_keep_the_digits_that_the_table_states(name: str) -> None:
    row, worst = ROWS[name], 0.0
    define = oracle_special.SPECIAL[name]
    texts = row["points"].split()
    letters = row["wrt"].split() or ["x"]  # multigammaln: closed for a fixed dimension only
    for text, letter in product(texts[:: 1 + len(texts) // 10], letters):
        at, index = arguments(text), NAMES.index(letter)
        try:
            exact = truth(define, at, index)
        except ValueError:  # at an edge of the domain
            continue
        found = derivatives(row["formula"], at, index)
        worst = max(worst, *(error(f, exact, k, at[index]) for k, f in enumerate(found)))
    stated = TABLE[name].accuracy
    assert stated is not None
    assert worst <= stated <= 1e-12, worst


@pytest.mark.sampled(11)
@pytest.mark.parametrize("name", sorted(ROWS.keys() - STEPS))
def test_no_argument_is_silently_constant(name: str) -> None:
    row = ROWS[name]
    if TABLE[name].boolean:
        return
    node = parse(row["formula"], variables=NAMES).outputs[0]
    for letter in row["wrt"].split():
        index, moves = NAMES.index(letter), False
        for text in row["points"].split():
            if moves:
                break
            at = arguments(text)
            point = dict(zip(NAMES, at, strict=False))
            wanted = [(letter,) * k for k in range(1, ORDER + 1)]
            balls = partials(node, point, wanted)
            if any(each.ball is None for each in balls.values()):
                continue
            ours = derivatives(row["formula"], at, index)[1:]
            exact = [float(each.ball.mid()) for each in balls.values()]
            moves = any(ours) and ours == pytest.approx(exact, rel=1e-6, abs=1e-12)
        assert moves, letter


PARAMETERS = [
    ("expint", (2.5, 1.25), 0),
    ("expint", (1.0, 0.5), 0),
    ("gammainc", (2.5, 1.75), 0),
    ("gammaincc", (0.75, 3.0), 0),
    ("betainc", (2.5, 0.75, 0.25), 0),
    ("betainc", (2.5, 0.75, 0.25), 1),
    ("zeta", (2.5, 1.0), 0),
    ("zeta", (0.0, 1.0), 0),
    ("zeta", (-1.5, 0.75), 0),
    ("polylog", (2.5, 0.5), 0),
    ("polylog", (-0.75, -0.625), 0),
    ("besselj", (0.25, 2.5), 0),
    ("besselj", (2.0, 2.5), 0),
    ("bessely", (0.25, 2.5), 0),
    ("bessely", (1.0, 2.5), 0),
    ("besseli", (-0.25, 2.5), 0),
    ("besselk", (0.25, 2.5), 0),
    ("besselk", (3.0, 2.5), 0),
    ("gegenbauer", (3.0, 0.75, 0.5), 1),
    ("laguerre", (3.0, 0.75, 0.5), 2),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("name", "at", "index"), PARAMETERS)
def test_derivatives_in_a_parameter(name: str, at: tuple[float, ...], index: int) -> None:
    letters = NAMES[: len(at)]
    formula = f"{name}({', '.join(letters)})"
    function = parse(formula, variables=NAMES)
    found = derivatives(formula, list(at), index, 2)
    with mp.workdps(40):
        orders = tuple(int(place == index) for place in range(len(at)))
        slope = mp.diff(DIRECT.get(name, oracle_special.SPECIAL[name]), at, orders)
    enclosed = partial(function.outputs[0], dict(zip(letters, at, strict=True)), (letters[index],))
    assert enclosed.to_float() == pytest.approx(float(slope), rel=1e-14)
    assert found[1] == pytest.approx(float(slope), rel=1e-12)
    second = partial(
        function.outputs[0], dict(zip(letters, at, strict=True)), (letters[index],) * 2
    )
    assert found[2] == pytest.approx(second.to_float(), rel=1e-10)
    reason = Symbolic(function).formula([letters[index]]).reason
    assert reason == f"{name} has no closed derivative in its argument {index + 1}"


#: The oracles of integer orders hold at these alone.
DIRECT = {name: getattr(mp, name) for name in ("bessely", "besselk")}


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("legendre(x, y)", (2, 0.5)),
        ("hermite(x, y)", (2, 0.5)),
        ("laguerre(x, y, z)", (2, 0.5, 1)),
        ("chebyshevt(x, y)", (2, 0.5)),
        ("chebyshevu(x, y)", (2, 0.5)),
        ("gegenbauer(x, y, z)", (2, 0.5, 1)),
        ("sphericalj(x, y)", (2, 0.5)),
        ("sphericaly(x, y)", (2, 0.5)),
        ("multigammaln(y, x)", (2, 5)),
    ],
)
def test_a_degree_is_no_variable_of_the_derivative(formula: str, at: tuple[float, ...]) -> None:
    (node,) = parse(formula, variables=NAMES).outputs
    point = dict(zip(NAMES, map(float, at), strict=False))
    assert partial(node, point).ball is not None
    found = classify(node, point, ("x",))
    assert found.kind is Kind.UNDEFINED
    assert "fixed integer" in found.reason


REFUSED = [
    ("erfinv(x)", "1", "edge of erfinv", "2", "erfinv outside (−1, 1)"),
    ("erfcinv(x)", "0", "edge of erfcinv", "3", "erfcinv outside (0, 2)"),
    ("expint(2, x)", "0", "pole of expint", "-1", "expint of a negative number"),
    ("e1(x)", "0", "pole of e1", "-1", "e1 of a negative number"),
    ("Ci(x)", "0", "pole of Ci", "-1", "Ci of a negative number"),
    ("Chi(x)", "0", "pole of Chi", "-1", "Chi of a negative number"),
    ("li(x)", "1", "pole of li", "-1", "li of a negative number"),
    ("gammainc(2, x)", "0", "gammainc at 0", "-1", "gammainc of a negative number"),
    ("gammaincc(x, 2)", "0", "gammaincc at a = 0", "-1", "gammaincc with a negative a"),
    ("loggamma(x)", "0", "pole of loggamma", "-1/2", "loggamma of a negative number"),
    ("betainc(2, 3, x)", "1", "betainc at 1", "2", "betainc outside [0, 1]"),
    ("zeta(2, x)", "0", "zeta at a = 0", "-1/2", "zeta with a negative a"),
    ("polylog(2, x)", "1", "polylog at 1", "2", "polylog above 1"),
    ("bessely(1, x)", "0", "pole of bessely", "-1", "bessely of a negative number"),
    ("besselk(1/2, x)", "0", "pole of besselk", "-1", "besselk of a negative number"),
    (
        "besselj(1/2, x)", "0", "besselj at 0 with an order that isn't an integer",
        "-1", "besselj of a negative number with an order that isn't an integer",
    ),
    ("lambertw(x, -1)", "0", "pole of lambertw", "1", "lambertw with the branch -1 above 0"),
    (
        "lambertw(x)", "-1/e", "perhaps edge of lambertw (the enclosure doesn't decide it)",
        "-1", "lambertw below -1/e",
    ),
    ("ellipk(x)", "1", "pole of ellipk", "2", "ellipk above 1"),
    ("ellipe(x)", "1", "edge of ellipe", "2", "ellipe above 1"),
    ("ellippi(x, 1/2)", "1", "pole of ellippi", "2", "ellippi with n above 1"),
]  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("formula", "edge", "at_edge", "outside", "beyond"), REFUSED)
def test_what_a_rule_refuses(
    formula: str, edge: str, at_edge: str, outside: str, beyond: str
) -> None:
    (node,) = parse(formula, variables=("x",)).outputs
    found = partial(node, {"x": parse(edge).outputs[0]}, ("x",))
    assert (found.ball, found.reason) == (None, at_edge)
    found = partial(node, {"x": number(Fraction(outside))}, ("x",))
    assert (found.outcome, found.reason) == (Outcome.UNDEFINED, beyond)


@pytest.mark.parametrize(
    ("s", "slope"), [(2, None), (2.5, float(zeta(1.5))), (1.5, None), (1, None), (0.5, None)]
)
def test_a_polylogarithm_at_1(s: float, slope: float | None) -> None:
    """Its derivative from the left is finite for s > 2 alone, which nothing proves."""
    (node,) = parse(f"polylog({s}, x)", variables=("x",)).outputs
    there = {"x": number(Fraction(1))}
    found = partial(node, there)
    if s <= 1:
        assert found.outcome is Outcome.UNDEFINED
        return
    assert found.to_float() == pytest.approx(float(zeta(s)), rel=1e-15)
    difficulty = classify(node, there, ("x",))
    assert (difficulty.kind, difficulty.left, difficulty.value) == (Kind.UNDETERMINED, None, None)
    if slope is not None:
        assert f"not proved: difference quotients of {slope:.6g}" in difficulty.reason


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("binomial(x, y)", (-1.5, 1e300)),
        ("binomial(x, y)", (1e300, 1.000000000001)),
        ("beta(x, y)", (1e200, 1.25)),
        ("lbeta(x, y)", (1e300, 2.5)),
        ("lbeta(x, y)", (1.0, 1.0000000000000002)),
    ],
)
def test_a_quotient_of_gamma_functions_is_not_lost_in_the_symbolic_value(
    formula: str, at: tuple[float, float]
) -> None:
    function = parse(formula)
    point = dict(zip("xy", at, strict=True))
    (term,) = expression(function)
    found = evaluate([term], {name: Fraction(each) for name, each in point.items()}).number
    truth = partial(function.outputs[0], point).to_float()
    assert found is not None
    assert truth is not None
    assert float(found) == pytest.approx(truth, rel=1e-15)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", SPECIAL)
def test_the_kernel_is_nan_outside_the_domain(name: str) -> None:
    row = TABLE[name]
    if row.domain == "all x" or row.domain.startswith("x ≥ 0, or"):
        return
    outside = {"x": -1.5, "y": 1.5, "z": -7.25, "w": 1.5}
    text = f"{name}({', '.join(NAMES[: row.arity[0]])})"
    (node,) = parse(text, variables=NAMES).outputs
    point = {letter: outside[letter] for letter in NAMES[: row.arity[0]]}
    if partial(node, point).ball is None:
        assert not torch.isfinite(torch.tensor(derivatives(text, list(point.values()), 0, 0)[0]))


@pytest.mark.parametrize(("name", "value"), [("gammainc", 0), ("gammaincc", 1)])
def test_an_incomplete_gamma_function_begins_at_zero(name: str, value: int) -> None:
    assert meanings.real(name, 2.0, 0.0) == value


@pytest.mark.parametrize("x", ["-1e-38", "1e-20", "1e-300"])
@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("legendre(5, x)", Fraction(15, 8)),
        ("chebyshevt(5, x)", 5),
        ("chebyshevu(5, x)", 6),
        ("hermite(5, x)", 120),
        ("gegenbauer(5, 1, x)", 6),
    ],
)
def test_an_odd_polynomial_next_to_0(text: str, slope: Fraction, x: str) -> None:
    """The linear terms are those of the tables in DLMF 18.5."""
    row, *degrees = text.replace("(", " ").replace(",", " ").replace(")", "").split()
    with mp.workdps(40):
        found = meanings.real(row, *map(int, degrees[:-1]), mpf(x))
        assert abs(found / mpf(x) - mpf(slope.numerator) / slope.denominator) < mpf(10) ** -30


@pytest.mark.parametrize(
    "formula",
    ["chebyshevt(x, 0.3)", "chebyshevu(x, 0.3)", "laguerre(x, 0.3)", "hermite(x, 0.3)"],
)
@pytest.mark.parametrize("at", ["1e5", "1e9"])
def test_a_huge_degree_is_no_crash(formula: str, at: str) -> None:
    (point,) = read_points([at])
    function = parse(formula)
    settings = Settings(budget=5, engines=("symbolic", "autograd"))
    (result,) = derive(Eval(), function, [point.bind(function.variables)], settings).results
    assert result.verdict in (Verdict.UNVERIFIED, Verdict.UNDEFINED)


@pytest.mark.parametrize("name", ["zeta", "polylog"])
@pytest.mark.parametrize("order", [-1e5, -1e300, -150.5])
def test_an_order_on_which_mpmath_works_for_ever_is_left_to_the_enclosure(
    name: str, order: float
) -> None:
    assert mp.isnan(meanings.real(name, order, 0.3))
    function, (point,) = parse(f"{name}(x, 0.3)"), read_points(["x=-150.5"])
    (result,) = derive(
        Eval(), function, [point.bind(function.variables)], Settings(budget=30)
    ).results
    # DLMF 25.13.2 and 25.12.12, whose other terms vanish beside the first at this order.
    with mp.workdps(30):
        s = mpf("-150.5")
        angle = 2 * mp.pi * mpf("0.3") - mp.pi * (1 - s) / 2
        waves = {
            "zeta": 2 * mp.gamma(1 - s) * mp.cos(angle) / (2 * mp.pi) ** (1 - s),
            "polylog": mp.gamma(1 - s) * (-mp.log(mpf("0.3"))) ** (s - 1),
        }
        assert result.value == pytest.approx(float(waves[name]), rel=1e-12)
