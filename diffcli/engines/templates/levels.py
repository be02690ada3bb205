"""Many unlike terms: operations of one kind are computed together, level by level.

Each term is laid out for itself. Operations of one kind on one level, whose arguments are all
known, are one vectorised computation of their values and their partial derivatives. The reverse
sweep goes back level by level. Griewank and Walther, Evaluating Derivatives (2008),
section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, partial
from itertools import chain

import numpy as np
import torch

from diffcli.engines.tape import rounded
from diffcli.engines.templates.derivatives import Array, tape_of
from diffcli.engines.templates.shapes import ARITHMETIC, Places, summands
from diffcli.engines.throughput.emission import Emitted, emit
from diffcli.engines.throughput.reverse import sweep
from diffcli.language.expression import NUMBER, VARIABLE, Node, node, postorder, variable
from diffcli.language.function import Function
from diffcli.language.functions import TABLE

MAX_CACHED = 1024
"""Rules that are kept, each with code of its own; their bodies are typed."""


@dataclass
class _Kind:
    """Operations of one kind on one level: where their results and their arguments stand."""

    results: list[int] = field(default_factory=list)
    args: list[tuple[int, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class _Level:
    """A level's results, and of each argument that matters its places and partial derivatives."""

    results: slice
    slopes: Sequence[tuple[Places, Array, bool]]

    def pull(self, cotangents: Array) -> None:
        """Add what reaches the arguments to their cotangents."""
        own = cotangents[self.results]
        for rows, slope, is_once in self.slopes:
            if is_once:
                cotangents[rows] += own * slope
            else:
                np.add.at(cotangents, rows, own * slope)


class Levels:
    """Values and first derivatives of a function of numbers, again and again, for one thread.

    ``rows`` and ``columns`` say where the derivatives stand, an output and a variable, row by row.
    Every output is a sum of terms, and no operation of theirs is a condition.
    """

    def __init__(self, function: Function, dtype: torch.dtype = torch.float64) -> None:
        self._dtype = dtype
        self._leaves: list[Node] = []
        self._kinds: dict[tuple[int, Node], _Kind] = {}
        self._count = 0
        owners: list[int] = []
        roots: list[int] = []
        outputs: list[int] = []
        for row, output in enumerate(function.outputs):
            for term in summands(output):
                first = len(self._leaves)
                roots.append(self._laid(term))
                outputs.append(row)
                owners += [row] * (len(self._leaves) - first)
        self._outputs, self._height = np.array(outputs), len(function.outputs)
        self._arrange(function, np.array(roots), np.array(owners))

    def _laid(self, term: Node) -> int:
        """Lay a term's operations out, arguments first; return the place of the last.

        A leaf's place is negative: −1 is that of the first.
        """
        slots: dict[Node, int] = {}
        levels: dict[Node, int] = {}
        for inner in postorder([term]):
            if inner.op in (NUMBER, VARIABLE):
                self._leaves.append(inner)
                slots[inner], levels[inner] = -len(self._leaves), 0
            elif inner.is_leaf and inner is not term:
                continue
            else:
                free = [arg for arg in inner.args if arg in slots]
                args = tuple(
                    free if inner.op in ARITHMETIC else (a for a in free if a.op != NUMBER)
                )
                level = 1 + max((levels[arg] for arg in args), default=0)
                kind = self._kinds.setdefault((level, _body(inner, args)), _Kind())
                kind.results.append(self._count)
                kind.args.append(tuple(slots[arg] for arg in args))
                slots[inner], levels[inner] = self._count, level
                self._count += 1
        return slots[term]

    def _arrange(self, function: Function, roots: Places, owners: Places) -> None:
        """Give each level's results neighbouring places, after those of the leaves."""
        start, width = len(self._leaves), len(function.variables)
        order = sorted(self._kinds.items(), key=lambda kind: kind[0][0])
        laid = np.fromiter(chain.from_iterable(kind.results for _, kind in order), np.int64)
        slots = np.empty(self._count + start, np.int64)
        slots[laid] = np.arange(start, start + self._count)
        # A negative place counts from the end.
        slots[self._count :] = np.arange(start)[::-1]
        kind_of = torch.empty(0, dtype=self._dtype).numpy().dtype
        self._values = np.empty(start + self._count, dtype=kind_of)
        self._cotangents = np.empty_like(self._values)
        self._work: list[Callable[[], object]] = []
        self._levels: list[_Level] = []
        for (_, body), kind in order:
            args = slots[np.array(kind.args, dtype=np.int64).reshape(len(kind.args), -1).T]
            self._levels.append(self._level_of(body, args, slice(start, start + len(kind.results))))
            start += len(kind.results)
        self._roots = slots[roots]
        known = {name: position for position, name in enumerate(function.variables)}
        self._held = np.array([k for k, leaf in enumerate(self._leaves) if leaf.op == VARIABLE])
        self._sources = np.array([known[str(self._leaves[k].value)] for k in self._held])
        numbers = {leaf for leaf in self._leaves if leaf.op == NUMBER}
        floats = {number: rounded(Fraction(number.value or 0), self._dtype) for number in numbers}
        self._values[: len(self._leaves)] = [floats.get(leaf, 0.0) for leaf in self._leaves]
        unique, self._target = np.unique(
            owners[self._held] * width + self._sources, return_inverse=True
        )
        self.rows, self.columns = np.divmod(unique, width)

    def _level_of(self, body: Node, args: Places, results: slice) -> _Level:
        count = results.stop - results.start
        rule = _rule(body, len(args))
        columns = [np.empty(count, dtype=self._values.dtype) for _ in rule.varying]
        slopes = dict(zip(rule.varying, columns, strict=True))
        for k, constant in rule.constants.items():
            slopes[k] = np.full(count, rounded(constant, self._dtype), dtype=self._values.dtype)
        inputs = [np.empty(count, dtype=self._values.dtype) for _ in args]
        for own, gathered in zip(args, inputs, strict=True):
            self._work.append(partial(np.take, self._values, own, out=gathered, mode="clip"))
        rows = [self._values[results], *columns]
        self._work.append(rule.emitted.bound(inputs, rows, self._dtype))
        return _Level(
            results, [(args[k], slope, len(set(args[k])) == count) for k, slope in slopes.items()]
        )

    @property
    def count(self) -> int:
        """How many levels there are."""
        return len(self._levels)

    def values(self, x: Array) -> Array:
        """Return the outputs at a point."""
        self._values[self._held] = x[self._sources]
        with np.errstate(all="ignore"):
            for work in self._work:
                work()
        return np.bincount(self._outputs, self._values[self._roots], self._height)

    def __call__(self, x: Array) -> Array:
        """Return the derivatives at a point; one that doesn't exist is nan or infinite."""
        self.values(x)
        self._cotangents.fill(0)
        self._cotangents[self._roots] = 1
        with np.errstate(all="ignore"):
            for level in reversed(self._levels):
                level.pull(self._cotangents)
        return np.bincount(self._target, self._cotangents[self._held], len(self.rows))


def has_no_branches(function: Function) -> bool:
    """Whether no operation of a function of numbers is a condition, or chosen by one."""
    return not any(
        term.op == "piecewise" or (term.op in TABLE and TABLE[term.op].boolean)
        for term in function.nodes
    )


@dataclass(frozen=True)
class _Rule:
    """The code of one kind of operation: its value, then the partial derivatives that vary."""

    emitted: Emitted
    varying: Sequence[int]
    constants: dict[int, Fraction]


@lru_cache(MAX_CACHED)
def _rule(body: Node, arity: int) -> _Rule:
    tape, value = tape_of(body, tuple(f"s{k}" for k in range(arity)))
    slopes = dict(enumerate(sweep(tape, value, tape.inputs)))
    constants = {
        k: exact for k, slope in slopes.items() if (exact := tape.exact(slope)) is not None
    }
    varying = [k for k in slopes if k not in constants]
    emitted = emit(tape, [value, *(slopes[k] for k in varying)])
    return _Rule(emitted, varying, {k: constant for k, constant in constants.items() if constant})


def _body(term: Node, args: Sequence[Node]) -> Node:
    """Return an operation with slots in the places of some arguments, in their order."""
    chosen = set(args)
    waiting = iter(range(len(args)))
    return node(
        term.op,
        *(variable(f"s{next(waiting)}") if arg in chosen else arg for arg in term.args),
        value=term.value,
        static=term.static,
    )
