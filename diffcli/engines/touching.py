"""Where a formula's terms stand at a kink or a jump, for all components at once.

Torch computes the margins of every operation in one pass over all components, so that none is left
out, as one would be from a sample. A margin that rounding may have kept from 0 counts as 0: the
kink of ``abs(sin(x))`` at π is met by the double next to it. What they tell is where to look:
``x*abs(x)`` has a derivative at 0 all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffcli.engines import remote
from diffcli.engines.autograd import tensors, to_array
from diffcli.engines.margins import edges_of, has_jumps_at_whole_values, kink_terms
from diffcli.engines.program import Program
from diffcli.language.expression import Node, node, postorder
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import Positions, Shape, axis_of, rule_of
from diffcli.tensors.shapes import shapes_of
from diffcli.tensors.sparsity import Dependence

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]


def at_kinks(
    function: Function,
    arrays: Mapping[str, Array],
    *,
    shape: Shape | None,
    dtype: str,
    device: str,
) -> list[tuple[Node, Mask]]:
    """Return terms whose components stand at a kink or a jump, and which of their components do.

    One within rounding counts as being there.

    ``shape`` is that of a constant, None for the variables' own.
    """
    margins = [pair for term in function.nodes for pair in _margins(term)]
    if not margins:
        return []
    terms, tests = zip(*margins, strict=True)
    sizes = _sizes(terms)
    whole = Function(function.text, (*terms, *(sizes[term] for term in terms)), function.variables)
    program = _lowered(whole)

    def values(of: Mapping[str, Array]) -> list[Array]:
        inputs = tensors(of, dtype, device)
        return list(map(to_array, program(*inputs.values(), shape=shape)))

    unit = float(np.finfo(dtype).eps)
    here, moved = values(arrays), values(_moved(arrays, ROUNDINGS * unit))
    result = []
    for position, (term, test) in enumerate(zip(terms, tests, strict=True)):
        with np.errstate(invalid="ignore", over="ignore"):
            near = ROUNDINGS * unit * here[len(terms) + position]
            change = moved[position] - here[position]
        mask = test(here[position], _finite(near), _finite(change))
        if mask.any():
            result.append((term, mask))
    return result


def _finite(numbers: Array) -> Array:
    return np.where(np.isfinite(numbers), numbers, 0.0)


def _moved(arrays: Mapping[str, Array], by: float) -> dict[str, Array]:
    """Return arrays whose numbers are moved by some roundings, each variable's another way."""
    return {
        name: array * (1 + (-1) ** position * (1 + position % MOST_ROUNDINGS) * by)
        for position, (name, array) in enumerate(arrays.items())
    }


def _sizes(terms: Sequence[Node]) -> dict[Node, Node]:
    """Return for each term what it is the difference of, in size: rounding errs in proportion."""
    sizes: dict[Node, Node] = {}
    for term in postorder(terms):
        if term.op in _SUMS:
            parts = [sizes[arg] for arg in term.args]
            sizes[term] = node("add", *parts) if len(parts) > 1 else parts[0]
        else:
            sizes[term] = node("abs", term)
    return sizes


@lru_cache(maxsize=8)
def _lowered(function: Function) -> Program:
    """Return the program of a function, kept for the next chunk of points."""
    return remote.lower(function)


def components_at_kinks(
    function: Function, arrays: Mapping[str, Array], kinks: Sequence[tuple[Node, Mask]]
) -> Positions:
    """Return the components of the variables, by their places among all, that decide what is found.

    Raises LimitError where they are too many.
    """
    if not kinks:
        return np.array([], dtype=np.int64)
    shapes = {name: array.shape for name, array in arrays.items()}
    terms = Function(function.text, tuple(term for term, _ in kinks), function.variables)
    depends = Dependence(terms, shapes_of(terms, shapes), shapes)
    columns = [depends.of[term][np.flatnonzero(mask)].indices for term, mask in kinks]
    return np.unique(np.concatenate(columns)).astype(np.int64)


Test: TypeAlias = Callable[[Array, Array, Array], Mask]
"""Tells which of some margins are 0.

Given how far rounding may have moved each, and how far some roundings of the variables move it.
"""


def _margins(term: Node) -> list[tuple[Node, Test]]:
    kink = rule_of(term.op).kink if term.op in TENSORS else None
    if kink == "zero":
        return [(term, _is_zero)]
    if kink is not None:
        return [(term.args[0], _tied(axis_of(term), _EXTREMES[kink]))]
    test = _is_whole if has_jumps_at_whole_values(term.op) else _is_zero
    return [(margin, test) for margin in dict.fromkeys([*kink_terms(term), *edges_of(term)])]


def _is_zero(values: Array, near: Array, change: Array) -> Mask:
    result: Mask = np.abs(values) <= near + 2 * np.abs(change)
    return result


def _is_whole(values: Array, near: Array, change: Array) -> Mask:
    """Tell it of the distance from the nearest integer, which jumps by 1 between two."""
    return _is_zero(values, near, change - np.round(change))


def _tied(axis: int | None, extreme: Callable[..., Array]) -> Test:
    """Return what finds the entries that are the extreme of their line together with others."""

    def test(values: Array, near: Array, change: Array) -> Mask:
        first = extreme(values, axis=axis, keepdims=True)
        with np.errstate(invalid="ignore"):
            best = (values == first) | (np.abs(values - first) <= near + 2 * np.abs(change))
        result: Mask = best & (best.sum(axis=axis, keepdims=True) > 1)
        return result

    return test


ROUNDINGS = 4
"""Units in the last place that a margin's terms may be off by."""

MOST_ROUNDINGS = 4
"""The most times of it that a variable is moved, so that the variables' moves seldom cancel."""

_SUMS = frozenset({"add", "neg", "max", "min", "hypot"})
"""Operations whose rounding errors are those of their arguments, however small the result."""

_EXTREMES: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {"greatest": np.max, "least": np.min}
)
"""The extreme of a line, by the kink of an operation that has one where two entries are it."""
