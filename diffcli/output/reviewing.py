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
                    "right" if each.is_right else _wrong(each),
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
            "proof": "equal_at_points" if found.is_right else "wrong",
            "points": len(found.comparisons),
            "wrong": [
                {"entry": each.entry, "autograd": each.autograd, "claim": each.claim}
                for entries in found.comparisons
                for each in entries
                if not each.is_right
            ],
            "mistake": found.mistake,
        },
    )


def _wrong(found: Comparison) -> str:
    return f"wrong: {found.factor} times" if found.factor else "wrong"


def _sentence(found: Review, digits: int | None) -> str:
    report, count = found.report, len(found.comparisons)
    if found.is_right:
        points = f"{count} point{'s' if count != 1 else ''}"
        return f"{found.claim} agrees with autograd at {points}; code can't be proved"
    place, wrong = next(
        (result, each)
        for result, entries in zip(report.results, found.comparisons, strict=True)
        for each in entries
        if not each.is_right
    )
    why = f" ({found.mistake})" if found.mistake else ""
    return (
        f"wrong at {point_text(report, place, digits)}: {notation(report, wrong.entry)} is "
        f"{number(wrong.autograd, digits)}, the claim gives {number(wrong.claim, digits)}{why}"
    )
