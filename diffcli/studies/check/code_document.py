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


def answer(review: Review) -> Answer:
    """Return a table a point: autograd's number, a difference quotient, the claim."""
    return Answer(
        review.report,
        review.exit_code,
        lambda: _data(review),
        lambda digits: Document((*_tables(review, digits), Remarks((_sentence(review, digits),)))),
    )


def _tables(review: Review, digits: int | None) -> Iterator[Table]:
    head = ("entry", "autograd", "quotient", "claim", "the claim is")
    for result, compared in zip(review.report.results, review.comparisons, strict=True):
        rows = (
            (notation(review.report, x.entry), x.autograd, x.quotient, x.claim, _said(x))
            for x in compared
        )
        yield Table(f"at {point_text(review.report, result, digits)}", head, tuple(rows))


def _data(review: Review) -> dict[str, Any]:
    compared = [entry for entries in review.comparisons for entry in entries]
    return {
        **review.report.data,
        "claim": review.claim,
        "proof": _PROOFS[review.is_right],
        "points": len(review.comparisons),
        "wrong": [
            {"entry": entry.entry, "autograd": entry.autograd, "claim": entry.claim}
            for entry in compared
            if entry.is_right is False
        ],
        "contradicted": [
            {"entry": entry.entry, "autograd": entry.autograd, "quotient": entry.quotient}
            for entry in review.contradicted
        ],
        "mistake": review.mistake,
    }


_PROOFS = {True: "equal_at_points", False: "wrong", None: "undecided"}


def _said(comparison: Comparison) -> str:
    if comparison.is_right is None:
        return "undecided"
    if comparison.is_right:
        return "right; autograd is contradicted" if comparison.is_contradicted else "right"
    return f"wrong: {comparison.factor} times" if comparison.factor else "wrong"


def _fault(review: Review) -> str:
    """Return why autograd is wrong, as the first wrong entry says."""
    checks = (check for result in review.report.results for check in result.checks)
    first = next(check for check in checks if check.verdict is Verdict.DISAGREES)
    return first.reason or "a backward is wrong"


def _sentence(review: Review, digits: int | None) -> str:
    report, count = review.report, len(review.comparisons)
    if review.is_right:
        points = f"{count} point{'s' if count != 1 else ''}"
        compared = [entry for entries in review.comparisons for entry in entries]
        is_proved = all(entry.proved is not None for entry in compared)
        if review.contradicted and is_proved:
            return (
                f"{review.claim} agrees with proved intervals at {points}, which contradict "
                f"autograd: {_fault(review)}"
            )
        if review.contradicted:
            return (
                f"{review.claim} agrees with difference quotients at {points}, which contradict "
                f"autograd: a backward of {report.read_as} is wrong, or a part of its graph cut"
            )
        proof = "and proved intervals do" if is_proved else "nothing is proved of it"
        return f"{review.claim} agrees with autograd at {points}; {proof}"
    if review.is_right is None:
        return (
            f"undecided: {review.claim} differs from autograd, and difference quotients are too "
            "rough to tell which of them is right"
        )
    result, wrong = next(
        (result, entry)
        for result, entries in zip(report.results, review.comparisons, strict=True)
        for entry in entries
        if entry.is_right is False
    )
    why = f" ({review.mistake})" if review.mistake else ""
    return (
        f"wrong at {point_text(report, result, digits)}: {notation(report, wrong.entry)} is "
        f"{number(wrong.truth, digits)}, the claim gives {number(wrong.claim, digits)}{why}"
    )
