"""Whether a claim is the derivative: proved, equal at many points, or wrong, with a counterexample.

A counterexample is a point where an interval that provably holds the derivative and one that
provably holds the claim have no number in common. Nothing here computes in floating point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain, islice

from diffcli.clock import now
from diffcli.derivation import Settings
from diffcli.engines import remote
from diffcli.engines.enclosure import Coordinate, Enclosure, Index
from diffcli.errors import UsageError
from diffcli.language.expression import VARIABLE, Function, Node, postorder
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.output.report import Report, Result
from diffcli.studies.check.claim import Claim, claimed_entries
from diffcli.studies.check.mistakes import Suspect, misplaced, mistake
from diffcli.studies.check.places import DIGITS, Place, draw

POINTS = 100
"""Points at which a claim is compared that isn't wrong."""
ENOUGH = 20
"""Points at which it is compared once it is wrong somewhere, to find out what went wrong."""
DRAWN = 3000
"""Points that are drawn at most: a formula may be defined at few of them."""


class Proof(Enum):
    """What is known of a claim."""

    PROVED = "proved"
    EQUAL = "equal_at_points"
    WRONG = "wrong"


Bounds = tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """One entry at one point: the derivative and the claim, each with proved bounds.

    None stands for what has no value there: the claim, or the function itself.
    """

    entry: str
    at: Mapping[str, float]
    derivative: float | None
    claim: float | None
    derivative_bounds: Bounds | None
    claim_bounds: Bounds | None


@dataclass(frozen=True)
class Decision:
    """The answer to a claim.

    ``report`` holds the formula and its derivatives; ``mistake`` names what was done wrong where
    that is known; ``gaps`` are examples of how the domains differ, one of each kind at most.
    """

    report: Report
    claim: str
    claim_read_as: str
    proof: Proof
    points: int
    counterexample: Comparison | None = None
    mistake: str | None = None
    gaps: tuple[Comparison, ...] = ()

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
) -> Decision:
    """Decide whether a claim is the derivative of a formula.

    ``function`` has the formula's outputs, then the claim's formulas. The claim is compared at
    ``points`` first, then at random ones; ``budget`` is in seconds. Raises UsageError where the
    claim's shape isn't the derivative's, or no point was found where both are defined.
    """
    return _Decider(function, claim, wrt, declared, order).decision(points, budget, seed)


def each_typed(point: Point, settings: Settings) -> Iterator[Mapping[str, Coordinate]]:
    """Yield every element of a point of vectors, as typed."""
    from diffcli.derivation.places import Positions

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
    ) -> None:
        self._function, self._claim = function, claim
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
            entry.label: Suspect(outputs[entry.output], entry.wrt, term)
            for entry, term in zip(self._entries, function.outputs[self._first :], strict=True)
        }
        self._partials: dict[Node, list[Index]] = {}
        for suspect in self._suspects.values():
            self._partials.setdefault(suspect.output, []).append(suspect.wrt)
        self._gaps: dict[str, Comparison] = {}

    def decision(
        self, points: Sequence[Mapping[str, Coordinate]], budget: float, seed: int
    ) -> Decision:
        """Compare, then prove, in so many seconds together."""
        start = now()
        places, counterexample = self._compare(points, seed, start + budget / 2)
        spent = now() - start
        # The engine's import is no work on the formula.
        remote.ready()
        partials = remote.Partials(self._function, now() + budget - spent)
        report = self._report(partials)
        proof, said = Proof.EQUAL, None
        if counterexample:
            proof, said = Proof.WRONG, self._mistake(counterexample.entry, places)
        elif self._is_proved(partials):
            proof = Proof.PROVED
        return Decision(
            report=report,
            claim=self._claim.text,
            claim_read_as=self._claim_read_as(),
            proof=proof,
            points=len(places),
            counterexample=counterexample,
            mistake=said,
            gaps=tuple(self._gaps.values()),
        )

    def _compare(
        self, points: Sequence[Mapping[str, Coordinate]], seed: int, deadline: float
    ) -> tuple[list[Place], Comparison | None]:
        """Return the points where all is known, and the plainest counterexample among them."""
        names = self._function.variables or ("x",)
        places: list[Place] = []
        clashes: list[Comparison] = []
        for at in chain(points, islice(draw(names, seed), DRAWN)):
            if len(places) >= (ENOUGH if clashes else POINTS) or now() > deadline:
                break
            place = Place(at, deadline=deadline)
            for output, indices in self._partials.items():
                place.look(output, indices)
            if all(
                self._is_known(label, suspect, place) for label, suspect in self._suspects.items()
            ):
                places.append(place)
                clashes += self._clashes(place)
        if places:
            return places, next(filter(_is_plain, clashes), clashes[0] if clashes else None)
        if _CLAIM not in self._gaps:
            raise UsageError(
                "no point was found where the formula and the claim both have a value",
                hint="name one with --at, or allow more time with --check-budget",
            )
        return places, self._gaps.pop(_CLAIM)

    def _is_known(self, label: str, suspect: Suspect, place: Place) -> bool:
        """Whether both numbers are; where only one exists, that is noted."""
        truth, claimed = suspect.truth(place), suspect.claimed(place)
        if truth is not None and place.is_undefined(suspect.claim):
            self._gaps.setdefault(_CLAIM, _comparison(label, suspect, place))
        if claimed is not None and place.is_undefined(suspect.output):
            self._gaps.setdefault(_FUNCTION, _comparison(label, suspect, place))
        return truth is not None and claimed is not None

    def _clashes(self, place: Place) -> Iterator[Comparison]:
        for label, suspect in self._suspects.items():
            truth, claimed = suspect.truth(place), suspect.claimed(place)
            if truth is not None and claimed is not None and not truth.overlaps(claimed):
                yield _comparison(label, suspect, place)

    def _mistake(self, label: str, places: Sequence[Place]) -> str | None:
        """Name what was done wrong, if that can be told."""
        suspects = tuple(self._suspects.values())
        columns = self._claim.shape[-1] if self._claim.shape else 1
        if len(suspects) > 1 and (found := misplaced(suspects, columns, places)):
            return found
        suspect = self._suspects[label]
        others = [name for name in self._formula.variables if name not in suspect.wrt]
        return mistake(suspect, others, places)

    def _is_proved(self, partials: remote.Partials) -> bool:
        return all(
            partials.is_equal(entry.wrt, entry.output, self._first + place)
            for place, entry in enumerate(self._entries)
        )

    def _report(self, partials: remote.Partials) -> Report:
        formulas = {e.label: partials.formula(e.wrt, e.output) for e in self._entries}
        return Report(
            command="check",
            expression=self._formula.text,
            read_as=self._formula.read_as,
            variables=self._formula.variables,
            dtype="float64",
            device="cpu",
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
"""What has no value where the other has one."""


def _comparison(label: str, suspect: Suspect, place: Place) -> Comparison:
    derivative = place.enclosure(suspect.output, suspect.wrt)
    claim = place.enclosure(suspect.claim)
    return Comparison(
        entry=label,
        at=place.floats,
        derivative=_float(derivative),
        claim=_float(claim),
        derivative_bounds=derivative.interval(DIGITS),
        claim_bounds=claim.interval(DIGITS),
    )


def _float(enclosure: Enclosure) -> float | None:
    """Return the number; the middle where the bounds round to two floats."""
    if enclosure.ball is None:
        return None
    certain = enclosure.to_float()
    return float(enclosure.ball) if certain is None else certain


def _is_plain(found: Comparison) -> bool:
    """Whether a person can compare the numbers at a glance."""
    numbers = [abs(number) for number in (found.derivative, found.claim) if number]
    return all(1e-3 < number < 1e4 for number in numbers)
