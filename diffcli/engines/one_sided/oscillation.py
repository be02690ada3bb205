"""Proofs that a function has no limit: two sequences along which it goes to different limits.

Where the argument g of a sine goes to infinity and is tame, it is continuous next to the point, so
by the intermediate value theorem it takes each value θ + 2πk, for all large k or all large −k. At
those places sin(g) is sin(θ): the function is there what it is with θ in the place of g, and that
has a germ. Arguments that differ from a rational multiple of g by what has a limit are those of one
phase, and so are the arguments of ``floor`` and ``frac``, whose period is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from types import MappingProxyType

from flint import fmpq

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.guards import Difficult, OutOfTime, Trouble
from diffcli.engines.balls.signs import Coordinate
from diffcli.engines.one_sided.atoms import Field, working_in
from diffcli.engines.one_sided.choices import Term
from diffcli.engines.one_sided.coefficients import Coefficient
from diffcli.engines.one_sided.elementary import times as scaled
from diffcli.engines.one_sided.germs import (
    Expansion,
    Germ,
    is_infinite,
    is_tame,
    leading,
    sign,
    split,
)
from diffcli.engines.one_sided.paths import Paths
from diffcli.engines.one_sided.sums import sub
from diffcli.language.expression import Node, constant, minus, node, number, postorder, substituted

_PI = constant("pi")
_TURNS = (Fraction(0), Fraction(1, 2), Fraction(1, 4), Fraction(3, 4), Fraction(1, 12))
"""Parts of a period at which the function is looked at."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Places next to the point where ``argument`` is ``phase`` and whole ``period``s.

    The function goes there to ``number``, or to infinity with the sign ``sense``.
    """

    argument: Node
    phase: Node
    period: Node
    number: Coefficient | None = None
    sense: int = 0


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an operation repeats itself: a period, in π where it ``has_pi``.

    ``turned`` writes it in an argument without its whole periods, and in these.
    """

    period: Fraction
    has_pi: bool
    turned: Callable[[Node, Node], Node]


def _wave(op: str) -> Callable[[Node, Node], Node]:
    return lambda reduced, _whole: node(op, reduced)


def _step(op: str) -> Callable[[Node, Node], Node]:
    return lambda reduced, whole: node("add", node(op, reduced), whole)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        **{op: _Kind(Fraction(2), True, _wave(op)) for op in "sin cos tan cot sec csc".split()},
        "frac": _Kind(Fraction(1), False, _wave("frac")),
        "floor": _Kind(Fraction(1), False, _step("floor")),
        "ceil": _Kind(Fraction(1), False, _step("ceil")),
    }
)
"""Operations that repeat themselves after a period, or go on by as much."""


def two_sequences(
    field: Field,
    output: Node,
    point: Mapping[str, Coordinate],
    name: str,
    germs: Mapping[Node, Term],
    side: int,
) -> tuple[Sequence, Sequence] | None:
    """Return two sequences with different limits, None where none are known."""
    with working_in(field):
        try:
            waves = [term for term in postorder([output]) if _oscillates(term, germs)]
            if len({_KINDS[wave.op].has_pi for wave in waves}) != 1:
                return None
            phases = _phases([wave.args[0] for wave in waves], germs)
        except Difficult as trouble:
            if isinstance(trouble, OutOfTime):
                raise
            return None
    sequences: list[Sequence] = []
    for turn in _TURNS:
        reached = _along(field, output, point, name, side, waves, phases, turn)
        if reached is None:
            continue
        for other in sequences:
            with working_in(field):
                if _differ(other, reached):
                    return other, reached
        sequences.append(reached)
    return None


def _oscillates(term: Node, germs: Mapping[Node, Term]) -> bool:
    """Whether a node repeats itself next to the point: its argument is continuous and unbounded."""
    if term.op not in _KINDS:
        return False
    argument = germs[term.args[0]]
    if isinstance(argument, bool | Trouble) or not is_tame(argument):
        return False
    try:
        return is_infinite(argument)
    except Difficult:
        return False


def _phases(arguments: list[Node], germs: Mapping[Node, Term]) -> dict[Node, Fraction]:
    """Return each argument's ratio to the first, from which it differs by what has a limit.

    Raises Difficult where there is no such rational ratio.
    """
    first = germs[arguments[0]]
    return {argument: _ratio(germs[argument], first) for argument in arguments}


def _ratio(x: Term, y: Term) -> Fraction:
    if x is y:
        return Fraction(1)
    if not (isinstance(x, Expansion) and isinstance(y, Expansion)):
        raise Difficult("phases that grow beyond every power")
    above, below = leading(x), leading(y)
    if above is None or below is None or above[0] != below[0]:
        raise Difficult("phases of different sizes")
    ratio = (above[1] * below[1].power(fmpq(-1))).rational
    if ratio is None:
        raise Difficult("phases without a rational ratio")
    split(sub(x, scaled(y, ratio)))
    return python_fraction(ratio)


def _along(
    field: Field,
    output: Node,
    point: Mapping[str, Coordinate],
    name: str,
    side: int,
    waves: list[Node],
    phases: Mapping[Node, Fraction],
    turn: Fraction,
) -> Sequence | None:
    """Return where the function goes along the places of one phase, None where that isn't known."""
    first, kind = waves[0].args[0], _KINDS[waves[0].op]
    common = lcm(*(ratio.denominator for ratio in phases.values()))
    phase = _multiple(turn * kind.period, has_pi=kind.has_pi)
    replaced: dict[Node, Node] = {}
    # A wave inside the argument of another would make that one's argument oscillate: none is tame.
    for wave in waves:
        argument = wave.args[0]
        own = node("mul", number(phases[argument]), phase)
        rest = node("mul", number(phases[argument]), first)
        beside = minus(argument, rest)
        reduced = phase if argument is first else node("add", own, beside)
        whole = minus(rest, own)
        replaced[wave] = _KINDS[wave.op].turned(reduced, whole)
    turned = substituted(output, replaced)
    try:
        term = Paths(turned, point).germ(field, {name: Fraction(1)}, side)
        if isinstance(term, OutOfTime):
            raise term
        if isinstance(term, bool | Trouble):
            return None
        period = _multiple(kind.period * common, has_pi=kind.has_pi)
        with working_in(field):
            return _reached(term, Sequence(first, phase, period))
    except Difficult as trouble:
        if isinstance(trouble, OutOfTime):
            raise
        return None


def _reached(germ: Germ, sequence: Sequence) -> Sequence:
    """Return a sequence with the limit of its germ. Raises Difficult where that isn't known."""
    if is_infinite(germ):
        return Sequence(sequence.argument, sequence.phase, sequence.period, None, sign(germ))
    return Sequence(sequence.argument, sequence.phase, sequence.period, finite_limit(germ))


def finite_limit(germ: Germ) -> Coefficient:
    """Return the limit of a germ. Raises Difficult where no finite one is known."""
    limit, _ = split(germ)
    if not limit.ball.is_finite():
        raise Difficult("a coefficient that isn't known")
    return limit


def _differ(x: Sequence, y: Sequence) -> bool:
    if x.number is None or y.number is None:
        return x.sense != y.sense
    try:
        return (x.number - y.number).sign() != 0
    except Difficult:
        return False


def _multiple(size: Fraction, *, has_pi: bool) -> Node:
    """Return a rational number, or so many π."""
    if not has_pi or not size:
        return number(size)
    above = _PI if size.numerator == 1 else node("mul", number(size.numerator), _PI)
    return above if size.denominator == 1 else node("div", above, number(size.denominator))
