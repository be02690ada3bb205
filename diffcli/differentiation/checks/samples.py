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

from diffcli.clock import Budget
from diffcli.differentiation.checks.examination import Claim, Examination, Formulas, symbolic_values
from diffcli.differentiation.checks.judge import judge
from diffcli.differentiation.numbers.positions import SinglePoint
from diffcli.engines.enclosure import Index
from diffcli.engines.evidence import Evidence
from diffcli.engines.exact import as_constant
from diffcli.engines.progressions import exact
from diffcli.engines.remote import Partials
from diffcli.engines.sharing import shared_rule
from diffcli.engines.templates.shapes import summands
from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node, node, number, postorder
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.tensors import component_at, component_name
from diffcli.operators import ComponentEntry, Weight
from diffcli.tensors.pieces import Pieces
from diffcli.tensors.rules import Positions, Shape
from diffcli.tensors.shapes import shapes_of
from diffcli.tensors.sparsity import Dependence
from diffcli.verdict import Check

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings
    from diffcli.engines.enclosure import Coordinate

MAX_PARTS = 64
"""Partials of one number that is a linear combination."""


@dataclass
class Sampler:
    """Checks some numbers of a function's derivatives until the budget ends, the first in any case.

    ``point`` is what was typed, ``arrays`` its values; ``vector`` the operator's own, flattened,
    along the first of them. ``relative`` is how far every number may be off beside the largest,
    whose size is ``size``.
    """

    function: Function
    point: Point
    arrays: Mapping[str, Array]
    vector: Sequence[Weight]
    settings: Settings
    budget: Budget
    relative: float = 0.0
    size: float = 0.0

    def checks(
        self,
        targets: Sequence[ComponentEntry],
        numbers: Sequence[float],
        closed: Sequence[float | None],
    ) -> list[Check]:
        """Return a check of each number that the time allows, of which derivative it is.

        One whose formula is too long is held against ``closed``, what a formula of tensors gives.
        """
        with self.budget.pause():
            formula = self._formulas_of(targets)
        checks: list[Check] = []
        check: Check | None
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
                    shared=lambda: shared_rule(self.function.outputs),
                )
            if check is None or (checks and self.budget.is_spent):
                # What was cut short belongs to no sample.
                break
            checks.append(check)
        return checks

    def _formulas_of(self, targets: Sequence[ComponentEntry]) -> Callable[[ComponentEntry], Node]:
        """Return a callback for each number's formula, less the terms that don't matter to it."""
        of_numbers = not self.function.has_tensors and not any(self._variables.values())
        if of_numbers and all(target.output is not None for target in targets):
            return self._of_numbers
        columns = sorted({target.wrt[0] for target in targets if target.wrt})
        positions = np.array(columns, dtype=np.int64)
        dependence = Dependence(self.function, self._shapes, self._variables, positions)
        by_column = {column: position for position, column in enumerate(columns)}

        def formula(target: ComponentEntry) -> Node:
            column = by_column[target.wrt[0]] if target.wrt else None
            return self._formula(target, _Column(dependence, column))

        return formula

    def _of_numbers(self, target: ComponentEntry) -> Node:
        """Return the terms of an output of numbers that depend on what it is differentiated by."""
        output = target.output or 0
        if not target.wrt:
            return self.function.outputs[output]
        if output not in self._terms:
            terms: dict[str, list[Node]] = {}
            for term in summands(self.function.outputs[output]):
                for inner in postorder([term]):
                    if inner.op == VARIABLE:
                        terms.setdefault(str(inner.value), []).append(term)
            self._terms[output] = terms
        name = list(self._variables)[target.wrt[0]]
        summed = self._terms[output].get(name, [number(0)])
        return node("add", *summed) if len(summed) > 1 else summed[0]

    @cached_property
    def _terms(self) -> dict[int, dict[str, list[Node]]]:
        """The terms of an output by each variable that they depend on."""
        return {}

    @cached_property
    def _variables(self) -> dict[str, Shape]:
        return {name: array.shape for name, array in self.arrays.items()}

    @cached_property
    def _shapes(self) -> dict[Node, Shape]:
        return shapes_of(self.function, self._variables)

    @cached_property
    def _pieces(self) -> Pieces:
        def name(variable: str, position: int) -> str:
            return component_name(*component_at({variable: self._variables[variable]}, position))

        return Pieces(self.function, self._shapes, name)

    @cached_property
    def _typed(self) -> dict[str, Sequence[Node] | None]:
        return {name: exact(value) for name, value in self.point.values.items()}

    @cached_property
    def _starts(self) -> list[int]:
        sizes = (prod(self._shapes[output]) for output in self.function.outputs)
        return list(accumulate(sizes, initial=0))

    def _formula(self, target: ComponentEntry, column: _Column) -> Node:
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
            node("mul", as_constant(self.vector[row]), self._component(row, column)) for row in rows
        ]
        return node("add", *terms) if len(terms) > 1 else (terms[0] if terms else number(0))

    def _component(self, position: int, column: _Column) -> Node:
        which = bisect_right(self._starts, position) - 1
        output = self.function.outputs[which]
        return self._pieces.component(output, position - self._starts[which], column)

    def _check(
        self, target: ComponentEntry, value: float, other: float | None, formula: Node
    ) -> Check | None:
        """Return the check of one number, whose formula this is."""
        settings, deadline = self.settings, self.budget.deadline
        wrt = tuple(
            component_name(*component_at(self._variables, position)) for position in target.wrt
        )
        used = {str(term.value) for term in postorder([formula]) if term.op == VARIABLE}
        owners = {name: self._owner(name) for name in sorted({*used, *wrt})}
        dyadic = {
            name: float(self.arrays[own].flat[position]) for name, (own, position) in owners.items()
        }
        typed: dict[str, Coordinate] = dict(dyadic)
        for name, (own, position) in owners.items():
            if (entries := self._typed[own]) is not None:
                typed[name] = entries[position]
        sums: list[tuple[Weight, Index]] = [(1.0, wrt)]
        if target.along:
            steps = {name: self._step(*owner) for name, owner in owners.items()}
            sums = [(step, (*wrt, name)) for name, step in steps.items() if step]
            _check_parts(len(sums))
        function = Function((), (formula,), tuple(owners))
        partials = Partials(function, deadline) if "symbolic" in settings.engines else None
        examination = Examination(
            Formulas(
                function,
                SinglePoint(typed, dyadic),
                symbolic_values(partials, deadline),
                whole=self.function,
            ),
            settings.dtype,
            settings.digits,
            deadline,
            "enclosure" in settings.engines,
            self.relative,
        )
        claim = Claim(
            target.label,
            [(weight, (0, 0, index)) for weight, index in sums],
            value,
            is_directional=target.along,
            closed=other,
        )
        examination.examine([[key for _, key in claim.parts]])
        return examination.check(claim, self.size)

    def _owner(self, component: str) -> tuple[str, int]:
        """Return the variable of a component, and its position there."""
        name, _, index = component.partition("[")
        if not index:
            return name, 0
        position = tuple(map(int, index.removesuffix("]").split(",")))
        return name, int(np.ravel_multi_index(position, self._variables[name]))

    def _step(self, variable: str, position: int) -> Weight:
        """Return the vector's component for a variable's; beyond its end are constants."""
        before = 0
        for name, shape in self._variables.items():
            if name == variable:
                break
            before += prod(shape)
        return self.vector[before + position] if before < len(self.vector) else 0.0


@dataclass(frozen=True)
class _Column:
    """What depends on one component of the variables; without one, everything matters."""

    dependence: Dependence
    column: int | None

    def matters(self, term: Node) -> NDArray[np.bool_]:
        """Return which components of a term do."""
        if self.column is None:
            return np.ones(prod(self.dependence.shapes[term]), dtype=bool)
        return self.dependence.rows(term, self.column)

    def __call__(self, term: Node, positions: Positions) -> NDArray[np.bool_]:
        """Return which of some places of a term do."""
        return self.matters(term)[positions]


def _check_parts(count: int) -> None:
    if count > MAX_PARTS:
        raise LimitError(f"it is a sum of {count:,} derivatives")
