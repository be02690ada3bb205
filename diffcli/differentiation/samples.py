"""A sample of a large answer's numbers, each checked on the formula of its own component."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.engines.evidence import Evidence, combined, directional, examine, normwise
from diffcli.engines.exact import constant
from diffcli.engines.progressions import exact
from diffcli.engines.remote import Partials
from diffcli.engines.sharing import shared_rule
from diffcli.engines.templates.shapes import summands
from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node, node, number, postorder
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.tensors import component_at, component_name
from diffcli.operators import Target
from diffcli.operators.entries import Part
from diffcli.tensors.pieces import Pieces
from diffcli.tensors.rules import Positions, Shape
from diffcli.tensors.shapes import shapes_of
from diffcli.tensors.sparsity import Dependence
from diffcli.verdict import Check
from diffcli.verify import judge

if TYPE_CHECKING:
    from diffcli.differentiation.numbers import Array
    from diffcli.differentiation.settings import Settings
    from diffcli.engines.enclosure import Coordinate

SAMPLE = 32
"""Numbers that are checked, of however many there are."""
MOST_PARTS = 64
"""Of one number that is a linear combination."""


def sample_of(count: int, seed: int) -> Positions:
    """Return the places that are checked, of so many: the ends, and a random sample between."""
    if count <= SAMPLE:
        return np.arange(count)
    between = np.random.default_rng(seed).choice(count - 2, SAMPLE - 2, replace=False)
    return np.array([0, count - 1, *(between + 1)])


@dataclass
class Sampler:
    """Checks some numbers of a function's derivatives until the deadline, the first in any case.

    ``point`` is what was typed, ``arrays`` its values; ``vector`` the operator's own, flattened,
    along the first of them. ``relative`` is how far every number may be off beside the largest,
    whose size is ``size``.
    """

    function: Function
    point: Point
    arrays: Mapping[str, Array]
    vector: Sequence[float]
    settings: Settings
    deadline: float
    relative: float = 0.0
    size: float = 0.0

    def checks(
        self,
        targets: Sequence[Target],
        numbers: Sequence[float],
        closed: Sequence[float | None],
    ) -> list[Check]:
        """Return a check of each number that the time allows, of which derivative it is.

        One whose formula is too long is held against ``closed``, what a formula of tensors gives.
        """
        begun = now()
        of_numbers = not self.function.has_tensors and not any(self._variables.values())
        has_rows = all(target.output is not None for target in targets)
        formula = self._of_numbers if of_numbers and has_rows else self._by_components(targets)
        # The time is the engines', and the structure is none of them.
        self.deadline += now() - begun
        found: list[Check] = []
        for target, value, other in zip(targets, numbers, closed, strict=True):
            try:
                check = self._check(target, value, other, formula(target))
            except LimitError as error:
                check = judge(
                    target.label,
                    autograd=value,
                    symbolic=other,
                    evidence=Evidence(reason=error.message),
                    dtype=self.settings.dtype,
                    digits=self.settings.digits,
                    shared=self._shared_rule,
                )
            if found and now() > self.deadline:
                # What was cut short belongs to no sample.
                break
            found.append(check)
        return found

    def _by_components(self, targets: Sequence[Target]) -> Callable[[Target], Node]:
        """Return what gives each number's formula, without what doesn't matter to it."""
        columns = sorted({target.wrt[0] for target in targets if target.wrt})
        places = np.array(columns, dtype=np.int64)
        dependence = Dependence(self.function, self._shapes, self._variables, places)
        by_column = {each: place for place, each in enumerate(columns)}

        def formula(target: Target) -> Node:
            column = by_column[target.wrt[0]] if target.wrt else None
            return self._formula(target, _Column(dependence, column))

        return formula

    def _of_numbers(self, target: Target) -> Node:
        """Return the terms of an output of numbers that depend on what it is differentiated by."""
        output = target.output or 0
        if not target.wrt:
            return self.function.outputs[output]
        if output not in self._terms:
            terms: dict[str, list[Node]] = {}
            for term in summands(self.function.outputs[output]):
                for each in postorder([term]):
                    if each.op == VARIABLE:
                        terms.setdefault(str(each.value), []).append(term)
            self._terms[output] = terms
        name = list(self._variables)[target.wrt[0]]
        found = self._terms[output].get(name, [number(0)])
        return node("add", *found) if len(found) > 1 else found[0]

    @cached_property
    def _terms(self) -> dict[int, dict[str, list[Node]]]:
        """The terms of an output by each variable that they depend on."""
        return {}

    @cached_property
    def _variables(self) -> dict[str, Shape]:
        return {name: each.shape for name, each in self.arrays.items()}

    @cached_property
    def _shapes(self) -> dict[Node, Shape]:
        return shapes_of(self.function, self._variables)

    @cached_property
    def _pieces(self) -> Pieces:
        def name(variable: str, place: int) -> str:
            return component_name(*component_at({variable: self._variables[variable]}, place))

        return Pieces(self.function, self._shapes, name)

    @cached_property
    def _typed(self) -> dict[str, Sequence[Node] | None]:
        return {name: exact(value) for name, value in self.point.values.items()}

    @cached_property
    def _starts(self) -> list[int]:
        sizes = (prod(self._shapes[output]) for output in self.function.outputs)
        return list(accumulate(sizes, initial=0))

    def _formula(self, target: Target, column: _Column) -> Node:
        """Return the output, or the outputs' weighted sum, as a formula of numbers."""
        if target.output is not None:
            return self._component(target.output, column)
        rows = [
            start + int(row)
            for start, output in zip(self._starts, self.function.outputs, strict=False)
            for row in np.flatnonzero(column.matters(output))
        ]
        _check_parts(len(rows))
        terms = [
            node("mul", constant(self.vector[row]), self._component(row, column)) for row in rows
        ]
        return node("add", *terms) if len(terms) > 1 else (terms[0] if terms else number(0))

    def _component(self, place: int, column: _Column) -> Node:
        which = bisect_right(self._starts, place) - 1
        output = self.function.outputs[which]
        return self._pieces.component(output, place - self._starts[which], column)

    def _check(self, target: Target, value: float, other: float | None, formula: Node) -> Check:
        settings = self.settings
        wrt = tuple(component_name(*component_at(self._variables, place)) for place in target.wrt)
        used = {str(each.value) for each in postorder([formula]) if each.op == VARIABLE}
        places = {name: self._place(name) for name in sorted({*used, *wrt})}
        dyadic = {
            name: float(self.arrays[own].flat[place]) for name, (own, place) in places.items()
        }
        typed: dict[str, Coordinate] = dict(dyadic)
        for name, (own, place) in places.items():
            if (entries := self._typed[own]) is not None:
                typed[name] = entries[place]
        parts: list[Part] = [(1.0, 0, wrt)]
        if target.along:
            steps = {name: self._step(*places[name]) for name in places}
            parts = [(step, 0, (*wrt, name)) for name, step in steps.items() if step]
            _check_parts(len(parts))
        evidence = None
        if "enclosure" in settings.engines:
            known = examine(
                formula,
                typed,
                dyadic,
                {index: None for _, _, index in parts},
                digits=settings.digits,
                dtype=settings.dtype,
                deadline=self.deadline,
            )
            known_parts = [(step, known[index]) for step, _, index in parts]
            if target.along and not wrt:
                evidence = directional(
                    formula,
                    typed,
                    [(step, index[0], known[index]) for step, _, index in parts],
                    digits=settings.digits,
                    deadline=self.deadline,
                )
            evidence = evidence or combined(known_parts, settings.dtype)
        symbolic = self._symbolic(Function((), (formula,), tuple(places)), parts, dyadic)
        if symbolic is None and (evidence is None or evidence.is_open):
            symbolic = other
        return judge(
            target.label,
            autograd=value,
            symbolic=symbolic,
            evidence=normwise(evidence, self.relative, self.size),
            dtype=settings.dtype,
            digits=settings.digits,
            shared=self._shared_rule,
        )

    def _shared_rule(self) -> str | None:
        return shared_rule(self.function.outputs)

    def _symbolic(
        self, function: Function, parts: Sequence[Part], at: Mapping[str, float]
    ) -> float | None:
        if "symbolic" not in self.settings.engines:
            return None
        symbolic = Partials(function, self.deadline)
        total = 0.0
        try:
            for weight, output, wrt in parts:
                found = symbolic.number(at, wrt, output, self.deadline)
                if found is None:
                    return None
                total += weight * found
        except LimitError:
            return None
        return total

    def _place(self, component: str) -> tuple[str, int]:
        """Return the variable of a component, and its place there."""
        name, _, index = component.partition("[")
        if not index:
            return name, 0
        place = tuple(map(int, index.removesuffix("]").split(",")))
        return name, int(np.ravel_multi_index(place, self._variables[name]))

    def _step(self, variable: str, place: int) -> float:
        """Return the vector's component for a variable's; beyond its end are constants."""
        before = 0
        for name, shape in self._variables.items():
            if name == variable:
                break
            before += prod(shape)
        return self.vector[before + place] if before < len(self.vector) else 0.0


@dataclass(frozen=True)
class _Column:
    """What depends on one component of the variables; without one, everything matters."""

    dependence: Dependence
    column: int | None

    def matters(self, term: Node) -> NDArray[np.bool_]:
        """Return which components of a term do."""
        size = prod(self.dependence.shapes[term])
        if self.column is None:
            return np.ones(size, dtype=bool)
        pattern = self.dependence.of[term]
        inside = np.zeros(size, dtype=bool)
        places = np.flatnonzero(pattern.indices == self.column)
        inside[np.searchsorted(pattern.indptr, places, side="right") - 1] = True
        return inside

    def __call__(self, term: Node, places: Positions) -> NDArray[np.bool_]:
        """Return which of some places of a term do."""
        return self.matters(term)[places]


def _check_parts(count: int) -> None:
    if count > MOST_PARTS:
        raise LimitError(f"it is a sum of {count:,} derivatives")
