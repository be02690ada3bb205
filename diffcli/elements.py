"""Element by element: which points of a vectorised evaluation make which number, and its check.

A formula of numbers is applied to tensors element by element, after broadcasting. An element of a
derivative is the sum of the partials at the positions that the variable's element is broadcast
to: one position, unless shapes differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.coordinates import arrays_of, exact
from diffcli.engines.enclosure import Coordinate, Index
from diffcli.errors import UsageError
from diffcli.language.expression import Function
from diffcli.language.points import Point
from diffcli.operators import Entry, Quantity, output_name
from diffcli.verdict import Check, Verdict
from diffcli.verify import DIGITS_KEPT, Evidence, combined, examine, judge

Array = NDArray[np.float64]

Place = tuple[int, Index]
"""A mixed partial: of which output, in which variables in turn."""

SymbolicValue = Callable[[Place, Mapping[str, float]], float | None]
"""The symbolic derivative's value for a partial at a point of floats, where it has one."""

BATCH = 64
"""Numbers at one position up to which they are all checked together."""


@dataclass(frozen=True)
class Numbers:
    """Autograd's numbers: each output's values, and each entry's; many where vectors are points."""

    values: Sequence[Array]
    entries: Sequence[Array]


def broadcast(arrays: Mapping[str, Array]) -> tuple[int, ...]:
    """Return the shape that arrays broadcast to. Raises UsageError where they don't."""
    shapes = {name: each.shape for name, each in arrays.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise UsageError(
            f"the shapes don't go together: {listed}",
            hint="give the variables one length, or numbers",
        ) from None


class Positions:
    """The points of one vectorised evaluation, numbered in row-major order.

    ``shape`` is that of the broadcast variables. Raises UsageError where they don't go together.
    """

    def __init__(self, point: Point, *, dtype: str, seed: int) -> None:
        self.arrays = arrays_of(point, dtype=dtype, seed=seed)
        self._typed = {name: exact(value) for name, value in point.values.items()}
        self.shape = broadcast(self.arrays)
        self.size = int(np.prod(self.shape))
        self._sources = {
            name: np.broadcast_to(np.arange(each.size).reshape(each.shape), self.shape).ravel()
            for name, each in self.arrays.items()
        }

    def dyadic(self, position: int) -> dict[str, float]:
        """Return the floats of one position."""
        return {
            name: float(each.ravel()[self._sources[name][position]])
            for name, each in self.arrays.items()
        }

    def typed(self, position: int) -> dict[str, Coordinate]:
        """Return one position as typed: exact constants, and floats where it was computed."""
        point: dict[str, Coordinate] = dict(self.dyadic(position))
        for name, entries in self._typed.items():
            if entries is not None:
                point[name] = entries[self._sources[name][position]]
        return point

    def of(self, name: str, element: int) -> Sequence[int]:
        """Return the positions that an element of a variable is broadcast to."""
        if self.arrays[name].shape == self.shape:
            return (element,)
        return [int(place) for place in np.flatnonzero(self._sources[name] == element)]


@dataclass(frozen=True)
class Checked:
    """Checks by label and element; ``None`` where an element was left out of the sample."""

    values: Sequence[Sequence[Check | None]]
    entries: Sequence[Sequence[Check | None]]
    sampled: tuple[int, int] | None
    """How many positions were checked, of how many, where not all were."""


def agree(numbers: Numbers, formulas: Array, dtype: str) -> bool:
    """Whether autograd's entries are those of formulas, wherever both are numbers."""
    flat = np.concatenate([entry.ravel() for entry in numbers.entries])
    both = np.isfinite(flat) & np.isfinite(formulas)
    size = np.abs(formulas[both]).max(initial=0.0)
    near = 10.0 ** -DIGITS_KEPT[dtype]
    return bool(np.allclose(flat[both], formulas[both], rtol=near, atol=near * size))


def unchecked(numbers: Numbers, reason: str | None) -> Checked:
    """Return what is known of numbers too many to be checked one by one.

    Formulas of tensors agree with them, unless there is a ``reason`` why none does.
    """
    verdict = Verdict.UNVERIFIED if reason else Verdict.AGREES

    def first(arrays: Sequence[Array]) -> list[list[Check | None]]:
        checks: list[list[Check | None]] = [[None] for _ in arrays]
        number = float(arrays[0].flat[0])
        checks[:1] = [[Check("f", verdict, number, number, reason=reason)]]
        return checks

    return Checked(first(numbers.values), first(numbers.entries), None)


class Checker:
    """Checks the numbers of one evaluation until the deadline.

    At least one position is checked, or where a position has many numbers some of them. Where
    there are more than the time allows, they are a random sample with a fixed seed.
    """

    def __init__(
        self,
        function: Function,
        entries: Sequence[Quantity],
        positions: Positions,
        *,
        symbolic: SymbolicValue,
        enclosure: bool,
        digits: int,
        dtype: str,
        deadline: float,
        seed: int,
    ) -> None:
        self._function, self._entries, self._positions = function, entries, positions
        self._symbolic, self._dtype, self._digits = symbolic, dtype, digits
        self._enclosure, self._deadline = enclosure, deadline
        self._values = [
            Entry(output_name(function, output), output, ())
            for output in range(len(function.outputs))
        ]
        self._evidence: dict[tuple[int, Place], Evidence | None] = {}
        self._symbols: dict[tuple[int, Place], float | None] = {}
        random = np.random.default_rng(seed)
        batches = self._batches(random)
        for position, batch in product(map(int, random.permutation(positions.size)), batches):
            is_first = not self._evidence
            if not is_first and monotonic() > deadline:
                break
            self._look(position, batch, is_first)

    def _batches(self, random: np.random.Generator) -> list[Sequence[Quantity]]:
        """Return all numbers of a position at once, or where they are many one by one."""
        wanted: list[Quantity] = [*self._values, *self._entries]
        if len(wanted) <= BATCH:
            return [wanted]
        return [[wanted[place]] for place in random.permutation(len(wanted))]

    def _look(self, position: int, batch: Sequence[Quantity], is_first: bool) -> None:
        dyadic, typed = self._positions.dyadic(position), self._positions.typed(position)
        wanted: dict[int, dict[Index, None]] = {}
        for _, output, wrt in (part for quantity in batch for part in quantity.parts):
            if (position, (output, wrt)) not in self._evidence:
                wanted.setdefault(output, {})[wrt] = None
        for output, indices in wanted.items():
            found = examine(
                self._function.outputs[output],
                typed,
                dyadic,
                indices,
                digits=self._digits,
                dtype=self._dtype,
                deadline=self._deadline,
            ) if self._enclosure else {}  # fmt: skip
            if not is_first and monotonic() > self._deadline:
                # What was cut short belongs to no sample.
                return
            for index in indices:
                self._evidence[position, (output, index)] = found.get(index)
                self._symbols[position, (output, index)] = self._symbolic((output, index), dyadic)

    def checked(self, numbers: Numbers | None) -> Checked:
        """Weigh the evidence against autograd's numbers, where there are any."""
        outputs = numbers.values if numbers else [None] * len(self._values)
        partials = numbers.entries if numbers else [None] * len(self._entries)
        values = [
            self._check_all(entry, self._positions.shape, None, each)
            for entry, each in zip(self._values, outputs, strict=True)
        ]
        entries = [
            self._check_all(entry, *self._place_of(entry), each)
            for entry, each in zip(self._entries, partials, strict=True)
        ]
        return Checked(values, entries, self._sampled([*values, *entries]))

    def _place_of(self, entry: Quantity) -> tuple[tuple[int, ...], str | None]:
        """Return the shape of an entry's numbers, and the variable whose elements they are of."""
        if not isinstance(entry, Entry):
            return (), None
        return self._positions.arrays[entry.wrt[-1]].shape, entry.wrt[-1]

    def _sampled(self, checks: Sequence[Sequence[Check | None]]) -> tuple[int, int] | None:
        if len(checks) > BATCH:
            flat = [check is not None for each in checks for check in each]
            return (sum(flat), len(flat)) if not all(flat) else None
        count = len({position for position, _ in self._evidence})
        return (count, self._positions.size) if count < self._positions.size else None

    def _check_all(
        self, entry: Quantity, shape: tuple[int, ...], variable: str | None, numbers: Array | None
    ) -> list[Check | None]:
        flat = None if numbers is None else numbers.ravel()
        return [
            self._check(
                _label(entry.label, shape, element),
                entry,
                [element] if variable is None else self._positions.of(variable, element),
                None if flat is None else float(flat[element]),
            )
            for element in range(int(np.prod(shape)))
        ]

    def _check(
        self, label: str, entry: Quantity, positions: Sequence[int], autograd: float | None
    ) -> Check | None:
        places = [
            (weight, (position, (output, wrt)))
            for position in positions
            for weight, output, wrt in entry.parts
        ]
        if any(place not in self._evidence for _, place in places):
            return None
        symbols = [(weight, self._symbols[place]) for weight, place in places]
        known = [weight * value for weight, value in symbols if value is not None]
        return judge(
            label,
            autograd=autograd,
            symbolic=sum(known) if len(known) == len(symbols) else None,
            evidence=combined(
                [(weight, self._evidence[place]) for weight, place in places], self._dtype
            ),
            dtype=self._dtype,
            digits=self._digits,
        )


def _label(label: str, shape: tuple[int, ...], element: int) -> str:
    if not shape:
        return label
    index = ",".join(str(place) for place in np.unravel_index(element, shape))
    return f"{label}[{index}]"


def standing(
    numbers: Sequence[Array] | None, checks: Sequence[Sequence[Check | None]]
) -> NDArray[Any]:
    """Return the numbers that stand, one after the other, None where there is no number.

    That is the truth where it is proved, else autograd's.
    """
    given = [found for each in checks for found in each]
    flat = [None] * len(given) if numbers is None else [x for each in numbers for x in each.flat]
    found = np.empty(len(given), dtype=object)
    found[:] = [
        check.value if check else float(number) if number is not None and isfinite(number) else None
        for check, number in zip(given, flat, strict=True)
    ]
    return found
