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


def answer(profiles: Sequence[Profile], files: Mapping[Path, bytes]) -> Answer:
    """Return a table of operators for each point, times in microseconds."""
    first = profiles[0].report

    def document(digits: int | None) -> Document:
        said = (
            said
            for profile in profiles
            for said in (_cost(profile), *remarks(profile.report, digits))
        )
        return Document(
            (
                Formulas(tuple(function_lines(first))),
                *map(_operators, profiles),
                Remarks(tuple(said)),
            )
        )

    return Answer(
        first,
        max(profile.report.exit_code for profile in profiles),
        lambda: {**first.data, "results": [_record(profile) for profile in profiles]},
        document,
        files=files,
    )


def _operators(profile: Profile) -> Table:
    shown = profile.operators[:MOST_OPERATORS]
    on_device = any(operator.device_time for operator in shown)
    rows: list[tuple[Cell, ...]] = []
    for operator in shown:
        times = [operator.self_time, operator.total, *([operator.device_time] if on_device else [])]
        calls, memory = (Rounded(count, decimals=0) for count in (operator.calls, operator.memory))
        micros = (Rounded(_MICRO * time, decimals=1) for time in times)
        rows.append((operator.name, calls, *micros, memory))
    columns = ("self µs", "total µs", *(["CUDA µs"] if on_device else []))
    title = f"{profile.repeat} evaluations and backward passes"
    return Table(title, ("operator", "calls", *columns, "bytes"), tuple(rows))


def _cost(profile: Profile) -> str:
    value, gradient = (
        number(_MICRO * time, _SHORT) for time in (profile.value_time, profile.gradient_time)
    )
    return (
        f"f takes {value} µs, f and its gradient {gradient} µs: "
        f"{number(profile.ratio, _SHORT)} times as long (medians, without the profiler)"
    )


def _record(profile: Profile) -> dict[str, Any]:
    return {
        **profile.report.results[0].data,
        "repeat": profile.repeat,
        "value_seconds": profile.value_time,
        "gradient_seconds": profile.gradient_time,
        "ratio": profile.ratio,
        "operators": [asdict(operator) for operator in profile.operators],
    }
