"""The checks of the numbers of one evaluation, element by element, as many as the time allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isnan, prod
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.differentiation.normwise import largest
from diffcli.differentiation.numbers import Numbers
from diffcli.differentiation.places import Places
from diffcli.engines.enclosure import Index
from diffcli.engines.evidence import Evidence, Examiner, combined, directional, normwise
from diffcli.engines.sharing import shared_rule
from diffcli.language.expression import is_integral
from diffcli.language.function import Function
from diffcli.operators import Combination, Entry, Quantity, Weight, output_name
from diffcli.verdict import Check, unchecked
from diffcli.verify import judge

if TYPE_CHECKING:
    from diffcli.differentiation.numbers import Array

Place = tuple[int, Index]
"""A mixed partial: of which output, in which variables in turn."""

SymbolicValue = Callable[[Place, Mapping[str, float]], float | None]
"""The symbolic derivative's value for a partial at a point of floats, where it has one."""

BATCH = 64
"""Numbers at one position up to which they are all checked together."""

_ONE_OF_A_SUM = "a term of the sum has no derivative, and whether the sum has one isn't known"

CANCELLING_DIGITS = 350
"""The digits of each part that show a sum of parts which cancel to be 0 in every dtype."""


@dataclass(frozen=True)
class Checked:
    """Checks by label and element; ``None`` where an element was left out of the sample."""

    values: Sequence[Sequence[Check | None]]
    entries: Sequence[Sequence[Check | None]]
    sampled: tuple[int, int] | None
    """How many positions were checked, of how many, where not all were."""
    left: tuple[Check, ...] = ()
    """One check for all suspects that were not checked."""


class Checker:
    """Checks the numbers of one evaluation until the deadline.

    At least one position is checked, or where a position has many numbers some of them. Of many
    positions they are those of ``suspects`` and then a random sample of a fixed seed. ``relative``
    is how far every number may be off, beside the largest.
    """

    def __init__(
        self,
        function: Function,
        entries: Sequence[Quantity],
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
    ) -> None:
        self._function, self._entries, self._positions = function, entries, positions
        self._symbolic, self._dtype, self._digits = symbolic, dtype, digits
        self._enclosure, self._deadline, self._relative = enclosure, deadline, relative
        self._values = [
            Entry(output_name(function, output), output, ())
            for output in range(len(function.outputs))
        ]
        self._without_value: set[tuple[int, int]] = set()
        self._evidence: dict[tuple[int, Place], Evidence | None] = {}
        self._symbols: dict[tuple[int, Place], float | None] = {}
        self._examiners: dict[tuple[int, int], Examiner] = {}
        self._suspects = suspects
        self._has_integral = any(is_integral(each.op) for each in function.nodes)
        order = dict.fromkeys([*suspects, *_sample(positions.size, seed)])
        for position, batch in product(order, self._batches(seed)):
            is_first = not self._evidence
            if not is_first and now() > deadline:
                break
            self._look(position, batch, is_first)

    def _batches(self, seed: int) -> list[Sequence[Quantity]]:
        """Return all numbers of a position at once, or where they are many one by one."""
        wanted: list[Quantity] = [*self._values, *self._entries]
        if len(wanted) <= BATCH:
            return [wanted]
        return [[wanted[place]] for place in _shuffled(len(wanted), seed)]

    def _look(self, position: int, batch: Sequence[Quantity], is_first: bool) -> None:
        dyadic = self._positions.dyadic(position)
        wanted: dict[int, dict[Index, None]] = {}
        for _, output, wrt in (part for quantity in batch for part in quantity.parts):
            if (position, (output, wrt)) not in self._evidence:
                wanted.setdefault(output, {})[wrt] = None
        for output, indices in wanted.items():
            found = self._examine(position, output, indices, self._digits)
            if not is_first and now() > self._deadline:
                # What was cut short belongs to no sample.
                return
            symbols: dict[Index, float | None] = {}
            for index in found or indices:
                # A formula's mixed partials are the same in any order.
                if (one := tuple(sorted(index))) not in symbols:
                    symbols[one] = self._symbolic((output, index), dyadic)
                self._evidence[position, (output, index)] = found.get(index)
                self._symbols[position, (output, index)] = symbols[one]

    def _combined(
        self, places: Sequence[tuple[Weight, tuple[int, Place]]], *, is_directional: bool
    ) -> Evidence | None:
        """Return the evidence for a sum of parts, looking closer where they cancel."""
        parts = [(weight, self._evidence[place]) for weight, place in places]
        positions = {position for _, (position, _) in places}
        if len(positions) > 1 and any(part and part.has_no_derivative for _, part in parts):
            return Evidence(reason=_ONE_OF_A_SUM, undecided=True)
        if is_directional and len(positions) == 1 and (found := self._directional(places)):
            return found
        found = combined(parts, self._dtype)
        if len(places) == 1 or found is None or found.enclosure is None:
            return found
        here = found.at_floats or found.enclosure
        if None not in (found.enclosure.nearest(self._dtype), here.nearest(self._dtype)):
            return found
        closer = self._examined_closer(place for _, place in places)
        again = combined([(weight, closer[place]) for weight, place in places], self._dtype)
        return found if again is None or again.enclosure is None else again

    def _directional(self, places: Sequence[tuple[Weight, tuple[int, Place]]]) -> Evidence | None:
        """Return the evidence for a derivative along a vector where a partial is difficult."""
        (_, (position, (output, _))), *_ = places
        return directional(
            self._function.outputs[output],
            self._positions.typed(position),
            [(weight, place[1][1][0], self._evidence[place]) for weight, place in places],
            digits=self._digits,
            deadline=self._deadline,
        )

    def _examined_closer(
        self, places: Iterable[tuple[int, Place]]
    ) -> Mapping[tuple[int, Place], Evidence]:
        """Return the evidence for parts of a sum to many digits, in one pass for each output."""
        indices: dict[tuple[int, int], list[Index]] = {}
        for position, (output, index) in places:
            indices.setdefault((position, output), []).append(index)
        return {
            (position, (output, index)): evidence
            for (position, output), wanted in indices.items()
            for index, evidence in self._examine(
                position, output, wanted, CANCELLING_DIGITS
            ).items()
        }

    def _examine(
        self, position: int, output: int, indices: Iterable[Index], digits: int
    ) -> Mapping[Index, Evidence]:
        """Return the enclosure engine's evidence for partials of an output, where it is asked."""
        if not self._enclosure:
            return {}
        if (position, output) not in self._examiners:
            # The next numbers are of the same position, or of a new one.
            self._examiners = {
                (position, output): Examiner(
                    self._function.outputs[output],
                    self._positions.typed(position),
                    self._positions.dyadic(position),
                    dtype=self._dtype,
                )
            }
        examiner = self._examiners[position, output]
        return examiner.examine(indices, digits=digits, deadline=self._deadline)

    def checked(self, numbers: Numbers | None) -> Checked:
        """Weigh the evidence against autograd's numbers, where there are any."""
        outputs = numbers.values if numbers else [None] * len(self._values)
        partials = numbers.entries if numbers else [None] * len(self._entries)
        self._without_value = set(_nans(numbers.values)) if numbers else set()
        size = largest(numbers.values) if numbers and self._relative else 0.0
        values = [
            self._check_all(entry, self._positions.shape, None, each, size)
            for entry, each in zip(self._values, outputs, strict=True)
        ]
        size = largest(numbers.entries) if numbers and self._relative else 0.0
        entries = [
            self._check_all(entry, *self._place_of(entry), each, size)
            for entry, each in zip(self._entries, partials, strict=True)
        ]
        looked = {position for position, _ in self._evidence}
        left = unchecked(len(set(self._suspects) - looked))
        return Checked(values, entries, self._sampled([*values, *entries]), left)

    def _place_of(self, entry: Quantity) -> tuple[tuple[int, ...], str | None]:
        """Return the shape of an entry's numbers, and the variable whose elements they are of."""
        if not isinstance(entry, Entry):
            return self._positions.shape, None
        return self._positions.shape_of(entry.wrt[-1]), entry.wrt[-1]

    def _sampled(self, checks: Sequence[Sequence[Check | None]]) -> tuple[int, int] | None:
        if len(checks) > BATCH:
            flat = [check is not None for each in checks for check in each]
            return (sum(flat), len(flat)) if not all(flat) else None
        count = len({position for position, _ in self._evidence})
        return (count, self._positions.size) if count < self._positions.size else None

    def _check_all(
        self,
        entry: Quantity,
        shape: tuple[int, ...],
        variable: str | None,
        numbers: Array | None,
        size: float,
    ) -> list[Check | None]:
        flat = None if numbers is None else numbers.ravel()
        looked = {position for position, _ in self._evidence}
        elements = range(prod(shape))
        places = ([i] if variable is None else self._positions.of(variable, i) for i in elements)
        return [
            self._check(
                _label(entry.label, shape, element),
                entry,
                at,
                None if flat is None else float(flat[element]),
                size,
            )
            if looked.issuperset(at)
            else None
            for element, at in zip(elements, places, strict=True)
        ]

    def _check(
        self,
        label: str,
        entry: Quantity,
        positions: Sequence[int],
        autograd: float | None,
        size: float,
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
        if autograd is not None and isnan(autograd) and self._has_integral:
            # Torch's way to say that a quadrature doesn't settle, or that a jump moves.
            autograd = None
        return judge(
            label,
            autograd=autograd,
            symbolic=sum(known) if len(known) == len(symbols) else None,
            evidence=normwise(
                self._combined(places, is_directional=_is_directional(entry)), self._relative, size
            ),
            dtype=self._dtype,
            digits=self._digits,
            is_of_nan=any(
                (position, output) in self._without_value for _, (position, (output, _)) in places
            ),
            shared=lambda: shared_rule(
                self._function.outputs[output] for _, (_, (output, wrt)) in places if wrt
            ),
        )


def _is_directional(entry: Quantity) -> bool:
    return isinstance(entry, Combination) and entry.is_directional


def _nans(values: Sequence[Array]) -> Iterator[tuple[int, int]]:
    """Yield the position and the output of each value that is no number."""
    import numpy as np

    for output, each in enumerate(values):
        yield from ((int(place), output) for place in np.flatnonzero(np.isnan(each)))


def _sample(count: int, seed: int) -> Sequence[int]:
    """Return the positions that are checked of so many, in a random order."""
    if count == 1:
        return (0,)
    from diffcli.differentiation.selection import sample

    return sample(count, seed)


def _shuffled(count: int, seed: int) -> Sequence[int]:
    """Return the numbers below ``count`` in a random order."""
    if count == 1:
        return (0,)
    import numpy as np

    order: list[int] = np.random.default_rng(seed).permutation(count).tolist()
    return order


def _label(label: str, shape: tuple[int, ...], element: int) -> str:
    if not shape:
        return label
    import numpy as np

    index = ",".join(str(place) for place in np.unravel_index(element, shape))
    return f"{label}[{index}]"
