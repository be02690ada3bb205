"""The rank of a matrix of derivatives and the signs of its eigenvalues, each proved.

Floating point can't tell an eigenvalue of 0 from one that is tiny beside the others. Elimination on
exact constants can: a pivot counts where its sign is proved, and what is left where all of it is
proved to be 0 (Sylvester's law of inertia).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from flint import arb

from diffcli.clock import until
from diffcli.engines.balls.forms import Form, TooLong
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.signs import Facts, proved_sign
from diffcli.engines.enclosure import TINY, Coordinate, Index, partials
from diffcli.errors import FormulaError, LimitError
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import Node

LARGEST = 8
"""Rows and columns of a matrix on which elimination is exact."""
DIGITS, BITS = 15, 128
"""Digits of the balls that the formulas of the entries are held against, and bits of these."""

Rows = list[list[Form]]
_UNKNOWN = (FormulaError, LimitError, Trouble, TooLong)


@dataclass(frozen=True)
class ExactPoint:
    """The outputs of a function at a point as typed, and what is proved of their derivatives.

    ``columns`` are the variables. Past the ``deadline`` nothing is known.
    """

    outputs: Sequence[Node]
    typed: Callable[[], Mapping[str, Coordinate]]
    columns: Sequence[str]
    deadline: float

    def is_critical(self) -> bool:
        """Whether every first derivative is proved to be zero; one that is tiny isn't."""
        indices = [(name,) for name in self.columns]
        point = self.typed()
        enclosures = partials(self.outputs[0], point, indices, digits=1, deadline=self.deadline)
        if any(
            enclosure.ball is None or not abs(enclosure.ball) < arb(2) ** TINY
            for enclosure in enclosures.values()
        ):
            return False
        build = Builder()
        try:
            with until(self.deadline):
                return all(
                    proved_sign(differentiate(self.outputs[0], name, build), point) == 0
                    for name in self.columns
                )
        except (FormulaError, LimitError):
            return False

    def rank(self) -> int | None:
        """Return the rank of the Jacobian, None where it isn't proved."""
        with suppress(*_UNKNOWN), until(self.deadline):
            return _rank(*self._entries([(name,) for name in self.columns]))
        return None

    def signs(self) -> frozenset[int] | None:
        """Return the signs of the Hessian's eigenvalues, None where they aren't proved."""
        with suppress(*_UNKNOWN), until(self.deadline):
            return _signs(*self._entries(list(product(self.columns, repeat=2))))
        return None

    def _entries(self, indices: Sequence[Index]) -> tuple[Facts, Rows]:
        """Return derivatives of the outputs in rows as long as there are columns."""
        width = len(self.columns)
        if max(len(self.outputs), width) > LARGEST:
            raise TooLong
        facts = Facts(self.typed())
        entries = [form for output in self.outputs for form in self._row(facts, output, indices)]
        return facts, [entries[k : k + width] for k in range(0, len(entries), width)]

    def _row(self, facts: Facts, output: Node, indices: Sequence[Index]) -> list[Form]:
        """Return derivatives as exact constants that their balls confirm. Raises TooLong."""
        build = Builder()
        balls = partials(output, self.typed(), indices, digits=DIGITS, deadline=self.deadline)
        result = []
        for index in indices:
            slope = output
            for name in index:
                slope = differentiate(slope, name, build)
            constant, ball = facts.constant(slope), balls[index].ball
            # Where a formula of pieces has another slope than the piece that holds the point.
            if (
                not isinstance(constant, Form)
                or ball is None
                or not ball.overlaps(constant.ball(BITS))
            ):
                raise TooLong
            result.append(constant)
        return result


def _rank(facts: Facts, rows: Rows) -> int | None:
    rank = 0
    while rows and rows[0]:
        signs = [[facts.field.sign(entry) for entry in row] for row in rows]
        positions = product(range(len(rows)), range(len(rows[0])))
        pivot = next(((i, j) for i, j in positions if signs[i][j]), None)
        if pivot is None:
            return None if any(None in row for row in signs) else rank
        rank, rows = rank + 1, _eliminated(rows, *pivot)
    return rank


def _signs(facts: Facts, rows: Rows) -> frozenset[int] | None:
    known: set[int] = set()
    while rows:
        signs = [facts.field.sign(row[k]) for k, row in enumerate(rows)]
        pivot = next((k for k, sign in enumerate(signs) if sign), None)
        if pivot is None:
            rest = {facts.field.sign(entry) for row in rows for entry in row}
            if None in signs or None in rest:
                return None
            # Next to zeros on the diagonal, an entry that isn't 0 makes both signs.
            return frozenset(known | ({0} if rest == {0} else {-1, 1}))
        known.add(signs[pivot] or 0)
        if {-1, 1} <= known:
            break
        rows = _eliminated(rows, pivot, pivot)
    return frozenset(known)


def _eliminated(rows: Rows, row: int, column: int) -> Rows:
    """Return what a pivot leaves: Schur's complement."""
    ratio = rows[row][column].inverse()
    return [
        [
            entry - other[column] * ratio * rows[row][j]
            for j, entry in enumerate(other)
            if j != column
        ]
        for i, other in enumerate(rows)
        if i != row
    ]
