"""Cost curves: time and memory against points, terms, variables and order, as plots.

``python -m benchmarks.curves [--largest 100000000]`` draws ``benchmarks/curves.png``. Each
measurement is a process of its own, so that its greatest memory is its own; time is that of the
processors, which others at work change least. What should be linear is drawn with a line of slope
1 beside it. Terms and variables are from the text to the gradient of the sum, by shapes of terms,
without the symbolic engine, which takes no formulas so long; terms go as far as a text may.
"""

from __future__ import annotations

import json
import subprocess
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import python

ROUNDS = 3
PICTURE = Path(__file__).with_name("curves.png")

_MEASURED = """
import json, resource
from time import process_time
{prepare}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seconds = []
for _ in range({rounds}):
    begun = process_time()
    {work}
    seconds.append(process_time() - begun)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([min(seconds), peak / 1024]))
"""

_PARSED = """
from diffcli.engines.templates.shapes import templates_of
from diffcli.engines.templates.derivatives import Derivatives
from diffcli.engines.throughput import Evaluator
from diffcli.language.parser import parse
from diffcli.differentiation import Settings, derive
from diffcli.language.points import read_points
from diffcli.operators import Grad
"""

_POINTS = (
    _PARSED
    + """
import torch
evaluator = Evaluator(parse("exp(-x^2)*sin(3x)/(1+x^2)"))
x = torch.rand({n}, dtype=torch.float64)
memory = evaluator.allocate({n}).fill_(0)
evaluator.evaluate({{"x": x[:1000]}})
"""
)
_TERMS = (
    _PARSED
    + """
import numpy
text = " + ".join(f"{{k}}x^{{k % 7 + 2}}" for k in range(1, {n} + 1))
x = numpy.array([0.5])
"""
)
_VARIABLES = (
    _PARSED
    + """
import numpy
text = " + ".join(f"x{{k}}^2*sin(x{{k}})" for k in range({n}))
x = numpy.linspace(0, 1, {n})
"""
)
_FIRST_ANSWER = "Derivatives(templates_of(parse(text))).jacobian()(x)"
_ORDER = (
    _PARSED
    + """
function = parse("exp(sin(x))")
points = [point.bind(["x"]) for point in read_points(["1/3"])]
derive(Grad(order=1), function, points)
"""
)


@dataclass(frozen=True)
class Curve:
    """A cost against a size: what is made ready, what is measured, for each size."""

    name: str
    prepare: str
    work: str
    sizes: tuple[int, ...]
    is_linear: bool = True

    def measured(self, size: int) -> tuple[float, float]:
        """Return the seconds and the megabytes beyond what was ready."""
        code = _MEASURED.format(
            prepare=self.prepare.format(n=size), work=self.work.format(n=size), rounds=ROUNDS
        )
        done = subprocess.run(python(code), capture_output=True, text=True, check=True)  # noqa: S603
        seconds, megabytes = json.loads(done.stdout)
        return seconds, megabytes


CURVES = (
    Curve(
        "points",
        _POINTS,
        'evaluator.evaluate({{"x": x}}, memory=memory)',
        tuple(10**k for k in range(3, 9)),
    ),
    Curve(
        "terms",
        _TERMS,
        _FIRST_ANSWER,
        (10, 100, 1000, 10_000, 100_000),
    ),
    Curve(
        "variables",
        _VARIABLES,
        _FIRST_ANSWER,
        (10, 100, 1000, 10_000),
    ),
    Curve(
        "order",
        _ORDER,
        "derive(Grad(order={n}), function, points)",
        (1, 2, 3, 4, 5, 8, 12, 16, 20, 25, 30),
        is_linear=False,
    ),
)


def draw(found: Sequence[tuple[Curve, Sequence[int], Sequence[tuple[float, float]]]]) -> None:
    """Draw time above and memory below, a column a curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(found), 6.5), layout="constrained")
    axes: Any = figure.subplots(2, len(found), squeeze=False)
    for column, (curve, sizes, costs) in enumerate(found):
        for row, unit in enumerate(("processor seconds", "MB beyond inputs and results")):
            panel = axes[row][column]
            numbers = [max(cost[row], 1e-6 if row == 0 else 0.1) for cost in costs]
            panel.loglog(sizes, numbers, "o-", color="C0")
            if curve.is_linear and row == 0:
                last = numbers[-1] / sizes[-1]
                panel.loglog(sizes, [last * size for size in sizes], ":", color="0.6")
            if row == 1:
                panel.axhline(32, linestyle=":", color="0.6")
            panel.set(xlabel=curve.name, ylabel=unit)
            panel.grid(visible=True, alpha=0.3)
    figure.savefig(PICTURE, dpi=110)


def main() -> None:
    """Measure, print and draw."""
    parser = ArgumentParser(prog="python -m benchmarks.curves", description=__doc__)
    parser.add_argument("--largest", type=int, default=10_000_000, help="points; 10000000")
    largest = parser.parse_args().largest
    found = []
    for curve in CURVES:
        sizes = [size for size in curve.sizes if curve.name != "points" or size <= largest]
        costs = []
        for size in sizes:
            costs.append(curve.measured(size))
            seconds, megabytes = costs[-1]
            print(f"{curve.name:10} {size:>12,}  {seconds:10.4f} s  {megabytes:8.1f} MB")
        found.append((curve, sizes, costs))
    draw(found)


if __name__ == "__main__":
    main()
