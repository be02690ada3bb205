"""Jacobians of the residuals of Moré, Garbow and Hillstrom, "Testing Unconstrained Optimization
Software", ACM Transactions on Mathematical Software 7 (1981), at their standard starting points.

The values are mpmath's, by differences at 60 digits of the residuals written in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest

from diffcli.derivation import derive
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Jacobian
from diffcli.verdict import Verdict

Problem = tuple[list[str], Callable[..., Sequence[Any]], list[str]]

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
        lambda x1, x2: [10000 * x1 * x2 - 1, mpmath.exp(-x1) + mpmath.exp(-x2) - 1],
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
    "12 Box": (
        [f"exp(-{t}*x1) - exp(-{t}*x2) - x3*(exp(-{t}) - exp(-10*{t}))" for t in ("0.1", "0.2")],
        lambda x1, x2, x3: [
            mpmath.exp(-t * x1) - mpmath.exp(-t * x2) - x3 * (mpmath.exp(-t) - mpmath.exp(-10 * t))
            for t in (mpmath.mpf(1) / 10, mpmath.mpf(2) / 10)
        ],
        ["0", "10", "20"],
    ),
    "13 Powell singular": (
        ["x1 + 10*x2", "sqrt(5)*(x3 - x4)", "(x2 - 2*x3)^2", "sqrt(10)*(x1 - x4)^2"],
        lambda x1, x2, x3, x4: [
            x1 + 10 * x2,
            mpmath.sqrt(5) * (x3 - x4),
            (x2 - 2 * x3) ** 2,
            mpmath.sqrt(10) * (x1 - x4) ** 2,
        ],
        ["3", "-1", "0", "1"],
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_jacobian_of_the_residuals(name: str) -> None:
    texts, residuals, start = PROBLEMS[name]
    names = [f"x{i + 1}" for i in range(len(start))]
    function = parse(texts, variables=names)
    typed = ",".join(f"{x}={value}" for x, value in zip(names, start, strict=True))
    (point,) = read_points([typed])
    (found,) = derive(Jacobian(), function, [point.bind(function.variables)]).results
    with mpmath.workdps(60):
        at = [mpmath.mpf(value) for value in start]
        truth = [
            [
                float(mpmath.diff(lambda *x, row=row: residuals(*x)[row], at, order))
                for order in np.eye(len(at), dtype=int).tolist()
            ]
            for row in range(len(texts))
        ]
    np.testing.assert_allclose(found.derivative["matrix"], truth, rtol=1e-14, atol=1e-14)
    assert found.verdict is Verdict.CERTIFIED
