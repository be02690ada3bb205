"""Check a hand-written gradient against certified derivatives, at many points."""

from __future__ import annotations

import numpy as np

import diffcli


def by_hand(x: float, y: float) -> tuple[float, float]:
    """The gradient of the Rosenbrock function, as one may have written it down."""
    return -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)


function = diffcli.parse("(1 - x)^2 + 100(y - x^2)^2")
random = np.random.default_rng(0)
places = [f"x={x:.3f}, y={y:.3f}" for x, y in random.uniform(-2, 2, size=(20, 2))]
points = [typed.bind(function.variables) for typed in diffcli.read_points(["; ".join(places)])]
report = diffcli.derive(diffcli.Grad(), function, points)

for result in report.results:
    truth = [result.derivative[name] for name in function.variables]
    assert result.verdict is diffcli.Verdict.CERTIFIED
    assert np.allclose(by_hand(**result.at), truth, rtol=1e-12, atol=1e-10)
print(f"{len(report.results)} gradients agree with {report.read_as}")
