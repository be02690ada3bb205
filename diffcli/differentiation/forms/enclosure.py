"""A closed form held against the enclosure of its formula's derivative, along a random direction.

Both become one formula of numbers: the outputs with random weights, which Taylor series on balls
differentiate along the direction, and the closed form multiplied by both, which takes no
derivative. A wrong entry shows unless the random numbers cancel it.
"""

# ruff: noqa: TID253  (imported with the first formula that is held against balls)
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from random import Random

import numpy as np
from flint import arb, arb_series, fmpq

from diffcli.clock import until
from diffcli.differentiation.forms.blocks import Block, ClosedForm
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.walk import Walk
from diffcli.engines.exact import rational
from diffcli.errors import LimitError
from diffcli.language.expression import Node, node, number, postorder, substituted, variable
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.points import Point, Tensor
from diffcli.language.tensors import component_names
from diffcli.operators import Directional, Jacobian, Jvp, Operator, Vjp
from diffcli.tensors.components import as_array, expand, total
from diffcli.tensors.rules import Nodes, Shape
from diffcli.tensors.shapes import shapes_of

BITS = 240
"""Working precision of the balls."""
SHARP = 100
"""A ball counts that is narrower than 2^-this, relative to its number or to 1."""
LARGEST = 97
"""The largest entry of a random direction."""
_SHARE = 7
"""How often a matrix is taken where a linear map stands for it too."""
_BY_OUTPUT = (Jacobian, Jvp, Directional)
"""The operators whose rows are those of the outputs."""


def is_enclosed(
    operator: Operator,
    function: Function,
    form: ClosedForm,
    point: Point,
    draw: Random,
    deadline: float,
) -> bool | None:
    """Return whether a closed form lies in the enclosure of the derivative at an exact point.

    None where balls don't tell: the formula may have no value there. Raises LimitError where an
    operation has no balls, or the components are too many.
    """
    known = shapes_of(function, form.variables)
    outputs = [known[output] for output in function.outputs]
    chance = _Chance.of(operator, outputs, form, draw)
    whole = _Whole.of(function, form, chance)
    _check_balls([whole.output, whole.claim])
    numbers = dict(part for pair in point.values.items() for part in _entries(*pair))
    with until(deadline), working(BITS):
        truth = _derivative(operator, whole.output, numbers, chance)
        value = Walk(whole.claim, numbers).value(BITS)
        if truth is None or not isinstance(value, fmpq | arb):
            return None
        claimed = arb(value)
        if not truth.overlaps(claimed):
            return False
        size = max(1.0, float(abs(claimed.mid())))
        return True if (truth - claimed).rad() < arb(2) ** -SHARP * size else None


def _entries(name: str, value: object) -> Iterator[tuple[str, Node]]:
    """Yield the components of a value of a random point."""
    if isinstance(value, Tensor):
        yield from zip(component_names(name, value.shape), value.entries, strict=True)
    elif isinstance(value, Node):
        yield name, value


@dataclass(frozen=True)
class _Chance:
    """Random whole numbers: a weight for each output, two directions, and what the form takes.

    ``left`` multiplies the rows of the closed form, ``moves`` its columns; ``along`` gives its
    directions their values.
    """

    weights: Sequence[Nodes]
    moves: Mapping[str, Nodes]
    others: Mapping[str, Nodes]
    left: Sequence[Nodes]
    along: Mapping[str, Nodes]

    @classmethod
    def of(
        cls, operator: Operator, outputs: Sequence[Shape], form: ClosedForm, draw: Random
    ) -> _Chance:
        """Return random numbers of the shapes that an operator's derivative has."""
        moves, others = (
            {name: _integers(form.variables[name], draw) for name in form.chosen} for _ in range(2)
        )
        columns = list(moves.values())
        weights = [_integers(shape, draw) for shape in outputs]
        left, taken = columns, columns
        if isinstance(operator, _BY_OUTPUT):
            left = weights
        elif isinstance(operator, Vjp):
            taken = weights
        else:
            weights = [np.array(number(1))]
            left = list(others.values()) if operator.is_of_gradient else columns
        along = dict(zip(form.directions, taken, strict=False))
        along |= {block.along: columns[block.column or 0] for block in form.blocks if block.along}
        return cls(weights, moves, others, left, along)

    def factor(self, form: ClosedForm, block: Block) -> Nodes:
        """Return the numbers that a block's entries are multiplied by.

        Of two forms of one block, a matrix and a linear map, each is taken several times, together
        once.
        """
        left = self.left[block.row]
        is_vector = block.column is None or block.along is not None
        right = [number(1)] if is_vector else [*list(self.moves.values())[block.column or 0].flat]
        share = number(1)
        if form.twin(block) is not None:
            share = number(_SHARE if block.along is None else 1 - _SHARE)
        factors = [node("mul", share, row, column) for row in left.flat for column in right]
        return as_array(factors, form.shape(block))


def _integers(shape: Shape, draw: Random) -> Nodes:
    entries = [number(draw.choice((1, -1)) * draw.randint(1, LARGEST)) for _ in range(prod(shape))]
    return as_array(entries, shape)


@dataclass(frozen=True)
class _Whole:
    """The weighted outputs as one number, and the number that the closed form claims."""

    output: Node
    claim: Node

    @classmethod
    def of(cls, function: Function, form: ClosedForm, chance: _Chance) -> _Whole:
        """Return both as formulas of the variables' components."""
        variables = {**form.variables, **form.directions}
        roots = (*function.outputs, *(block.node for block in form.blocks))
        whole = Function(("",) * len(roots), roots, tuple(variables))
        known = shapes_of(whole, variables)
        left = iter(expand(whole, known, variables).outputs)
        parts = [as_array([next(left) for _ in range(prod(known[x]))], known[x]) for x in roots]
        count = len(function.outputs)
        given = {
            variable(part): entry
            for name, entries in chance.along.items()
            for part, entry in zip(component_names(name, entries.shape), entries.flat, strict=True)
        }
        claims = [
            _weighted(chance.factor(form, block), part)
            for block, part in zip(form.blocks, parts[count:], strict=True)
        ]
        outputs = map(_weighted, chance.weights, parts[:count])
        return cls(total(list(outputs)), substituted(total(claims), given))


def _weighted(weights: Nodes, parts: Nodes) -> Node:
    """Return the sum of entries times weights."""
    pairs = zip(weights.flat, np.broadcast_to(parts, weights.shape).flat, strict=True)
    return total([node("mul", *pair) for pair in pairs])


def _derivative(
    operator: Operator, output: Node, point: Mapping[str, Node], chance: _Chance
) -> arb | None:
    """Return the derivative of a number along the directions; None without a ball."""
    walk = Walk(output, point)
    moves, others = _steps(chance.moves), _steps(chance.others)
    if not operator.is_of_gradient:
        return _coefficient(walk, moves, 1)
    # The mixed derivative by polarisation, of the sum of both directions and their difference.
    added = {name: moves[name] + others[name] for name in moves}
    apart = {name: moves[name] - others[name] for name in moves}
    first, second = (_coefficient(walk, steps, 2) for steps in (added, apart))
    return None if first is None or second is None else (first - second) / 2


def _steps(direction: Mapping[str, Nodes]) -> dict[str, int]:
    """Return how far each component goes."""
    return {
        part: int(rational(entry) or 0)
        for name, entries in direction.items()
        for part, entry in zip(component_names(name, entries.shape), entries.flat, strict=True)
    }


def _coefficient(walk: Walk, steps: Mapping[str, int], order: int) -> arb | None:
    term = walk.series(steps, order, BITS)
    if isinstance(term, arb_series):
        return term[order]
    return arb(0) if isinstance(term, fmpq | arb) else None


def _check_balls(roots: Sequence[Node]) -> None:
    """Raise LimitError where an operation has no balls."""
    for term in postorder(roots):
        if not term.is_leaf and (term.op not in TABLE or not TABLE[term.op].enclosure):
            raise LimitError(f"{term.op} has no enclosure")
