"""Critical points, zeros and all else of note, found and proved.

- ``boxes``, ``wide`` and ``systems``: enclosures over boxes, and roots proved alone in one;
  ``intervals``: every root in a box; ``factors`` and ``clearing``: next to poles and kinks.
- ``kinds``, ``exact`` and ``landmarks``: what was found, and its exact value.
- ``starts``, ``continua``, then ``points``: the critical points of any function.
- ``infinity``, ``asymptotes``, then ``analysis``: all of a function of one variable.
- ``proofs``: what is proved on an interval, and at a point, for the studies of ``curves``.
- ``document``: what is shown of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.points import Point, read_ranges
from diffcli.options import (
    AT,
    CODE,
    COMPILE,
    DEVICE,
    DTYPE,
    ENGINES,
    NO_CHECK,
    POINTS_FILE,
    VERBOSE,
    Kind,
    Option,
)
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.output.document import Answer

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
        from diffcli.studies.critical.boxes import box_of
        from diffcli.studies.critical.document import analysis_answer, search_answer

        box = box_of(ranges)
        facts = Facts.of("critical", function, dtype=chosen.dtype, device=chosen.device)
        if len(box) == 1:
            from diffcli.studies.critical.analysis import analyse

            return analysis_answer(analyse(function, box, budget=chosen.budget), box, facts)
        from diffcli.studies.critical.points import critical_points

        with request.host.progress("searching", None) as watch:
            found = critical_points(
                function,
                box,
                certify=request["certify"],
                budget=chosen.budget,
                seed=chosen.seed,
                watch=lambda cells: watch(cells, f"{cells:,} cells"),
            )
        return search_answer(found, box, facts)

    return Plan(compute)


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
and of convexity. Points are exact, certified (proved to exist, alone) or numeric.""",
    examples="""\
diffcli critical "x^4 - 3x^2 + x" --range -3:3
diffcli critical "(x^2+y-11)^2 + (x+y^2-7)^2" --range "x=-5:5,y=-5:5" --certify
diffcli analyze "x/(x^2+1)\"""",
    options=(RANGE, CERTIFY),
    unused=(AT, POINTS_FILE, *CODE, DTYPE, DEVICE, ENGINES, NO_CHECK, VERBOSE, COMPILE),
    plan=plan,
)
