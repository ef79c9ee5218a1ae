"""The passes that write ops in the forms at which an engine is fast."""

from __future__ import annotations

from keras2cv_export.passes.optimise.activate_by_depthwise_conv import activate_by_depthwise_conv
from keras2cv_export.passes.optimise.bound_by_hard_sigmoid import bound_by_hard_sigmoid
from keras2cv_export.passes.optimise.gate_by_depthwise_conv import gate_by_depthwise_conv
from keras2cv_export.passes.optimise.multiply_patches import multiply_patches
from keras2cv_export.passes.optimise.multiply_tiles import multiply_tiles
from keras2cv_export.passes.optimise.pair_rows import pair_rows
from keras2cv_export.passes.optimise.part_strided_conv import part_strided_conv
from keras2cv_export.passes.optimise.pool_by_window import pool_by_window
from keras2cv_export.passes.optimise.scale_to_normalization import scale_to_normalization
from keras2cv_export.passes.optimise.share_results import share_results
from keras2cv_export.passes.optimise.shuffle_transposed_conv import shuffle_transposed_conv
from keras2cv_export.passes.optimise.subsample_once import subsample_once
from keras2cv_export.passes.optimise.subtract_residual import subtract_residual
from keras2cv_export.passes.registry import Rewrite, anywhere, favours_new, is_for_new

# They come after the Transposes have sunk, which cannot pass them, and before the passes for old
# importers, which then have less to do. docs/optimisations.md has the measured gain per engine.
FORM: tuple[Rewrite, ...] = (
    Rewrite(
        share_results,
        fits=anywhere,
        after={"fold_scale_into_conv": "each scale goes into its own reader first"},
    ),
    Rewrite(shuffle_transposed_conv, fits=favours_new),
    Rewrite(
        scale_to_normalization,
        fits=anywhere,
        before={"activate_by_depthwise_conv": "it makes normalisations"},
    ),
    Rewrite(multiply_patches, fits=favours_new),
    Rewrite(activate_by_depthwise_conv, fits=favours_new),
    Rewrite(subsample_once, fits=favours_new),
    Rewrite(part_strided_conv, fits=favours_new),
    Rewrite(subtract_residual, fits=favours_new),
    Rewrite(pair_rows, fits=favours_new),
    Rewrite(pool_by_window, fits=favours_new),
    Rewrite(gate_by_depthwise_conv, fits=favours_new),
    Rewrite(
        bound_by_hard_sigmoid,
        fits=favours_new,
        after={"pool_by_window": "it looks past poolings"},
    ),
)

# The same, of kernels that OpenCV computes while it loads the net.
UNFOLDED: tuple[Rewrite, ...] = (
    Rewrite(
        multiply_tiles,
        fits=is_for_new,
        after={"fold_constants": "it would compute the kernels that are to be computed at load"},
    ),
)
