"""``diffcli profile``: where the time of a gradient goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.options import Common, Formulas
from diffcli.derivation import Settings
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer
from diffcli.output.files import check_different, check_writable

EXAMPLES = """\
diffcli profile "sin(x)*exp(-x^2)" --at 1 --repeat 1000
diffcli profile "(z/x)*y" --at "x=rand(200,300),y=rand(200,300),z=rand(200,300)" --trace t.json"""

_SILENT = "6"


def _option(name: str, metavar: str, what: str, **more: Any) -> Any:
    return Option(
        name, metavar=metavar, help=what, rich_help_panel="Profile", show_default=False, **more
    )


def profile(
    formulas: Formulas = None,
    *,
    common: Common,
    repeat: Annotated[
        int, _option("--repeat", "N", "Evaluations and passes; 100.", min=1, max=1_000_000)
    ] = 100,
    trace: Annotated[
        Path | None, _option("--trace", "FILE", "What happened when, for Chrome's tracing.")
    ] = None,
) -> int:
    """Show where the time of a gradient goes.

    To torch's operators, in evaluations and backward passes; the longest own time comes first.
    What a gradient costs is measured without the profiler.
    """
    if not (common.at or common.points):
        raise UsageError("profile at which point?", hint='diffcli profile "x^2" --at 3')
    if trace:
        check_writable(trace)
        check_different(trace, common.output)
    # Else the profiler's library tells on stderr that it starts and stops.
    os.environ.setdefault("KINETO_LOG_LEVEL", _SILENT)

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.profile.document import answer
        from diffcli.studies.profile.measure import measure

        if trace and len(points) > 1:
            raise UsageError("several points, and one trace is written", hint="take one by one")
        found = [measure(function, point, chosen, repeat) for point in points]
        return answer(found, {trace: found[0].trace} if trace else {})

    return serve(study, formulas or (), common, single=trace)
