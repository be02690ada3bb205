"""Where the time of a gradient goes: ``measure`` finds it, ``document`` shows it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.options import OF_DERIVATIVES, Kind, Option

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer

_SILENT = "6"
_PROFILE = "Profile"
REPEAT = Option(
    "repeat",
    Kind.WHOLE,
    "Evaluations and backward passes to measure (default 100).",
    default=100,
    metavar="N",
    group=_PROFILE,
    least=1,
    most=1_000_000,
)
TRACE = Option(
    "trace",
    Kind.FILE,
    "Write to this file what happened when, for Chrome's tracing.",
    metavar="FILE",
    group=_PROFILE,
    is_local=True,
)


def plan(request: Request) -> Plan:
    """Return how a gradient is profiled."""
    if not (request["at"] or request["points"]):
        raise UsageError("profile at which point?", hint='diffcli profile "x^2" --at 3')
    # Else the profiler's library tells on stderr that it starts and stops.
    os.environ.setdefault("KINETO_LOG_LEVEL", _SILENT)
    trace = request["trace"]

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.profile.document import answer
        from diffcli.studies.profile.measure import measure

        if trace and len(points) > 1:
            raise UsageError("several points, and one trace is written", hint="take one by one")
        profiles = [measure(function, point, chosen, request["repeat"]) for point in points]
        return answer(profiles, {trace: profiles[0].trace} if trace else {})

    return Plan(compute)


COMMAND = Command(
    "profile",
    help="""Show where the time of a gradient goes.

To torch's operators, in evaluations and backward passes; the longest own time comes first.
What a gradient costs is measured without the profiler.""",
    examples="""\
diffcli profile "sin(x)*exp(-x^2)" --at 1 --repeat 1000
diffcli profile "(z/x)*y" --at "x=rand(200,300),y=rand(200,300),z=rand(200,300)" --trace t.json""",
    options=(REPEAT, TRACE),
    unused=OF_DERIVATIVES,
    plan=plan,
)
