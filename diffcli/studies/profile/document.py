"""A profile as an answer: the operators, and what a gradient costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from diffcli.output.answers import function_lines, remarks
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
from diffcli.studies.profile.measure import Profile

MOST_OPERATORS = 20
_MICRO = 1e6
_SHORT = 3
"""Significant digits of a time."""


def answer(found: Sequence[Profile], files: Mapping[Path, bytes]) -> Answer:
    """Return a table of operators for each point, times in microseconds."""
    first = found[0].report

    def document(digits: int | None) -> Document:
        said = (said for each in found for said in (_cost(each), *remarks(each.report, digits)))
        return Document(
            (
                Formulas(tuple(function_lines(first))),
                *map(_operators, found),
                Remarks(tuple(said)),
            )
        )

    return Answer(
        first,
        max(each.report.exit_code for each in found),
        lambda: {**first.data, "results": [_record(each) for each in found]},
        document,
        files=files,
    )


def _operators(found: Profile) -> Table:
    shown = found.operators[:MOST_OPERATORS]
    on_device = any(each.device_time for each in shown)
    rows: list[tuple[Cell, ...]] = []
    for each in shown:
        times = [each.self_time, each.total, *([each.device_time] if on_device else [])]
        calls, memory = (Rounded(count, decimals=0) for count in (each.calls, each.memory))
        micros = (Rounded(_MICRO * time, decimals=1) for time in times)
        rows.append((each.name, calls, *micros, memory))
    columns = ("self µs", "total µs", *(["CUDA µs"] if on_device else []))
    title = f"{found.repeat} evaluations and backward passes"
    return Table(title, ("operator", "calls", *columns, "bytes"), tuple(rows))


def _cost(found: Profile) -> str:
    value, gradient = (
        number(_MICRO * time, _SHORT) for time in (found.value_time, found.gradient_time)
    )
    return (
        f"f takes {value} µs, f and its gradient {gradient} µs: "
        f"{number(found.ratio, _SHORT)} times as long (medians, without the profiler)"
    )


def _record(found: Profile) -> dict[str, Any]:
    return {
        **found.report.results[0].data,
        "repeat": found.repeat,
        "value_seconds": found.value_time,
        "gradient_seconds": found.gradient_time,
        "ratio": found.ratio,
        "operators": [asdict(each) for each in found.operators],
    }
