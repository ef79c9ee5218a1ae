"""The passes that make a net faster on every engine, and keep its results."""

from __future__ import annotations

from keras2cv_export.passes.optimise.clip_to_hard_sigmoid import clip_to_hard_sigmoid
from keras2cv_export.passes.optimise.flatten_channels_first import flatten_channels_first
from keras2cv_export.passes.optimise.fold_scale_into_conv import fold_scale_into_conv
from keras2cv_export.passes.optimise.fold_scale_into_next_conv import fold_scale_into_next_conv
from keras2cv_export.passes.optimise.merge_pads import merge_pads
from keras2cv_export.passes.optimise.merge_reshapes import merge_reshapes
from keras2cv_export.passes.optimise.merge_transposes import merge_transposes
from keras2cv_export.passes.optimise.multiply_rows import multiply_rows
from keras2cv_export.passes.optimise.name_layer_normalization import name_layer_normalization
from keras2cv_export.passes.optimise.scale_before_reshape import scale_before_reshape
from keras2cv_export.passes.optimise.sink_transposes import sink_transposes
from keras2cv_export.passes.optimise.spell_gelu import spell_gelu
from keras2cv_export.passes.registry import Rewrite, anywhere, where_all_have

# docs/optimisations.md has the measured gain of each.
OPTIMISE: tuple[Rewrite, ...] = (
    Rewrite(
        name_layer_normalization,
        fits=where_all_have("LayerNormalization"),
        before={"sink_transposes": "it would part what belongs together"},
    ),
    Rewrite(
        sink_transposes,
        fits=anywhere,
        before={"merge_transposes": "it brings inverse Transposes together"},
    ),
    Rewrite(
        merge_transposes,
        fits=anywhere,
        before={"merge_reshapes": "it turns Transposes into Reshapes"},
    ),
    Rewrite(merge_reshapes, fits=anywhere),
    Rewrite(
        flatten_channels_first,
        fits=anywhere,
        after={"merge_reshapes": "a Transpose that is left at a Reshape goes no further"},
    ),
    Rewrite(
        multiply_rows,
        fits=anywhere,
        before={"scale_before_reshape": "it makes Reshapes behind products"},
    ),
    Rewrite(
        scale_before_reshape,
        fits=anywhere,
        before={"fold_scale_into_conv": "it brings scales to the layer that takes them"},
    ),
    Rewrite(
        fold_scale_into_conv,
        fits=anywhere,
        after={"sink_transposes": "it needs the arithmetic channels first"},
    ),
    Rewrite(
        fold_scale_into_next_conv,
        fits=anywhere,
        after={"fold_scale_into_conv": "what both could take goes back, past no padding"},
    ),
    Rewrite(merge_pads, fits=anywhere),
    Rewrite(clip_to_hard_sigmoid, fits=anywhere),
    Rewrite(spell_gelu, fits=anywhere),
)
