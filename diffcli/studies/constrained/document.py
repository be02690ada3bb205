"""Constrained extrema as an answer: the points with their multipliers, and what is proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Block, Cell, Document, Formulas, Line, Remarks, Table
from diffcli.studies.constrained.extreme_tables import extreme_tables, extremes_data
from diffcli.studies.critical.document import around_text, interval_text, point_data

if TYPE_CHECKING:
    from diffcli.output.report import Facts
    from diffcli.studies.constrained.extremes import Extremes
    from diffcli.studies.constrained.points import ConstrainedPoint
    from diffcli.studies.constrained.problem import Problem
    from diffcli.studies.constrained.search import Extrema
    from diffcli.studies.critical.boxes import Box, Undecided

MOST_TOLD = 4
"""Undecided cells that are told one by one."""


def constrained_answer(
    problem: Problem, found: Extrema, best: Extremes | None, box: Box, facts: Facts
) -> Answer:
    """Return the extrema of a problem in a box; ``best`` are its extreme values, where asked."""
    shown = [
        point
        for point in found.points
        if not any(problem.constraints[place].is_face for place in point.active)
    ]

    def document(digits: int | None) -> Document:
        blocks: tuple[Block, ...] = (
            Formulas(tuple(_lines(problem, facts))),
            *_points(problem, shown, facts),
            *extreme_tables(best, facts, digits),
            Remarks(tuple(_remarks(found, len(shown), box, facts, digits))),
        )
        return Document(blocks)

    def data() -> dict[str, Any]:
        return {
            **facts.data,
            "constraints": [
                constraint.text for constraint in problem.constraints if not constraint.is_face
            ],
            "results": [_point_data(problem, each) for each in shown],
            "range": dict(zip(facts.variables, box, strict=True)),
            "complete": found.is_complete,
            "feasible": False if found.is_empty else True if _is_met(found) else None,
            "undecided": [
                {"range": dict(zip(facts.variables, each.cell, strict=True)), "reason": each.reason}
                for each in found.undecided
            ],
            "boxes": found.boxes,
            **extremes_data(best),
        }

    return Answer(facts, 0, data, document)


def _is_met(found: Extrema) -> bool:
    return any(point.point.tag.value != "numeric" for point in found.points)


def _lines(problem: Problem, facts: Facts) -> Iterator[Line]:
    yield from function_lines(facts)
    for place, each in enumerate(problem.constraints):
        if not each.is_face:
            yield Line(f"({place + 1})", each.text)


def _points(problem: Problem, shown: list[ConstrainedPoint], facts: Facts) -> Iterator[Table]:
    if not shown:
        return
    places = [place for place, each in enumerate(problem.constraints) if not each.is_face]
    rows: list[tuple[Cell, ...]] = []
    for each in shown:
        point = each.point
        exact = point.exact or {}
        at = [exact.get(name) or point.at[name] for name in facts.variables]
        value = point.value if point.exact_value is None else point.exact_value
        multipliers = [_multiplier(each, place) for place in places]
        rows.append((*at, value, *multipliers, point.kind.value, point.tag.value))
    head = (
        *facts.variables,
        facts.name,
        *(f"λ{place + 1}" for place in places),
        *("kind", "known"),
    )
    yield Table("points", head, tuple(rows))


def _multiplier(each: ConstrainedPoint, place: int) -> Cell:
    if each.multipliers is None:
        return "none" if each.point.kind.value == "singular" else "not known"
    exact = (each.exact_multipliers or {}).get(place)
    return exact or each.multipliers.get(place, "-")


def _remarks(
    found: Extrema, count: int, box: Box, facts: Facts, digits: int | None
) -> Iterator[str]:
    where = interval_text(box, facts, digits)
    if any(point.multipliers for point in found.points):
        yield "∇f is the sum of each λ times its constraint's gradient, of left minus right side"
    if any(point.point.kind.value == "singular" for point in found.points):
        yield "singular: the constraints' gradients are dependent there; no multipliers are needed"
    if found.is_empty:
        yield f"proved: no point of {where} satisfies the constraints"
    elif found.is_complete:
        said = "one point" if count == 1 else f"{count or 'no'} points"
        yield f"proved: {where} has {said}"
    else:
        yield f"not proved to be all in {where}: any other lies in an undecided place"
        yield from (_doubt(each, facts) for each in found.undecided[:MOST_TOLD])
        if len(found.undecided) > MOST_TOLD:
            yield f"  … and {len(found.undecided) - MOST_TOLD} more; --json has all"


def _doubt(each: Undecided, facts: Facts) -> str:
    return f"  {around_text(each, facts)}: {each.reason}"


def _point_data(problem: Problem, each: ConstrainedPoint) -> dict[str, Any]:
    def by_text(values: Mapping[int, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {problem.constraints[place].text: value for place, value in values.items()}

    return {
        **point_data(each.point),
        "active": [problem.constraints[place].text for place in each.active],
        "multipliers": by_text(each.multipliers),
        "exact_multipliers": by_text(each.exact_multipliers),
    }
