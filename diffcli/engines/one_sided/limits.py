"""Limits of a function of one variable at a point or at infinity, read off its germs.

At infinity the variable is ±1/t as t falls to 0. A germ proves a finite limit, exactly where its
constant is a combination of named numbers, or that the function goes to infinity; where there is
none, two sequences may prove that the function oscillates
(:mod:`diffcli.engines.one_sided.oscillation`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from diffcli.engines.balls.guards import Difficult, OutOfTime, Trouble, Undefined
from diffcli.engines.balls.signs import Coordinate
from diffcli.engines.one_sided.atoms import LEVELS, Field, working_in
from diffcli.engines.one_sided.choices import Term, decided
from diffcli.engines.one_sided.coefficients import ZERO, Coefficient
from diffcli.engines.one_sided.germs import Germ, constant_of, is_infinite, sign
from diffcli.engines.one_sided.oscillation import Sequence, finite_limit, two_sequences
from diffcli.engines.one_sided.paths import Paths
from diffcli.language.expression import Node, node, number, substituted, variable

READ = (256, 4, 16)
"""Bits, powers of h beyond the first and the most terms of an expansion that is read."""


class Behaviour(Enum):
    """What a function does as its variable nears a point from one side."""

    FINITE = "finite"
    INFINITE = "infinite"
    OSCILLATES = "oscillates"
    OUTSIDE = "outside the domain"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Approach:
    """What is proved on one side: a finite limit, the sign of an infinite one, or its absence.

    ``germ`` is the expansion that proves a limit; ``sequences`` are two along which the function
    goes to different limits. ``reason`` says why it is outside the domain, or why nothing is known.
    """

    side: int
    behaviour: Behaviour
    number: Coefficient = ZERO
    sense: int = 0
    reason: str = ""
    germ: Germ | None = None
    sequences: tuple[Sequence, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether what is said is a proof."""
        return self.behaviour is not Behaviour.UNKNOWN


@dataclass(frozen=True, slots=True)
class Approaches:
    """What is proved on the sides that were asked for, in the field of their numbers.

    ``is_one`` says whether the sides that lie in the domain have one limit, None where that isn't
    known. ``here`` is the value at the point itself, if it has one, and ``gap`` why it is proved to
    have none; ``is_value`` says whether the value is the limit.
    """

    field: Field
    sides: tuple[Approach, ...]
    is_one: bool | None
    here: Coefficient | None = None
    gap: str | None = None
    is_value: bool | None = None

    @property
    def inside(self) -> tuple[Approach, ...]:
        """The sides that aren't proved to lie outside the domain."""
        return tuple(s for s in self.sides if s.behaviour is not Behaviour.OUTSIDE)


class Limits:
    """The limits of one output in one variable at one point, the other variables fixed.

    ``infinite`` is the sign of the point where it is infinite, and ``point`` has no value for the
    variable there. Raises PointError where ``point`` doesn't fit.
    """

    def __init__(
        self, output: Node, point: Mapping[str, Coordinate], name: str, infinite: int = 0
    ) -> None:
        self._name, self._is_infinite = name, bool(infinite)
        self._typed: dict[Node, Node] = {}
        if infinite:
            far = node("div", number(infinite), variable(name))
            self._typed = {far: variable(name)}
            output = substituted(output, {variable(name): far})
            point = {**point, name: number(0)}
        self._output, self._at = output, dict(point)
        self._paths = Paths(output, self._at)
        self._signs: dict[Node, int | None] = {}

    def approaches(self, sides: tuple[int, ...], digits: int = 17) -> Approaches:
        """Return what is proved on some sides, -1 the left and 1 the right one.

        At infinity the side is 1. More and more digits and terms are tried, until all is known or
        the deadline that is set has passed.
        """
        sides = (1,) if self._is_infinite else sides
        bits = int(digits * 3.33) + 66
        unknown = tuple(Approach(side, Behaviour.UNKNOWN, reason="out of time") for side in sides)
        approach: Approaches | None = None
        for level in self._levels(bits):
            try:
                approach = self._tried(level, sides)
            except OutOfTime:
                break
            if approach.is_one is not None and self._is_precise(approach, bits):
                break
        return approach or Approaches(Field(bits, 0, 12), unknown, None)

    def expanded(self, sides: tuple[int, ...]) -> Approaches:
        """Return the limits with a few more terms of their expansions, for people to read.

        Raises OutOfTime past the deadline that is set.
        """
        return self._tried(Field(*READ, signs=self._signs), (1,) if self._is_infinite else sides)

    def _levels(self, bits: int) -> Iterator[Field]:
        for least, window, most in LEVELS:
            yield Field(max(least, bits + 64), window, most, signs=self._signs)

    def _is_precise(self, approach: Approaches, bits: int) -> bool:
        numbers = [s.number.ball for s in approach.sides if s.behaviour is Behaviour.FINITE]
        return all(ball.is_exact() or ball.rel_accuracy_bits() >= bits - 64 for ball in numbers)

    def _tried(self, field: Field, sides: tuple[int, ...]) -> Approaches:
        known = tuple(self._approach(field, side) for side in sides)
        with working_in(field):
            is_one = _is_one(known)
            here, gap = (None, None) if self._is_infinite else self._value(field)
            inside = [s for s in known if s.behaviour is not Behaviour.OUTSIDE]
            is_value = None
            if here is not None and is_one and inside[0].behaviour is Behaviour.FINITE:
                is_value = _is_equal(here, inside[0].number)
        return Approaches(field, known, is_one, here, gap, is_value)

    def _value(self, field: Field) -> tuple[Coefficient | None, str | None]:
        """Return the value at the point, or why there is none."""
        germ = self._paths.value(field)
        if isinstance(germ, Undefined):
            return None, germ.reason
        return (None if isinstance(germ, bool | Trouble) else constant_of(germ)), None

    def _approach(self, field: Field, side: int) -> Approach:
        germs = self._paths.germs(field, {self._name: Fraction(1)}, side)
        term = germs[self._output]
        if isinstance(term, OutOfTime):
            raise term
        result = read(field, term, side)
        if result.is_known:
            return result
        sequences = two_sequences(field, self._output, self._at, self._name, germs, side)
        if sequences is None:
            return result
        first, last = (
            replace(sequence, argument=substituted(sequence.argument, self._typed))
            for sequence in sequences
        )
        return Approach(side, Behaviour.OSCILLATES, sequences=(first, last))


def read(field: Field, term: Term, side: int) -> Approach:
    """Return what a germ proves."""
    try:
        if isinstance(term, Undefined):
            return Approach(side, Behaviour.OUTSIDE, reason=term.reason)
        germ = decided(term)
        if isinstance(germ, bool):
            return Approach(side, Behaviour.OUTSIDE, reason="a condition, not a number")
        with working_in(field):
            if is_infinite(germ):
                return Approach(side, Behaviour.INFINITE, sense=sign(germ), germ=germ)
            return Approach(side, Behaviour.FINITE, finite_limit(germ), germ=germ)
    except Difficult as trouble:
        if isinstance(trouble, OutOfTime):
            raise
        return Approach(side, Behaviour.UNKNOWN, reason=trouble.reason)


def _is_one(sides: tuple[Approach, ...]) -> bool | None:
    """Return whether there is one limit, on the sides that lie in the domain."""
    kinds = {s.behaviour for s in sides}
    if Behaviour.OSCILLATES in kinds:
        return False
    if Behaviour.UNKNOWN in kinds:
        return None
    inside = [s for s in sides if s.behaviour is not Behaviour.OUTSIDE]
    if len({s.behaviour for s in inside}) != 1:
        return False
    first, last = inside[0], inside[-1]
    if first.behaviour is Behaviour.INFINITE:
        return first.sense == last.sense
    return first is last or _is_equal(first.number, last.number)


def _is_equal(x: Coefficient, y: Coefficient) -> bool | None:
    """Return whether two numbers are equal, None where that isn't decided."""
    try:
        return (x - y).sign() == 0
    except Difficult:
        return None
