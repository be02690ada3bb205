"""Operations that move numbers about, add them up at places, or make constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.engines.trace.rules.common import operand
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import Value, Whole


def rearranged(r: State, step: Step, *arguments: Any, **options: Any) -> Any:
    """Return what an operation moved, by the labels that it gave to torch's own numbers."""
    parts: list[Value] = []
    _gather([*arguments, *options.values()], parts)
    if any(getattr(leaf, "is_doubtful", False) for leaf in _leaves(arguments)):
        return None
    whole = r.concatenate([part.flat() for part in parts])
    result = []
    for values, labels in zip(step.values, step.labels, strict=True):
        taken = whole.take(np.maximum(labels - 1, 0))
        if not labels.all():
            fill = r.tape.constant(r.kind.array(values.double().numpy()))
            taken = taken.where(labels > 0, fill)
        result.append(taken)
    return result


def _leaves(values: Any) -> list[Any]:
    result: list[Any] = []
    for value in values:
        result += _leaves(value) if isinstance(value, list) else [value]
    return result


def _gather(values: Any, parts: list[Value]) -> None:
    parts += [leaf for leaf in _leaves(values) if isinstance(leaf, Value)]


def _same(r: State, step: Step, x: Any, *_: Any, **__: Any) -> Any:
    """Return the same numbers, in another dtype perhaps."""
    is_floating = step.values[0].is_floating_point()
    if isinstance(x, Value):
        return x * 1.0 if is_floating else None  # which rounds, on its way back too
    return operand(r, x, step) if is_floating else x


def _copied(r: State, step: Step, x: Any, source: Any, *_: Any) -> Any:
    return _same(r, step, source)


def _constant(r: State, step: Step, *_: Any, **__: Any) -> Any:
    """Return what doesn't depend on the numbers of the arguments."""
    seen = step.values[0]
    if not seen.is_floating_point():
        return Whole(seen.numpy())
    return r.tape.constant(r.kind.array(seen.double().numpy()))


def _filled(r: State, step: Step, x: Any, value: Any) -> Any:
    return operand(r, value, step) if step.values[0].is_floating_point() else None


def _places(x: Value, dim: int, index: Any) -> Any:
    axis = dim % max(len(x.shape), 1)
    flat = np.arange(x.size).reshape(x.shape)
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)]) if index.shape else []
    if grid:
        grid[axis] = index
    return flat[tuple(grid)] if grid else flat


def _added(x: Value, positions: Any, values: Value) -> Value:
    """Return a value with others added at some places."""
    data = values.flat().data.spread(np.asarray(positions).ravel(), x.size)
    moved = values.tape.result(
        data, (values.flat(), lambda g: g.take(np.asarray(positions).ravel()))
    )
    return (x.flat() + moved).reshape(x.shape)


def _scatter_add(r: State, step: Step, x: Value, dim: int, index: Any, source: Value) -> Any:
    if index.is_doubtful:
        return None
    cut = tuple(slice(n) for n in index.values.shape)
    flat = np.arange(source.size).reshape(source.shape)[cut]
    return _added(x, _places(x, dim, index.values), source.flat().take(flat.ravel()))


def _index_add(
    r: State, step: Step, x: Value, dim: int, index: Any, source: Value, alpha: float = 1
) -> Any:
    if index.is_doubtful:
        return None
    axis = dim % max(len(x.shape), 1)
    positions = np.take(np.arange(x.size).reshape(x.shape), index.values, axis=axis)
    return _added(x, positions, source if alpha == 1 else source * float(alpha))


def _index_put(
    r: State, step: Step, x: Value, indices: Any, values: Value, accumulate: bool = False, *_: Any
) -> Any:
    if not accumulate or any(index is not None and index.is_doubtful for index in indices):
        return None
    chosen = tuple(slice(None) if index is None else index.values for index in indices)
    positions = np.arange(x.size).reshape(x.shape)[chosen]
    return _added(x, positions, values.expand(positions.shape))


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys("_to_copy to alias view_as contiguous expand_as".split(), _same),
    **dict.fromkeys("copy copy_".split(), _copied),
    **dict.fromkeys(
        "zeros_like ones_like empty_like full_like rand_like randn_like new_zeros new_ones "
        "new_full new_empty new_empty_strided zero isnan isinf isfinite snapshot uniform normal "
        "bernoulli.float random".split(),
        _constant,
    ),
    "fill": _filled,
    "scatter_add": _scatter_add,
    "index_add": _index_add,
    "index_put": _index_put,
}
