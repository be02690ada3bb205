"""Critical points as an answer: tables of points and of intervals, and what is proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Cell, Document, Formulas, Remarks, Table
from diffcli.output.text import number
from diffcli.studies.constrained.extreme_tables import extreme_tables, extremes_data

if TYPE_CHECKING:
    from diffcli.output.report import Facts
    from diffcli.studies.constrained.extremes import Extremes
    from diffcli.studies.critical.analysis import Analysis, Behaviour
    from diffcli.studies.critical.asymptotes import Asymptote
    from diffcli.studies.critical.boxes import Box, Undecided
    from diffcli.studies.critical.landmarks import NotablePoint, Search

_TOLD = 4
"""Undecided places that are told one by one."""
_NARROW = 1e-6


def search_answer(found: Search, box: Box, facts: Facts, best: Extremes | None = None) -> Answer:
    """Return the critical points of a function of several variables."""

    def document(digits: int | None) -> Document:
        proved = _completeness({"critical points": found}, box, facts, digits)
        return Document(
            (
                Formulas(tuple(function_lines(facts))),
                *_points("critical points", found.points, facts),
                *extreme_tables(best, facts, digits),
                Remarks((*_crowds(found), *proved)),
            )
        )

    def data() -> dict[str, Any]:
        more = {"continua": found.continua, "unproved": found.unproved}
        return {**facts.data, **_whole(found, box, facts), **more, **extremes_data(best)}

    return Answer(facts, 0, data, document)


def _crowds(found: Search) -> Iterator[str]:
    """Yield where critical points aren't isolated."""
    for equations in found.continua:
        said = _listed([f"{each} = 0" for each in equations])
        yield f"not isolated: wherever {said}, the gradient is 0"
    if found.unproved:
        count = f"{found.unproved} more were found, none of them proved to be alone"
        yield f"{count}: the critical points may form a curve"


def analysis_answer(
    found: Analysis, box: Box, facts: Facts, best: Extremes | None = None
) -> Answer:
    """Return all that is known of a function of one variable."""
    searches = {
        "critical points": found.critical,
        "zeros": found.zeros,
        "inflections": found.inflections,
    }

    def document(digits: int | None) -> Document:
        points = (_points(name, each.points, facts) for name, each in searches.items())
        return Document(
            (
                Formulas(tuple(function_lines(facts))),
                *chain.from_iterable(points),
                *extreme_tables(best, facts, digits),
                *_points("breaks", found.breaks, facts),
                *_stretches("growth", found.growth),
                *_stretches("convexity", found.convexity),
                *_asymptotes(found, facts),
                Remarks((*_kinks(found, facts), *_completeness(searches, box, facts, digits))),
            )
        )

    def data() -> dict[str, Any]:
        return {**_analysis(found, box, facts, searches), **extremes_data(best)}

    return Answer(facts, 0, data, document)


def _analysis(
    found: Analysis, box: Box, facts: Facts, searches: Mapping[str, Search]
) -> dict[str, Any]:
    return {
        **facts.data,
        **_whole(found.critical, box, facts),
        "zeros": [point_data(each) for each in found.zeros.points],
        "inflections": [point_data(each) for each in found.inflections.points],
        "breaks": [point_data(each) for each in found.breaks],
        "growth": [_stretch(each) for each in found.growth],
        "convexity": [_stretch(each) for each in found.convexity],
        "asymptotes": [*_vertical(found), *map(_asymptote, found.asymptotes)],
        "proved": {name: bool(each.complete) for name, each in searches.items()},
    }


def _points(title: str, points: Sequence[NotablePoint], facts: Facts) -> Iterator[Table]:
    """Yield the table of some points; without any, none."""
    if not points:
        return
    rows: list[tuple[Cell, ...]] = []
    for point in points:
        at = [point.at[name] for name in facts.variables]
        rows.append(
            (*at, point.value, point.kind.value, point.tag.value, _exact(point, facts.name))
        )
    head = *facts.variables, facts.name, "kind", "known", "exactly"
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    yield Table(title, head, tuple(rows))


def _exact(point: NotablePoint, function: str) -> str:
    """Return the exact coordinates and value, where they say more than the numbers do."""
    exact = dict(point.exact or {})
    if point.exact_value:
        exact[function] = point.exact_value
    told = {name: text for name, text in exact.items() if not text.lstrip("-").isdigit()}
    return ", ".join(f"{name} = {text}" for name, text in told.items())


def _kinks(found: Analysis, facts: Facts) -> Iterator[str]:
    """Yield a sentence for each extremum that has no derivative."""
    (x,) = facts.variables
    for point, kind in found.kink_extrema(x):
        at = (point.exact or {}).get(x) or number(point.at[x])
        yield f"{kind.value} at the kink {x} = {at}, where there is no derivative"


def _stretches(title: str, stretches: Sequence[Behaviour]) -> Iterator[Table]:
    if stretches:
        rows = tuple((each.low, each.high, each.shape) for each in stretches)
        yield Table(title, ("from", "to", ""), rows)


def _asymptotes(found: Analysis, facts: Facts) -> Iterator[Table]:
    (x,) = facts.variables
    rows: list[tuple[Cell, ...]] = []
    for pole in _poles(found):
        at = (pole.exact or {}).get(x) or number(pole.at[x])
        rows.append((f"{x} -> {at}", f"{x} = {at}", pole.tag.value))
    for each in found.asymptotes:
        towards = f"{x} -> {'inf' if each.towards > 0 else '-inf'}"
        rows.append((towards, f"y = {_line(each, x)}", each.tag.value))
    if rows:
        yield Table("asymptotes", ("for", "line", "known"), tuple(rows))


def _line(each: Asymptote, x: str) -> str:
    if not each.slope:
        return number(each.intercept)
    slope = {1.0: x, -1.0: f"-{x}"}.get(each.slope, f"{number(each.slope)}*{x}")
    if not each.intercept:
        return slope
    return f"{slope} {'-' if each.intercept < 0 else '+'} {number(abs(each.intercept))}"


def _completeness(
    searches: Mapping[str, Search], box: Box, facts: Facts, digits: int | None
) -> Iterator[str]:
    """Yield what is proved of each search, and the places where nothing is."""
    where = interval_text(box, facts, digits)
    if any(each.complete is None for each in searches.values()):
        yield f"not proved to be all: --certify searches the whole of {where}"
    if proved := [_counted(name, each) for name, each in searches.items() if each.complete]:
        yield f"proved: {where} has {_listed(proved)}"
    if open_ := [name for name, each in searches.items() if each.complete is False]:
        yield f"{_listed(open_)}: any other lies in an undecided place"
    places = dict.fromkeys(
        f"  {around_text(doubt, facts)}: {doubt.reason}"
        for each in searches.values()
        for doubt in each.undecided
    )
    yield from list(places)[:_TOLD]
    if len(places) > _TOLD:
        yield f"  … and {len(places) - _TOLD} more; --json has all"


def _counted(name: str, found: Search) -> str:
    count = len(found.points)
    return f"{count or 'no'} {name.removesuffix('s') if count == 1 else name}"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def around_text(doubt: Undecided, facts: Facts) -> str:
    """Return a narrow place by its middle, a wide one by its ends."""
    narrow = all(high - low < _NARROW * max(1, abs(low)) for low, high in doubt.cell)
    if not narrow:
        return interval_text(doubt.cell, facts, None)
    middles = zip(facts.variables, doubt.cell, strict=True)
    return "at " + ", ".join(f"{x} = {number((a + b) / 2 + 0.0, 8)}" for x, (a, b) in middles)


def interval_text(cell: Box, facts: Facts, digits: int | None) -> str:
    """Return a box as inequalities."""
    ends = zip(facts.variables, cell, strict=True)
    return ", ".join(f"{number(a, digits)} ≤ {x} ≤ {number(b, digits)}" for x, (a, b) in ends)


def _whole(found: Search, box: Box, facts: Facts) -> dict[str, Any]:
    return {
        "results": [point_data(point) for point in found.points],
        "range": dict(zip(facts.variables, box, strict=True)),
        "complete": found.complete,
        "undecided": [_undecided(each, facts) for each in found.undecided],
    }


def _undecided(each: Undecided, facts: Facts) -> dict[str, Any]:
    return {"range": dict(zip(facts.variables, each.cell, strict=True)), "reason": each.reason}


def point_data(point: NotablePoint) -> dict[str, Any]:
    """Return a point as JSON has it."""
    return {
        "at": point.at,
        "value": point.value,
        "kind": point.kind.value,
        "tag": point.tag.value,
        "exact": point.exact,
        "exact_value": point.exact_value,
        "bounds": point.bounds,
        "eigenvalues": point.eigenvalues,
    }


def _stretch(each: Behaviour) -> dict[str, Any]:
    return {"from": each.low, "to": each.high, "shape": each.shape}


def _asymptote(each: Asymptote) -> dict[str, Any]:
    return {
        "slope": each.slope,
        "intercept": each.intercept,
        "towards": "inf" if each.towards > 0 else "-inf",
        "tag": each.tag.value,
    }


def _poles(found: Analysis) -> Iterator[NotablePoint]:
    return (each for each in found.breaks if each.kind.value == "pole")


def _vertical(found: Analysis) -> Iterator[dict[str, Any]]:
    for pole in _poles(found):
        (at,) = pole.at.values()
        yield {"at": at, "tag": pole.tag.value}
