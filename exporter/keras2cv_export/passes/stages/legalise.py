"""The passes without which an importer of the target's refuses a graph, or computes it wrongly."""

from __future__ import annotations

from typing import Final

from keras2cv_export.passes.legalise.products.align_matmul import align_matmul
from keras2cv_export.passes.legalise.products.halve_product import halve_product
from keras2cv_export.passes.legalise.products.lookup_to_matmul import lookup_to_matmul
from keras2cv_export.passes.legalise.products.match_matmul_batches import match_matmul_batches
from keras2cv_export.passes.legalise.products.rows_to_matmul import rows_to_matmul
from keras2cv_export.passes.legalise.reductions.cumsum_to_matmul import cumsum_to_matmul
from keras2cv_export.passes.legalise.reductions.keep_argmax_axis import keep_argmax_axis
from keras2cv_export.passes.legalise.reductions.onehot_to_equal import onehot_to_equal
from keras2cv_export.passes.legalise.reductions.part_long_sums import part_long_sums
from keras2cv_export.passes.legalise.reductions.reduce_one_block import reduce_one_block
from keras2cv_export.passes.legalise.reductions.reduce_to_pool import reduce_to_pool
from keras2cv_export.passes.legalise.reductions.sum_log_softmax import sum_log_softmax
from keras2cv_export.passes.legalise.reductions.topk_to_ranks import topk_to_ranks
from keras2cv_export.passes.legalise.resizing.copies_to_resize import copies_to_resize
from keras2cv_export.passes.legalise.resizing.resize_last_axes import resize_last_axes
from keras2cv_export.passes.legalise.resizing.resize_lines_by_copies import resize_lines_by_copies
from keras2cv_export.passes.legalise.resizing.resize_to_matmul import resize_to_matmul
from keras2cv_export.passes.legalise.shapes.align_ranks import align_ranks
from keras2cv_export.passes.legalise.shapes.chain_operands import chain_operands
from keras2cv_export.passes.legalise.shapes.choose_branch import choose_branch
from keras2cv_export.passes.legalise.shapes.concat_off_channels import concat_off_channels
from keras2cv_export.passes.legalise.shapes.feed_constant_outputs import (
    feed_constant_outputs,
)
from keras2cv_export.passes.legalise.shapes.fold_constants import fold_constants
from keras2cv_export.passes.legalise.shapes.gather_flat import gather_flat
from keras2cv_export.passes.legalise.shapes.gather_to_slices import gather_to_slices
from keras2cv_export.passes.legalise.shapes.pad_to_gather import pad_to_gather
from keras2cv_export.passes.legalise.shapes.remove_identity import remove_identity
from keras2cv_export.passes.legalise.shapes.scalars_to_rows import scalars_to_rows
from keras2cv_export.passes.legalise.shapes.spell_broadcasts import spell_broadcasts
from keras2cv_export.passes.legalise.shapes.split_to_slices import split_to_slices
from keras2cv_export.passes.legalise.shapes.vectors_to_rows import vectors_to_rows
from keras2cv_export.passes.legalise.types.bools_to_floats import bools_to_floats
from keras2cv_export.passes.legalise.types.bound_choices import bound_choices
from keras2cv_export.passes.legalise.types.bound_exponents import bound_exponents
from keras2cv_export.passes.legalise.types.bounds_to_clip import bounds_to_clip
from keras2cv_export.passes.legalise.types.compare_alike import compare_alike
from keras2cv_export.passes.legalise.types.decide_finite import decide_finite
from keras2cv_export.passes.legalise.types.guard_choices import guard_choices
from keras2cv_export.passes.legalise.types.integers_to_floats import integers_to_floats
from keras2cv_export.passes.legalise.types.part_comparisons import part_comparisons
from keras2cv_export.passes.legalise.types.spell_powers import spell_powers
from keras2cv_export.passes.legalise.types.truncate_casts import truncate_casts
from keras2cv_export.passes.legalise.types.widen_extremes import widen_extremes
from keras2cv_export.passes.legalise.windows.crop_transposed_conv import crop_transposed_conv
from keras2cv_export.passes.legalise.windows.flatten_prelu import flatten_prelu
from keras2cv_export.passes.legalise.windows.omit_volume_strides import omit_volume_strides
from keras2cv_export.passes.legalise.windows.pad_before_depthwise import pad_before_depthwise
from keras2cv_export.passes.legalise.windows.pad_before_pointwise import pad_before_pointwise
from keras2cv_export.passes.legalise.windows.scale_activations import scale_activations
from keras2cv_export.passes.legalise.windows.spread_channels import spread_channels
from keras2cv_export.passes.legalise.windows.spread_volume_conv import spread_volume_conv
from keras2cv_export.passes.legalise.windows.subtract_from_conv import subtract_from_conv
from keras2cv_export.passes.legalise.windows.widen_nine_taps import widen_nine_taps
from keras2cv_export.passes.legalise.windows.widen_windows import widen_windows
from keras2cv_export.passes.optimise.merge_reshapes import merge_reshapes
from keras2cv_export.passes.optimise.merge_transposes import merge_transposes
from keras2cv_export.passes.registry import Rewrite, anywhere
from keras2cv_export.targets.importers import CLASSIC, NEW

# `cv2.dnn.readNet` of 5.0 takes the new engine by itself, whichever a file was made for.
_READ_BY_NEW: Final = dict.fromkeys(CLASSIC, "readNet of 5.0 gives such a file to the new engine")

# They come after the Transposes have sunk, as they are particular about axes.
LEGALISE: tuple[Rewrite, ...] = (
    Rewrite(
        guard_choices,
        removes=("Where", "TopK", "all sorted"),
        before={
            "topk_to_ranks": "it finds that more numbers are finite",
            "bools_to_floats": "it makes choices that are sums",
        },
    ),
    Rewrite(
        topk_to_ranks,
        removes=("TopK", "all sorted"),
        before={
            "reduce_one_block": "it makes reductions",
            "align_matmul": "it makes products",
            "spell_broadcasts": "it makes broadcasts",
        },
    ),
    Rewrite(
        feed_constant_outputs,  # onnxruntime takes no constant for an output either
        fits=anywhere,
        before={"spell_broadcasts": "it makes broadcasts"},
    ),
    Rewrite(
        sum_log_softmax,
        removes=("lost logarithm",),
        before={
            "reduce_one_block": "it makes reductions",
            "spell_broadcasts": "it makes broadcasts",
        },
    ),
    Rewrite(
        integers_to_floats,
        removes=("Mod", "whole quotient"),
        also_for={
            **dict.fromkeys(CLASSIC, "integers of other ops are not measured there"),
            **dict.fromkeys(NEW, "many of its ops refuse int32"),
        },
    ),
    Rewrite(
        truncate_casts,
        removes=("to whole numbers", "to truth"),
        before={"bools_to_floats": "it makes truth values, which become numbers"},
    ),
    Rewrite(
        onehot_to_equal,
        removes=("OneHot",),
        before={"bools_to_floats": "it makes truth values, which become numbers"},
    ),
    Rewrite(
        decide_finite,
        removes=("IsNaN", "IsInf"),
        before={"bools_to_floats": "it makes truth values, which become numbers"},
    ),
    Rewrite(
        choose_branch,
        removes=("truth constant",),
        also_for=dict.fromkeys((*CLASSIC, *NEW), "a branch that is never taken costs time"),
        after={"decide_finite": "it decides some conditions"},
    ),
    Rewrite(
        bound_choices,
        removes=("Where",),
        after={"guard_choices": "a guard is exact"},
        before={"bools_to_floats": "it makes choices that are sums"},
    ),
    Rewrite(
        part_comparisons,
        removes=("GreaterOrEqual", "LessOrEqual"),
        before={"bools_to_floats": "it makes truth values, which become numbers"},
    ),
    Rewrite(
        bools_to_floats,
        removes=(
            "And",
            "Or",
            "Xor",
            "Where",
            "GreaterOrEqual",
            "LessOrEqual",
            "to truth",
            "truth constant",
        ),
    ),
    Rewrite(
        rows_to_matmul,
        removes=("not one index",),
        before={
            "gather_flat": "it makes one table of them all, whose product would be much larger",
            "spell_broadcasts": "it writes quotients in which fewer bounds are seen",
        },
    ),
    Rewrite(gather_flat, removes=("GatherND", "GatherElements", "constant indices")),
    Rewrite(gather_to_slices, removes=("not one index", "from the end")),
    Rewrite(lookup_to_matmul, removes=("not one index",)),
    Rewrite(spell_powers, removes=("merged power",)),
    Rewrite(
        resize_last_axes,
        removes=("no image",),
        before={
            "resize_to_matmul": "it resizes the last two axes only",
            "resize_lines_by_copies": "it looks at the last two axes only",
        },
    ),
    Rewrite(resize_to_matmul, removes=("cubic", "odd nearest", "uneven nearest")),
    Rewrite(resize_lines_by_copies, removes=("resized line",), also_for=_READ_BY_NEW),
    Rewrite(widen_windows, removes=("uneven line",)),
    Rewrite(
        widen_nine_taps,
        removes=("nine taps",),
        also_for=_READ_BY_NEW,
        after={"widen_windows": "it makes rows of lines"},
    ),
    Rewrite(pad_to_gather, removes=("odd padding",)),
    Rewrite(pad_before_depthwise, removes=("padded depthwise",)),
    Rewrite(pad_before_pointwise, removes=("padded pixel",)),
    Rewrite(omit_volume_strides, removes=("heavy volume",), also_for=_READ_BY_NEW),
    Rewrite(flatten_prelu, removes=("volume of slopes",), also_for=_READ_BY_NEW),
    Rewrite(crop_transposed_conv, removes=("uneven crop",)),
    Rewrite(spread_volume_conv, removes=("volume transposed",)),
    Rewrite(cumsum_to_matmul, removes=("inner sum",)),
    Rewrite(align_matmul, removes=("constant batches", "unequal batches")),
    Rewrite(
        match_matmul_batches,
        removes=("spread constant",),
        after={"align_matmul": "a product that it has parted needs no copies"},
    ),
    Rewrite(
        chain_operands,
        removes=("Mean", "three operands"),
        before={"bounds_to_clip": "a chain may have a bound"},
    ),
    Rewrite(bounds_to_clip, removes=("spread extreme",)),
    Rewrite(
        align_ranks,
        removes=("vector operand",),
        before={"spread_channels": "it looks at tensors of four axes"},
    ),
    Rewrite(
        spread_channels,
        removes=("one map",),
        also_for=_READ_BY_NEW,
        before={"subtract_from_conv": "it makes convolutions"},
    ),
    Rewrite(subtract_from_conv, removes=("summed volume", "other residual")),
    Rewrite(scale_activations, removes=("normalized activation",), also_for=_READ_BY_NEW),
    Rewrite(concat_off_channels, removes=("leading constant",)),
    Rewrite(vectors_to_rows, removes=("vector operand", "softmax of a vector")),
    Rewrite(compare_alike, removes=("compared operand",)),
    Rewrite(spell_broadcasts, removes=("spread operand",)),
    Rewrite(widen_extremes, removes=("chained operand",)),
    Rewrite(
        copies_to_resize,
        removes=("Tile", "inner copies", "later axes"),
        after={
            "align_matmul": "it expands operands",
            "match_matmul_batches": "the same",
            "compare_alike": "the same",
            "spell_broadcasts": "the same",
            "widen_extremes": "the same",
        },
    ),
    Rewrite(
        part_long_sums,
        fits=anywhere,
        before={"reduce_one_block": "it adds in the form that is brought about there"},
    ),
    Rewrite(
        reduce_one_block,
        removes=("many axes", "pooled volume"),
        before={
            "reduce_to_pool": "that takes one block of axes at a time",
            "halve_product": "the same",
        },
    ),
    Rewrite(reduce_to_pool, removes=("shared reduction",)),
    Rewrite(halve_product, removes=("shared reduction",)),
    Rewrite(
        keep_argmax_axis,
        removes=("vector of positions",),
        also_for=dict.fromkeys(CLASSIC, "what the memory held before may be right by chance"),
    ),
    Rewrite(
        scalars_to_rows,
        removes=("number by Reshape", "number by Squeeze"),
        after={
            "reduce_one_block": "reductions make numbers without axes",
            "reduce_to_pool": "the same",
            "halve_product": "the same",
        },
    ),
    Rewrite(split_to_slices, removes=("parts of Split",)),
    Rewrite(bound_exponents, removes=("large exponent",)),
    # At the end of each round: clean up after those passes.
    Rewrite(fold_constants, fits=anywhere, after={"bound_exponents": "it ends a round"}),
    Rewrite(remove_identity, fits=anywhere, after={"bound_exponents": "it ends a round"}),
    Rewrite(
        merge_transposes,
        fits=anywhere,
        after={"bound_exponents": "it ends a round"},
        before={"merge_reshapes": "it turns Transposes into Reshapes"},
    ),
    Rewrite(merge_reshapes, fits=anywhere),
)
