"""An answer in complex numbers; in JSON a number is ``{"re": …, "im": …}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks, Table
from diffcli.output.report import Facts
from diffcli.output.text import MISSING, number
from diffcli.studies.complex.at_point import ComplexResult, Number
from diffcli.studies.complex.holomorphic import CONVENTION
from diffcli.verdict import Verdict


def answer(facts: Facts, results: Sequence[ComplexResult]) -> Answer:
    """Return the formulas, and a table of numbers for each point."""
    names = facts.notation

    def document(digits: int | None) -> Document:
        formulas = (
            Line(names[label], formula.text)
            for label, formula in results[0].formulas.items()
            if formula.text
        )
        return Document(
            (
                Formulas((*function_lines(facts), *formulas)),
                *(_table(result, names, digits) for result in results if result.value),
                Remarks(tuple(_remarks(results, names))),
            )
        )

    records = [_record(result) for result in results]
    answered = [result.verdict for result in results if result.value]
    code = 4 if answered and not any(verdict.has_value for verdict in answered) else 0
    return Answer(
        facts,
        5 if Verdict.DISAGREES in answered else code,
        lambda: {**facts.data, "results": records, "convention": CONVENTION},
        document,
    )


def written(value: complex | None, digits: int | None) -> str:
    """Return a complex number as text that can be typed in: ``1 + 2i``."""
    if value is None:
        return MISSING
    sign = "-" if value.imag < 0 else "+"
    return f"{number(value.real, digits)} {sign} {number(abs(value.imag), digits)}i"


def _table(result: ComplexResult, names: Mapping[str, str], digits: int | None) -> Table:
    point = ", ".join(f"{name} = {written(z, digits)}" for name, z in (result.at or {}).items())
    numbers = [result.value] if result.value else []
    rows = tuple(
        (names.get(entry.entry, entry.entry), written(entry.value, digits), entry.verdict)
        for entry in (*numbers, *result.entries)
    )
    return Table(f"at {point}" if point else "a constant", ("number", "value", "verdict"), rows)


def _remarks(results: Sequence[ComplexResult], names: Mapping[str, str]) -> list[str]:
    said = [
        f"{names.get(entry.entry, entry.entry)}: {entry.reason}"
        for result in results
        for entry in ((result.value, *result.entries) if result.value else ())
        if entry.reason
    ]
    missing = [
        f"{names[label]}: no formula: {formula.reason}"
        for label, formula in results[0].formulas.items()
        if formula.reason
    ]
    return list(dict.fromkeys([*missing, *said, CONVENTION]))


def _record(result: ComplexResult) -> dict[str, Any]:
    return {
        "at": result.at and {name: _complex(value) for name, value in result.at.items()},
        "value": _complex(result.value.value) if result.value else None,
        "derivative": {entry.entry: _complex(entry.value) for entry in result.entries} or None,
        "symbolic": {label: formula.text for label, formula in result.formulas.items()},
        "verdict": result.verdict.value if result.value else None,
        "checks": [
            _check(entry) for entry in result.entries or ([result.value] if result.value else [])
        ],
    }


def _check(compared: Number) -> dict[str, Any]:
    return {
        "entry": compared.entry,
        "verdict": compared.verdict.value,
        "autograd": _complex(compared.autograd),
        "symbolic": _complex(compared.symbolic),
        "enclosure": compared.enclosure
        and {"re": compared.enclosure[0], "im": compared.enclosure[1]},
        "reason": compared.reason,
    }


def _complex(value: complex | None) -> dict[str, float] | None:
    return None if value is None else {"re": value.real, "im": value.imag}
