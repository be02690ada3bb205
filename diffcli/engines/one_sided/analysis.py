"""The derivatives at one point, from the germs on both of its sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, product
from math import inf
from typing import Literal

from flint import arb

from diffcli.engines.balls.guards import Difficult, OutOfTime, Trouble, Undefined
from diffcli.engines.enclosure import TINY, Coordinate
from diffcli.engines.one_sided.atoms import LEVELS, Field, working_in
from diffcli.engines.one_sided.choices import Term
from diffcli.engines.one_sided.coefficients import Coefficient
from diffcli.engines.one_sided.difficulties import Difficulty, Kind
from diffcli.engines.one_sided.germs import constant_of, is_infinite
from diffcli.engines.one_sided.limits import Approach, Behaviour, read
from diffcli.engines.one_sided.paths import Direction, Paths
from diffcli.engines.one_sided.sides import Side, State, partial_germ, side_of
from diffcli.engines.one_sided.spelling import spelled
from diffcli.language.expression import Node
from diffcli.language.printer import text_of

FINER = (4096, 8192)
"""The bits of the levels that are tried last, where digits cancel."""

_NO_LOWER = "no lower derivative: "


@dataclass(frozen=True, slots=True)
class _Found:
    """A difficulty, and the exact number that is the derivative, where there is one."""

    difficulty: Difficulty
    number: Coefficient | None = None


class Analysis:
    """The derivatives of one output at one point, tried with more and more terms and digits.

    The ``culprit`` is the reason where a derivative is proved, the ``doubt`` where none is.
    """

    def __init__(
        self,
        output: Node,
        point: Mapping[str, Coordinate],
        culprit: str,
        digits: int,
        doubt: str | None = None,
    ) -> None:
        self._paths, self._at = Paths(output, point), point
        self._culprit, self._doubt = culprit, doubt or culprit
        self._bits = digits * 3.33 + 2
        self._signs: dict[Node, int | None] = {}

    def settled(self, steps: Sequence[Direction]) -> Difficulty:
        """Return what is proved of the derivative along some directions, one after the other."""
        result = Difficulty(Kind.UNDETERMINED, self._doubt)
        for bits, window, most in self._levels(len(steps)):
            field = Field(bits, window, most, signs=self._signs)
            try:
                result = self._derivative(field, steps).difficulty
            except OutOfTime as late:
                if self._doubt != late.reason:
                    result = replace(result, reason=f"{self._doubt}: {late.reason}")
                return result
            if result.is_proved and self._is_precise(result):
                break
        return result

    def _levels(self, order: int) -> Iterator[tuple[int, int, int]]:
        """Yield more and more bits and terms, then short expansions to more digits still."""
        least = int(self._bits) + 64
        for bits, window, most in LEVELS:
            yield max(bits, least), window + order, most
        _, window, most = LEVELS[0]
        for bits in FINER:
            yield max(bits, 2 * least), window + order, most

    def _is_precise(self, difficulty: Difficulty) -> bool:
        numbers = [
            number
            for number in (difficulty.value, difficulty.left, difficulty.right)
            if number is not None
        ]
        return all(
            not number.is_finite()
            or number.rel_accuracy_bits() > self._bits
            or bool(abs(number) < arb(2) ** TINY)
            for number in numbers
        )

    def _derivative(self, field: Field, steps: Sequence[Direction]) -> _Found:
        value = self._paths.value(field)
        if isinstance(value, OutOfTime):
            raise value
        if isinstance(value, Undefined):
            return _Found(self._undefined(field, steps, value.reason))
        if isinstance(value, Trouble):
            return _Found(Difficulty(Kind.UNDETERMINED, value.reason))
        if isinstance(value, bool):
            return _Found(Difficulty(Kind.UNDEFINED, "a condition, not a number"))
        here = constant_of(value)
        if here is None:
            return _Found(Difficulty(Kind.UNDETERMINED, self._doubt))
        if not steps:
            difficulty = Difficulty(Kind.DIFFERENTIABLE, self._culprit, value=here.ball)
            return _Found(difficulty, here)
        if all(step == steps[0] for step in steps):
            return self._of_order(field, steps[0], len(steps), here)
        return self._mixed(field, steps)

    def _undefined(self, field: Field, steps: Sequence[Direction], reason: str) -> Difficulty:
        """Distinguish a pole from a point that is outside the domain."""
        names = dict.fromkeys(name for step in steps for name in step)
        for name, sign in product(names or self._at, (-1, 1)):
            germ = self._germ(field, {name: Fraction(1)}, sign)
            if isinstance(germ, bool | Trouble):
                continue
            try:
                with working_in(field):
                    if is_infinite(germ):
                        return Difficulty(Kind.POLE, reason)
            except Difficult:
                continue
        return Difficulty(Kind.UNDEFINED, self._gap(len(steps), reason) or reason)

    def _gap(self, order: int, reason: str) -> str | None:
        """Return what fills the gap in a function of one variable, None where nothing is proved.

        With the limit in it, the function has there the derivative that is named too.
        """
        if len(self._at) != 1:
            return None
        ((name, coordinate),) = self._at.items()
        bits, window, most = LEVELS[2]
        field = Field(max(bits, int(self._bits) + 64), window + order, most, signs=self._signs)
        sides = [
            read(field, self._germ(field, {name: Fraction(1)}, side), side) for side in (-1, 1)
        ]
        if any(side.behaviour is not Behaviour.FINITE for side in sides):
            return None
        where = text_of(coordinate) if isinstance(coordinate, Node) else f"{float(coordinate):.17g}"
        with working_in(field):
            try:
                left, right = (side.number for side in sides)
                if (left - right).sign():
                    return None
                result = f"no value at {where} ({reason}); the limit is {_told(right)}"
                slope = self._filled(sides, right, order) if order else None
            except Difficult:
                return None
        if slope is None:
            return result
        ordinal = "its derivative" if order == 1 else f"its derivative of order {order}"
        return f"{result}, and {_told(slope)} is {ordinal} when the gap is filled"

    def _filled(
        self, sides: Sequence[Approach], limit: Coefficient, order: int
    ) -> Coefficient | None:
        """Return the derivative of the function with its limit in the gap."""
        slope: Coefficient | None = None
        for index in range(1, order + 1):
            difficulty = self._combined(
                *(side_of(s.germ, limit, index, s.side) for s in sides if s.germ)
            )
            slope = difficulty.number
            if slope is None or difficulty.difficulty.kind is not Kind.DIFFERENTIABLE:
                return None
        return slope

    def _germ(self, field: Field, direction: Direction, side: int) -> Term:
        result = self._paths.germ(field, direction, side)
        if isinstance(result, OutOfTime):
            raise result
        return result

    def _of_order(
        self, field: Field, direction: Direction, order: int, here: Coefficient
    ) -> _Found:
        """Return the derivative of some order along one direction."""
        germs = {side: self._germ(field, direction, side) for side in (-1, 1)}
        with working_in(field):
            for index in range(1, order + 1):
                sides = [side_of(germs[side], here, index, side) for side in (-1, 1)]
                result = self._combined(*sides)
                if result.number is None:
                    lower = index < order
                    return _Found(_without_lower(result.difficulty)) if lower else result
        return result

    def _mixed(self, field: Field, steps: Sequence[Direction]) -> _Found:
        """Return how a partial of some order in one variable moves along the last direction."""
        *before, last = steps
        lower = self._derivative(field, before)
        if lower.number is None:
            return _Found(_without_lower(lower.difficulty))
        with working_in(field):
            sides = [self._slope(field, before, last, side, lower.number) for side in (-1, 1)]
            return self._combined(*sides)

    def _slope(
        self,
        field: Field,
        before: Sequence[Direction],
        path: Direction,
        side: int,
        lower: Coefficient,
    ) -> Side:
        """Return how the partial moves on one side."""
        taken = [(step, len(list(run))) for step, run in groupby(before)]
        term = self._paths.nested(field, taken[::-1], path, side)
        if isinstance(term, OutOfTime):
            raise term
        if isinstance(term, Undefined):
            return Side(State.OUTSIDE, reason=term.reason)
        try:
            germ = partial_germ(field, term, [order for _, order in taken])
        except Difficult as trouble:
            return Side(State.UNKNOWN, reason=trouble.reason)
        return side_of(germ, lower, 1, side)

    def _combined(self, left: Side, right: Side) -> _Found:
        states = {left.state, right.state}
        difficulty = Difficulty(
            Kind.UNDETERMINED, self._culprit, left=_number(left), right=_number(right)
        )
        if states & {State.JUMP, State.POLE}:
            kind = Kind.JUMP if State.JUMP in states else Kind.POLE
            return _Found(replace(difficulty, kind=kind))
        if State.UNKNOWN in states:
            why = left.reason or right.reason
            known = self._doubt if why in (self._culprit, self._doubt) else f"{self._doubt}: {why}"
            return _Found(replace(difficulty, reason=known))
        if states == {State.OUTSIDE}:
            reason = f"an isolated point: {self._culprit}"
            return _Found(replace(difficulty, kind=Kind.UNDEFINED, reason=reason))
        if State.OUTSIDE in states:
            side: Literal["left", "right"] = "left" if right.state is State.OUTSIDE else "right"
            inside = left if side == "left" else right
            if inside.state is State.INFINITE:
                return _Found(replace(difficulty, kind=Kind.VERTICAL, side=side))
            number = _number(inside)
            endpoint = replace(difficulty, kind=Kind.ENDPOINT, value=number, side=side)
            return _Found(endpoint, inside.number)
        if states == {State.FINITE}:
            return self._compared(difficulty, left, right)
        alike = states == {State.INFINITE} and left.sense == right.sense
        return _Found(replace(difficulty, kind=Kind.VERTICAL if alike else Kind.KINK))

    def _compared(self, difficulty: Difficulty, left: Side, right: Side) -> _Found:
        try:
            if (left.number - right.number).sign():
                return _Found(replace(difficulty, kind=Kind.KINK))
        except Difficult:
            reason = f"{self._doubt}: whether both sides have one derivative isn't known"
            return _Found(replace(difficulty, reason=reason))
        return _Found(
            replace(difficulty, kind=Kind.DIFFERENTIABLE, value=difficulty.right), right.number
        )


def _without_lower(lower: Difficulty) -> Difficulty:
    reason = lower.reason.removeprefix(_NO_LOWER)
    return replace(lower, left=None, right=None, value=None, reason=f"{_NO_LOWER}{reason}")


def _told(number: Coefficient) -> str:
    """Return a number exactly, or where it has no name to 12 digits."""
    exact = spelled(number)
    return text_of(exact) if exact else str(number.ball.str(12, radius=False))


def _number(side: Side) -> arb | None:
    match side.state:
        case State.FINITE:
            return side.number.ball
        case State.INFINITE:
            return arb(inf) * side.sense
    return None
