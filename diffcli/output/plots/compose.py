"""What was asked for → the picture of it: which kind of plot a Function makes, and over what."""

from __future__ import annotations

import numpy as np

from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.output.plots.kinds import KINDS, kind_of
from diffcli.output.plots.pictures import PlotPlan, Request


# What overflows is missing from a line, as where it has no value.
@np.errstate(all="ignore")
def compose(function: Function, request: Request) -> PlotPlan:
    """Sample a Function, and lay out its picture.

    Raises UsageError where it has too many variables, or can't be drawn in the way asked for.
    """
    kinds = kinds_of(function)
    name = request.kind or kinds[0]
    if name not in kinds:
        raise UsageError(f"this formula can't be drawn as {name}", hint=f"as {' or '.join(kinds)}")
    kind = kind_of(name)
    refused = [on_line for on_line in request.on_lines if on_line not in kind.takes]
    if refused and not kind.takes_marks:
        hint = "--kind lines" if "lines" in kinds else "leave it out"
        raise UsageError(f"--{refused[0]} is for lines, and this is a {name}", hint=hint)
    if request.on_curves and not kind.takes_curves:
        listed = ", ".join(each.value for each in request.notable)
        raise UsageError(
            f"--{request.on_curves[0]} {listed}".rstrip() + " is for the curve of an equation",
            hint="x^2 + y^2 = 25",
        )
    return kind.compose(function, request)


def kinds_of(function: Function) -> tuple[str, ...]:
    """Return the ways in which a Function can be drawn, the usual one first."""
    outputs, names = len(function.outputs), function.variables
    if len(names) > 2:
        raise UsageError(
            f"a plot shows one or two variables, and the formula has {', '.join(names)}",
            hint=f"give the others a value: --let {names[-1]}=1",
        )
    if len(names) == 2 and outputs > 2:
        raise UsageError(
            f"a plot shows one or two functions of {' and '.join(names)}, not {outputs}",
            hint="leave some out",
        )
    suits = {name: kind_of(name).suits(function) for name in KINDS}
    return tuple(sorted((name for name in KINDS if suits[name]), key=lambda name: -suits[name]))
