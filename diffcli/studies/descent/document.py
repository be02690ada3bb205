"""A descent as an answer: the steps, and what was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, isclose, log10
from typing import Any

from diffcli.output.answers import cell_name, function_lines, remarks
from diffcli.output.cells import cells
from diffcli.output.document import (
    Answer,
    Cell,
    Document,
    Formulas,
    Remarks,
    Rounded,
    Table,
)
from diffcli.output.text import number
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.descent.descend import Descent, Outcome, Step

DECIMALS = 6
MAX_STEPS = 101
"""Steps that are shown, unless another number is asked for."""
MOST_COORDINATES = 6
"""Coordinates of a step that are shown."""
MOST_EIGENVALUES = 4
_SHORT = 4
"""Significant digits of a number in a sentence."""


def answer(
    descents: Sequence[Descent], *, every: int | None = None, most: int = MAX_STEPS, **more: Any
) -> Answer:
    """Return the steps of each descent, thinned, and a table of what was reached.

    ``every`` is how many steps lie between two that are shown; None shows about ``most``. The data
    have all. ``more`` goes to the Answer.
    """
    first = descents[0].report

    def document(digits: int | None) -> Document:
        tables: list[Table] = []
        said: list[str] = []
        for descent in descents:
            gap = every or _round_up(len(descent.steps) / most)
            way = _way(descent, gap, DECIMALS if digits is None else digits)
            tables += (way, _end(descent))
            said += _remarks(descent, digits)
            if len(way.rows) < len(descent.steps):
                said.append(
                    f"{len(way.rows)} of {len(descent.steps)} steps are shown; --json has all"
                )
        formulas = Formulas(tuple(function_lines(first)))
        return Document((formulas, *tables, Remarks(tuple(said))))

    return Answer(
        first,
        max(descent.exit_code for descent in descents),
        lambda: {**first.data, "results": [_record(descent) for descent in descents]},
        document,
        **more,
    )


def _round_up(number: float) -> int:
    """Return the next of 1, 2, 5, 10, 20, 50 …."""
    power: int = 10 ** max(0, ceil(log10(number)) - 1)
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= number)


def _way(descent: Descent, gap: int, decimals: int) -> Table:
    steps = descent.steps
    shown = [step for step in steps if step.step % gap == 0 or step is steps[-1]]
    names = list(steps[0].coordinates)[:MOST_COORDINATES]
    rows: list[tuple[Cell, ...]] = []
    for step in shown:
        coordinates = [step.coordinates[name] for name in names]
        numbers = [*coordinates, step.value, step.gradient_norm]
        rounded = (Rounded(value, decimals=decimals) for value in numbers)
        rows.append((Rounded(step.step, decimals=0), *rounded))
    called = descent.report.name
    title = f"{descent.plan.optimizer}, learning rate {number(descent.plan.rate, _SHORT)}"
    return Table(title, ("step", *names, called, f"‖∇{called}‖"), tuple(rows))


def _end(descent: Descent) -> Table:
    """Return the good step's gradient with its verdicts."""
    report, good = descent.report, descent.good
    shown = cells(report.results[0])
    rows = [
        (name, x, cell_name(report, cell), cell.number, cell.check.verdict if cell.check else "")
        for (name, x), cell in zip(good.coordinates.items(), shown, strict=True)
    ]
    title = f"step {good.step}, {report.name} = {number(good.value)}"
    return Table(title, ("variable", "value", "derivative", "", "verdict"), tuple(rows))


def _remarks(descent: Descent, digits: int | None) -> Iterator[str]:
    yield _ending(descent)
    if descent.plan.safe and len(descent.steps) > 1:
        word = "increase" if descent.plan.maximize else "decrease"
        yield f"every step is proved to {word} {descent.report.name}"
    if descent.eigenvalues:
        yield _curvature(descent)
    rate, taken = descent.suggested_rate, descent.plan.rate
    plain = descent.plan.optimizer in ("sgd", "momentum")
    if plain and rate and taken and not isclose(rate, taken, rel_tol=0.05):
        told = number(rate, _SHORT)
        yield f"a learning rate that suits: {told}, 1/λ for the Hessian's largest eigenvalue λ"
    yield from remarks(descent.report, digits)


def _ending(descent: Descent) -> str:
    last, good = descent.steps[-1], descent.good
    norm = number(last.gradient_norm, _SHORT)
    slope = f"‖∇{descent.report.name}‖"
    match descent.outcome:
        case Outcome.CONVERGED:
            return f"converged at step {last.step}: {slope} = {norm}"
        case Outcome.UNFINISHED:
            return f"the steps ran out: {slope} = {norm} after {last.step}; --steps allows more"
        case Outcome.STAGNATED:
            return f"stagnated at {slope} = {norm}: the last steps gained nothing"
        case Outcome.DIVERGED:
            return f"diverged: the last good point is step {good.step}"
        case Outcome.UNPROVED:
            return f"no step is proved to go on from step {last.step}: {slope} = {norm}"
    if not good.is_finite:
        return "there is no derivative at the start"
    reason = f" ({descent.reason})" if descent.reason else ""
    return f"left the domain{reason}: the last good point is step {good.step}"


def _curvature(descent: Descent) -> str:
    written = [number(eigenvalue, _SHORT) for eigenvalue in descent.eigenvalues]
    few = len(written) <= MOST_EIGENVALUES
    listed = ", ".join(written) if few else f"from {written[0]} to {written[-1]}"
    many = "s" if len(written) > 1 else ""
    said = f"the Hessian's eigenvalue{many} {'are' if many else 'is'} {listed}"
    return f"{_KINDS[descent.kind]}: {said}" if descent.kind else f"{said} there"


_KINDS = {
    PointKind.MINIMUM: "a minimum",
    PointKind.MAXIMUM: "a maximum",
    PointKind.SADDLE: "a saddle point",
    PointKind.DEGENERATE: "a degenerate critical point",
}


def _record(descent: Descent) -> Mapping[str, Any]:
    plan = descent.plan
    return {
        "from": descent.steps[0].at,
        "optimizer": plan.optimizer,
        "learning_rate": plan.rate,
        "outcome": descent.outcome.value,
        "reason": descent.reason,
        "steps": [_step(step) for step in descent.steps],
        "good_step": descent.good.step,
        **descent.report.results[0].data,
        "kind": descent.kind.value if descent.kind else None,
        "eigenvalues": descent.eigenvalues,
        "suggested_learning_rate": descent.suggested_rate,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "at": step.at,
        "value": step.value,
        "gradient_norm": step.gradient_norm,
    }
