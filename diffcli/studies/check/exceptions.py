"""Where a claim that holds almost everywhere may fail: kinks, jumps, holes and single points.

Random points miss them, and an identity says nothing of them. The terms that have a kink, a jump or
a zero below a line are 0 there, or whole numbers; where that can be solved, the derivative and the
claim are looked at there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from flint import arb

from diffcli.engines.difficult import Difficulty, Kind, classify
from diffcli.engines.enclosure import Coordinate, Outcome
from diffcli.engines.margins import divisors, rough_places
from diffcli.engines.remote import Partials
from diffcli.errors import DiffcliError, LimitError
from diffcli.language.expression import Node, number, postorder
from diffcli.language.parser import parse
from diffcli.studies.check.mistakes import ClaimedEntry
from diffcli.studies.check.places import RandomPoint

FREE = (0, 1)
"""Values of the variables that a special place doesn't determine."""


class Finding(Enum):
    """How a derivative and a claim compare at one point."""

    EQUAL = "equal, or neither has a value"
    DIFFERENT = "two different numbers"
    NO_DERIVATIVE = "the claim alone has a value: the function has no derivative"
    NO_FUNCTION = "the claim alone has a value: so the function has none"
    NO_CLAIM = "the derivative alone has a value"
    UNKNOWN = "undecided"


@dataclass(frozen=True)
class Truth:
    """The derivative at a point: a number, or none, where ``difficulty`` says why."""

    ball: arb | None
    difficulty: Difficulty | None = None


def examined(suspect: ClaimedEntry, point: RandomPoint, deadline: float) -> tuple[Finding, Truth]:
    """Return what is known of a claimed number at a point, which may be a difficult one."""
    truth = _truth(suspect, point, deadline)
    claimed = point.enclosure(suspect.claim)
    if claimed.ball is None and claimed.outcome is not Outcome.UNDEFINED:
        return Finding.UNKNOWN, truth
    if truth.ball is None:
        if truth.difficulty is None:
            return Finding.UNKNOWN, truth
        is_outside = truth.difficulty.kind is Kind.UNDEFINED
        alone = Finding.NO_FUNCTION if is_outside else Finding.NO_DERIVATIVE
        return Finding.EQUAL if claimed.ball is None else alone, truth
    if claimed.ball is None:
        return Finding.NO_CLAIM, truth
    return Finding.EQUAL if truth.ball.overlaps(claimed.ball) else Finding.DIFFERENT, truth


def _truth(suspect: ClaimedEntry, point: RandomPoint, deadline: float) -> Truth:
    known = suspect.truth(point)
    if known is not None:
        return Truth(known)
    if point.is_undefined(suspect.output):
        return Truth(None, Difficulty(Kind.UNDEFINED, "outside the domain"))
    difficulty = classify(suspect.output, point.at, suspect.wrt, deadline=deadline)
    if difficulty.kind is Kind.UNDETERMINED:
        return Truth(None)
    return Truth(difficulty.value, difficulty)


def special_points(outputs: Sequence[Node], partials: Partials) -> Iterator[Mapping[str, str]]:
    """Yield exact points at which outputs have a kink, a jump, a hole or an edge."""
    terms: dict[tuple[Node, bool], None] = {}
    for node in postorder(outputs):
        try:
            terms.update(dict.fromkeys(rough_places(node)))
        except LimitError:
            continue
        terms.update(dict.fromkeys((below, False) for below in divisors(node)))
    return chain.from_iterable(locus.points for locus in partials.zeros(terms))


def read_places(points: Iterable[Mapping[str, str]]) -> Iterator[Mapping[str, Coordinate]]:
    """Yield the points whose coordinates are formulas of the language."""
    for point in points:
        try:
            yield {name: parse(text).outputs[0] for name, text in point.items()}
        except DiffcliError:
            continue


def completed(
    point: Mapping[str, Coordinate], names: Sequence[str]
) -> Iterator[Mapping[str, Coordinate]]:
    """Yield a point with values for the variables that it leaves free."""
    is_free = any(name not in point for name in names)
    for value in FREE if is_free else FREE[:1]:
        yield {name: point.get(name, number(value + i)) for i, name in enumerate(names)}
