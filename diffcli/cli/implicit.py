"""``diffcli implicit``: the derivative of what an equation makes of a variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.options import Common, Formulas, Wrt, variables
from diffcli.derivation import Settings
from diffcli.language.equations import read_equations
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer

EXAMPLES = """\
diffcli implicit "x^2 + y^2 = 25" --at 3,4
diffcli implicit "x^3 + y^3 = 6xy" --at 3,3 --order 2
diffcli implicit "x*y*z = 8" --of z --at 1,2,4
diffcli implicit "[u + v = x, u*v = y]" --of u,v\
"""

_Of = Annotated[
    str | None,
    Option("--of", metavar="NAMES", help="What depends: y; the last.", show_default=False),
]
_Order = Annotated[
    int,
    Option("--order", metavar="N", help="Up to the n-th derivative.", min=1, show_default=False),
]


def implicit(
    formulas: Formulas = None,
    *,
    common: Common,
    of: _Of = None,
    wrt: Wrt = None,
    order: _Order = 1,
) -> int:
    """Differentiate what an equation makes of a variable: dy/dx where x^2 + y^2 = 25.

    Several equations in brackets determine as many variables. The point must lie on the curve.
    """

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.engines.coordinates import arrays_of
        from diffcli.studies.implicit.derivatives import choose, derivatives
        from diffcli.studies.implicit.document import answer, implicit_report

        unknowns = choose(function, variables(of), variables(wrt))
        found = derivatives(function, unknowns, points, chosen, order=order)
        floats = [
            {
                name: float(each)
                for name, each in arrays_of(point, dtype=chosen.dtype, seed=chosen.seed).items()
            }
            for point in points
        ]
        report = implicit_report(
            function,
            found,
            floats,
            dtype=chosen.dtype,
            device=chosen.device,
            warnings=unknowns.choice,
        )
        return answer(report)

    return serve(study, formulas or (), common, (*variables(of), *variables(wrt)), _read)


def _read(texts: Sequence[str], **known: Any) -> Function:
    return read_equations(texts, **known).function
