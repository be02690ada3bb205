"""Autograd's backward graph: ``backward`` traces it, ``document`` shows it.

``written`` is the formula as torch code that is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.options import OF_DERIVATIVES, Kind, Option, names

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer

MAX_PASSES = 10_000
"""Backward passes of one command."""
FILES = ("dot", "gv", "svg", "png", "pdf")
_GRAPH = "Graph"
BACKWARD = Option(
    "backward",
    Kind.WHOLE,
    "Backward passes to make, whose gradients add up (default 1).",
    default=1,
    metavar="N",
    group=_GRAPH,
    least=1,
    most=MAX_PASSES,
)
ZERO = Option(
    "zero",
    Kind.NAMES,
    "Clear the gradients after these passes, as in 1,3.",
    metavar="I,J",
    group=_GRAPH,
)


def plan(request: Request) -> Plan:
    """Return how a formula's graph is traced."""
    cleared = _passes(request["zero"])
    if not (request["at"] or request["points"]):
        raise UsageError("a graph at which point?", hint='diffcli graph "2 sin(a) + 1" --at a=1')

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.graph.backward import trace
        from diffcli.studies.graph.document import answer

        return answer(
            [
                trace(function, point, chosen, passes=request["backward"], cleared_after=cleared)
                for point in points
            ]
        )

    return Plan(compute)


def _passes(text: str | None) -> Collection[int]:
    chosen = names(text)
    if not all(text.isdecimal() for text in chosen):
        raise UsageError(f"{text!r} can't be given to --zero", hint="numbers of passes: 1,3")
    return [int(text) for text in chosen]


COMMAND = Command(
    "graph",
    help="""Show autograd's backward graph, and what flows in it.

Each node has the value computed there and the gradient of the result in it; AccumulateGrad
is a leaf. -o graph.dot, .svg, .png or .pdf writes it to a file.""",
    examples="""\
diffcli graph "2 sin(a) + 1" --at a=1
diffcli graph "x*x - 4x - 5" --at 0 --backward 3 --zero 1
diffcli graph "x^2 y" --at 1,2 -o graph.svg""",
    options=(BACKWARD, ZERO),
    unused=OF_DERIVATIVES,
    beside=FILES,
    plan=plan,
)
