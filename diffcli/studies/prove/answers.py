"""A claim, its box and what is proved of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from time import perf_counter

from diffcli.clock import now, until
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.errors import OutOfTimeError, UsageError
from diffcli.language.expression import Node, postorder
from diffcli.studies.prove.claims import Claim, Kind
from diffcli.studies.prove.comparison import decide
from diffcli.studies.prove.growth import decide_growth
from diffcli.studies.prove.question import Proof, Verdict

WORK = 4e8
"""Nodes times boxes that a proof may take, whatever the time."""
EXITS = {Verdict.PROVED: 0, Verdict.REFUTED: 5, Verdict.UNDEFINED: 4, Verdict.UNDECIDED: 6}


@dataclass(frozen=True)
class Answered:
    """A claim, the box as typed, the proof, and the boxes that it took, by test."""

    claim: Claim
    ranges: Mapping[str, tuple[Node, Node]]
    proof: Proof
    boxes: int
    closed: Mapping[str, int]

    @property
    def exit_code(self) -> int:
        """0 proved, 5 refuted, 4 undefined, 6 undecided."""
        return EXITS[self.proof.verdict]

    @property
    def told(self) -> tuple[str, ...]:
        """How the proof went, for who asks."""
        tests = ", ".join(f"{count:,} by {test}" for test, count in self.closed.items())
        return (f"{self.boxes:,} boxes{f', closed {tests}' if tests else ''}",)


def check_formula(formulas: tuple[Node, ...]) -> None:
    """Refuse what no statement over a box is made of."""
    for term in postorder(formulas):
        if term.op == "detach":
            raise UsageError(
                "detach changes what a derivative is, not the function",
                hint="leave it out: a statement over a box is about the function",
            )


def answered(
    claim: Claim, ranges: Mapping[str, tuple[Node, Node]], budget: float, patience: float = inf
) -> Answered:
    """Decide a claim over a box, in so many seconds of this process, and so many on the wall."""
    check_formula(tuple(claim.outputs))
    effort = Effort(WORK, now() + budget, perf_counter() + patience)
    region = Region(ranges)
    with until(effort.deadline + 1.0):
        try:
            if claim.kind is Kind.COMPARISON:
                proof = decide(claim.outputs[0], region, effort)
            else:
                proof = decide_growth(claim, region, effort)
        except OutOfTimeError:
            proof = Proof(Verdict.UNDECIDED, None, "the time ran out", 1.0)
    return Answered(claim, ranges, proof, effort.boxes, dict(effort.closed))
