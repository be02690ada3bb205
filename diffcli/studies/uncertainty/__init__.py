"""How uncertain a value is whose inputs are.

``covariance`` reads what is known of the inputs, ``propagation`` computes, ``document`` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.language.expression import number
from diffcli.language.uncertain import read_measured
from diffcli.options import OF_DERIVATIVES, POINTS_FILE, Kind, Option

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer

_UNCERTAINTY = "Uncertainty"
ORDER = Option(
    "order",
    Kind.WHOLE,
    "Order of the propagation: 1 (default), or 2 to add the second derivatives.",
    default=1,
    metavar="N",
    group=_UNCERTAINTY,
    least=1,
    most=2,
)
COV = Option(
    "cov",
    Kind.TEXT,
    "Correlations of the inputs, as in x,y=0.3; or a csv file of covariances.",
    metavar="TEXT",
    group=_UNCERTAINTY,
)
SAMPLES = Option(
    "samples",
    Kind.WHOLE,
    "Random samples that check the propagation (default 100000).",
    default=100_000,
    metavar="N",
    group=_UNCERTAINTY,
    least=1000,
    most=10_000_000,
)
SIUNITX = Option(
    "siunitx",
    Kind.FLAG,
    "Write each value with its uncertainty, rounded to two digits; --format latex takes the "
    "package siunitx for it.",
    default=False,
    group=_UNCERTAINTY,
)


def plan(request: Request) -> Plan:
    """Return how uncertainties are propagated."""
    if not request["at"] or request["points"]:
        raise UsageError("at which values?", hint='--at "x=3±0.1, y=2±0.05"')
    values, spreads = read_measured(request["at"])
    typed = [node for spread in spreads for node in (*spread.named.values(), *spread.ordered)]
    if not request["cov"] and all(node is number(0) for node in typed):
        raise UsageError("no value has an uncertainty", hint='write it behind ±: --at "x=3±0.1"')

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.uncertainty.covariance import covariance
        from diffcli.studies.uncertainty.document import answer
        from diffcli.studies.uncertainty.propagation import propagate

        return answer(
            [
                propagate(
                    function,
                    point,
                    covariance(function.variables, spread, request["cov"]),
                    chosen,
                    order=request["order"],
                    samples=request["samples"],
                )
                for point, spread in zip(points, spreads, strict=True)
            ],
            siunitx=request["siunitx"],
        )

    return Plan(compute, at=values)


COMMAND = Command(
    "uncertainty",
    help="""Propagate the inputs' uncertainties to the value.

By the gradient, from standard uncertainties; each input's share of the variance stands beside
it. Sampling normal inputs tells whether f is linear enough for that, and in which it is not.""",
    examples="""\
diffcli uncertainty "x*y" --at "x=3±0.1, y=2±0.05"
diffcli uncertainty "4 pi^2 l/t^2" --at "l=1+-0.002, t=2.007+-0.01" --order 2
diffcli uncertainty "u/i" --at "u=5±0.1, i=0.02±0.001" --cov "u,i=-0.4" """.rstrip(),
    options=(ORDER, COV, SAMPLES, SIUNITX),
    unused=(POINTS_FILE, *OF_DERIVATIVES),
    plan=plan,
)
