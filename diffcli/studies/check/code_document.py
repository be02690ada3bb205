"""A derivative in code, held against a claim, as an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffcli.output.answers import point_text
from diffcli.output.cells import notation
from diffcli.output.document import Answer, Document, Remarks, Table
from diffcli.output.text import number
from diffcli.verdict import Verdict

if TYPE_CHECKING:
    from diffcli.studies.check.code import Comparison, Review


def answer(found: Review) -> Answer:
    """Return a table a point: autograd's number, a difference quotient, the claim."""
    return Answer(
        found.report,
        found.exit_code,
        lambda: _data(found),
        lambda digits: Document((*_tables(found, digits), Remarks((_sentence(found, digits),)))),
    )


def _tables(found: Review, digits: int | None) -> Iterator[Table]:
    head = ("entry", "autograd", "quotient", "claim", "the claim is")
    for result, compared in zip(found.report.results, found.comparisons, strict=True):
        rows = (
            (notation(found.report, x.entry), x.autograd, x.quotient, x.claim, _said(x))
            for x in compared
        )
        yield Table(f"at {point_text(found.report, result, digits)}", head, tuple(rows))


def _data(found: Review) -> dict[str, Any]:
    compared = [each for entries in found.comparisons for each in entries]
    return {
        **found.report.data,
        "claim": found.claim,
        "proof": _PROOFS[found.is_right],
        "points": len(found.comparisons),
        "wrong": [
            {"entry": each.entry, "autograd": each.autograd, "claim": each.claim}
            for each in compared
            if each.is_right is False
        ],
        "contradicted": [
            {"entry": each.entry, "autograd": each.autograd, "quotient": each.quotient}
            for each in found.contradicted
        ],
        "mistake": found.mistake,
    }


_PROOFS = {True: "equal_at_points", False: "wrong", None: "undecided"}


def _said(found: Comparison) -> str:
    if found.is_right is None:
        return "undecided"
    if found.is_right:
        return "right; autograd is contradicted" if found.is_contradicted else "right"
    return f"wrong: {found.factor} times" if found.factor else "wrong"


def _fault(found: Review) -> str:
    """Return why autograd is wrong, as the first wrong entry says."""
    checks = (check for result in found.report.results for check in result.checks)
    first = next(each for each in checks if each.verdict is Verdict.DISAGREES)
    return first.reason or "a backward is wrong"


def _sentence(found: Review, digits: int | None) -> str:
    report, count = found.report, len(found.comparisons)
    if found.is_right:
        points = f"{count} point{'s' if count != 1 else ''}"
        compared = [each for entries in found.comparisons for each in entries]
        is_proved = all(each.proved is not None for each in compared)
        if found.contradicted and is_proved:
            return (
                f"{found.claim} agrees with proved intervals at {points}, which contradict "
                f"autograd: {_fault(found)}"
            )
        if found.contradicted:
            return (
                f"{found.claim} agrees with difference quotients at {points}, which contradict "
                f"autograd: a backward of {report.read_as} is wrong, or a part of its graph cut"
            )
        proof = "and proved intervals do" if is_proved else "nothing is proved of it"
        return f"{found.claim} agrees with autograd at {points}; {proof}"
    if found.is_right is None:
        return (
            f"undecided: {found.claim} differs from autograd, and difference quotients are too "
            "rough to tell which of them is right"
        )
    place, wrong = next(
        (result, each)
        for result, entries in zip(report.results, found.comparisons, strict=True)
        for each in entries
        if each.is_right is False
    )
    why = f" ({found.mistake})" if found.mistake else ""
    return (
        f"wrong at {point_text(report, place, digits)}: {notation(report, wrong.entry)} is "
        f"{number(wrong.truth, digits)}, the claim gives {number(wrong.claim, digits)}{why}"
    )
