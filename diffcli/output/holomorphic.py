"""Answers in complex numbers as a listing; in JSON a number is ``{"re": …, "im": …}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diffcli.output.documents import document
from diffcli.output.headings import function_lines
from diffcli.output.listing import Block, Listing
from diffcli.output.report import Report
from diffcli.output.text import MISSING, number
from diffcli.studies.holomorphic import CONVENTION, ComplexResult, Number


def holomorphic_listing(
    report: Report, found: Sequence[ComplexResult], digits: int | None
) -> Listing:
    """Return the formulas, and a table of numbers for each point."""
    names = report.notation or {}
    formulas = [
        (names[label], formula.text) for label, formula in found[0].formulas.items() if formula.text
    ]
    return Listing(
        formulas=(*function_lines(report), *formulas),
        blocks=tuple(_block(each, names, digits) for each in found if each.value),
        remarks=tuple(_remarks(found, names)),
        document={
            **document(report),
            "convention": CONVENTION,
            "results": [_record(each) for each in found],
        },
    )


def written(value: complex | None, digits: int | None) -> str:
    """Return a complex number as text that can be typed in: ``1 + 2i``."""
    if value is None:
        return MISSING
    sign = "-" if value.imag < 0 else "+"
    return f"{number(value.real, digits)} {sign} {number(abs(value.imag), digits)}i"


def _block(found: ComplexResult, names: Mapping[str, str], digits: int | None) -> Block:
    at = ", ".join(f"{name} = {written(z, digits)}" for name, z in (found.at or {}).items())
    numbers = [found.value] if found.value else []
    rows = tuple(
        (names.get(each.entry, each.entry), written(each.value, digits), each.verdict)
        for each in (*numbers, *found.entries)
    )
    return Block(f"at {at}" if at else "a constant", ("number", "value", "verdict"), rows)


def _remarks(found: Sequence[ComplexResult], names: Mapping[str, str]) -> list[str]:
    said = [
        f"{names.get(each.entry, each.entry)}: {each.reason}"
        for result in found
        for each in ((result.value, *result.entries) if result.value else ())
        if each.reason
    ]
    missing = [
        f"{names[label]}: no formula: {formula.reason}"
        for label, formula in found[0].formulas.items()
        if formula.reason
    ]
    return list(dict.fromkeys([*missing, *said, CONVENTION]))


def _record(found: ComplexResult) -> dict[str, Any]:
    return {
        "at": found.at and {name: _complex(value) for name, value in found.at.items()},
        "value": _complex(found.value.value) if found.value else None,
        "derivative": {each.entry: _complex(each.value) for each in found.entries} or None,
        "symbolic": {label: formula.text for label, formula in found.formulas.items()},
        "verdict": found.verdict.value if found.value else None,
        "checks": [
            _check(each) for each in found.entries or ([found.value] if found.value else [])
        ],
    }


def _check(found: Number) -> dict[str, Any]:
    return {
        "entry": found.entry,
        "verdict": found.verdict.value,
        "autograd": _complex(found.autograd),
        "symbolic": _complex(found.symbolic),
        "enclosure": found.enclosure and {"re": found.enclosure[0], "im": found.enclosure[1]},
        "reason": found.reason,
    }


def _complex(value: complex | None) -> dict[str, float] | None:
    return None if value is None else {"re": value.real, "im": value.imag}
