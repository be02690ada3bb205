"""The checks of the numbers of one evaluation, element by element, as many as the time allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from math import isnan, prod
from typing import TYPE_CHECKING

from diffcli.differentiation.checks.examination import (
    Claim,
    Examination,
    Formulas,
    PartialKey,
    SymbolicValue,
)
from diffcli.differentiation.checks.normwise import largest
from diffcli.differentiation.numbers.arrays import Checked, Numbers
from diffcli.differentiation.numbers.positions import Places
from diffcli.language.expression import is_integral
from diffcli.language.function import Function
from diffcli.operators import Entry, Shape, Weight, output_name
from diffcli.verdict import Check, unchecked

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array

BATCH = 64
"""Numbers at one position up to which they are all checked together."""


class Checker:
    """Checks the numbers of one evaluation until the deadline.

    At least one position is checked, or where a position has many numbers some of them. Of many
    positions they are those of ``suspects`` and then a random sample of a fixed seed. ``relative``
    is how far every number may be off, beside the largest. With ``vectors`` the parts of an
    entry are weighted by its rows, at each position.
    """

    def __init__(
        self,
        function: Function,
        entries: Sequence[Entry],
        positions: Places,
        *,
        symbolic: SymbolicValue,
        enclosure: bool,
        digits: int,
        dtype: str,
        deadline: float,
        seed: int,
        relative: float = 0.0,
        suspects: Sequence[int] = (),
        vectors: Array | None = None,
    ) -> None:
        self._function, self._entries, self._positions = function, entries, positions
        self._relative, self._suspects, self._vectors = relative, suspects, vectors
        formulas = Formulas(function, positions, symbolic)
        self._examination = Examination(formulas, dtype, digits, deadline, enclosure, relative)
        self._values = [
            Entry.partial(output_name(function, output), output, ())
            for output in range(len(function.outputs))
        ]
        order = dict.fromkeys([*suspects, *_sample(positions.size, seed)])
        self._examination.examine(
            _keys(batch, position) for position, batch in product(order, self._batches(seed))
        )

    def _batches(self, seed: int) -> list[Sequence[Entry]]:
        """Return all numbers of a position at once, or where they are many one by one."""
        wanted: list[Entry] = [*self._values, *self._entries]
        if len(wanted) <= BATCH:
            return [wanted]
        return [[wanted[number]] for number in _shuffled(len(wanted), seed)]

    def checked(self, numbers: Numbers | None) -> Checked:
        """Weigh the evidence against autograd's numbers, where there are any."""
        of_values, of_entries = (numbers.values, numbers.entries) if numbers else (None, None)
        values, value_count = self._checks(self._values, of_values, of_values)
        entries, entry_count = self._checks(self._entries, of_entries, of_values)
        left = unchecked(len(set(self._suspects).difference(self._examined)))
        sampled = len(self._examined), self._positions.size
        if len(self._values) + len(self._entries) > BATCH:
            sampled = len(values) + len(entries), value_count + entry_count
        return Checked(values, entries, sampled if sampled[0] < sampled[1] else None, left)

    @cached_property
    def _examined(self) -> Sequence[int]:
        """The positions of which something was examined, in order."""
        return sorted({position for position, _, _ in self._examination.evidence})

    @cached_property
    def _has_integral(self) -> bool:
        return any(is_integral(term.op) for term in self._function.nodes)

    def _checks(
        self,
        entries: Sequence[Entry],
        numbers: Sequence[Array] | None,
        values: Sequence[Array] | None,
    ) -> tuple[dict[int, Check], int]:
        """Return the checks of some entries by place, and how many numbers these are.

        ``values`` are autograd's of the outputs.
        """
        size = largest(numbers) if numbers and self._relative else 0.0
        checks: dict[int, Check] = {}
        before = 0
        for row, entry in enumerate(entries):
            shape, variable = self._place_of(entry)
            flat = None if numbers is None else numbers[row].ravel()
            for element, positions in self._elements(shape, variable):
                number = None if flat is None else float(flat[element])
                claim = self._claim(entry, shape, element, positions, number, values)
                if (check := self._examination.check(claim, size)) is not None:
                    checks[before + element] = check
            before += prod(shape)
        return checks, before

    def _place_of(self, entry: Entry) -> tuple[Shape, str | None]:
        """Return the shape of an entry's numbers, and the variable whose elements they are of."""
        if not entry.is_partial or not entry.wrt:
            return self._positions.shape, None
        return self._positions.shape_of(entry.wrt[-1]), entry.wrt[-1]

    def _elements(self, shape: Shape, variable: str | None) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield each element of which all positions were examined, and these."""
        if variable is None or shape == self._positions.shape:
            yield from ((position, [position]) for position in self._examined)
            return
        examined = set(self._examined)
        for element in range(prod(shape)):
            if examined.issuperset(positions := self._positions.of(variable, element)):
                yield element, positions

    def _claim(
        self,
        entry: Entry,
        shape: Shape,
        element: int,
        positions: Sequence[int],
        number: float | None,
        values: Sequence[Array] | None,
    ) -> Claim:
        if number is not None and isnan(number) and self._has_integral:
            # Torch's way to say that a quadrature doesn't settle, or that a jump moves.
            number = None
        return Claim(
            _label(entry.label, shape, element),
            [
                (weight, (position, output, wrt))
                for position in positions
                for weight, (_, output, wrt) in zip(
                    self._weights(entry, position), entry.parts, strict=True
                )
                if weight or self._vectors is None
            ],
            number,
            is_directional=entry.is_directional,
            is_of_nan=values is not None
            and any(
                isnan(values[output].flat[position])
                for position in positions
                for _, output, _ in entry.parts
            ),
        )

    def _weights(self, entry: Entry, position: int) -> Sequence[Weight]:
        """Return the weights of an entry's parts at a position."""
        if self._vectors is None or entry.is_partial:
            return [weight for weight, _, _ in entry.parts]
        weights: list[float] = self._vectors[:, position].tolist()
        return weights


def _keys(batch: Sequence[Entry], position: int) -> list[PartialKey]:
    return [(position, output, wrt) for entry in batch for _, output, wrt in entry.parts]


def _sample(count: int, seed: int) -> Sequence[int]:
    """Return the positions that are checked of so many, in a random order."""
    if count == 1:
        return (0,)
    from diffcli.differentiation.checks.selection import sample

    return sample(count, seed)


def _shuffled(count: int, seed: int) -> Sequence[int]:
    """Return the numbers below ``count`` in a random order."""
    if count == 1:
        return (0,)
    import numpy as np

    order: list[int] = np.random.default_rng(seed).permutation(count).tolist()
    return order


def _label(label: str, shape: Shape, element: int) -> str:
    if not shape:
        return label
    import numpy as np

    index = ",".join(str(position) for position in np.unravel_index(element, shape))
    return f"{label}[{index}]"
