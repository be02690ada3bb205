"""Statements over boxes: published global minima enclosed, inequalities decided.

Functions and minima: Surjanovic and Bingham, "Virtual Library of Simulation Experiments". The
polynomial inequalities are those of Solovyev and Hales, "Formal verification of nonlinear
inequalities with Taylor interval approximations" (2013); dihedral angles of simplices with edges
from 2 to 2.52 are of the Kepler conjecture's nonlinear part. The peer is plain bisection: the
same intervals, best value at middles, no derivative, all boxes in one go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, log
from time import process_time
from types import MappingProxyType

import numpy as np

from benchmarks.record import Goal, Row
from diffcli.clock import now
from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.minimum import least
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.ranges import read_ranges
from diffcli.studies.prove.answers import answered
from diffcli.studies.prove.claims import read_claim

TOLERANCE = 1e-6
SECONDS, TWO_SECONDS = 10.0, 2.0
FACTOR = 20
"""How many times as fast as plain bisection it is to be."""
MOST_CELLS = 2_000_000
"""Boxes after which plain bisection is stopped."""

_SHEKEL = ((4, 4, 4, 4), (1, 1, 1, 1), (8, 8, 8, 8), (6, 6, 6, 6), (3, 7, 3, 7))
_HARTMAN_3 = (
    ((3, 10, 30), (0.3689, 0.1170, 0.2673)),
    ((0.1, 10, 35), (0.4699, 0.4387, 0.7470)),
    ((3, 10, 30), (0.1091, 0.8732, 0.5547)),
    ((0.1, 10, 35), (0.03815, 0.5743, 0.8828)),
)
_HARTMAN_6 = (
    ((10, 3, 17, 3.5, 1.7, 8), (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886)),
    ((0.05, 10, 17, 0.1, 8, 14), (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991)),
    ((3, 3.5, 1.7, 10, 17, 8), (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650)),
    ((17, 8, 0.05, 10, 0.1, 14), (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381)),
)


def _hartman(rows: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]) -> str:
    terms = []
    for weight, (scales, centres) in zip((1, 1.2, 3, 3.2), rows, strict=True):
        pairs = enumerate(zip(scales, centres, strict=True), start=1)
        squares = "+".join(f"{a}*(x{i}-{p})^2" for i, (a, p) in pairs)
        terms.append(f"-{weight}*exp(-({squares}))")
    return "+".join(terms)


def _shekel() -> str:
    terms = []
    for centre, c in zip(_SHEKEL, (0.1, 0.2, 0.2, 0.4, 0.4), strict=True):
        squares = "+".join(f"(x{i}-{a})^2" for i, a in enumerate(centre, start=1))
        terms.append(f"-1/({squares}+{c})")
    return "+".join(terms)


def _box(count: int, ends: str) -> str:
    return ",".join(f"x{i}={ends}" for i in range(1, count + 1))


MINIMA: Mapping[str, tuple[str, str, float]] = MappingProxyType(
    {
        "six-hump camel": (
            "(4-2.1x^2+x^4/3)*x^2+x*y+(-4+4y^2)*y^2",
            "x=-3:3,y=-2:2",
            -1.0316284534898774,
        ),
        "Branin": (
            "(y-5.1/(4pi^2)*x^2+5/pi*x-6)^2+10*(1-1/(8pi))*cos(x)+10",
            "x=-5:10,y=0:15",
            0.39788735772973816,
        ),
        "Goldstein-Price": (
            (
                "(1+(x+y+1)^2*(19-14x+3x^2-14y+6x*y+3y^2))"
                "*(30+(2x-3y)^2*(18-32x+12x^2+48y-36x*y+27y^2))"
            ),
            "x=-2:2,y=-2:2",
            3.0,
        ),
        "Beale": (
            "(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2",
            "x=-4.5:4.5,y=-4.5:4.5",
            0.0,
        ),
        "Easom": (
            "-cos(x)*cos(y)*exp(-(x-pi)^2-(y-pi)^2)",
            "x=-100:100,y=-100:100",
            -1.0,
        ),
        "Rastrigin 2": (
            "20+x^2-10cos(2pi*x)+y^2-10cos(2pi*y)",
            "x=-5.12:5.12,y=-5.12:5.12",
            0.0,
        ),
        "Griewank 2": (
            "1+(x^2+y^2)/4000-cos(x)*cos(y/sqrt(2))",
            "x=-600:600,y=-600:600",
            0.0,
        ),
        "Levy 2": (
            (
                "sin(pi*(1+(x-1)/4))^2+((x-1)/4)^2*(1+10sin(pi*(1+(x-1)/4)+1)^2)"
                "+((y-1)/4)^2*(1+sin(2pi*(1+(y-1)/4))^2)"
            ),
            "x=-10:10,y=-10:10",
            0.0,
        ),
        "Michalewicz 2": (
            "-sin(x)*sin(x^2/pi)^20-sin(y)*sin(2y^2/pi)^20",
            "x=0:pi,y=0:pi",
            -1.8013034100985532,
        ),
        "Hartman 3": (_hartman(_HARTMAN_3), _box(3, "0:1"), -3.86278214782076),
        "Shekel 5": (_shekel(), _box(4, "0:10"), -10.1531996790582),
        "Hartman 6": (_hartman(_HARTMAN_6), _box(6, "0:1"), -3.32236801141551),
    }
)

_DELTA = "(a*d*(-a+b+c-d+u+v)+b*u*(a-b+c+d-u+v)+c*v*(a+b-c+d+u-v)-b*c*d-a*c*u-a*b*v-d*u*v)"
_DELTA_4 = "(-a^2+a*b+a*c-2*a*d+a*u+a*v+b*u+c*v-b*c-u*v)"
_DIHEDRAL = f"(pi/2-atan({_DELTA_4}/sqrt(4*a*{_DELTA})))"
_EDGES = ",".join(f"{name}=4:6.3504" for name in "abcduv")
INEQUALITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "simplices exist": (f"{_DELTA} > 0", _EDGES),
        "dihedral angle > 0.852": (f"{_DIHEDRAL} > 0.852", _EDGES),
        "dihedral angle < 1.893": (f"{_DIHEDRAL} < 1.893", _EDGES),
        "dihedral angle < 2.2": (f"{_DIHEDRAL} < 2.2", _EDGES),
        "reaction diffusion": (
            "-x+2y-z-0.835634534*y*(1+y) > -36.7126907",
            "x=-5:5,y=-5:5,z=-5:5",
        ),
        "Caprasse": (
            "-x*z^3+4*y*z^2*w+4*x*z*w^2+2*y*w^3+4*x*z+4*z^2-10*y*w-10*w^2+2 > -3.1801",
            "x=-0.5:0.5,y=-0.5:0.5,z=-0.5:0.5,w=-0.5:0.5",
        ),
        "Lotka-Volterra": (
            "x*y^2+x*z^2+x*w^2-1.1*x+1 > -20.801",
            "x=-2:2,y=-2:2,z=-2:2,w=-2:2",
        ),
        "magnetism": (
            "a^2+2b^2+2c^2+2d^2+2u^2+2v^2-a > -0.25001",
            "a=-1:1,b=-1:1,c=-1:1,d=-1:1,u=-1:1,v=-1:1",
        ),
        "acos and sqrt": ("acos(x*y) >= pi/2 - 1.16*sqrt(x*y)*sqrt(2)", "x=0:0.9,y=0:0.9"),
    }
)


def _region(function: Function, box: str) -> Region:
    ranges = read_ranges(box, function.variables)
    return Region({name: ranges[name] for name in function.variables})


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row a function, then one an inequality; a quick run leaves the peer out."""
    minima = []
    for name, (formula, box, published) in MINIMA.items():
        minima.append(_minimum(name, formula, box, published, quick=quick))
        yield minima[-1]
    if not quick:
        yield _together(minima)
    for name, (claim, box) in INEQUALITIES.items():
        read = read_claim([claim])
        ranges = read_ranges(box, read.variables)
        begun = process_time()
        found = answered(read, {each: ranges[each] for each in read.variables}, SECONDS)
        verdict = f"{found.proof.verdict.value}, {found.boxes:,} boxes"
        yield Row(name, process_time() - begun, "s", goal=Goal(SECONDS), note=verdict)


def _together(minima: Sequence[Row]) -> Row:
    """Return all minima against plain bisection, whose time is less than it needs if stopped."""
    times = [(row.ours, *row.peers.values()) for row in minima]
    mean = exp(sum(log(theirs / ours) for ours, theirs in times) / len(times))
    stopped = sum("stopped" in peer for row in minima for peer in row.peers)
    return Row(
        "all minima",
        sum(ours for ours, _ in times),
        "s",
        {"bisection": sum(theirs for _, theirs in times)},
        goal=Goal(1 / FACTOR, "bisection"),
        note=f"{mean:.3g} times as fast in the geometric mean; bisection was stopped for {stopped}",
    )


def _minimum(name: str, formula: str, box: str, published: float, *, quick: bool) -> Row:
    function = parse(formula)
    region = _region(function, box)
    effort = Effort(1e11, now() + 30)
    begun = process_time()
    found = least(Lower(function.outputs[0], region), TOLERANCE, effort)
    seconds = process_time() - begun
    near = TOLERANCE * max(1.0, abs(published))
    missed = found.low > published + near or found.high < published - near
    state = "WRONG" if missed else "enclosed" if found.is_settled else "not settled"
    two = len(function.variables) == 2
    peers = {}
    if not quick:
        taken, finished = _bisection(function, region)
        peers = {"bisection" if finished else "bisection, stopped": taken}
    goal = Goal(TWO_SECONDS if two else SECONDS)
    return Row(name, seconds, "s", peers, goal=goal, note=f"{state}, {effort.boxes:,} boxes")


def _bisection(function: Function, region: Region) -> tuple[float, bool]:
    """Return what plain bisection takes to the tolerance, and whether it finished."""
    bounds = Bounds(function.outputs, region.names)
    begun, box, cells, best = process_time(), region.start(), 0, np.inf
    while box.lo.shape[1]:
        cells += box.lo.shape[1]
        if cells > MOST_CELLS:
            return process_time() - begun, False
        jet = bounds.jet(box.lo, box.hi)
        middles = region.middles(box)
        best = min(best, float(bounds.jet(middles, middles).value.hi.min()))
        left = jet.value.lo < best - TOLERANCE * max(1.0, abs(best))
        lo, hi = box.lo[:, left], box.hi[:, left]
        widest, columns = np.argmax(hi - lo, axis=0), np.arange(lo.shape[1])
        middle = 0.5 * (lo + hi)[widest, columns]
        first, second = hi.copy(), lo.copy()
        first[widest, columns] = second[widest, columns] = middle
        box = Interval(np.concatenate([lo, second], axis=1), np.concatenate([first, hi], axis=1))
    return process_time() - begun, True
