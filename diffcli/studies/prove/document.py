"""A proof as an answer: the claim, the box, the verdict in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diffcli.language.printer import text_of
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks
from diffcli.output.text import number

if TYPE_CHECKING:
    from diffcli.language.expression import Node
    from diffcli.output.report import Facts
    from diffcli.studies.prove.answers import Answered
    from diffcli.studies.prove.exactness import Place

Ranges = Mapping[str, tuple["Node", "Node"]]
MOST_LEFT = 4
"""Undecided boxes that are shown; JSON has them all."""
_MEANINGS = {
    "increasing": "f(a) <= f(b) wherever a < b",
    "decreasing": "f(a) >= f(b) wherever a < b",
    "convex": "no chord lies below the graph",
    "concave": "no chord lies above the graph",
    "lipschitz": "|f(a) - f(b)| <= L*|a - b|",
    "injective": "no value is taken twice",
}


def proof_answer(result: Answered, facts: Facts) -> Answer:
    """Return the claim and its box, and in a line what is known of it."""
    meaning = _MEANINGS.get(result.claim.kind.value)

    def document(digits: int | None) -> Document:
        lines = (
            Line("claim", result.claim.text[0].strip()),
            Line("box", box_text(result.ranges)),
        )
        said = (*_sentences(result, digits), *((f"({meaning})",) if meaning else ()))
        return Document((Formulas(lines), Remarks(said)))

    return Answer(facts, result.exit_code, lambda: {**facts.data, **_proof(result)}, document)


def box_text(ranges: Ranges) -> str:
    """Return a box as inequalities."""
    return ", ".join(
        f"{text_of(low)} <= {name} <= {text_of(high)}" for name, (low, high) in ranges.items()
    )


def box_data(ranges: Ranges) -> dict[str, list[str]]:
    """Return a box as JSON has it: the ends as typed."""
    return {name: [text_of(low), text_of(high)] for name, (low, high) in ranges.items()}


def _sentences(result: Answered, digits: int | None) -> list[str]:
    proof = result.proof
    match proof.verdict.value:
        case "proved":
            if not result.boxes:
                return ["proved, by algebra"]
            return [f"proved, over {result.boxes:,} box{'' if result.boxes == 1 else 'es'}"]
        case "refuted":
            return [f"refuted at {_point(proof.counterexample)}{_because(proof.reason)}"]
        case "undefined":
            return [f"undefined at {_point(proof.counterexample)}{_because(proof.reason)}"]
    left = [
        " x ".join(f"{number(low, digits)} … {number(high, digits)}" for low, high in box)
        for box in proof.left[:MOST_LEFT]
    ]
    more = len(proof.left) - len(left)
    where = f"; left: {'; '.join(left)}{f'; and {more} more' if more > 0 else ''}" if left else ""
    share = f"{proof.volume:.3g}" if proof.volume else "0"
    return [f"undecided on a share of {share} of the box{_because(proof.reason)}{where}"]


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _point(place: Place | None) -> str:
    if place is None:
        return "some point"
    return "; ".join(
        ", ".join(f"{name} = {text}" for name, text in each.exact.items())
        for each in (place, *place.others)
    )


def _proof(result: Answered) -> dict[str, Any]:
    proof = result.proof
    return {
        "claim": result.claim.text[0],
        "in": box_data(result.ranges),
        "verdict": proof.verdict.value,
        "counterexample": _shown(proof.counterexample),
        "reason": proof.reason,
        "boxes": result.boxes,
        "closed": dict(result.closed),
        "undecided_volume": proof.volume,
        "undecided": [dict(zip(result.ranges, map(list, box), strict=False)) for box in proof.left],
    }


def _shown(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    shown: dict[str, Any] = {"at": place.floats, "exact": place.exact}
    if place.others:
        shown["and"] = [{"at": other.floats, "exact": other.exact} for other in place.others]
    return shown
