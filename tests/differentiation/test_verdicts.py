"""Verdicts at published traps: where autograd, symbols and differences agree and are all wrong.

The truths are elementary calculus, by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import cos, exp, inf, log, nan, sin, sqrt
from typing import Any

import numpy as np
import pytest

from diffcli.cli.main import run
from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import (
    Directional,
    Grad,
    Hessian,
    Hvp,
    Jvp,
    Laplacian,
    Operator,
    Partial,
    Vhp,
)
from diffcli.output.report import Result
from diffcli.verdict import Check, Verdict

CERTIFIED, INEXACT, UNDEFINED = Verdict.CERTIFIED, Verdict.INEXACT, Verdict.UNDEFINED
NOT_DIFFERENTIABLE = Verdict.NOT_DIFFERENTIABLE


def answer(
    formula: str, at: str, operator: Operator | None = None, dtype: str = "float64"
) -> Result:
    function = parse(formula)
    (typed,) = read_points([at])
    settings = Settings(dtype=dtype, budget=30)
    point = typed.bind(function.variables)
    (result,) = derive(operator or Grad(), function, [point], settings).results
    return result


@dataclass(frozen=True)
class Trap:
    """A formula of x at a point, and what is true of its derivative of some order there.

    ``left`` and ``right`` are the one-sided derivatives where they decide; ``says`` is part of
    the reason.
    """

    formula: str
    at: str
    verdict: Verdict
    value: float | None = None
    left: float | None = None
    right: float | None = None
    order: int = 1
    says: str = ""

    def __str__(self) -> str:
        return f"{self.formula} at {self.at}, order {self.order}"


def hold(check: Check, trap: Trap) -> None:
    assert check.verdict is trap.verdict, check
    assert check.value == (None if trap.value is None else pytest.approx(trap.value, rel=1e-14))
    if trap.left is not None or trap.right is not None:
        assert (check.left, check.right) == (trap.left, trap.right)
    assert trap.says in (check.reason or "")


ALL_AGREE_AND_ARE_WRONG = [
    Trap("abs(x)", "0", NOT_DIFFERENTIABLE, left=-1, right=1),
    Trap("max(x, x^2)", "1", NOT_DIFFERENTIABLE, left=1, right=2),
    Trap("max(x, 0)", "0", NOT_DIFFERENTIABLE, left=0, right=1),
    Trap("relu(x) - relu(-x)", "0", CERTIFIED, 1, says="autograd's convention gives 0"),
    Trap("piecewise((x^2, x < 1), (x^2 + 1, True))", "1", NOT_DIFFERENTIABLE),
    Trap("piecewise((1, x == 1), (x^2, True))", "1", CERTIFIED, 2, says="convention gives 0"),
    Trap("log(x)", "-1", UNDEFINED, says="log of a negative number"),
    Trap("x^x", "0", NOT_DIFFERENTIABLE, right=-inf),
    Trap("x*sqrt(x)", "0", CERTIFIED, 0, right=0, says="right derivative"),
    Trap("piecewise((1, x == 0), (sin(x)/x, True))", "0", CERTIFIED, 0),
    Trap("x*abs(x)", "0", CERTIFIED, 0),
    Trap("abs(x)^3", "0", CERTIFIED, 0),
    Trap("floor(x)", "5/2", CERTIFIED, 0),
    Trap("mod(x, 3)", "15/2", CERTIFIED, 1),
    Trap("frac(x)", "-5/4", CERTIFIED, 1),
    Trap("(1 - cos(x))/x^2", "1e-6", INEXACT, -1e-6 / 12, says="float64 keeps no digit"),
    Trap("log(1 + e^x)", "800", INEXACT, 1, says="float64 overflows"),
    Trap("softplus(x)", "700", CERTIFIED, exp(-700), order=2),
    Trap("(-2)^x", "2", UNDEFINED),
    Trap("sqrt(x^4)", "0", CERTIFIED, 0),
]

FALSE_CERTIFICATES_OF_SERIES = [
    Trap("x/x", "0", UNDEFINED, says="division by zero"),
    Trap("(x^2 - 1)/(x - 1)", "1", UNDEFINED, says="division by zero"),
    Trap("sin(x)/x", "0", UNDEFINED, says="division by zero"),
    Trap("sqrt(x^2)", "0", NOT_DIFFERENTIABLE, left=-1, right=1),
    Trap("(x^2)**0.5", "0", NOT_DIFFERENTIABLE, left=-1, right=1),
    Trap("(x^4)**0.5", "0", CERTIFIED, 2, order=2),
]

EXACT_AGAINST_DYADIC = [
    Trap("abs(x - 0.1)", "0.1", NOT_DIFFERENTIABLE, left=-1, right=1),
    Trap("1/(x - 0.3)", "0.3", UNDEFINED, says="division by zero"),
    Trap("sqrt(0.1 - x)", "0.1", NOT_DIFFERENTIABLE, left=-inf),
    Trap("tan(x)", "pi/2", UNDEFINED, says="pole of tan"),
    Trap("tan(x)", "1.57079632679", INEXACT, 4.1706844439918649e22, says="4.17074e+22"),
    Trap("abs(x - 0.1)", "0.10000000000000001", INEXACT, 1, says="float64 keeps no digit"),
    Trap("floor(10*x)", "0.3", NOT_DIFFERENTIABLE),
]

BESIDE_A_DIFFICULT_FLOAT = [
    Trap("abs(x)", "1e-400", INEXACT, 1, says="float64 keeps no digit"),
    Trap("acos(x)", "1-1e-17", INEXACT, -1 / sqrt(2e-17), says="float64 breaks down"),
    Trap("1/(x - 1)", "1+1e-17", INEXACT, -1e34, says="float64 breaks down"),
    Trap("floor(x)", "1-1e-17", CERTIFIED, 0),
]

BESIDE_A_POLE = [
    # mpmath at 40 digits.
    Trap("digamma(x)", "-1+2^-40", CERTIFIED, 1208925819614629174706178.644934),
    Trap("lgamma(x)", "-1+2^-40", CERTIFIED, -1099511627775.577215664899),
    Trap("binomial(x, 3/2)", "-2+1e-15", INEXACT, -7.9577471545947668e29, says="-6.45609e+29"),
]

HIGHER_ORDERS = [
    Trap("abs(x)^3", "0", CERTIFIED, 0, order=2),
    Trap("abs(x)^3", "0", NOT_DIFFERENTIABLE, left=-6, right=6, order=3),
    Trap("relu(x)^2", "0", NOT_DIFFERENTIABLE, left=0, right=2, order=2),
    Trap("x^(7/3)", "0", CERTIFIED, 0, order=2),
    Trap("x^(7/3)", "0", NOT_DIFFERENTIABLE, order=3),
    Trap("abs(x)", "0", NOT_DIFFERENTIABLE, order=2),
    Trap("abs(x)", "2", CERTIFIED, 0, order=2),
    Trap("x*exp(x)", "1", CERTIFIED, 6 * exp(1), order=5),
    Trap("Shi(x)", "0", CERTIFIED, 1 / 3, order=3),
    Trap("sin(x)/x if x!=0 else 1", "0", CERTIFIED, -1 / 3, order=2),
    Trap("sin(2*x)", "1", CERTIFIED, -64 * sin(2), order=6),
    Trap("log(x)", "-1", UNDEFINED, order=3),
    Trap("piecewise((exp(-1/x), x > 0), (0, True))", "0", CERTIFIED, 0, order=3),
]

REMOVABLE_SINGULARITIES = [
    Trap("piecewise(((exp(x) - 1)/x, x != 0), (1, True))", "0", CERTIFIED, 0.5),
    Trap("piecewise((log(1 + x)/x, x != 0), (1, True))", "0", CERTIFIED, -0.5),
    Trap("piecewise(((1 - cos(x))/x^2, x != 0), (1/2, True))", "0", CERTIFIED, 0),
    Trap("piecewise(((1 - cos(x))/x^2, x != 0), (1/2, True))", "0", CERTIFIED, -1 / 12, order=2),
    Trap("piecewise(((x^2 - 1)/(x - 1), x != 1), (2, True))", "1", CERTIFIED, 1),
    Trap("piecewise((x^2*sin(1/x), x != 0), (0, True))", "0", CERTIFIED, 0),
    Trap("piecewise((x/x, x != 0), (1, True))", "0", CERTIFIED, 0),
    Trap("piecewise((sin(x)/x, x != 0), (2, True))", "0", NOT_DIFFERENTIABLE),
    Trap("piecewise((1/x, x != 0), (0, True))", "0", UNDEFINED),
]

HARD_NUMBERS = [
    Trap("1/(2*x/x)", "7/16", CERTIFIED, 0),
    Trap("1e-200*(1e-200*(x*1e300))", "1", INEXACT, 1e-100),
    Trap("cos(0.1^x)", "-7", INEXACT, log(10) * 0.1**-7 * sin(1e7), says="keeps 8 digits"),
    Trap("heaviside(acosh(1), x)", "3", CERTIFIED, 1),
    Trap("(-1) % x", "0", UNDEFINED, says="division by zero"),
    Trap("frac(exp(x))", "300", CERTIFIED, exp(300)),
    Trap("tanh(x^4)", "7e7", INEXACT, 0, says="below the range of float64"),
    Trap("1/logsigmoid(x)", "20000", INEXACT, says="beyond the range of float64"),
    Trap("mish(sinh(x))", "3000", INEXACT, says="beyond the range of float64"),
    Trap("x - exp(exp(60))", "1", CERTIFIED, 1),
    Trap("x*factorial(exp(50))", "1", INEXACT, says="beyond the range of float64"),
    Trap("normpdf(x, 1, 2)", "-70", CERTIFIED, 7.7493989268007036458e-274),
    Trap("binomial(x, 0.1)", "-6e-10", CERTIFIED, 0.17480244344899611),
    # −4e6·Φ(−4e6) is a negative number, however tiny.
    Trap("sqrt(floor(gelu(x)))", "-4e6", Verdict.UNDEFINED),
]

TRAPS = [
    *ALL_AGREE_AND_ARE_WRONG,
    *FALSE_CERTIFICATES_OF_SERIES,
    *EXACT_AGAINST_DYADIC,
    *BESIDE_A_DIFFICULT_FLOAT,
    *BESIDE_A_POLE,
    *HIGHER_ORDERS,
    *REMOVABLE_SINGULARITIES,
    *HARD_NUMBERS,
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("trap", TRAPS, ids=str)
def test_a_trap(trap: Trap) -> None:
    result = answer(trap.formula, trap.at, Grad(order=trap.order))
    (check,) = result.checks
    hold(check, trap)
    assert result.derivative["x"] == check.value
    assert result.verdict is trap.verdict


PEANO = "piecewise((x*y*(x^2 - y^2)/(x^2 + y^2), x^2 + y^2 > 0), (0, True))"
"""∂f/∂x is −y on the y-axis, and ∂f/∂y is x on the x-axis: the mixed partials are −1 and 1."""


def test_a_mixed_derivative_whose_order_counts_says_so() -> None:
    for wrt, value in (("xy", -1), ("yx", 1)):
        (check,) = answer(PEANO, "0,0", Partial(tuple(wrt))).checks
        assert (check.value, check.verdict) == (value, CERTIFIED)
        assert f"it is {-value}: not twice differentiable" in str(check.reason)
    assert "order" not in str(answer("x*abs(x)*y^2", "0,1", Partial(("x", "y"))).checks[0].reason)


def test_a_hessian_need_not_be_symmetric() -> None:
    found = answer(PEANO, "0,0", Hessian())
    assert found.derivative["matrix"] == [[0, -1], [1, 0]]
    assert [check.verdict for check in found.checks] == [CERTIFIED] * 4
    assert "not twice differentiable" in str(found.checks[1].reason)
    assert found.analysis == {}
    # They differ at a point, and are one number elsewhere.
    elsewhere = answer(PEANO, "1,2", Hessian())
    assert elsewhere.derivative["matrix"][0][1] == elsewhere.derivative["matrix"][1][0]
    assert "eigenvalues" in elsewhere.analysis


def test_products_with_a_hessian_that_is_not_symmetric() -> None:
    """H = [[0, −1], [1, 0]]: H·(1, 2) = (−2, 1), and (1, 2)·H = (2, −1)."""
    (vector,) = read_points(["[1,2]"])
    for operator, truth in ((Hvp(vector), [-2, 1]), (Vhp(vector), [2, -1])):
        found = answer(PEANO, "0,0", operator)
        assert [check.value for check in found.checks] == truth
        assert all("not twice differentiable" in str(check.reason) for check in found.checks)


def test_a_third_order_whose_lower_jumps() -> None:
    """∂²f/∂x∂y is 1 on the x-axis, and −1 at the origin."""
    (check,) = answer(PEANO, "0,0", Partial(("x", "y", "x"))).checks
    assert (check.verdict, check.value) == (NOT_DIFFERENTIABLE, None)


@pytest.mark.parametrize("operator", [Jvp, Directional])
def test_partials_without_a_gradient_give_no_derivative_along_a_vector(operator: Any) -> None:
    """Along (1, 1) the function is |t|/√2, and its partials are both 0."""
    (vector,) = read_points(["[1,1]"])
    (check,) = answer(SEVERAL_VARIABLES[0][0], "0,0", operator(vector)).checks
    assert (check.verdict, check.value) == (NOT_DIFFERENTIABLE, None)
    assert "no gradient" in str(check.reason)


def test_a_partial_that_is_regular_may_be_of_no_gradient() -> None:
    """x²y/(x⁴ + y²) is v₁²/v₂ along v, and 0 wherever x is."""
    checks = answer("piecewise((x^2*y/(x^4 + y^2), x != 0), (0, True))", "0,0").checks
    assert [check.value for check in checks] == [0, 0]
    assert "no gradient" in str(checks[0].reason)


@pytest.mark.parametrize(("formula", "at"), [("x + sqrt(y)^3", "1,0"), ("sqrt(x*y)^3", "0,0")])
def test_the_edge_of_the_domain_contradicts_no_gradient(formula: str, at: str) -> None:
    for check in answer(formula, at).checks:
        assert check.verdict is CERTIFIED
        assert "no gradient" not in str(check.reason)


@pytest.mark.parametrize("formula", ["abs(x) + 1e300*x^2", "abs(x) + 1e280*x^2"])
def test_conventions_that_agree_are_no_evidence(formula: str) -> None:
    """The one-sided derivatives are −1 and 1; autograd and symbols take sign(0) to be 0."""
    (check,) = answer(formula, "0").checks
    assert check.verdict in {Verdict.UNVERIFIED, NOT_DIFFERENTIABLE}


def test_sides_that_are_close_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "x + 1e-9*abs(x)", "--at", "0"]) == 4
    assert re.search(
        "left derivative 0.999999999.*right derivative 1.000000001", capsys.readouterr().out
    )


def test_a_nan_to_torch_alone_proves_nothing() -> None:
    """6000000^50000 is whole, 0 mod 1/10: the value is 2. Floats give inf mod 0.1."""
    result = answer("2 + x^y % 0.1", "x=6e6,y=5e4")
    assert {check.verdict for check in result.value_checks} <= {
        Verdict.UNVERIFIED,
        CERTIFIED,
        INEXACT,
    }
    assert result.verdict is not UNDEFINED


def test_the_truth_stands_where_float64_has_no_number() -> None:
    result = answer("log(1 + e^x)", "800")
    assert result.value == 800
    assert result.value_checks[0].autograd is None


NO_GRADIENT = Trap("", "", CERTIFIED, 0, says="no gradient")
ZERO = Trap("", "", CERTIFIED, 0)
NOWHERE = Trap("", "", UNDEFINED)


def kink(left: float, right: float) -> Trap:
    return Trap("", "", NOT_DIFFERENTIABLE, left=left, right=right)


SEVERAL_VARIABLES = [
    ("piecewise((x*y/sqrt(x^2 + y^2), x^2 + y^2 > 0), (0, True))", "0,0", NO_GRADIENT, NO_GRADIENT),
    ("hypot(x, y)", "0,0", kink(-1, 1), kink(-1, 1)),
    ("max(x, y)", "2,2", kink(0, 1), kink(0, 1)),
    ("abs(x*y)", "0,0", ZERO, ZERO),
    ("abs(x*y)", "0,3", kink(-3, 3), ZERO),
    ("atan2(y, x)", "0,0", NOWHERE, NOWHERE),
    ("atan2(y, x)", "-1,0", ZERO, Trap("", "", NOT_DIFFERENTIABLE)),
    ("sqrt(x^4 + y^4)", "0,0", ZERO, ZERO),
]


@pytest.mark.parametrize(("formula", "at", "in_x", "in_y"), SEVERAL_VARIABLES)
def test_several_variables(formula: str, at: str, in_x: Trap, in_y: Trap) -> None:
    checks = answer(formula, at).checks
    assert [check.entry for check in checks] == ["x", "y"]
    for check, truth in zip(checks, (in_x, in_y), strict=True):
        hold(check, truth)


def test_a_differentiable_corner_is_not_called_gradientless() -> None:
    for check in answer("abs(x*y)", "0,0").checks:
        assert "no gradient" not in (check.reason or "")


@pytest.mark.parametrize(
    ("formula", "at", "wrt", "truth"),
    [
        ("x^2*y^3", "1,2", "xyy", 24),
        ("exp(x*y)", "1,1", "xy", 2 * exp(1)),
        ("sin(x)*cos(y)", "1,2", "xxyy", sin(1) * cos(2)),
        ("hypot(x, y)", "3,4", "xy", -12 / 125),
    ],
)
def test_a_mixed_partial(formula: str, at: str, wrt: str, truth: float) -> None:
    (check,) = answer(formula, at, Partial(wrt=tuple(wrt))).checks
    hold(check, Trap(formula, at, CERTIFIED, truth))


@pytest.mark.parametrize(
    ("formula", "at", "verdict", "truth"),
    [
        ("x^2/3", "0.1", CERTIFIED, 2 * np.float32(0.1) / 3),
        ("(1 - cos(x))/x^2", "1e-3", INEXACT, -1e-3 / 12),
        ("exp(x)", "100", INEXACT, None),
        ("x*abs(x) + x/3", "0", CERTIFIED, 1 / 3),
        ("abs(x - 0.1)", "0.1", NOT_DIFFERENTIABLE, None),
        ("1/x", "1e-30", INEXACT, None),
        ("log(x)", "-1", UNDEFINED, None),
    ],
)
def test_float32(formula: str, at: str, verdict: Verdict, truth: float | None) -> None:
    (check,) = answer(formula, at, dtype="float32").checks
    assert check.verdict is verdict
    if truth is None:
        assert check.value is None
    else:
        assert check.value == np.float32(check.value) == pytest.approx(truth, rel=2**-23)


VECTORS = [
    ("log(x)", "[1, -1, 2]", [1, None, 0.5], [CERTIFIED, UNDEFINED, CERTIFIED]),
    ("abs(x)", "[-1, 0, 2]", [-1, None, 1], [CERTIFIED, NOT_DIFFERENTIABLE, CERTIFIED]),
    ("1/x", "[2, 0]", [-0.25, None], [CERTIFIED, UNDEFINED]),
    ("sqrt(x)", "[0, 4]", [None, 0.25], [NOT_DIFFERENTIABLE, CERTIFIED]),
    ("(1 - cos(x))/x^2", "[1e-6, 1]", [-1e-6 / 12, sin(1) - 2 + 2 * cos(1)], [INEXACT, CERTIFIED]),
    ("log(1 + e^x)", "[800, 0]", [1, 0.5], [INEXACT, CERTIFIED]),
]


@pytest.mark.parametrize(("formula", "at", "values", "verdicts"), VECTORS)
def test_one_bad_element_spoils_no_other(
    formula: str, at: str, values: list[float | None], verdicts: list[Verdict]
) -> None:
    result = answer(formula, at)
    assert [check.verdict for check in result.checks] == verdicts
    found = [nan if each is None else each for each in result.derivative["x"]]
    truth = [nan if each is None else each for each in values]
    assert found == pytest.approx(truth, rel=1e-14, nan_ok=True)


def test_a_scalar_beside_a_vector_with_one_bad_element() -> None:
    result = answer("log(x)*y", "x=[1,-1],y=2")
    entries = {check.entry: check.verdict for check in result.checks}
    assert entries == {"x[0]": CERTIFIED, "x[1]": UNDEFINED, "y": UNDEFINED}
    assert result.derivative == {"x": [2.0, None], "y": None}


def test_a_scalar_beside_a_vector_is_the_sum() -> None:
    result = answer("sqrt(x)*y", "x=[4,9,2],y=2")
    assert result.verdict is CERTIFIED
    assert result.derivative["y"] == pytest.approx(5 + sqrt(2), rel=1e-15)


@pytest.mark.parametrize(
    ("harmonic", "at"),
    [
        ("1/sqrt(x^2 + y^2 + z^2)", "x=1,y=2,z=3"),
        ("log(sqrt(x^2 + y^2))", "x=1,y=2"),
        ("atan2(y, x)", "x=1,y=2"),
        ("exp(x)*sin(y)", "x=0.1,y=0.2"),
    ],
)
def test_partials_that_cancel_are_shown_to_be_zero(harmonic: str, at: str) -> None:
    found = answer(harmonic, at, Laplacian())
    assert (found.verdict, [check.value for check in found.checks]) == (CERTIFIED, [0.0])


@pytest.mark.parametrize(
    ("formula", "vector", "truth"),
    [
        ("x*abs(x) + pi*x + y*abs(y) - 355/113*y", "[1,1]", "-2.66764189062422312368932e-7"),
        ("x*abs(x) + exp(1)*x + relu(y) - relu(-y)", "[7,-19]", "0.027972799213316647522"),
        ("abs(x)*y + sqrt(2)*x - 1.414213562373*y", "[1,1]", "9.50488016887242097e-14"),
    ],
)
def test_sums_at_a_difficult_point_are_rounded_once(formula: str, vector: str, truth: str) -> None:
    """The terms cancel to few digits of a float64."""
    (along,) = read_points([vector])
    (check,) = answer(formula, "0,0", Jvp(along)).checks
    assert check.verdict is CERTIFIED
    assert check.value == pytest.approx(float(truth), rel=1e-15)


def test_more_digits_at_a_difficult_point(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "abs(x)*x + x/3 + pi*x", "--at", "0", "--precision", "40"]) == 0
    assert "3.47492598692312657179597671661283621753" in capsys.readouterr().out


def test_the_gap_of_sides_that_are_one_float_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "pi*x - 3e-25*abs(x)", "--at", "0"]) == 4
    assert "the right one is -6e-25 more" in capsys.readouterr().out
