"""``diffcli bounds``: the proved range of a function over a box, of its partials, and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.options import Formulas
from diffcli.cli.ranges import In, Patient, read_box
from diffcli.derivation import Settings
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer
from diffcli.output.report import Facts

EXAMPLES = """\
diffcli bounds "x*sin(y)" --in "x=0:1,y=0:pi"
diffcli bounds "x^2 - exp(x)" --in x=-2:2 --tol 1e-9\
"""

_Tolerance = Annotated[
    float,
    Option(
        "--tol",
        metavar="T",
        help="Relative width of the bounds (default 1e-6).",
        min=1e-12,
        show_default=False,
    ),
]


def bounds(
    formulas: Formulas = None,
    *,
    common: Patient,
    in_: In = None,
    tol: _Tolerance = 1e-6,
) -> int:
    """Bound a function and its partials over a box, with proof.

    The least and the greatest value, each between two bounds, and where it is attained; in which
    variables the function is monotone, whether it is convex, and its Lipschitz constants.
    """
    if common.at or common.points:
        raise UsageError("bounds looks at a box, not at a point", hint="--in x=0:1")

    def study(function: Function, _: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.bounds.document import bounds_answer
        from diffcli.studies.bounds.statement import state

        if not function.is_scalar or not function.variables:
            raise UsageError("bounds takes one formula with a variable", hint="x^2 --in x=0:1")
        budget = chosen.budget if common.timeout is None else min(chosen.budget, common.timeout / 2)
        found = state(function, read_box(in_, function.variables), tol, budget)
        told = (f"{found.boxes:,} boxes",)
        facts = Facts.of("bounds", function, dtype=chosen.dtype, device=chosen.device, told=told)
        return bounds_answer(found, facts)

    return serve(study, formulas or (), common)
