"""A tape of primitive operations on arrays, and the reverse sweep over it.

Every rule of an operation of torch is written with these few primitives, so that these alone are
differentiated: sums and products, the elementary functions of
:mod:`diffcli.engines.trace.functions`, matrix products, and numbers moved about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.engines.trace.arrays import Balls, Index
from diffcli.engines.trace.bounded import Bounded
from diffcli.engines.trace.duals import Dual
from diffcli.engines.trace.functions import FUNCTIONS

Array = Balls | Bounded | Dual
Mask = NDArray[np.bool_]
Pull = Callable[[Any], Any]


@dataclass(frozen=True)
class Node:
    """One primitive: the values it read, and what takes the result's adjoint to theirs."""

    parents: tuple[int, ...]
    pulls: tuple[Pull, ...]
    slack: float


class Tape:
    """The primitives of one computation, in order."""

    def __init__(self) -> None:
        self.nodes: list[Node | None] = []
        self.slack = 2.0
        """Units of rounding that each operation now recorded may lose on its way back."""
        self.unfinished: frozenset[int] = frozenset()
        """The nodes whose adjoints the last sweep had no time to complete."""

    def variable(self, data: Any) -> Value:
        """Return a value to differentiate by."""
        self.nodes.append(None)
        return Value(data, self, len(self.nodes) - 1)

    def constant(self, data: Any) -> Value:
        """Return a value that doesn't move."""
        return Value(data, self, None)

    def result(self, data: Any, *sources: tuple[Value, Pull]) -> Value:
        """Return the value of a primitive of some values, each with its pull."""
        moving = [(source.node, pull) for source, pull in sources if source.node is not None]
        if not moving:
            return Value(data, self, None)
        parents, pulls = zip(*moving, strict=True)
        self.nodes.append(Node(parents, pulls, self.slack))
        return Value(data, self, len(self.nodes) - 1)

    def sweep(
        self,
        seeds: Mapping[int, Any],
        wanted: Sequence[int],
        *,
        first: int = 0,
        arithmetic: Any = None,
        deadline: float = inf,
    ) -> dict[int, Any]:
        """Return the adjoints of the wanted nodes, where the seeds' are given.

        Nodes before ``first`` aren't gone through. ``arithmetic`` is told the slack of each node.
        After the deadline the sweep ends: what is returned is complete, and what isn't complete
        is among the ``unfinished``.
        """
        self.unfinished = frozenset()
        adjoints: dict[int, Any] = dict(seeds)
        adjoint_nodes: dict[int, Any] = {}
        keep = set(wanted)
        for position in range(max(adjoints, default=-1), first - 1, -1):
            adjoint = adjoints.pop(position, None)
            if adjoint is None:
                continue
            if position in keep:
                adjoint_nodes[position] = adjoint
            node = self.nodes[position]
            if node is None:
                continue
            if now() > deadline:
                self.unfinished = self._below([position, *adjoints])
                break
            if arithmetic is not None:
                arithmetic.slack = node.slack
            for parent, pull in zip(node.parents, node.pulls, strict=True):
                part = pull(adjoint)
                before = adjoints.get(parent)
                adjoints[parent] = part if before is None else before + part
        adjoint_nodes.update(
            {position: adjoint for position, adjoint in adjoints.items() if position in keep}
        )
        return {
            position: adjoint_nodes[position]
            for position in adjoint_nodes
            if position not in self.unfinished
        }

    def _below(self, positions: Sequence[int]) -> frozenset[int]:
        """Return all nodes that those at some places were computed from."""
        below: set[int] = set()
        waiting = list(positions)
        while waiting:
            node = self.nodes[waiting.pop()]
            fresh = set(() if node is None else node.parents) - below
            below |= fresh
            waiting += fresh
        return frozenset(below)


class Value:
    """An array, and the node of the tape that made it; None for a constant."""

    __slots__ = ("data", "node", "tape")
    __array_ufunc__ = None

    def __init__(self, data: Any, tape: Tape, node: int | None) -> None:
        self.data, self.tape, self.node = data, tape, node

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        shape: tuple[int, ...] = self.data.shape
        return shape

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def is_moving(self) -> bool:
        """Whether it depends on the variables."""
        return self.node is not None

    def fixed(self) -> Value:
        """Return the same value as a constant."""
        return Value(self.data, self.tape, None)

    def __add__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return self.tape.result(self.data + other, (self, _same))
        return self.tape.result(
            self.data + other.data,
            (self, lambda g: _reduced(g, self.shape)),
            (other, lambda g: _reduced(g, other.shape)),
        )

    def __sub__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return self.tape.result(self.data - other, (self, _same))
        return self.tape.result(
            self.data - other.data,
            (self, lambda g: _reduced(g, self.shape)),
            (other, lambda g: _reduced(-g, other.shape)),
        )

    def __rsub__(self, other: float) -> Value:
        return self.tape.result(other - self.data, (self, lambda g: -g))

    def __mul__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return self.tape.result(self.data * other, (self, lambda g: g * other))
        return self.tape.result(
            self.data * other.data,
            (self, lambda g: _reduced(g * other.data, self.shape)),
            (other, lambda g: _reduced(g * self.data, other.shape)),
        )

    def __truediv__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return self.tape.result(self.data / other, (self, lambda g: g / other))
        data = self.data / other.data
        return self.tape.result(
            data,
            (self, lambda g: _reduced(g / other.data, self.shape)),
            (other, lambda g: _reduced(-(g * data) / other.data, other.shape)),
        )

    def __rtruediv__(self, other: float) -> Value:
        data = other / self.data
        return self.tape.result(data, (self, lambda g: -(g * data) / self.data))

    def __neg__(self) -> Value:
        return self.tape.result(-self.data, (self, lambda g: -g))

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other: Value) -> Value:
        order = (*range(len(self.shape) - 2), len(self.shape) - 1, len(self.shape) - 2)
        return self.tape.result(
            self.data @ other.data,
            (self, lambda g: g @ other.data.transpose(order)),
            (other, lambda g: self.data.transpose(order) @ g),
        )

    def unary(self, name: str) -> Value:
        """Return an elementary function of every number."""
        data = self.data.unary(name)
        slope = FUNCTIONS[name].slope
        return self.tape.result(data, (self, lambda g: g * slope(self.data, data)))

    def constant(self, name: str) -> Value:
        """Return a constant of mathematics."""
        return self.tape.constant(self.data.constant(name))

    def sum(self, axes: Sequence[int] | None = None, *, keeps: bool = False) -> Value:
        """Return the sum along some axes, by default all; ``keeps`` leaves them with length 1."""
        count = len(self.shape)
        along = tuple(range(count)) if axes is None else tuple(sorted({a % count for a in axes}))
        if not along:
            return self
        kept = tuple(1 if axis in along else n for axis, n in enumerate(self.shape))
        data = self.data.sum(along)
        if keeps:
            data = data.reshape(kept)
        return self.tape.result(data, (self, lambda g: g.reshape(kept).expand(self.shape)))

    def reshape(self, shape: Sequence[int]) -> Value:
        """Return the same numbers in another shape."""
        if tuple(shape) == self.shape:
            return self
        data = self.data.reshape(shape)
        return self.tape.result(data, (self, lambda g: g.reshape(self.shape)))

    def transpose(self, order: Sequence[int]) -> Value:
        """Return the axes in another order."""
        back = tuple(np.argsort(order))
        data = self.data.transpose(order)
        return self.tape.result(data, (self, lambda g: g.transpose(back)))

    def expand(self, shape: Sequence[int]) -> Value:
        """Return the numbers repeated to a shape that they broadcast to."""
        if tuple(shape) == self.shape:
            return self
        data = self.data.expand(shape)
        return self.tape.result(data, (self, lambda g: _reduced(g, self.shape)))

    def flat(self) -> Value:
        """Return all numbers one after the other."""
        return self.reshape((self.size,))

    def take(self, index: Index) -> Value:
        """Return the numbers of a flat value at some places, in the index's shape."""
        size = self.size
        data = self.data.take(index)
        return self.tape.result(data, (self, lambda g: g.spread(index, size)))

    def place(self, index: Index, values: Value) -> Value:
        """Return a flat value with the numbers at some places replaced."""
        zero = values.data.zeros()
        return self.tape.result(
            self.data.place(index, values.data),
            (self, lambda g: g.place(index, zero)),
            (values, lambda g: g.take(index)),
        )

    def where(self, mask: Mask, other: Value) -> Value:
        """Return these numbers where the mask is true, others elsewhere, all of one shape."""
        data = self.data.where(mask, other.data)

        def taken(g: Any, own: Mask) -> Any:
            return g.where(own, g.zeros())

        return self.tape.result(
            data, (self, lambda g: taken(g, mask)), (other, lambda g: taken(g, ~mask))
        )

    def hull(self, mask: Mask, other: Value, doubt: Mask) -> Value:
        """Return :meth:`where` of a continuous choice, some of which is in doubt.

        There the value is in the hull of both, and so are the adjoints.
        """
        data = self.data.where(mask, other.data).joined(doubt, self.data, other.data)

        def taken(g: Any, own: Mask) -> Any:
            return g.where(own | doubt, g.zeros()).weakened(doubt)

        return self.tape.result(
            data, (self, lambda g: taken(g, mask)), (other, lambda g: taken(g, ~mask))
        )


@dataclass(eq=False)
class Whole:
    """Numbers without a derivative: whole numbers or truth values, and which are in doubt."""

    values: NDArray[Any]
    doubt: Mask | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether any is in doubt."""
        return self.doubt is not None and bool(self.doubt.any())


UNUSED = object()
"""Stands for a result that only torch's own backward reads."""


def extreme(value: Value, chosen: Index, tied: Mask) -> Value:
    """Return the largest of each row, ``chosen`` or, in doubt, any of the ``tied``."""
    rows, width = value.shape
    own = np.arange(rows) * width + chosen
    several = tied.sum(axis=1) > 1
    data = value.data.reshape((rows * width,)).take(own).topped(several, value.data, tied)

    def pull(g: Any) -> Any:
        sharp = np.zeros((rows, width), dtype=np.bool_)
        sharp[np.arange(rows), chosen] = True
        doubt = tied & several[:, None]
        wide = g.reshape((rows, 1)).expand((rows, width))
        return wide.where(sharp | doubt, wide.zeros()).weakened(doubt)

    return value.tape.result(data, (value, pull))


def concatenate(parts: Sequence[Value]) -> Value:
    """Return flat values one after the other."""
    tape = parts[0].tape
    ends = np.cumsum([0, *(part.size for part in parts)])
    pulls = [_slice(int(start), int(stop)) for start, stop in pairwise(ends)]
    data = type(parts[0].data).concatenate([part.data for part in parts])
    return tape.result(data, *zip(parts, pulls, strict=True))


def _slice(start: int, stop: int) -> Pull:
    return lambda g: g.take(np.arange(start, stop))


def _same(g: Any) -> Any:
    return g


def _reduced(g: Any, shape: tuple[int, ...]) -> Any:
    """Return an adjoint summed over the axes along which a value of this shape was repeated."""
    if g.shape == shape:
        return g
    extra = len(g.shape) - len(shape)
    axes = (
        *range(extra),
        *(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1),
    )
    return g.sum(axes).reshape(shape) if axes else g.reshape(shape)
