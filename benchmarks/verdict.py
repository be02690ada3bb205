"""How long a verdict takes, imports and first calls apart.

Medians of a whole answer, and of the checks alone, for the first example of the README and for
random formulas of 30 terms in two variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from statistics import median
from time import perf_counter

from benchmarks.record import Row
from diffcli.differentiation import derive
from diffcli.differentiation.checks.checker import Checker
from diffcli.differentiation.numbers.positions import Positions
from diffcli.engines.symbolic import Symbolic
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.operators import Grad

FUNCTIONS = "sin cos tanh atan sigmoid softplus asinh".split()
TERMS = 30


def random_formula(random: Random) -> Function:
    """A formula of 30 different terms, most of them real at 0.7, 1.3."""
    while True:
        parts = ["x", "y", "2", "0.3"]
        while len(parts) < 2 * TERMS:
            first, second = random.choices(parts[-6:], k=2)
            name = random.choice(FUNCTIONS)
            parts.append(
                random.choice((f"({first} {random.choice('+*-')} {second})", f"{name}({first})"))
            )
            function = parse(parts[-1], variables=["x", "y"])
            if len(function.nodes) == TERMS:
                return function
            if len(function.nodes) > TERMS:
                break


def point_of(function: Function, text: str) -> Point:
    (typed,) = read_points([text])
    return typed.bind(function.variables)


def check(function: Function, point: Point) -> float:
    """The time of the checks alone, with the partials made and no number of autograd's."""
    symbolic = Symbolic(function)
    entries = Grad().entries(function)
    positions = Positions(point, dtype="float64", seed=0)
    for entry in entries:
        symbolic.partial(entry.wrt)
    begun = perf_counter()
    Checker(
        function,
        entries,
        positions,
        symbolic=lambda place, at: symbolic.value(at, place[1], place[0]).number,
        enclosure=True,
        digits=17,
        dtype="float64",
        deadline=begun + 1e3,
        seed=0,
    ).checked(None)
    return perf_counter() - begun


def answer(function: Function, point: Point) -> float:
    begun = perf_counter()
    derive(Grad(), function, [point])
    return perf_counter() - begun


def rows(quick: bool) -> Iterator[Row]:
    """Yield the medians, with the longest."""
    count = 20 if quick else 200
    random = Random(0)  # noqa: S311  (samples, no secrets)
    example = parse("6*x**2 + 2*x + 4")
    formulas = [random_formula(random) for _ in range(count)]
    cases = {
        "6*x**2 + 2*x + 4 at 3": [(example, point_of(example, "3"))] * count,
        f"random formulas of {TERMS} terms": [
            (each, point_of(each, "0.7,1.3")) for each in formulas
        ],
    }
    for name, pairs in cases.items():
        for what, measure in (("checks", check), ("answer", answer)):
            measure(*pairs[0])
            times = [1e3 * measure(*pair) for pair in pairs]
            yield Row(f"{name}, {what}", median(times), note=f"longest {max(times):.1f}")
