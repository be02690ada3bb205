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
    from diffcli.studies.critical.notable_points import NotablePoint, Search

_TOLD = 4
"""Undecided places that are told one by one."""
_NARROW = 1e-6
_AT_JUMPS = {
    (False, False): "",
    (True, False): " after the jump",
    (False, True): " before the jump",
    (True, True): " between the jumps",
}
"""What is said of a stretch whose ends are jumps, where it doesn't hold."""


def search_answer(search: Search, box: Box, facts: Facts, best: Extremes | None = None) -> Answer:
    """Return the critical points of a function of several variables."""

    def document(digits: int | None) -> Document:
        proved = _completeness({"critical points": search}, box, facts, digits)
        return Document(
            (
                Formulas(tuple(function_lines(facts))),
                *_points("critical points", search.points, facts),
                *extreme_tables(best, facts, digits),
                Remarks((*_continua(search), *proved)),
            )
        )

    def data() -> dict[str, Any]:
        more = {"continua": search.continua, "unproved": search.unproved}
        return {**facts.data, **_whole(search, box, facts), **more, **extremes_data(best)}

    return Answer(facts, 0, data, document)


def _continua(search: Search) -> Iterator[str]:
    """Yield where critical points aren't isolated."""
    for equations in search.continua:
        said = _listed([f"{equation} = 0" for equation in equations])
        yield f"not isolated: wherever {said}, the gradient is 0"
    if search.unproved:
        count = f"{search.unproved} more were found, none of them proved to be alone"
        yield f"{count}: the critical points may form a curve"


def analysis_answer(
    analysis: Analysis, box: Box, facts: Facts, best: Extremes | None = None
) -> Answer:
    """Return all that is known of a function of one variable."""
    searches = {
        "critical points": analysis.critical,
        "zeros": analysis.zeros,
        "inflections": analysis.inflections,
    }

    def document(digits: int | None) -> Document:
        points = (_points(name, search.points, facts) for name, search in searches.items())
        return Document(
            (
                Formulas(tuple(function_lines(facts))),
                *chain.from_iterable(points),
                *extreme_tables(best, facts, digits),
                *_points("breaks", analysis.breaks, facts),
                *_stretches("growth", analysis.growth),
                *_stretches("convexity", analysis.convexity),
                *_asymptotes(analysis, facts),
                Remarks((*_kinks(analysis, facts), *_completeness(searches, box, facts, digits))),
            )
        )

    def data() -> dict[str, Any]:
        return {**_analysis(analysis, box, facts, searches), **extremes_data(best)}

    return Answer(facts, 0, data, document)


def _analysis(
    analysis: Analysis, box: Box, facts: Facts, searches: Mapping[str, Search]
) -> dict[str, Any]:
    return {
        **facts.data,
        **_whole(analysis.critical, box, facts),
        "zeros": [point_data(point) for point in analysis.zeros.points],
        "inflections": [point_data(point) for point in analysis.inflections.points],
        "breaks": [point_data(point) for point in analysis.breaks],
        "growth": [_stretch(stretch) for stretch in analysis.growth],
        "convexity": [_stretch(stretch) for stretch in analysis.convexity],
        "asymptotes": [*_vertical(analysis), *map(_asymptote, analysis.asymptotes)],
        "proved": {name: bool(search.complete) for name, search in searches.items()},
    }


def _points(title: str, points: Sequence[NotablePoint], facts: Facts) -> Iterator[Table]:
    """Yield the table of some points; without any, none."""
    if not points:
        return
    rows: list[tuple[Cell, ...]] = []
    for point in points:
        coordinates = [point.at[name] for name in facts.variables]
        rows.append(
            (
                *coordinates,
                point.value,
                point.kind.value,
                point.tag.value,
                _exact(point, facts.name),
            )
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


def _kinks(analysis: Analysis, facts: Facts) -> Iterator[str]:
    """Yield a sentence for each extremum that has no derivative."""
    (x,) = facts.variables
    for point, kind in analysis.kink_extrema(x):
        x_value = (point.exact or {}).get(x) or number(point.at[x])
        yield f"{kind.value} at the kink {x} = {x_value}, where there is no derivative"


def _stretches(title: str, stretches: Sequence[Behaviour]) -> Iterator[Table]:
    if stretches:
        rows = tuple(
            (stretch.low, stretch.high, f"{stretch.shape}{_AT_JUMPS[stretch.jumps]}")
            for stretch in stretches
        )
        yield Table(title, ("from", "to", ""), rows)


def _asymptotes(analysis: Analysis, facts: Facts) -> Iterator[Table]:
    (x,) = facts.variables
    rows: list[tuple[Cell, ...]] = []
    for pole in _poles(analysis):
        x_value = (pole.exact or {}).get(x) or number(pole.at[x])
        rows.append((f"{x} -> {x_value}", f"{x} = {x_value}", pole.tag.value))
    for asymptote in analysis.asymptotes:
        towards = f"{x} -> {'inf' if asymptote.towards > 0 else '-inf'}"
        rows.append((towards, f"y = {_line(asymptote, x)}", asymptote.tag.value))
    if rows:
        yield Table("asymptotes", ("for", "line", "known"), tuple(rows))


def _line(asymptote: Asymptote, x: str) -> str:
    if not asymptote.slope:
        return number(asymptote.intercept)
    slope = {1.0: x, -1.0: f"-{x}"}.get(asymptote.slope, f"{number(asymptote.slope)}*{x}")
    if not asymptote.intercept:
        return slope
    return f"{slope} {'-' if asymptote.intercept < 0 else '+'} {number(abs(asymptote.intercept))}"


def _completeness(
    searches: Mapping[str, Search], box: Box, facts: Facts, digits: int | None
) -> Iterator[str]:
    """Yield what is proved of each search, and the places where nothing is."""
    where = interval_text(box, facts, digits)
    if any(search.complete is None for search in searches.values()):
        yield f"not proved to be all: --certify searches the whole of {where}"
    if proved := [_counted(name, search) for name, search in searches.items() if search.complete]:
        yield f"proved: {where} has {_listed(proved)}"
    if open_ := [name for name, search in searches.items() if search.complete is False]:
        yield f"{_listed(open_)}: any other lies in an undecided place"
    doubtful = dict.fromkeys(
        f"  {around_text(doubt, facts)}: {doubt.reason}"
        for search in searches.values()
        for doubt in search.undecided
    )
    yield from list(doubtful)[:_TOLD]
    if len(doubtful) > _TOLD:
        yield f"  … and {len(doubtful) - _TOLD} more; --json has all"


def _counted(name: str, search: Search) -> str:
    count = len(search.points)
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


def _whole(search: Search, box: Box, facts: Facts) -> dict[str, Any]:
    return {
        "results": [point_data(point) for point in search.points],
        "range": dict(zip(facts.variables, box, strict=True)),
        "complete": search.complete,
        "undecided": [_undecided(doubt, facts) for doubt in search.undecided],
    }


def _undecided(doubt: Undecided, facts: Facts) -> dict[str, Any]:
    return {"range": dict(zip(facts.variables, doubt.cell, strict=True)), "reason": doubt.reason}


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


def _stretch(behaviour: Behaviour) -> dict[str, Any]:
    ends = zip(("from", "to"), behaviour.jumps, strict=True)
    return {
        "from": behaviour.low,
        "to": behaviour.high,
        "shape": behaviour.shape,
        "jumps": [end for end, jumps in ends if jumps],
    }


def _asymptote(asymptote: Asymptote) -> dict[str, Any]:
    return {
        "slope": asymptote.slope,
        "intercept": asymptote.intercept,
        "towards": "inf" if asymptote.towards > 0 else "-inf",
        "tag": asymptote.tag.value,
    }


def _poles(analysis: Analysis) -> Iterator[NotablePoint]:
    return (point for point in analysis.breaks if point.kind.value == "pole")


def _vertical(analysis: Analysis) -> Iterator[dict[str, Any]]:
    for pole in _poles(analysis):
        (x_value,) = pole.at.values()
        yield {"at": x_value, "tag": pole.tag.value}
