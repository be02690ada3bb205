"""What ``critical`` found, as a listing: tables of points and of intervals, what is proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffcli.output.documents import document
from diffcli.output.headings import function_lines
from diffcli.output.listing import Block, Cell, Listing
from diffcli.output.text import number

if TYPE_CHECKING:
    from diffcli.output.report import Report
    from diffcli.studies.critical.analysis import Analysis, Stretch
    from diffcli.studies.critical.asymptotes import Asymptote
    from diffcli.studies.critical.boxes import Box, Undecided
    from diffcli.studies.critical.landmarks import Landmark, Search

_TOLD = 4
"""Undecided places that are told one by one."""
_NARROW = 1e-6


def search_listing(found: Search, box: Box, report: Report, digits: int | None) -> Listing:
    """Return the critical points of a function of several variables."""
    return Listing(
        formulas=tuple(function_lines(report)),
        blocks=tuple(_points("critical points", found.points, report)),
        remarks=(
            *_crowds(found),
            *_completeness({"critical points": found}, box, report, digits),
        ),
        document={
            **document(report),
            **_whole(found, box, report),
            "continua": found.continua,
            "unproved": found.unproved,
        },
    )


def _crowds(found: Search) -> Iterator[str]:
    """Yield where critical points aren't isolated."""
    for equations in found.continua:
        said = _listed([f"{each} = 0" for each in equations])
        yield f"not isolated: wherever {said}, the gradient is 0"
    if found.unproved:
        count = f"{found.unproved} more were found, none of them proved to be alone"
        yield f"{count}: the critical points may form a curve"


def analysis_listing(found: Analysis, box: Box, report: Report, digits: int | None) -> Listing:
    """Return all that is known of a function of one variable."""
    searches = {
        "critical points": found.critical,
        "zeros": found.zeros,
        "inflections": found.inflections,
    }
    blocks = [
        block for name, each in searches.items() for block in _points(name, each.points, report)
    ]
    blocks += _points("breaks", found.breaks, report)
    blocks += _stretches("growth", found.growth)
    blocks += _stretches("convexity", found.convexity)
    blocks += _asymptotes(found, report)
    return Listing(
        formulas=tuple(function_lines(report)),
        blocks=tuple(blocks),
        remarks=tuple(_completeness(searches, box, report, digits)),
        document={
            **document(report),
            **_whole(found.critical, box, report),
            "zeros": [_point(each) for each in found.zeros.points],
            "inflections": [_point(each) for each in found.inflections.points],
            "breaks": [_point(each) for each in found.breaks],
            "growth": [_stretch(each) for each in found.growth],
            "convexity": [_stretch(each) for each in found.convexity],
            "asymptotes": [*_vertical(found), *map(_asymptote, found.asymptotes)],
            "proved": {name: bool(each.complete) for name, each in searches.items()},
        },
    )


def _points(title: str, points: Sequence[Landmark], report: Report) -> Iterator[Block]:
    """Yield the table of some points; without any, none."""
    if not points:
        return
    rows: list[tuple[Cell, ...]] = []
    for point in points:
        at = [point.at[name] for name in report.variables]
        rows.append(
            (*at, point.value, point.kind.value, point.tag.value, _exact(point, report.name))
        )
    head = *report.variables, report.name, "kind", "known", "exactly"
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    yield Block(title, head, tuple(rows))


def _exact(point: Landmark, function: str) -> str:
    """Return the exact coordinates and value, where they say more than the numbers do."""
    exact = dict(point.exact or {})
    if point.exact_value:
        exact[function] = point.exact_value
    told = {name: text for name, text in exact.items() if not text.lstrip("-").isdigit()}
    return ", ".join(f"{name} = {text}" for name, text in told.items())


def _stretches(title: str, stretches: Sequence[Stretch]) -> Iterator[Block]:
    if stretches:
        rows = tuple((each.low, each.high, each.shape) for each in stretches)
        yield Block(title, ("from", "to", ""), rows)


def _asymptotes(found: Analysis, report: Report) -> Iterator[Block]:
    (x,) = report.variables
    rows: list[tuple[Cell, ...]] = []
    for pole in _poles(found):
        at = (pole.exact or {}).get(x) or number(pole.at[x])
        rows.append((f"{x} -> {at}", f"{x} = {at}", pole.tag.value))
    for each in found.asymptotes:
        towards = f"{x} -> {'inf' if each.towards > 0 else '-inf'}"
        rows.append((towards, f"y = {_line(each, x)}", each.tag.value))
    if rows:
        yield Block("asymptotes", ("for", "line", "known"), tuple(rows))


def _line(each: Asymptote, x: str) -> str:
    if not each.slope:
        return number(each.intercept)
    slope = {1.0: x, -1.0: f"-{x}"}.get(each.slope, f"{number(each.slope)}*{x}")
    if not each.intercept:
        return slope
    return f"{slope} {'-' if each.intercept < 0 else '+'} {number(abs(each.intercept))}"


def _completeness(
    searches: Mapping[str, Search], box: Box, report: Report, digits: int | None
) -> Iterator[str]:
    """Yield what is proved of each search, and the places where nothing is."""
    where = _interval(box, report, digits)
    if any(each.complete is None for each in searches.values()):
        yield f"not proved to be all: --certify searches the whole of {where}"
    if proved := [_counted(name, each) for name, each in searches.items() if each.complete]:
        yield f"proved: {where} has {_listed(proved)}"
    if open_ := [name for name, each in searches.items() if each.complete is False]:
        yield f"{_listed(open_)}: any other lies in an undecided place"
    places = dict.fromkeys(
        f"  {_around(doubt, report)}: {doubt.reason}"
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


def _around(doubt: Undecided, report: Report) -> str:
    """Return a narrow place by its middle, a wide one by its ends."""
    narrow = all(high - low < _NARROW * max(1, abs(low)) for low, high in doubt.cell)
    if not narrow:
        return _interval(doubt.cell, report, None)
    middles = zip(report.variables, doubt.cell, strict=True)
    return "at " + ", ".join(f"{x} = {number((a + b) / 2 + 0.0, 8)}" for x, (a, b) in middles)


def _interval(cell: Box, report: Report, digits: int | None) -> str:
    ends = zip(report.variables, cell, strict=True)
    return ", ".join(f"{number(a, digits)} ≤ {x} ≤ {number(b, digits)}" for x, (a, b) in ends)


def _whole(found: Search, box: Box, report: Report) -> dict[str, Any]:
    return {
        "range": dict(zip(report.variables, box, strict=True)),
        "complete": found.complete,
        "undecided": [_undecided(each, report) for each in found.undecided],
        "results": [_point(point) for point in found.points],
    }


def _undecided(each: Undecided, report: Report) -> dict[str, Any]:
    return {"range": dict(zip(report.variables, each.cell, strict=True)), "reason": each.reason}


def _point(point: Landmark) -> dict[str, Any]:
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


def _stretch(each: Stretch) -> dict[str, Any]:
    return {"from": each.low, "to": each.high, "shape": each.shape}


def _asymptote(each: Asymptote) -> dict[str, Any]:
    return {
        "slope": each.slope,
        "intercept": each.intercept,
        "towards": "inf" if each.towards > 0 else "-inf",
        "tag": each.tag.value,
    }


def _poles(found: Analysis) -> Iterator[Landmark]:
    return (each for each in found.breaks if each.kind.value == "pole")


def _vertical(found: Analysis) -> Iterator[dict[str, Any]]:
    for pole in _poles(found):
        (at,) = pole.at.values()
        yield {"at": at, "tag": pole.tag.value}
