"""The one builder of results: numbers and their checks, laid out as the operator says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diffcli.differentiation.numbers.arrays import Checked, Numbers, final_values, shaped
from diffcli.differentiation.problem import Problem
from diffcli.language.formula import Formula
from diffcli.operators import Shape
from diffcli.output.report import NestedText, Result


def result_of(
    problem: Problem,
    point: Mapping[str, Any],
    numbers: Numbers | None,
    checked: Checked,
    formulas: Mapping[str, Formula],
    *,
    outputs: Sequence[Shape] | None = None,
    layout: Callable[[Sequence[float | None]], Any] | None = None,
    typed: Mapping[str, NestedText] | None = None,
    analysis: Callable[[Any], Mapping[str, Any]] | None = None,
) -> Result:
    """Return the answer at a point; each number is the truth where it is proved.

    ``outputs`` are the shapes of the values if they aren't those of one point. ``layout`` arranges
    the entries, one after the other, if it isn't the operator's; ``analysis`` gives what the
    derivative's numbers say together.
    """
    operator, scalars = problem.operator, problem.scalars
    of_values, of_entries = (numbers.values, numbers.entries) if numbers else (None, None)
    values = shaped(of_values, checked.values, scalars.outputs if outputs is None else outputs)
    if layout is not None:
        derivative = layout(final_values(of_entries, checked.entries, 0))
    else:
        blocks = shaped(of_entries, checked.entries, operator.blocks(scalars))
        derivative = operator.layout(blocks, scalars)
    return Result(
        at=point,
        value=values[0] if len(values) == 1 else values,
        derivative=derivative,
        symbolic=formulas,
        checks=(*checked.entries.values(), *checked.left),
        value_checks=tuple(checked.values.values()),
        sampled=checked.sampled,
        typed=typed,
        analysis=analysis(derivative) if analysis else {},
    )
