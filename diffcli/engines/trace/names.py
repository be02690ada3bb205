"""Names of torch's operations that the record has to know, and no rule of differentiation."""

from __future__ import annotations

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
