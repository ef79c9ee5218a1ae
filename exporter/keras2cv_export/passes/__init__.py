"""The compiler: every rewrite between the converted graph and the file that OpenCV reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from keras2cv_export.graph.edit import Pass
from keras2cv_export.targets.target import Target, Version

from .compress.weights_to_bytes import weights_to_bytes
from .compress.weights_to_halves import weights_to_halves
from .legalise.products.align_matmul import align_matmul
from .legalise.products.einsum_to_matmul import einsum_to_matmul
from .legalise.products.gemm_to_dense import gemm_to_dense
from .legalise.products.halve_product import halve_product
from .legalise.products.integer_matmul_to_float import integer_matmul_to_float
from .legalise.products.lookup_to_matmul import lookup_to_matmul
from .legalise.products.match_matmul_batches import match_matmul_batches
from .legalise.products.part_matmul import part_matmul
from .legalise.reductions.cumsum_to_matmul import cumsum_to_matmul
from .legalise.reductions.keep_argmax_axis import keep_argmax_axis
from .legalise.reductions.onehot_to_equal import onehot_to_equal
from .legalise.reductions.part_normalization import part_normalization
from .legalise.reductions.reduce_one_block import reduce_one_block
from .legalise.reductions.reduce_to_pool import reduce_to_pool
from .legalise.reductions.state_softmax_axis import state_softmax_axis
from .legalise.reductions.sum_axes_to_attribute import sum_axes_to_attribute
from .legalise.reductions.topk_to_ranks import topk_to_ranks
from .legalise.resizing.copies_to_resize import copies_to_resize
from .legalise.resizing.repeat_to_resize import repeat_to_resize
from .legalise.resizing.resize_last_axes import resize_last_axes
from .legalise.resizing.resize_lines_by_copies import resize_lines_by_copies
from .legalise.resizing.resize_to_matmul import resize_to_matmul
from .legalise.resizing.resize_to_sizes import resize_to_sizes
from .legalise.shapes.align_ranks import align_ranks
from .legalise.shapes.chain_operands import chain_operands
from .legalise.shapes.choose_branch import choose_branch
from .legalise.shapes.compress_to_gather import compress_to_gather
from .legalise.shapes.concat_off_channels import concat_off_channels
from .legalise.shapes.fold_constants import fold_constants
from .legalise.shapes.gather_flat import gather_flat
from .legalise.shapes.gather_to_slices import gather_to_slices
from .legalise.shapes.match_bias_axis import match_bias_axis
from .legalise.shapes.name_nodes_apart import name_nodes_apart
from .legalise.shapes.own_concat_constants import own_concat_constants
from .legalise.shapes.own_small_constants import own_small_constants
from .legalise.shapes.pad_to_gather import pad_to_gather
from .legalise.shapes.remove_identity import remove_identity
from .legalise.shapes.reverse_to_gather import reverse_to_gather
from .legalise.shapes.scalars_to_rows import scalars_to_rows
from .legalise.shapes.slice_neighbours import slice_neighbours
from .legalise.shapes.spell_broadcasts import spell_broadcasts
from .legalise.shapes.split_to_slices import split_to_slices
from .legalise.shapes.squeeze_to_reshape import squeeze_to_reshape
from .legalise.shapes.vectors_to_rows import vectors_to_rows
from .legalise.types.bools_to_floats import bools_to_floats
from .legalise.types.bound_exponents import bound_exponents
from .legalise.types.bounds_to_clip import bounds_to_clip
from .legalise.types.clip_to_attributes import clip_to_attributes
from .legalise.types.compare_alike import compare_alike
from .legalise.types.decide_finite import decide_finite
from .legalise.types.integers_to_floats import integers_to_floats
from .legalise.types.keep_hard_sigmoid import keep_hard_sigmoid
from .legalise.types.merge_casts import merge_casts
from .legalise.types.spell_powers import spell_powers
from .legalise.types.truncate_casts import truncate_casts
from .legalise.types.widen_extremes import widen_extremes
from .legalise.windows.crop_transposed_conv import crop_transposed_conv
from .legalise.windows.match_conv_groups import match_conv_groups
from .legalise.windows.pad_before_depthwise import pad_before_depthwise
from .legalise.windows.plain_transposed_conv import plain_transposed_conv
from .legalise.windows.spread_channels import spread_channels
from .legalise.windows.spread_volume_conv import spread_volume_conv
from .legalise.windows.subtract_from_conv import subtract_from_conv
from .legalise.windows.widen_nine_taps import widen_nine_taps
from .legalise.windows.widen_windows import widen_windows
from .optimise.activate_by_depthwise_conv import activate_by_depthwise_conv
from .optimise.bound_by_hard_sigmoid import bound_by_hard_sigmoid
from .optimise.clip_to_hard_sigmoid import clip_to_hard_sigmoid
from .optimise.flatten_channels_first import flatten_channels_first
from .optimise.fold_scale_into_conv import fold_scale_into_conv
from .optimise.fold_scale_into_next_conv import fold_scale_into_next_conv
from .optimise.gate_by_depthwise_conv import gate_by_depthwise_conv
from .optimise.merge_pads import merge_pads
from .optimise.merge_reshapes import merge_reshapes
from .optimise.merge_transposes import merge_transposes
from .optimise.multiply_patches import multiply_patches
from .optimise.multiply_rows import multiply_rows
from .optimise.multiply_tiles import multiply_tiles
from .optimise.name_layer_normalization import name_layer_normalization
from .optimise.order_residuals import order_residuals
from .optimise.pair_rows import pair_rows
from .optimise.part_strided_conv import part_strided_conv
from .optimise.pool_by_window import pool_by_window
from .optimise.scale_before_reshape import scale_before_reshape
from .optimise.scale_to_normalization import scale_to_normalization
from .optimise.share_results import share_results
from .optimise.share_weights import share_weights
from .optimise.shuffle_transposed_conv import shuffle_transposed_conv
from .optimise.sink_transposes import sink_transposes
from .optimise.spell_gelu import spell_gelu
from .optimise.subsample_once import subsample_once
from .optimise.subtract_residual import subtract_residual

Fits = Callable[[Target], bool]


def anywhere(_: Target) -> bool:
    """Fit every target: the form is faster somewhere and slower nowhere."""
    return True


def favours_new(aim: Target) -> bool:
    """Fit targets that are to be fast on the new engine, where another would be faster before."""
    return aim.favours_new


def is_for_new(aim: Target) -> bool:
    """Fit targets that the new engine is the one to run on, where any other would be far slower."""
    return aim.favours_new and aim.opencv >= (5, 0)


# Say plainly what the graph means, so that patterns can be matched.
PREPARE: tuple[Pass, ...] = (
    resize_to_sizes,  # before shapes are inferred anew from scales that floor to one pixel less
    match_conv_groups,  # before shapes are inferred from a kernel that fits no input
    fold_constants,  # then this: every pass below looks for constants
    match_bias_axis,  # once shapes are known, and before Transposes move past what is no ONNX
    plain_transposed_conv,  # before the merges: it makes Reshapes
    remove_identity,  # before patterns are matched: an Identity in between hides them
    squeeze_to_reshape,  # before the merges: it makes Reshapes
    gemm_to_dense,  # before scales are folded: those expect kernels stored as (out, in)
    reverse_to_gather,
    compress_to_gather,
    integer_matmul_to_float,
    einsum_to_matmul,
    repeat_to_resize,  # before Transposes sink: they go past a Resize, not past what it was
    merge_casts,
    bounds_to_clip,
)

# With these the same numbers come out faster.
OPTIMISE: tuple[Pass, ...] = (
    sink_transposes,  # before the merges: it brings inverse Transposes together
    merge_transposes,
    merge_reshapes,  # after the merges above: they turn Transposes into Reshapes
    flatten_channels_first,  # after them: what is left at a Reshape goes no further
    multiply_rows,  # before it: it makes Reshapes behind products
    scale_before_reshape,  # before scales are folded: it brings them to their layer
    fold_scale_into_conv,  # after them: it needs the arithmetic channels first
    fold_scale_into_next_conv,  # after it: what both could take goes back, past no padding
    merge_pads,
    clip_to_hard_sigmoid,
    spell_gelu,
)

# The same numbers in the forms that engines are fast at. They come once the transposes have sunk,
# which do not go past them, and before what old importers need, who then need less.
FORM: tuple[tuple[Pass, Fits], ...] = (
    (share_results, anywhere),  # after scales are folded: each goes into its own reader first
    (shuffle_transposed_conv, favours_new),
    (scale_to_normalization, anywhere),
    (multiply_patches, favours_new),
    (activate_by_depthwise_conv, favours_new),  # after it, which makes some
    (subsample_once, favours_new),
    (part_strided_conv, favours_new),
    (subtract_residual, favours_new),
    (pair_rows, favours_new),
    (pool_by_window, favours_new),
    (gate_by_depthwise_conv, favours_new),
    (bound_by_hard_sigmoid, favours_new),  # after the others: it looks past poolings
)

# The same, of kernels that OpenCV computes while it loads the net: constants are folded before.
UNFOLDED: tuple[tuple[Pass, Fits], ...] = ((multiply_tiles, is_for_new),)

# Right everywhere, and worth something or not by engine and machine: `export --tune` tries.
OPTIONAL: tuple[Pass, ...] = tuple(one for one, fits in FORM + UNFOLDED if fits is not anywhere)

CLASSIC: Version = (5, 0)  # the engine that 5.0 kept from before
ALL: Version = (99, 0)

# Without these an OpenCV up to the version beside it refuses the graph, or computes it wrongly.
# They come after the transposes have sunk, as they are particular about axes.
LEGALISE: tuple[tuple[Pass, Version], ...] = (
    (topk_to_ranks, (4, 12)),  # first: it makes reductions, products and broadcasts
    (integers_to_floats, CLASSIC),
    (truncate_casts, CLASSIC),  # before truth values become numbers: it makes some
    (onehot_to_equal, CLASSIC),  # the same
    (decide_finite, (4, 14)),  # the same
    (choose_branch, ALL),  # after it: it decides some conditions
    (bools_to_floats, (4, 14)),
    (gather_flat, CLASSIC),
    (gather_to_slices, (4, 6)),
    (lookup_to_matmul, (4, 6)),
    (spell_powers, (4, 6)),
    (resize_last_axes, ALL),  # before the others, which look at those axes
    (resize_to_matmul, CLASSIC),
    (resize_lines_by_copies, ALL),
    (widen_windows, CLASSIC),
    (widen_nine_taps, ALL),  # after it: that makes rows of lines
    (pad_to_gather, CLASSIC),
    (pad_before_depthwise, CLASSIC),
    (crop_transposed_conv, (4, 14)),
    (spread_volume_conv, (4, 14)),
    (cumsum_to_matmul, (4, 8)),
    (align_matmul, (4, 8)),
    (match_matmul_batches, ALL),  # after it: what it has parted needs no copies
    (chain_operands, (4, 12)),
    (bounds_to_clip, (4, 6)),  # again: a chain may have a bound
    (align_ranks, (4, 14)),
    (spread_channels, ALL),  # after the ranks are aligned: it looks at tensors of four
    (subtract_from_conv, ALL),  # after channels are spread: that makes convolutions
    (concat_off_channels, CLASSIC),
    (vectors_to_rows, (4, 14)),
    (compare_alike, (4, 6)),
    (spell_broadcasts, (4, 6)),
    (widen_extremes, (4, 10)),
    (copies_to_resize, (4, 12)),  # after those that expand
    (reduce_one_block, ALL),
    (reduce_to_pool, (4, 8)),  # after it: one block of axes at a time
    (halve_product, (4, 8)),  # the same
    (keep_argmax_axis, CLASSIC),
    (scalars_to_rows, CLASSIC),  # after the reductions, which make numbers
    (split_to_slices, (4, 6)),
    (bound_exponents, ALL),
)

# After each round of those: what they leave to do.
TIDY: tuple[Pass, ...] = (fold_constants, remove_identity, merge_transposes, merge_reshapes)

# The forms of nodes that importers differ about; nothing looks at the graph after these.
LOWER: tuple[tuple[Pass, Version], ...] = (
    (clip_to_attributes, (4, 6)),
    (sum_axes_to_attribute, (4, 6)),
    (slice_neighbours, (4, 6)),
    (part_matmul, (4, 8)),
    (part_normalization, (4, 8)),
    (state_softmax_axis, (4, 8)),
    (keep_hard_sigmoid, ALL),
    (own_concat_constants, CLASSIC),
    (own_small_constants, CLASSIC),
    (name_nodes_apart, ALL),  # onnxruntime asks for it, too
    (order_residuals, ALL),  # once nothing is made anew
    (share_weights, ALL),  # last: any pass before it may have made another copy
)

# A smaller file, decoded by OpenCV from 4.7 on; nothing may look at weights after these.
COMPRESS: Mapping[str, tuple[Pass, ...]] = {
    "fp16": (weights_to_halves,),
    "int8": (weights_to_bytes, weights_to_halves),  # what bytes are too coarse for is halved
}


# What OpenCV has had an op for since the version after the one beside it. These come before the
# transposes sink, which would part what belongs together.
NAME: tuple[tuple[Pass, Version], ...] = ((name_layer_normalization, (4, 6)),)


def pipeline(
    target: Target | None = None, optional: Collection[str] | None = None
) -> tuple[tuple[Pass, ...], ...]:
    """Return the stages for a target, by default any OpenCV from 4.6 on.

    Each stage runs round after round until nothing changes, and then the next one begins. The first
    one is the same for all; of OPTIONAL, the later ones have those named, by default the target's.
    Of UNFOLDED, only what fits the target is there, whatever is named.
    """
    aim = target or Target()
    legalise = tuple(one for one, newest in LEGALISE if aim.includes(newest))
    lower = tuple(one for one, newest in LOWER if aim.includes(newest))
    name = tuple(one for one, newest in NAME if not aim.includes(newest))
    form = tuple(
        one
        for one, fits in FORM
        if (fits(aim) if optional is None or one not in OPTIONAL else one.__name__ in optional)
    )
    unfolded = tuple(
        one
        for one, fits in UNFOLDED
        if fits(aim) and (optional is None or one.__name__ in optional)
    )
    return PREPARE + name + OPTIMISE, form, legalise + TIDY, unfolded, lower
