"""Where a formula's terms stand exactly at a kink or a jump, for all components at once.

Torch computes the margins of every operation in one pass over all components, so that none is left
out, as one would be from a sample. What they tell is where to look: ``x*abs(x)`` has a derivative
at 0 all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffcli.engines import remote
from diffcli.engines.autograd import tensors, to_array
from diffcli.engines.margins import margins_of
from diffcli.engines.matrices.patterns import Dependence, Places
from diffcli.engines.program import Program
from diffcli.engines.shapes import Shape, axis_of, shapes_of
from diffcli.errors import LimitError
from diffcli.language.expression import Function, Node

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]


def touching(
    function: Function,
    arrays: Mapping[str, Array],
    *,
    shape: Shape | None,
    dtype: str,
    device: str,
) -> list[tuple[Node, Mask]]:
    """Return terms whose components stand at a kink or a jump, and which of their components do.

    ``shape`` is that of a constant, None for the variables' own. Raises LimitError where one term
    alone is beyond the symbolic engine's size.
    """
    pairs = [pair for each in function.nodes for pair in _margins(each)]
    if not pairs:
        return []
    terms, tests = zip(*pairs, strict=True)
    inputs = tensors(arrays, dtype, device)
    values = [
        value
        for program in _programs(Function(function.text, terms, function.variables))
        for value in program(*inputs.values(), shape=shape)
    ]
    masks = [test(to_array(value)) for value, test in zip(values, tests, strict=True)]
    return [(term, mask) for term, mask in zip(terms, masks, strict=True) if mask.any()]


def _programs(function: Function) -> Iterator[Program]:
    """Yield programs of the outputs in turn, one of all of them unless they are too large."""
    try:
        yield remote.program(function)
    except LimitError:
        count = len(function.outputs)
        if count == 1:
            raise
        for outputs in function.outputs[: count // 2], function.outputs[count // 2 :]:
            yield from _programs(Function(function.text, outputs, function.variables))


def touched(
    function: Function, arrays: Mapping[str, Array], found: Sequence[tuple[Node, Mask]]
) -> Places:
    """Return the components of the variables, by their places among all, that decide what is found.

    Raises LimitError where they are too many.
    """
    if not found:
        return np.array([], dtype=np.int64)
    shapes = {name: each.shape for name, each in arrays.items()}
    terms = Function(function.text, tuple(term for term, _ in found), function.variables)
    depends = Dependence(terms, shapes_of(terms, shapes), shapes)
    columns = [depends.of[term][np.flatnonzero(mask)].indices for term, mask in found]
    return np.unique(np.concatenate(columns)).astype(np.int64)


Test: TypeAlias = Callable[[Array], Mask]


def _margins(each: Node) -> list[tuple[Node, Test]]:
    if each.op in _LEAST:
        return [(each, _is_zero)]
    if each.op in _EXTREMES:
        return [(each.args[0], _tied(axis_of(each), _EXTREMES[each.op]))]
    return [(margin, _is_zero) for margin in margins_of(each)]


def _is_zero(values: Array) -> Mask:
    found: Mask = values == 0
    return found


def _tied(axis: int | None, extreme: Callable[..., Array]) -> Test:
    """Return what finds the entries that are the extreme of their line together with others."""

    def test(values: Array) -> Mask:
        best = values == extreme(values, axis=axis, keepdims=True)
        found: Mask = best & (best.sum(axis=axis, keepdims=True) > 1)
        return found

    return test


_LEAST = frozenset({"norm", "std"})
"""Operations that have a kink where they are 0."""

_EXTREMES: Mapping[str, Callable[..., Array]] = MappingProxyType({"amax": np.max, "amin": np.min})
"""Operations that have a kink where two entries are the extreme."""
