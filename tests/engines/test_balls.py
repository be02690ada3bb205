"""The rules on balls: what they enclose, and what they refuse.

Oracle: :mod:`oracles`, mpmath at 25 digits and more, at the sample points of every row.
"""

from __future__ import annotations

from itertools import groupby
from math import pi

import pytest
from flint import arb, ctx
from mpmath import mp
from oracle_special import SPECIAL
from oracles import Case, derivative, row_points, value

from diffcli.engines.balls.guards import Difficult, Undefined
from diffcli.engines.enclosure import Index, Outcome, Walk, partial, partials
from diffcli.language.expression import Node
from diffcli.language.functions import TABLE, resolve
from diffcli.language.parser import parse

POINTS_A_ROW = 7
CASES = {row: list(cases) for row, cases in groupby(row_points(), key=lambda case: case.row)}
# mpmath takes seconds for the higher derivatives of these, and for those of polynomials that are 0.
FIRST = """
    binomial normcdf bessely besselk y1 k1 zeta legendre hermite laguerre chebyshevt chebyshevu
    gegenbauer ellippi erfcinv erfinv airyai airybi airyaiprime airybiprime besseli
""".split()
SECOND = "y0 k0 ellipeinc ellipf".split()
ORDERS = dict.fromkeys(FIRST, (1,)) | dict.fromkeys(SECOND, (2,))


def read(text: str, *names: str) -> Node:
    return parse(text, declared=names).outputs[0]


def exact(point: dict[str, str]) -> dict[str, float | Node]:
    return {name: read(text) for name, text in point.items()}


def indices(case: Case) -> list[Index]:
    orders = ORDERS.get(case.row, (1, 2, 3))
    return [(), *((name,) * order for name in case.wrt[:2] for order in orders)]


def test_every_row_has_a_rule() -> None:
    assert [row for row in TABLE.values() if not callable(resolve(row.enclosure))] == []


def test_every_row_has_points_at_which_the_engines_are_tried() -> None:
    assert sorted(TABLE.keys() - CASES.keys()) == []


@pytest.mark.sampled(38)
@pytest.mark.parametrize("row", CASES)
def test_taylor_coefficients_are_enclosed(row: str) -> None:
    cases = CASES[row]
    stride = max(len(cases) // (POINTS_A_ROW // (1 + (row in SPECIAL))), 1)
    for case in cases[::stride]:
        found = partials(read(case.formula, *case.wrt), exact(dict(case.point)), indices(case))
        for index, enclosed in found.items():
            truth = (
                derivative(case.formula, case.point, index, 25)
                if index
                else value(case.formula, case.point, 25)
            )
            assert enclosed.ball is not None, (case, index, enclosed.reason)
            with ctx.workprec(400):
                known = arb(mp.nstr(truth, 40))
                slack = abs(known) * arb(10) ** -24 + arb(10) ** -400
                assert (enclosed.ball + arb(0, slack.upper())).contains(known), (case, index)
            assert enclosed.to_float() is not None, (case, index)


@pytest.mark.sampled(11)
@pytest.mark.parametrize("row", sorted(CASES.keys() - {"selu"}))
def test_values_hold_sixty_digits(row: str) -> None:
    # The constants of selu are decimals of 32 digits.
    for case in CASES[row][:: len(CASES[row]) // 2]:
        node = read(case.formula, *case.wrt)
        found = partials(node, exact(dict(case.point)), [()], digits=60)[()]
        assert found.ball is not None, (case, found.reason)
        with ctx.workprec(400):
            known = arb(mp.nstr(value(case.formula, case.point, 62), 62))
            slack = abs(known) * arb(10) ** -60 + arb(10) ** -400
            assert (found.ball + arb(0, slack.upper())).contains(known), case
            assert found.ball.rad() <= slack, case


REFUSED = [
    ("1/x", "0", "division by zero"),
    ("x^-2", "0", "division by zero"),
    ("x^-0.5", "0", "power -1/2 of 0"),
    ("mod(5, x)", "0", "division by zero"),
    ("mod(x, 3)", "6", "mod jumps where the quotient is 2"),
    ("sqrt(x)", "0", "sqrt at 0"),
    ("x^0.5", "0", "power 1/2 of 0"),
    ("x^pi", "0", "power of 0"),
    ("x^x", "0", "power of 0"),
    ("(-2)^x", "2", "a negative base with a varying exponent"),
    ("cbrt(x)", "0", "power 1/3 of 0"),
    ("root(x, 5)", "0", "power 1/5 of 0"),
    ("log(x)", "0", "log of 0"),
    ("log1p(x)", "-1", "log of 0"),
    ("log2(x)", "0", "log of 0"),
    ("log10(x)", "0", "log of 0"),
    ("logit(x)", "0", "logit at 0"),
    ("logit(x)", "1", "logit at 1"),
    ("abs(x)", "0", "abs at 0"),
    ("sign(x)", "0", "sign jumps at 0"),
    ("floor(x)", "-3", "floor jumps at -3"),
    ("ceil(x)", "2", "ceil jumps at 2"),
    ("round(x)", "5/2", "round jumps halfway below 3"),
    ("frac(x)", "4", "frac jumps at 4"),
    ("min(x, 1, 2)", "1", "min: both arguments equal 1"),
    ("max(x, x^2)", "1", "max: both arguments equal 1"),
    ("clamp(x, 1, 2)", "2", "clamp at 2"),
    ("hardtanh(x)", "-1", "clamp at -1"),
    ("heaviside(x)", "0", "heaviside jumps at 0"),
    ("relu(x)", "0", "relu at 0"),
    ("leaky_relu(x)", "0", "leaky_relu at 0"),
    ("elu(x)", "0", "elu at 0"),
    ("selu(x)", "0", "selu at 0"),
    ("where(x < 1, x, x^2)", "1", "the condition changes here: its sides both equal 1"),
    ("where(x == 1, x, x^2)", "1", "the condition changes here: its sides both equal 1"),
    ("tan(x)", "pi/2", "pole of tan"),
    ("cot(x)", "0", "pole of cot"),
    ("sec(x)", "-pi/2", "pole of sec"),
    ("csc(x)", "pi", "pole of csc"),
    ("asin(x)", "1", "edge of asin"),
    ("acos(x)", "-1", "edge of acos"),
    ("asec(x)", "1", "edge of asec"),
    ("acsc(x)", "-1", "edge of acsc"),
    ("acot(x)", "0", "acot at 0"),
    ("atan2(x, -1)", "0", "atan2 jumps across y = 0, x < 0"),
    ("atan2(x, 0)", "0", "atan2 at the origin"),
    ("hypot(x, 0)", "0", "hypot at the origin"),
    ("coth(x)", "0", "pole of coth"),
    ("csch(x)", "0", "pole of csch"),
    ("acosh(x)", "1", "edge of acosh"),
    ("atanh(x)", "1", "pole of atanh"),
    ("acoth(x)", "-1", "pole of acoth"),
    ("asech(x)", "1", "edge of asech"),
    ("asech(x)", "0", "pole of asech"),
    ("acsch(x)", "0", "pole of acsch"),
    ("gamma(x)", "-2", "pole of gamma at -2"),
    ("lgamma(x)", "0", "pole of lgamma at 0"),
    ("digamma(x)", "-1", "pole of digamma at -1"),
    ("polygamma(2, x)", "-4", "pole of polygamma at -4"),
    ("beta(x, 2)", "-1", "pole of beta at -1"),
    ("factorial(x)", "-1", "pole of factorial(x), x + 1 at 0"),
    ("binomial(x, 2)", "-3", "pole of binomial(n, k), n + 1 at -2"),
    ("normcdf(1, 0, x)", "0", "a deviation of 0"),
]


@pytest.mark.sampled(9)
@pytest.mark.parametrize(("formula", "at", "reason"), REFUSED)
@pytest.mark.parametrize("order", [1, 2])
def test_a_rule_refuses_its_kinks_and_poles(formula: str, at: str, reason: str, order: int) -> None:
    found = partial(read(formula, "x"), {"x": read(at)}, ("x",) * order)
    assert found.ball is None
    assert found.reason == reason


OUTSIDE = [
    ("log(x)", "log of a negative number"),
    ("sqrt(x)", "sqrt of a negative number"),
    ("x^0.5", "negative base of a non-integer power"),
    ("x^pi", "negative base of a non-integer power"),
    ("(-2)^x", "negative base of a non-integer power"),
    ("asin(x)", "asin outside [−1, 1]"),
    ("acos(x)", "acos outside [−1, 1]"),
    ("acosh(x)", "acosh below 1"),
    ("atanh(x)", "atanh outside (−1, 1)"),
    ("acoth(x/10)", "acoth inside [−1, 1]"),
    ("asech(x)", "asech of a negative number"),
    ("asec(x/10)", "asec inside (−1, 1)"),
    ("logit(x)", "logit below 0"),
    ("normpdf(0, 0, x)", "a negative deviation"),
    ("where(x > 0, x)", "no condition holds"),
    ("polygamma(1/2, x)", "polygamma: an order that isn't 0, 1, 2, …"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("formula", "reason"), OUTSIDE)
def test_a_rule_is_undefined_outside_its_domain(formula: str, reason: str) -> None:
    source = formula.replace("where(x > 0, x)", "piecewise((x, x > 0))")
    found = partial(read(source, "x"), {"x": -2.5}, ("x",))
    assert (found.outcome, found.reason) == (Outcome.UNDEFINED, reason)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "at", "known"),
    [
        ("abs(x)", "0", 0),
        ("sqrt(x)", "0", 0),
        ("max(x, 0)", "0", 0),
        ("floor(10*x)", "1/10", 1),
        ("round(x)", "5/2", 2),
        ("round(x)", "7/2", 4),
        ("round(x)", "-1/2", 0),
        ("ceil(-x)", "3", -3),
        ("mod(x, -2)", "7.5", -0.5),
        ("heaviside(x, 3)", "0", 3),
        ("where(x == 1/3, 5, 6)", "1/3", 5),
        ("where(x*3 == 1, 5, 6)", "1/3", 5),
        ("x^(1/3)", "-8", -2),
        ("x^(2/3)", "-8", 4),
        ("root(x, 9/4)", "0", 0),
        ("x^0", "0", 1),
        ("0^x", "2.5", 0),
        ("(-2)^x", "3", -8),
        ("asin(x)", "-1", -mp.pi / 2),
        ("acos(x)", "-1", mp.pi),
        ("acosh(x)", "1", 0),
        ("atan2(x, -1)", "0", mp.pi),
        ("sinc(x)", "0", 1),
    ],
)
def test_a_number_may_stand_on_an_edge(formula: str, at: str, known: float) -> None:
    """The value at a kink or an edge is decided exactly where the numbers are exact."""
    found = partial(read(formula, "x"), {"x": read(at)})
    assert found.to_float() == pytest.approx(float(known), rel=1e-15)


def test_choice_looks_only_at_the_branch_taken() -> None:
    poisoned = read("where(x > 0, sqrt(x), x^2)", "x")
    assert partial(poisoned, {"x": -1.0}, ("x",)).to_float() == -2
    assert partial(read("where(x > 0 and 1/x > 0, x, -x)", "x"), {"x": 0.0}).to_float() == 0


def test_detach_is_constant_and_may_stand_on_a_jump() -> None:
    assert partial(read("x*detach(floor(x))", "x"), {"x": 3.0}, ("x",)).to_float() == 3


def test_a_huge_integer_is_never_written_out() -> None:
    walk = Walk(read("floor(x^(2^61))", "x"), {"x": 2.0})
    assert isinstance(walk.value(113), Difficult)


def test_a_parameter_may_be_next_to_a_singularity() -> None:
    found = partial(read("gammainc(x, 2)", "x"), {"x": 1e-60}, ("x",))
    assert found.to_float() == pytest.approx(-float(mp.e1(2)), rel=1e-15)


@pytest.mark.parametrize("formula", ["root(x, 9/4)", "root(x, 1/3)", "root(x, x)", "root(x, 2)"])
def test_only_an_odd_root_of_a_negative_number_is_real(formula: str) -> None:
    assert isinstance(Walk(read(formula, "x"), {"x": -2.25}).value(113), Undefined)


def test_a_term_equals_itself() -> None:
    assert partial(read("where(pi*x <= pi*x, x, 2)", "x"), {"x": 3.0}, ("x",)).to_float() == 1
    assert partial(read("max(pi*x, pi*x)", "x"), {"x": 1.0}, ("x",)).to_float() == pi


def test_an_exponent_that_is_an_expression_of_variables_has_no_real_root() -> None:
    walk = Walk(read("x^n", "x", "n"), {"x": -8.0, "n": read("1/3")})
    assert isinstance(walk.value(113), Undefined)


@pytest.mark.parametrize(
    ("formula", "at", "known"),
    [
        ("(max(1, 2*x) - 1)*10^60", "1/2 + 1e-60", 2),
        ("(max(2*x, 1, 1 - x) - 1)*10^60", "1/2 + 1e-60", 2),
        ("ceil(min(x, 2))", "2 + 1e-60", 2),
        ("floor(max(x, 2, 1))", "2 - 1e-60", 2),
        ("sign(clamp(x, 1, 2) - x)", "1 - 1e-60", 1),
        ("sign(relu(x - 1) + 1 - x)", "1 + 1e-60", 0),
    ],
)
def test_the_greatest_of_exact_numbers_is_exact(formula: str, at: str, known: int) -> None:
    """Rounded to any usual precision the arguments are one number."""
    found = partial(read(formula, "x"), {"x": read(at)})
    assert found.ball == known
