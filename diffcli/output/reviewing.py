"""What ``check --claim`` found of a derivative in code, as a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffcli.output.cells import notation
from diffcli.output.documents import document
from diffcli.output.headings import point_text
from diffcli.output.listing import Block, Listing
from diffcli.output.text import number

if TYPE_CHECKING:
    from diffcli.studies.check.code import Comparison, Review


def review_listing(found: Review, digits: int | None) -> Listing:
    """Return a table a point: autograd's number, a difference quotient, the claim."""
    report = found.report
    blocks = tuple(
        Block(
            f"at {point_text(report, result, digits)}",
            ("entry", "autograd", "quotient", "claim", "the claim is"),
            tuple(
                (
                    notation(report, each.entry),
                    each.autograd,
                    each.quotient,
                    each.claim,
                    _said(each),
                )
                for each in entries
            ),
        )
        for result, entries in zip(report.results, found.comparisons, strict=True)
    )
    return Listing(
        formulas=(),
        blocks=blocks,
        remarks=(_sentence(found, digits),),
        document=document(report)
        | {
            "claim": found.claim,
            "proof": _PROOFS[found.is_right],
            "points": len(found.comparisons),
            "wrong": [
                {"entry": each.entry, "autograd": each.autograd, "claim": each.claim}
                for entries in found.comparisons
                for each in entries
                if each.is_right is False
            ],
            "contradicted": [
                {"entry": each.entry, "autograd": each.autograd, "quotient": each.quotient}
                for each in found.contradicted
            ],
            "mistake": found.mistake,
        },
    )


_PROOFS = {True: "equal_at_points", False: "wrong", None: "undecided"}


def _said(found: Comparison) -> str:
    if found.is_right is None:
        return "undecided"
    if found.is_right:
        return "right; autograd is contradicted" if found.is_contradicted else "right"
    return f"wrong: {found.factor} times" if found.factor else "wrong"


def _sentence(found: Review, digits: int | None) -> str:
    report, count = found.report, len(found.comparisons)
    if found.is_right:
        points = f"{count} point{'s' if count != 1 else ''}"
        if found.contradicted:
            return (
                f"{found.claim} agrees with difference quotients at {points}, which contradict "
                f"autograd: a backward of {report.read_as} is wrong, or a part of its graph cut"
            )
        return f"{found.claim} agrees with autograd at {points}; code can't be proved"
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
