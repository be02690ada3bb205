"""``diffcli critical``: where a gradient is 0; of one variable, the whole analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from typer import Option

from diffcli.cli.answer import Study, serve
from diffcli.cli.messages import say
from diffcli.cli.options import Common, Formulas
from diffcli.cli.progress import progress
from diffcli.derivation import Settings
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point, read_ranges
from diffcli.output.document import Answer
from diffcli.output.report import Facts

EXAMPLES = """\
diffcli critical "x^4 - 3x^2 + x" --range -3:3
diffcli critical "(x^2+y-11)^2 + (x+y^2-7)^2" --range "x=-5:5,y=-5:5" --certify
diffcli analyze "x/(x^2+1)"\
"""
WIDEST = "-10:10"

_Range = Annotated[
    str | None,
    Option("--range", "--in", metavar="RANGES", help="x=-3:3,y=-2:2; -10:10.", show_default=False),
]
_Certify = Annotated[
    bool, Option("--certify", help="Leave no point out: by intervals.", show_default=False)
]


def critical(
    formulas: Formulas = None, *, common: Common, range_: _Range = None, certify: _Certify = False
) -> int:
    """Find the critical points in a box: what they are, and how that is known.

    Of a function of one variable also zeros, inflections, poles, asymptotes, intervals of growth
    and of convexity. Points are exact, certified (proved to exist, alone) or numeric.
    """
    return serve(_study(range_, common, certify=certify), formulas or (), common)


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


def _study(typed: str | None, common: Common, *, certify: bool) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        if points:
            raise UsageError("critical looks at a box, not at a point", hint="--range -3:3")
        if not function.is_scalar or not function.variables:
            raise UsageError(
                "critical takes one formula with a variable", hint='diffcli critical "x^2"'
            )
        ranges = _ranges(function, typed)
        if typed is None and not common.quiet:
            say(f"range {WIDEST}; choose another with --range")
        from diffcli.studies.critical.boxes import box_of
        from diffcli.studies.critical.document import analysis_answer, search_answer

        box = box_of(ranges)
        facts = Facts.of("critical", function, dtype=chosen.dtype, device=chosen.device)
        if len(box) == 1:
            from diffcli.studies.critical.analysis import analyse

            analysis = analyse(function, box, budget=chosen.budget)
            return analysis_answer(analysis, box, facts)
        from diffcli.studies.critical.points import critical_points

        with progress("searching", None, quiet=common.quiet) as watch:
            found = critical_points(
                function,
                box,
                certify=certify,
                budget=chosen.budget,
                seed=chosen.seed,
                watch=lambda cells: watch(cells, f"{cells:,} cells"),
            )
        return search_answer(found, box, facts)

    return study
