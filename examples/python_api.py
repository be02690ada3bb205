"""A formula as an object: numbers, arrays and tensors in, proved derivatives out."""

from __future__ import annotations

import numpy as np

import diffcli

rosenbrock = diffcli.parse("(1 - x)^2 + 100(y - x^2)^2")

# A float in, floats out, each with its verdict.
slope = rosenbrock.grad(x=2, y=3)
print(slope["x"], slope["y"], slope.verdict)

# Arrays in, arrays out: each element is a point of its own.
x = np.linspace(-1, 1, 5)
print(rosenbrock.grad(x=x, y=x**2)["x"])

# Newton's method with the exact Hessian.
at = np.array([-1.2, 1.0])
for _ in range(8):
    at -= np.linalg.solve(
        np.asarray(rosenbrock.hessian(*at)), np.asarray(rosenbrock.grad(*at), dtype=float)
    )
assert np.allclose(at, 1, atol=1e-12)
print(f"the minimum is at {at}")

# Formulas, for people and for programs.
print(rosenbrock.symbolic["x"].text)
print(rosenbrock.latex)

# As many digits as are wanted, proved.
print(diffcli.parse("exp(pi*sqrt(x))").enclosure(x=163, digits=40).digits)

# A derivative worked out by hand, judged.
assert rosenbrock.verify(claim="[2x - 2 + 400x(x^2 - y), 200(y - x^2)]")
