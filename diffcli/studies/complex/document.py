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


def answer(facts: Facts, found: Sequence[ComplexResult]) -> Answer:
    """Return the formulas, and a table of numbers for each point."""
    names = facts.notation

    def document(digits: int | None) -> Document:
        formulas = (
            Line(names[label], formula.text)
            for label, formula in found[0].formulas.items()
            if formula.text
        )
        return Document(
            (
                Formulas((*function_lines(facts), *formulas)),
                *(_table(each, names, digits) for each in found if each.value),
                Remarks(tuple(_remarks(found, names))),
            )
        )

    records = [_record(each) for each in found]
    answered = [each.verdict for each in found if each.value]
    code = 4 if answered and not any(each.has_value for each in answered) else 0
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


def _table(found: ComplexResult, names: Mapping[str, str], digits: int | None) -> Table:
    at = ", ".join(f"{name} = {written(z, digits)}" for name, z in (found.at or {}).items())
    numbers = [found.value] if found.value else []
    rows = tuple(
        (names.get(each.entry, each.entry), written(each.value, digits), each.verdict)
        for each in (*numbers, *found.entries)
    )
    return Table(f"at {at}" if at else "a constant", ("number", "value", "verdict"), rows)


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
