"""A claim over a region, the effort that its parts share, and what comes of it: a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from diffcli.engines.balls.guards import Undefined
from diffcli.engines.balls.signs import Coordinate
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.language.expression import Node
from diffcli.studies.prove.exactness import Place, falsified, truth_at

MAX_TRIED = 400
"""Points at which a refutation is looked for."""


class Verdict(Enum):
    """What is known of a claim on the whole of a box."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDEFINED = "undefined"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Proof:
    """A verdict, the point that shows it, and what is left undecided.

    ``volume`` is the part of the box that is left, ``left`` the hulls of what is left.
    """

    verdict: Verdict
    counterexample: Place | None = None
    reason: str | None = None
    volume: float = 0.0
    left: tuple[tuple[tuple[float, float], ...], ...] = ()


PROVED = Proof(Verdict.PROVED)


@dataclass
class Question:
    """A claim as typed, the region, the effort that all its parts share."""

    claim: Node
    region: Region
    effort: Effort
    undefined: Place | None = None
    tried: set[tuple[float, ...]] = field(default_factory=set)

    def refuted(self, point: Sequence[float]) -> Proof | None:
        """Return the refutation at or next to a point, if there is one."""
        key = tuple(float(x) for x in point)
        if key in self.tried or len(self.tried) > MAX_TRIED:
            return None
        self.tried.add(key)
        found = falsified(self.claim, self.region, key)
        return None if found is None else Proof(Verdict.REFUTED, found)

    def refuted_at(self, point: Mapping[str, Coordinate]) -> Proof | None:
        """Return the refutation at an exact point, if it is one."""
        if self.region.holds(point) and truth_at(self.claim, point) is False:
            return Proof(Verdict.REFUTED, Place(dict(point)))
        return None

    def look_undefined(self, point: Mapping[str, Coordinate]) -> None:
        """Remember a point where the claim is proved to have no truth value."""
        if self.undefined is None and self.region.holds(point):
            found = truth_at(self.claim, point)
            if isinstance(found, Undefined):
                self.undefined = Place(dict(point))
