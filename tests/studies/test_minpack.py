"""Jacobians of the residuals of Moré, Garbow and Hillstrom, "Testing Unconstrained Optimization
Software", ACM Transactions on Mathematical Software 7 (1981), all 35 problems, at their standard
starting points.

The values are mpmath's, by differences at 80 digits of the residuals written in Python. Of problems
of any size a small one is taken, of data to be fitted the first residuals; what is only subtracted
from a residual, such as a measured value, has no part in its derivatives and is left out of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import cos, exp, log, mpf, sin, sqrt

from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Jacobian
from diffcli.verdict import Verdict

Problem = tuple[Sequence[str], Callable[..., Sequence[Any]], Sequence[str]]

FEW = range(1, 6)
"""Residuals taken of a problem that fits data."""
N = range(1, 7)
"""Variables of a problem of any size."""
X = [f"x{j}" for j in N]
LAST = N[-1]
ALL = "+".join(X)
BOUNDARY = [str(Fraction(j * (j - LAST - 1), (LAST + 1) ** 2)) for j in N]


def helical(x1: Any, x2: Any, x3: Any) -> list[Any]:
    angle = mpmath.atan(x2 / x1) / (2 * mpmath.pi) + (mpf("0.5") if x1 < 0 else 0)
    return [10 * (x3 - 10 * angle), 10 * (sqrt(x1**2 + x2**2) - 1), x3]


def watson(*x: Any) -> list[Any]:
    def row(t: Any) -> Any:
        slope = sum((j - 1) * x[j - 1] * t ** (j - 2) for j in N if j > 1)
        return slope - sum(x[j - 1] * t ** (j - 1) for j in N) ** 2 - 1

    return [*(row(mpf(i) / 29) for i in FEW), x[0], x[1] - x[0] ** 2 - 1]


def discrete_integral(*x: Any) -> list[Any]:
    h = mpf(1) / (LAST + 1)
    cubes = [(x[j - 1] + j * h + 1) ** 3 for j in N]
    return [
        x[i - 1]
        + h / 2 * ((1 - i * h) * sum(j * h * cubes[j - 1] for j in N if j <= i)
                   + i * h * sum((1 - j * h) * cubes[j - 1] for j in N if j > i))
        for i in N
    ]  # fmt: skip


def banded(i: int) -> list[int]:
    return [j for j in N if j != i and max(1, i - 5) <= j <= i + 1]


def chebyquad(*x: Any) -> list[Any]:
    def polynomial(order: int, at: Any) -> Any:
        before, here = mpf(1), at
        for _ in range(order - 1):
            before, here = here, 2 * at * here - before
        return here

    return [sum(polynomial(i, 2 * each - 1) for each in x) / LAST for i in N]


def neighbours(i: int) -> tuple[str, str]:
    return (f"x{i - 1}" if i > 1 else "0"), (f"x{i + 1}" if i < LAST else "0")


def padded(x: Sequence[Any], i: int) -> Any:
    return x[i - 1] if 1 <= i <= LAST else mpf(0)


PROBLEMS: dict[str, Problem] = {
    "1 Rosenbrock": (
        ["10*(x2 - x1^2)", "1 - x1"],
        lambda x1, x2: [10 * (x2 - x1**2), 1 - x1],
        ["-1.2", "1"],
    ),
    "2 Freudenstein and Roth": (
        ["-13 + x1 + ((5 - x2)*x2 - 2)*x2", "-29 + x1 + ((x2 + 1)*x2 - 14)*x2"],
        lambda x1, x2: [-13 + x1 + ((5 - x2) * x2 - 2) * x2, -29 + x1 + ((x2 + 1) * x2 - 14) * x2],
        ["0.5", "-2"],
    ),
    "3 Powell badly scaled": (
        ["1e4*x1*x2 - 1", "exp(-x1) + exp(-x2) - 1.0001"],
        lambda x1, x2: [10000 * x1 * x2 - 1, exp(-x1) + exp(-x2)],
        ["0", "1"],
    ),
    "4 Brown badly scaled": (
        ["x1 - 1e6", "x2 - 2e-6", "x1*x2 - 2"],
        lambda x1, x2: [x1, x2, x1 * x2],
        ["1", "1"],
    ),
    "5 Beale": (
        ["1.5 - x1*(1 - x2)", "2.25 - x1*(1 - x2^2)", "2.625 - x1*(1 - x2^3)"],
        lambda x1, x2: [-x1 * (1 - x2**power) for power in (1, 2, 3)],
        ["1", "1"],
    ),
    "6 Jennrich and Sampson": (
        [f"2 + 2*{i} - (exp({i}*x1) + exp({i}*x2))" for i in FEW],
        lambda x1, x2: [-exp(i * x1) - exp(i * x2) for i in FEW],
        ["0.3", "0.4"],
    ),
    "7 helical valley": (
        [
            "10*(x3 - 10*(atan(x2/x1)/(2*pi) if x1 > 0 else atan(x2/x1)/(2*pi) + 0.5))",
            "10*(sqrt(x1^2 + x2^2) - 1)",
            "x3",
        ],
        helical,
        ["-1", "0", "0"],
    ),
    "8 Bard": (
        [f"-(x1 + {i}/({16 - i}*x2 + {min(i, 16 - i)}*x3))" for i in range(1, 16)],
        lambda x1, x2, x3: [
            -(x1 + i / ((16 - i) * x2 + min(i, 16 - i) * x3)) for i in range(1, 16)
        ],
        ["1", "1", "1"],
    ),
    "9 Gaussian": (
        [f"x1*exp(-x2*((8 - {i})/2 - x3)^2/2)" for i in FEW],
        lambda x1, x2, x3: [x1 * exp(-x2 * (mpf(8 - i) / 2 - x3) ** 2 / 2) for i in FEW],
        ["0.4", "1", "0"],
    ),
    "10 Meyer": (
        [f"x1*exp(x2/({45 + 5 * i} + x3))" for i in FEW],
        lambda x1, x2, x3: [x1 * exp(x2 / (45 + 5 * i + x3)) for i in FEW],
        ["0.02", "4000", "250"],
    ),
    # As in Algorithm 566; the paper misprints the base of the power.
    "11 Gulf research and development": (
        [f"exp(-abs(25 + (-50*log({i}/100))^(2/3) - x2)^x3/x1) - {i}/100" for i in FEW],
        lambda x1, x2, x3: [
            exp(-(abs(25 + (-50 * log(mpf(i) / 100)) ** (mpf(2) / 3) - x2) ** x3) / x1)
            for i in FEW
        ],
        ["5", "2.5", "0.15"],
    ),
    "12 Box": (
        [f"exp(-{i}/10*x1) - exp(-{i}/10*x2) - x3*(exp(-{i}/10) - exp(-{i}))" for i in FEW],
        lambda x1, x2, x3: [
            exp(-i * x1 / 10) - exp(-i * x2 / 10) - x3 * (exp(-mpf(i) / 10) - exp(-mpf(i)))
            for i in FEW
        ],
        ["0", "10", "20"],
    ),
    "13 Powell singular": (
        ["x1 + 10*x2", "sqrt(5)*(x3 - x4)", "(x2 - 2*x3)^2", "sqrt(10)*(x1 - x4)^2"],
        lambda x1, x2, x3, x4: [
            x1 + 10 * x2, sqrt(5) * (x3 - x4), (x2 - 2 * x3) ** 2, sqrt(10) * (x1 - x4) ** 2
        ],
        ["3", "-1", "0", "1"],
    ),
    "14 Wood": (
        ["10*(x2 - x1^2)", "1 - x1", "sqrt(90)*(x4 - x3^2)", "1 - x3", "sqrt(10)*(x2 + x4 - 2)",
         "10^(-1/2)*(x2 - x4)"],
        lambda x1, x2, x3, x4: [
            10 * (x2 - x1**2), 1 - x1, sqrt(90) * (x4 - x3**2), 1 - x3, sqrt(10) * (x2 + x4 - 2),
            (x2 - x4) / sqrt(10),
        ],
        ["-3", "-1", "-3", "-1"],
    ),
    "15 Kowalik and Osborne": (
        [f"-x1*({u}^2 + {u}*x2)/({u}^2 + {u}*x3 + x4)" for u in ("4", "2", "0.5", "0.167")],
        lambda x1, x2, x3, x4: [
            -x1 * (u**2 + u * x2) / (u**2 + u * x3 + x4)
            for u in map(mpf, ("4", "2", "0.5", "0.167"))
        ],
        ["0.25", "0.39", "0.415", "0.39"],
    ),
    "16 Brown and Dennis": (
        [f"(x1 + {i}/5*x2 - exp({i}/5))^2 + (x3 + x4*sin({i}/5) - cos({i}/5))^2" for i in FEW],
        lambda x1, x2, x3, x4: [
            (x1 + t * x2 - exp(t)) ** 2 + (x3 + x4 * sin(t) - cos(t)) ** 2
            for t in (mpf(i) / 5 for i in FEW)
        ],
        ["25", "5", "-5", "-1"],
    ),
    "17 Osborne 1": (
        [f"-(x1 + x2*exp(-{10 * (i - 1)}*x4) + x3*exp(-{10 * (i - 1)}*x5))" for i in FEW],
        lambda x1, x2, x3, x4, x5: [
            -(x1 + x2 * exp(-10 * (i - 1) * x4) + x3 * exp(-10 * (i - 1) * x5)) for i in FEW
        ],
        ["0.5", "1.5", "-1", "0.01", "0.02"],
    ),
    "18 Biggs EXP6": (
        [f"x3*exp(-{i}/10*x1) - x4*exp(-{i}/10*x2) + x6*exp(-{i}/10*x5)" for i in FEW],
        lambda x1, x2, x3, x4, x5, x6: [
            x3 * exp(-t * x1) - x4 * exp(-t * x2) + x6 * exp(-t * x5)
            for t in (mpf(i) / 10 for i in FEW)
        ],
        ["1", "2", "1", "1", "1", "1"],
    ),
    "19 Osborne 2": (
        [
            f"-(x1*exp(-{i}/10*x5) + x2*exp(-({i}/10 - x9)^2*x6)"
            f" + x3*exp(-({i}/10 - x10)^2*x7) + x4*exp(-({i}/10 - x11)^2*x8))"
            for i in (0, 7, 21, 64)
        ],
        lambda *x: [
            -(x[0] * exp(-t * x[4]) + x[1] * exp(-((t - x[8]) ** 2) * x[5])
              + x[2] * exp(-((t - x[9]) ** 2) * x[6]) + x[3] * exp(-((t - x[10]) ** 2) * x[7]))
            for t in (mpf(i) / 10 for i in (0, 7, 21, 64))
        ],
        ["1.3", "0.65", "0.65", "0.7", "0.6", "3", "5", "7", "2", "4.5", "5.5"],
    ),
    "20 Watson": (
        [
            *(
                "+".join(f"{j - 1}*x{j}*({i}/29)^{j - 2}" for j in N if j > 1)
                + f" - ({'+'.join(f'x{j}*({i}/29)^{j - 1}' for j in N)})^2 - 1"
                for i in FEW
            ),
            "x1",
            "x2 - x1^2 - 1",
        ],
        watson,
        ["0"] * LAST,
    ),
    "21 extended Rosenbrock": (
        [text for i in (1, 3, 5) for text in (f"10*(x{i + 1} - x{i}^2)", f"1 - x{i}")],
        lambda *x: [each for i in (0, 2, 4) for each in (10 * (x[i + 1] - x[i] ** 2), 1 - x[i])],
        ["-1.2", "1"] * 3,
    ),
    "22 extended Powell singular": (
        [
            text.format(*(f"x{i + k}" for k in range(4)))
            for i in (1, 5)
            for text in ("{0} + 10*{1}", "sqrt(5)*({2} - {3})", "({1} - 2*{2})^2",
                         "sqrt(10)*({0} - {3})^2")
        ],
        lambda *x: [
            each
            for i in (0, 4)
            for each in (x[i] + 10 * x[i + 1], sqrt(5) * (x[i + 2] - x[i + 3]),
                         (x[i + 1] - 2 * x[i + 2]) ** 2, sqrt(10) * (x[i] - x[i + 3]) ** 2)
        ],
        ["3", "-1", "0", "1"] * 2,
    ),
    "23 penalty I": (
        [*(f"sqrt(1e-5)*({x} - 1)" for x in X), f"{'+'.join(f'{x}^2' for x in X)} - 1/4"],
        lambda *x: [*(sqrt(mpf("1e-5")) * (each - 1) for each in x), sum(each**2 for each in x)],
        [str(j) for j in N],
    ),
    "24 penalty II": (
        [
            "x1 - 0.2",
            *(f"sqrt(1e-5)*(exp(x{i}/10) + exp(x{i - 1}/10) - exp({i}/10) - exp({i - 1}/10))"
              for i in N if i > 1),
            *(f"sqrt(1e-5)*(exp(x{i}/10) - exp(-1/10))" for i in N if i > 1),
            f"{'+'.join(f'{LAST - j + 1}*x{j}^2' for j in N)} - 1",
        ],
        lambda *x: [
            x[0],
            *(sqrt(mpf("1e-5")) * (exp(x[i - 1] / 10) + exp(x[i - 2] / 10)) for i in N if i > 1),
            *(sqrt(mpf("1e-5")) * exp(x[i - 1] / 10) for i in N if i > 1),
            sum((LAST - j + 1) * x[j - 1] ** 2 for j in N),
        ],
        ["0.5"] * LAST,
    ),
    "25 variably dimensioned": (
        [
            *(f"{x} - 1" for x in X),
            "+".join(f"{j}*(x{j} - 1)" for j in N),
            f"({'+'.join(f'{j}*(x{j} - 1)' for j in N)})^2",
        ],
        lambda *x: [
            *x,
            sum(j * (x[j - 1] - 1) for j in N),
            sum(j * (x[j - 1] - 1) for j in N) ** 2,
        ],
        [str(Fraction(LAST - j, LAST)) for j in N],
    ),
    "26 trigonometric": (
        [
            f"{LAST} - ({'+'.join(f'cos({x})' for x in X)}) + {i}*(1 - cos(x{i})) - sin(x{i})"
            for i in N
        ],
        lambda *x: [
            -sum(map(cos, x)) - i * cos(x[i - 1]) - sin(x[i - 1]) for i in N
        ],
        [f"1/{LAST}"] * LAST,
    ),
    "27 Brown almost-linear": (
        [*(f"x{i} + {ALL} - {LAST + 1}" for i in N if i < LAST), f"{'*'.join(X)} - 1"],
        lambda *x: [*(each + sum(x) for each in x[:-1]), prod(x)],
        ["0.5"] * LAST,
    ),
    "28 discrete boundary value": (
        [
            f"2*x{i} - {neighbours(i)[0]} - {neighbours(i)[1]}"
            f" + (1/{LAST + 1})^2*(x{i} + {i}/{LAST + 1} + 1)^3/2"
            for i in N
        ],
        lambda *x: [
            2 * x[i - 1] - padded(x, i - 1) - padded(x, i + 1)
            + (x[i - 1] + mpf(i) / (LAST + 1) + 1) ** 3 / (2 * (LAST + 1) ** 2)
            for i in N
        ],
        BOUNDARY,
    ),
    "29 discrete integral equation": (
        [
            f"x{i} + 1/{LAST + 1}/2*((1 - {i}/{LAST + 1})*("
            + "+".join(f"{j}/{LAST + 1}*(x{j} + {j}/{LAST + 1} + 1)^3" for j in N if j <= i)
            + f") + {i}/{LAST + 1}*("
            + "+".join(
                ["0", *(f"(1 - {j}/{LAST + 1})*(x{j} + {j}/{LAST + 1} + 1)^3"
                        for j in N if j > i)]
            )
            + "))"
            for i in N
        ],
        discrete_integral,
        BOUNDARY,
    ),
    "30 Broyden tridiagonal": (
        [f"(3 - 2*x{i})*x{i} - {neighbours(i)[0]} - 2*{neighbours(i)[1]} + 1" for i in N],
        lambda *x: [
            (3 - 2 * x[i - 1]) * x[i - 1] - padded(x, i - 1) - 2 * padded(x, i + 1) for i in N
        ],
        ["-1"] * LAST,
    ),
    "31 Broyden banded": (
        [
            f"x{i}*(2 + 5*x{i}^2) + 1 - ({'+'.join(f'x{j}*(1 + x{j})' for j in banded(i))})"
            for i in N
        ],
        lambda *x: [
            x[i - 1] * (2 + 5 * x[i - 1] ** 2) - sum(x[j - 1] * (1 + x[j - 1]) for j in banded(i))
            for i in N
        ],
        ["-1"] * LAST,
    ),
    "32 linear, full rank": (
        [*(f"{x} - 2/8*({ALL}) - 1" for x in X), *(f"-2/8*({ALL}) - 1" for _ in range(2))],
        lambda *x: [*(each - sum(x) / 4 for each in x), -sum(x) / 4, -sum(x) / 4],
        ["1"] * LAST,
    ),
    "33 linear, rank 1": (
        [f"{i}*({'+'.join(f'{j}*x{j}' for j in N)}) - 1" for i in range(1, 9)],
        lambda *x: [i * sum(j * x[j - 1] for j in N) for i in range(1, 9)],
        ["1"] * LAST,
    ),
    "34 linear, rank 1, zero columns and rows": (
        [
            "-1",
            *(f"{i - 1}*({'+'.join(f'{j}*x{j}' for j in N[1:-1])}) - 1" for i in range(2, 8)),
            "-1",
        ],
        lambda *x: [
            mpf(0), *((i - 1) * sum(j * x[j - 1] for j in N[1:-1]) for i in range(2, 8)), mpf(0)
        ],
        ["1"] * LAST,
    ),
    "35 Chebyquad": (
        [f"({'+'.join(f'chebyshevt({i}, 2*{x} - 1)' for x in X)})/{LAST}" for i in N],
        chebyquad,
        [f"{j}/{LAST + 1}" for j in N],
    ),
}  # fmt: skip


def truth(residuals: Callable[..., Sequence[Any]], at: Sequence[float]) -> list[list[float]]:
    """The Jacobian by central differences whose step leaves fifty digits."""
    with mpmath.workdps(80):
        step = mpf(10) ** -25
        columns = []
        for j in range(len(at)):
            ends = [
                residuals(*(mpf(x) + sign * step * (k == j) for k, x in enumerate(at)))
                for sign in (1, -1)
            ]
            columns.append([float((a - b) / (2 * step)) for a, b in zip(*ends, strict=True)])
        return [list(row) for row in zip(*columns, strict=True)]


def test_all_are_there() -> None:
    assert [int(name.split()[0]) for name in PROBLEMS] == list(range(1, 36))


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", PROBLEMS)
def test_jacobian_of_the_residuals(name: str) -> None:
    texts, residuals, start = PROBLEMS[name]
    names = [f"x{i + 1}" for i in range(len(start))]
    function = parse(list(texts), variables=names)
    typed = ",".join(f"{x}={value}" for x, value in zip(names, start, strict=True))
    (point,) = read_points([typed])
    chosen = Settings(budget=30)
    (found,) = derive(Jacobian(), function, [point.bind(names)], chosen).results
    expected = truth(residuals, [float(Fraction(value)) for value in start])
    np.testing.assert_allclose(found.derivative["matrix"], expected, rtol=1e-13, atol=1e-14)
    assert {check.verdict for check in found.checks} <= {Verdict.CERTIFIED, Verdict.INEXACT}
    assert found.sampled is None
