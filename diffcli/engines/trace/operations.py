"""What the record has to know of torch's operations, and no rule of differentiation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

MOVEMENTS = frozenset(
    """cat stack index gather index_select clone repeat flip roll tril triu constant_pad_nd
    masked_select _unsafe_view take select_scatter slice_scatter diagonal_scatter embedding
    im2col _reshape_copy view_copy expand_copy permute_copy select_copy slice_copy t_copy
    transpose_copy unsqueeze_copy squeeze_copy diag_embed reflection_pad1d reflection_pad2d
    replication_pad1d replication_pad2d pixel_shuffle pixel_unshuffle channel_shuffle
    repeat_interleave scatter.src index_put block_diag rot90 upsample_nearest2d
    upsample_nearest1d as_strided_copy lift_fresh_copy take_along_dim unfold_copy
    diagonal_copy alias_copy narrow_copy split_copy split_with_sizes_copy
    unbind_copy unfold_copy select_backward slice_backward
    reflection_pad3d replication_pad3d upsample_nearest3d masked_scatter""".split()
)
"""Operations whose outputs are elements of their arguments, or constants, in another order."""

READ_BACK = frozenset(
    "native_batch_norm _native_batch_norm_legit cudnn_batch_norm _batch_norm_with_update".split()
)
"""Operations that change running statistics among their arguments."""

METADATA = frozenset(
    "squeeze_ unsqueeze_ t_ transpose_ swapdims_ swapaxes_ as_strided_ detach_".split()
)
"""Operations in place that change how a tensor shows its storage, and no number."""

REPLACING = frozenset("set_ resize_ resize_as_ set_data".split())
"""Operations that give a tensor another storage, or its storage another length."""


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested arguments, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)


def has_padding(func: Any, args: Any) -> bool:
    """Whether a row of an embedding is a constant, as torch documents of ``padding_idx``."""
    is_told = func._schema.name == "aten::embedding" and len(args) > 2 and args[2] >= 0
    return is_told and bool((args[1] == args[2]).any())


def is_movement(func: Any, args: Any) -> bool:
    """Whether an operation only rearranges the elements of its arguments."""
    name = func._schema.name.partition("::")[2].rstrip("_")
    if name == "index_put":  # with accumulate it adds
        return len(args) < 4 or not args[3]
    if name == "embedding":  # which may divide the gradient of a row by how often it is taken
        return len(args) < 4 or not args[3]
    return name in MOVEMENTS or f"{name}.{func._overloadname}" in MOVEMENTS


def labels_of(func: Any, args: Any, options: Mapping[str, Any]) -> tuple[np.ndarray[Any, Any], ...]:
    """Return where each element of a rearrangement's outputs comes from, by rearranging numbers.

    A constant that it fills in gives 0.
    """
    count = 0

    def labelled(value: Any) -> Any:
        nonlocal count
        if isinstance(value, Tensor) and value.is_floating_point():
            start, count = count + 1, count + value.numel()
            return torch.arange(start, count + 1, dtype=torch.float64).reshape(value.shape)
        if isinstance(value, list | tuple):
            return [labelled(part) for part in value]
        return value

    if func._schema.name == "aten::constant_pad_nd":
        args = args[:2]
    result = func(*labelled(args), **{key: labelled(value) for key, value in options.items()})
    if has_padding(func, args):
        result[args[1] == args[2]] = 0
    return tuple(tensor.numpy().astype(np.int64) for tensor in tensors_in(result))
