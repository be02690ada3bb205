"""Whether a claim is the derivative: proved, equal at many points, or wrong, with a counterexample.

A counterexample is a point where an interval that provably holds the derivative and one that
provably holds the claim have no number in common. Nothing here computes in floating point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain, islice
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.differentiation import Settings
from diffcli.engines import remote
from diffcli.engines.enclosure import Coordinate, Index
from diffcli.errors import UsageError
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.output.report import Report, Result
from diffcli.studies.check.claim import Claim, claimed_entries
from diffcli.studies.check.comparison import Comparison, compared, comparison, is_plain
from diffcli.studies.check.exceptions import (
    Finding,
    completed,
    examined,
    read_places,
    special_points,
)
from diffcli.studies.check.mistakes import ClaimedEntry, misplaced, mistake
from diffcli.studies.check.places import MANY_DIGITS, RandomPoint, draw

if TYPE_CHECKING:
    from diffcli.engines.terms.identity import Identity

POINTS = 100
"""Points at which a claim is compared that isn't wrong."""
ENOUGH = 20
"""Points at which it is compared once it is wrong somewhere, to find out what went wrong."""
DRAWN = 3000
"""Points that are drawn at most: a formula may be defined at few of them."""
FIRST_POINT = 2.0
"""Seconds that the first point to be compared may take: without one nothing can be said."""
CLOSE = 3
"""Points at which a claim that isn't proved is compared to ``MANY_DIGITS``."""
MAX_SPECIAL = 40
"""Special points that are looked at."""


class Proof(Enum):
    """How far a claim is proved."""

    PROVED = "proved"
    ALMOST = "proved_almost_everywhere"
    EQUAL = "equal_at_points"
    WRONG = "wrong"


@dataclass(frozen=True)
class Exceptions:
    """Where an almost true claim isn't proved.

    ``points`` are those at which the claim has a value and the function no derivative; ``where``
    says in words where else nothing is proved, or what no list of points exhausts.
    """

    points: tuple[Comparison, ...] = ()
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The answer to a claim.

    ``report`` holds the formula and its derivatives; ``mistake`` names what was done wrong where
    that is known; ``gaps`` are examples of how the domains differ, one of each kind at most;
    ``exceptions`` are where a claim that is proved almost everywhere isn't. ``shapes`` is at how
    many shapes the points lie, where the claim is of tensors of any shape.
    """

    report: Report
    claim: str
    claim_read_as: str
    proof: Proof
    points: int
    counterexample: Comparison | None = None
    mistake: str | None = None
    gaps: tuple[Comparison, ...] = ()
    exceptions: Exceptions = Exceptions()
    shapes: int | None = None

    @property
    def exit_code(self) -> int:
        """0 the claim holds; 5 it is wrong."""
        return 5 if self.proof is Proof.WRONG else 0


def decide(
    function: Function,
    claim: Claim,
    *,
    wrt: Sequence[str] = (),
    declared: Sequence[str] = (),
    order: int | None = None,
    points: Sequence[Mapping[str, Coordinate]] = (),
    budget: float = 0.5,
    seed: int = 0,
    alone: bool = False,
) -> Decision:
    """Decide whether a claim is the derivative of a formula.

    ``function`` has the formula's outputs, then the claim's formulas. The claim is compared at
    ``points`` first, then, unless they stand ``alone``, at random ones, and a proof is looked for;
    ``budget`` is in seconds. Raises UsageError where the
    claim's shape isn't the derivative's, or no point was found where both are defined.
    """
    decider = _Decider(function, claim, wrt, declared, order, alone=alone)
    return decider.decision(points, budget, seed)


def each_typed(point: Point, settings: Settings) -> Iterator[Mapping[str, Coordinate]]:
    """Yield every element of a point of vectors, as typed."""
    from diffcli.differentiation.numbers.positions import Positions

    positions = Positions(point, dtype=settings.dtype, seed=settings.seed)
    return map(positions.typed, range(positions.size))


class _Decider:
    """One claim of one formula, entry by entry."""

    def __init__(
        self,
        function: Function,
        claim: Claim,
        wrt: Sequence[str],
        declared: Sequence[str],
        order: int | None,
        *,
        alone: bool,
    ) -> None:
        self._function, self._claim, self._alone = function, claim, alone
        self._first = len(function.outputs) - len(claim.formulas)
        outputs = function.outputs[: self._first]
        used = {node.value for node in postorder(outputs) if node.op == VARIABLE}
        self._formula = replace(
            function,
            text=function.text[: -len(claim.formulas)],
            outputs=outputs,
            variables=tuple(n for n in function.variables if n in {*used, *wrt, *declared}),
        )
        self._entries = claimed_entries(self._formula, claim.shape, wrt, order)
        self._suspects = {
            entry.label: ClaimedEntry(outputs[entry.output], entry.wrt, term)
            for entry, term in zip(self._entries, function.outputs[self._first :], strict=True)
        }
        self._partials: dict[Node, list[Index]] = {}
        for suspect in self._suspects.values():
            self._partials.setdefault(suspect.output, []).append(suspect.wrt)
        self._gaps: dict[str, Comparison] = {}
        self._exceptions: list[Comparison] = []

    def decision(
        self, points: Sequence[Mapping[str, Coordinate]], budget: float, seed: int
    ) -> Decision:
        """Compare, then prove, in so many seconds together."""
        start = now()
        drawn, counterexample = self._compare(points, seed, start + budget / 2)
        spent = now() - start
        # The engine's import is no work on the formula.
        remote.ready()
        partials = remote.Partials(self._function, now() + budget - spent)
        proof, said, where = Proof.WRONG, None, tuple[str, ...]()
        if counterexample:
            said = self._mistake(counterexample.entry, drawn)
        elif self._alone:
            proof = Proof.EQUAL
        else:
            identities = self._identities(partials)
            counterexample = self._exception(partials, identities)
            if counterexample is None:
                proof, where = self._proof(identities, partials.deadline)
        if proof is Proof.EQUAL and (counterexample := self._closer(drawn, now() + budget / 2)):
            proof = Proof.WRONG
        return Decision(
            report=self._report(partials),
            claim=self._claim.text,
            claim_read_as=self._claim_read_as(),
            proof=proof,
            points=len(drawn),
            counterexample=counterexample,
            mistake=said,
            gaps=tuple(self._gaps.values()),
            exceptions=Exceptions(tuple(self._exceptions), where),
        )

    def _closer(self, points: Sequence[RandomPoint], deadline: float) -> Comparison | None:
        """Return where a claim that seems equal is off by very little."""
        for point in points[:CLOSE]:
            near = RandomPoint(point.at, digits=MANY_DIGITS, deadline=deadline)
            if clash := next(self._clashes(near), None):
                return clash
        return None

    def _exception(
        self, partials: remote.Partials, identities: Sequence[Identity | None]
    ) -> Comparison | None:
        """Look at the special points, and return one at which the claim is wrong, if any."""
        doubts = (doubt for identity in identities if identity for doubt in identity.doubts)
        special = islice(special_points(self._function.outputs, partials), MAX_SPECIAL)
        for point in self._points(chain(doubts, special)):
            if now() > partials.deadline:
                return None
            if wrong := self._at_special(point, partials.deadline)[1]:
                return wrong
        return None

    def _at_special(
        self, coordinates: Mapping[str, Coordinate], deadline: float
    ) -> tuple[bool, Comparison | None]:
        """Return whether all is known at a special point, and how the claim is wrong there."""
        point, is_known = RandomPoint(coordinates, deadline=deadline), True
        for label, suspect in self._suspects.items():
            finding, truth = examined(suspect, point, deadline)
            result = compared(label, suspect, point, truth)
            match finding:
                case Finding.DIFFERENT:
                    return True, result
                case Finding.UNKNOWN:
                    is_known = False
                case Finding.NO_CLAIM:
                    self._gaps.setdefault(_CLAIM, result)
                case Finding.NO_FUNCTION:
                    self._gaps.setdefault(_FUNCTION, result)
                case Finding.NO_DERIVATIVE if result not in self._exceptions:
                    self._exceptions.append(result)
        return is_known, None

    def _identities(self, partials: remote.Partials) -> list[Identity | None]:
        return [
            partials.identity(entry.wrt, entry.output, self._first + index)
            for index, entry in enumerate(self._entries)
        ]

    def _proof(
        self, identities: Sequence[Identity | None], deadline: float
    ) -> tuple[Proof, tuple[str, ...]]:
        """Return what is proved, and in words where nothing is."""
        where: dict[str, None] = {}
        for identity in identities:
            if identity is None or identity.doubts:
                return Proof.EQUAL, ()
            for locus in (*identity.apart, *identity.margins):
                known = [
                    self._at_special(point, deadline)[0] for point in self._points(locus.points)
                ]
                if not (locus.is_complete and all(known)):
                    where[locus.text] = None
        return Proof.ALMOST if where or self._exceptions else Proof.PROVED, tuple(where)

    def _points(self, points: Iterable[Mapping[str, str]]) -> Iterator[Mapping[str, Coordinate]]:
        """Yield points with values for the variables that they leave free."""
        return (
            whole
            for point in read_places(points)
            for whole in completed(point, self._function.variables)
        )

    def _compare(
        self, points: Sequence[Mapping[str, Coordinate]], seed: int, deadline: float
    ) -> tuple[list[RandomPoint], Comparison | None]:
        """Return the points where all is known, and the plainest counterexample among them."""
        names = self._function.variables or ("x",)
        patient = max(deadline, now() + FIRST_POINT)
        compared: list[RandomPoint] = []
        clashes: list[Comparison] = []
        drawn = () if self._alone else islice(draw(names, seed), DRAWN)
        for coordinates in chain(points, drawn):
            end = deadline if compared else patient
            if len(compared) >= (ENOUGH if clashes else POINTS) or now() > end:
                break
            point = RandomPoint(coordinates, deadline=end)
            for output, indices in self._partials.items():
                point.look(output, indices)
            if all(
                self._is_known(label, suspect, point) for label, suspect in self._suspects.items()
            ):
                compared.append(point)
                clashes += self._clashes(point)
        if compared:
            return compared, next(filter(is_plain, clashes), clashes[0] if clashes else None)
        if _CLAIM not in self._gaps:
            raise UsageError(
                "no point was found where the formula and the claim both have a value",
                hint="name one with --at, or allow more time with --check-budget",
            )
        return compared, self._gaps.pop(_CLAIM)

    def _is_known(self, label: str, suspect: ClaimedEntry, point: RandomPoint) -> bool:
        """Whether both numbers are; where only one exists, that is noted."""
        truth, claimed = suspect.truth(point), suspect.claimed(point)
        if truth is not None and point.is_undefined(suspect.claim):
            self._gaps.setdefault(_CLAIM, comparison(label, suspect, point))
        if claimed is not None and point.is_undefined(suspect.output):
            self._gaps.setdefault(_FUNCTION, comparison(label, suspect, point))
        return truth is not None and claimed is not None

    def _clashes(self, point: RandomPoint) -> Iterator[Comparison]:
        for label, suspect in self._suspects.items():
            truth, claimed = suspect.truth(point), suspect.claimed(point)
            if truth is not None and claimed is not None and not truth.overlaps(claimed):
                yield comparison(label, suspect, point)

    def _mistake(self, label: str, points: Sequence[RandomPoint]) -> str | None:
        """Name what was done wrong, if that can be told."""
        suspects = tuple(self._suspects.values())
        columns = self._claim.shape[-1] if self._claim.shape else 1
        if len(suspects) > 1 and (sentence := misplaced(suspects, columns, points)):
            return sentence
        suspect = self._suspects[label]
        if not suspect.wrt:
            return None
        others = [name for name in self._formula.variables if name not in suspect.wrt]
        return mistake(suspect, others, points)

    def _report(self, partials: remote.Partials) -> Report:
        formulas = {e.label: partials.formula(e.wrt, e.output) for e in self._entries}
        return Report.of(
            "check",
            self._formula,
            results=(Result(at=None, value=None, derivative=None, symbolic=formulas),),
            readings=self._function.readings,
            notation={entry.label: entry.notation(self._formula) for entry in self._entries},
        )

    def _claim_read_as(self) -> str:
        euler = "E" if "e" in self._function.variables else "e"
        texts = [text_of(s.claim, euler=euler) for s in self._suspects.values()]
        if not self._claim.shape:
            return texts[0]
        columns = self._claim.shape[-1]
        rows = [", ".join(texts[i : i + columns]) for i in range(0, len(texts), columns)]
        matrix = ", ".join(f"[{row}]" for row in rows)
        return f"[{matrix}]" if len(self._claim.shape) == 2 else matrix


_CLAIM, _FUNCTION = "the claim", "the function"
"""The side that has no value where the other has one."""
