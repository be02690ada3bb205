"""What happens where the enclosure can't decide: kinks, jumps, poles, edges of the domain.

On either side of the point the formula is expanded along the way that leads there
(:mod:`diffcli.engines.one_sided`), and the expansion proves the one-sided derivative, or that it is
infinite, or that there is a jump. Central differences would hide every symmetric kink, and steps of
any kind whatever happens below the least of them. What no expansion decides is undetermined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import cast

from diffcli.clock import LONGEST, deadline_passed, now, until
from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.guards import Difficult, Trouble, Undecided
from diffcli.engines.enclosure import Coordinate, Index, Outcome, partial
from diffcli.engines.one_sided.analysis import Analysis
from diffcli.engines.one_sided.atoms import LEVELS, Field, working_in
from diffcli.engines.one_sided.difficulties import Difficulty, Kind, as_float
from diffcli.engines.one_sided.germs import constant_of
from diffcli.engines.one_sided.paths import Direction, Paths
from diffcli.engines.one_sided.sides import Side, State, side_of
from diffcli.engines.quotients import quotient
from diffcli.errors import OutOfTimeError
from diffcli.language.expression import Node

__all__ = ["Difficulty", "Kind", "along", "as_float", "classify", "is_linear"]


def classify(
    output: Node,
    point: Mapping[str, Coordinate],
    index: Index,
    *,
    digits: int = 17,
    deadline: float | None = None,
) -> Difficulty:
    """Find out what a partial derivative does at a point where it has no enclosure.

    ``index`` names a variable for each differentiation, as in
    :func:`diffcli.engines.enclosure.partial`, none for the value itself; the sides are those of
    its last variable. Past the ``deadline``, a reading of :func:`diffcli.clock.now`, what isn't
    known yet is undetermined; unless it is given it is in ``LONGEST``. Raises PointError
    where the point doesn't fit.
    """
    deadline = now() + LONGEST if deadline is None else deadline
    direct = partial(output, point, index, digits=digits, deadline=deadline)
    if direct.ball is not None:
        is_known = direct.to_float() is not None
        kind = Kind.DIFFERENTIABLE if is_known else Kind.UNDETERMINED
        return Difficulty(kind, "enclosed", value=direct.ball)
    trouble, doubt = direct.trouble, str(direct.reason)
    culprit = trouble.touching if isinstance(trouble, Undecided) else doubt
    analysis = Analysis(output, point, culprit, digits, doubt)
    with until(deadline):
        settled = analysis.settled([{name: Fraction(1)} for name in index])
        if not settled.is_proved and direct.outcome is Outcome.UNDEFINED:
            return Difficulty(Kind.UNDEFINED, str(direct.reason))
        return (
            settled
            if settled.is_proved or not index
            else _with_quotients(settled, output, point, index)
        )


def _with_quotients(
    difficulty: Difficulty, output: Node, point: Mapping[str, Coordinate], index: Index
) -> Difficulty:
    """Say what the difference quotients are, if there is the time, which prove nothing."""
    try:
        known = [quotient(output, point, index, side)[0] for side in (-1, 1)]
    except OutOfTimeError:
        return difficulty
    said = dict.fromkeys(f"{float(ball):.6g}" for ball in known if ball is not None)
    if not said:
        return difficulty
    reason = f"{difficulty.reason}; not proved: difference quotients of {' and '.join(said)}"
    return replace(difficulty, reason=reason)


def along(
    output: Node,
    point: Mapping[str, Coordinate],
    steps: Sequence[Direction],
    culprit: str,
    *,
    digits: int = 17,
    deadline: float | None = None,
) -> Difficulty:
    """Find out what the derivative along some vectors in turn does, as :func:`classify`.

    The ``culprit`` is why it isn't the sum of partials.
    """
    with until(now() + LONGEST if deadline is None else deadline):
        return Analysis(output, point, culprit, digits).settled(steps)


def is_linear(
    output: Node, point: Mapping[str, Coordinate], names: Sequence[str], trials: int = 4
) -> bool:
    """Return whether no directional derivative that was tried contradicts the partials.

    A function such as x·y/√(x² + y²), 0 at the origin, has partials there but no gradient.
    Directions that lead out of the domain, or in which nothing is proved, tell nothing.
    """
    random = Random(0)  # noqa: S311  (the same directions each time, no secret)
    directions = [
        {name: Fraction(random.choice((-3, -2, -1, 1, 2, 3))) for name in names}
        for _ in range(trials)
    ]
    paths = Paths(output, point)
    return not any(
        _contradicts(paths, Field(bits, window + 1, most), names, directions)
        for bits, window, most in LEVELS[:3]
    )


def _contradicts(
    paths: Paths, field: Field, names: Sequence[str], directions: Sequence[Direction]
) -> bool:
    """Return whether a directional derivative is proved not to be the sum of the partials."""
    value = paths.value(field)
    if isinstance(value, bool | Trouble):
        return False
    here = constant_of(value)
    if here is None:
        return False
    with working_in(field):
        axes = {
            name: side_of(paths.germ(field, {name: Fraction(1)}, 1), here, 1, 1) for name in names
        }
        for direction, sign in product(directions, (-1, 1)):
            if deadline_passed():
                return False
            side = side_of(paths.germ(field, direction, sign), here, 1, sign)
            if side.state in (State.JUMP, State.POLE, State.INFINITE):
                return True
            if side.state is State.FINITE and _differs(side, axes, direction):
                return True
    return False


def _differs(side: Side, axes: Mapping[str, Side], direction: Direction) -> bool:
    """Return whether a slope is proved not to be the sum of those along the axes."""
    gap = side.number
    for name, step in direction.items():
        if axes[name].state is not State.FINITE:
            return False
        gap -= axes[name].number.times(flint_fraction(cast(Fraction, step)))
    try:
        return gap.sign() != 0
    except Difficult:
        return False
