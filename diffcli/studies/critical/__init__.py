"""Critical points, zeros and all else of note, found and proved.

- ``boxes``, ``wide`` and ``systems``: enclosures over boxes, and roots proved alone in one;
  ``intervals``: every root in a box; ``factors`` and ``clearing``: next to poles and kinks.
- ``kinds``, ``exact`` and ``notable_points``: what was found, and its exact value.
- ``starts``, ``continua``, then ``points``: the critical points of any function.
- ``infinity``, ``asymptotes``, then ``analysis``: all of a function of one variable.
- ``proofs``: what is proved on an interval, and at a point, for the studies of ``curves``.
- ``document``: what is shown of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.points import Point
from diffcli.language.ranges import read_ranges
from diffcli.options import OF_DERIVATIVES, OF_POINTS, VERBOSE, Kind, Option
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.output.document import Answer
    from diffcli.studies.constrained.extremes import Extremes
    from diffcli.studies.constrained.problem import Problem
    from diffcli.studies.critical.notable_points import NotablePoint

WIDEST = "-10:10"
RANGE = Option(
    "range",
    Kind.TEXT,
    f"Box to search: x=-3:3,y=-2:2 (default {WIDEST} in every variable).",
    metavar="RANGES",
    flags=("--range", "--in"),
)
CERTIFY = Option(
    "certify",
    Kind.FLAG,
    "Search the whole box by intervals, so that no point is left out.",
    default=False,
)
SUBJECT_TO = Option(
    "subject_to",
    Kind.TEXT,
    'Constraints, joined by ;: "x^2 + y^2 = 1; x >= 0".',
    metavar="CONSTRAINTS",
)
GLOBAL = Option(
    "global",
    Kind.FLAG,
    "Prove the least and the greatest value over the box, its ends included.",
    default=False,
)
SHORT_SEARCH, WHOLE_SEARCH, GLOBAL_SEARCH = 10, 120, 40
"""Budgets that a search under constraints takes, one that is certified, and that of extrema."""


def plan(request: Request) -> Plan:
    """Return how critical points are searched."""

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        if points:
            raise UsageError("critical looks at a box, not at a point", hint="--range -3:3")
        if not function.is_scalar or not function.variables:
            raise UsageError(
                "critical takes one formula with a variable", hint='diffcli critical "x^2"'
            )
        ranges = _ranges(function, request["range"])
        if request["range"] is None:
            request.host.say(f"range {WIDEST}; choose another with --range")
        if request["subject_to"] is not None:
            return _constrained(cast("Problem", function), ranges, request, chosen)
        return _free(function, ranges, request, chosen)

    if request["subject_to"] is None:
        return Plan(compute)
    from diffcli.studies.constrained.problem import read_problem

    return Plan(compute, reader=partial(read_problem, subject_to=request["subject_to"]))


def _constrained(
    problem: Problem, ranges: Mapping[str, tuple[Node, Node]], request: Request, chosen: Settings
) -> Answer:
    """Return the extrema under constraints."""
    from diffcli.studies.constrained.document import constrained_answer
    from diffcli.studies.constrained.extremes import constrained_extremes
    from diffcli.studies.constrained.problem import with_faces
    from diffcli.studies.constrained.search import extrema
    from diffcli.studies.critical.boxes import box_of

    box = box_of(ranges)
    facts = Facts.of("critical", problem, dtype=chosen.dtype, device=chosen.device)
    asked = with_faces(problem, ranges) if request["global"] else problem
    patience = WHOLE_SEARCH if request["certify"] else SHORT_SEARCH
    search = extrema(asked, ranges, patience * chosen.budget)
    best = constrained_extremes(asked, search) if request["global"] else None
    return constrained_answer(asked, search, best, box, facts)


def _free(
    function: Function, ranges: Mapping[str, tuple[Node, Node]], request: Request, chosen: Settings
) -> Answer:
    """Return the critical points without constraints, and of one variable all else of note."""
    from diffcli.studies.critical.boxes import box_of
    from diffcli.studies.critical.document import analysis_answer, search_answer

    box = box_of(ranges)
    facts = Facts.of("critical", function, dtype=chosen.dtype, device=chosen.device)

    def best(points: Sequence[NotablePoint]) -> Extremes | None:
        if not request["global"]:
            return None
        from diffcli.studies.constrained.extremes import extremes

        return extremes(function, ranges, points, GLOBAL_SEARCH * chosen.budget)

    if len(box) == 1:
        from diffcli.studies.critical.analysis import analyse

        analysis = analyse(function, box, budget=chosen.budget)
        notable = (*analysis.critical.points, *analysis.breaks)
        return analysis_answer(analysis, box, facts, best(notable))
    from diffcli.studies.critical.points import critical_points

    with request.host.progress("searching", None) as watch:
        search = critical_points(
            function,
            box,
            certify=request["certify"],
            budget=chosen.budget,
            seed=chosen.seed,
            watch=lambda cells: watch(cells, f"{cells:,} cells"),
        )
    marks = [(point.kind.value, point.at) for point in search.points]
    return replace(search_answer(search, box, facts, best(search.points)), marks=marks)


def _ranges(function: Function, typed: str | None) -> dict[str, tuple[Node, Node]]:
    """Return every variable's range, in order."""
    names = function.variables
    if typed is None:
        typed = ",".join(f"{name}={WIDEST}" for name in names)
    ranges = read_ranges(typed, names)
    missing = [name for name in names if name not in ranges]
    if missing:
        raise PointError(
            f"no range for {', '.join(missing)}", hint=f"--range {missing[0]}={WIDEST}"
        )
    return {name: ranges[name] for name in names}


COMMAND = Command(
    "critical",
    help="""Find the critical points in a box: what they are, and how that is known.

Of a function of one variable also zeros, inflections, poles, asymptotes, intervals of growth
and of convexity. Points are exact, certified (proved to exist, alone) or numeric. Under
constraints: the points of Lagrange and of Karush, Kuhn and Tucker with their multipliers, and
those where the constraints' gradients are dependent.""",
    examples="""\
diffcli critical "x^4 - 3x^2 + x" --range -3:3
diffcli critical "(x^2+y-11)^2 + (x+y^2-7)^2" --range "x=-5:5,y=-5:5" --certify
diffcli critical "x*y" --subject-to "x^2 + y^2 = 1" --in "x=-2:2,y=-2:2"
diffcli critical "abs(x^2 - 4)" --in -3:3 --global
diffcli analyze "x/(x^2+1)\"""",
    options=(RANGE, SUBJECT_TO, CERTIFY, GLOBAL),
    unused=(*OF_POINTS, *OF_DERIVATIVES, VERBOSE),
    plan=plan,
)
