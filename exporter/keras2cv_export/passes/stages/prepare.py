"""The passes that bring a graph into a plain form, so that later passes can match patterns."""

from __future__ import annotations

from keras2cv_export.passes.legalise.products.einsum_to_matmul import einsum_to_matmul
from keras2cv_export.passes.legalise.products.gemm_to_dense import gemm_to_dense
from keras2cv_export.passes.legalise.products.integer_matmul_to_float import integer_matmul_to_float
from keras2cv_export.passes.legalise.reductions.subtract_means_twice import subtract_means_twice
from keras2cv_export.passes.legalise.reductions.sum_axes_apart import sum_axes_apart
from keras2cv_export.passes.legalise.resizing.repeat_to_resize import repeat_to_resize
from keras2cv_export.passes.legalise.resizing.resize_to_sizes import resize_to_sizes
from keras2cv_export.passes.legalise.shapes.compress_to_gather import compress_to_gather
from keras2cv_export.passes.legalise.shapes.fold_constants import fold_constants
from keras2cv_export.passes.legalise.shapes.match_bias_axis import match_bias_axis
from keras2cv_export.passes.legalise.shapes.remove_identity import remove_identity
from keras2cv_export.passes.legalise.shapes.reverse_to_gather import reverse_to_gather
from keras2cv_export.passes.legalise.shapes.squeeze_to_reshape import squeeze_to_reshape
from keras2cv_export.passes.legalise.types.bounds_to_clip import bounds_to_clip
from keras2cv_export.passes.legalise.types.merge_casts import merge_casts
from keras2cv_export.passes.legalise.windows.match_conv_groups import match_conv_groups
from keras2cv_export.passes.legalise.windows.plain_transposed_conv import plain_transposed_conv
from keras2cv_export.passes.optimise.scale_differences import scale_differences
from keras2cv_export.passes.registry import Rewrite, anywhere

# They run for every target, needed by its importers or not: each later pass matches one form.
PREPARE: tuple[Rewrite, ...] = (
    Rewrite(
        resize_to_sizes,
        removes=("partial scales",),
        fits=anywhere,
        before={"fold_constants": "it infers shapes anew, from scales that floor to a pixel less"},
    ),
    Rewrite(
        match_conv_groups,
        fits=anywhere,
        before={"fold_constants": "it infers shapes, of a kernel that fits no input until then"},
    ),
    Rewrite(
        fold_constants,
        fits=anywhere,
        before={"plain_transposed_conv": "every pass from here on looks for constants"},
    ),
    Rewrite(
        match_bias_axis,
        fits=anywhere,
        after={"fold_constants": "the shapes are known then"},
        before={"sink_transposes": "Transposes would move past what is no ONNX"},
    ),
    Rewrite(
        plain_transposed_conv,
        removes=("line transposed", "dilated transposed"),
        fits=anywhere,
        before={"merge_reshapes": "it makes Reshapes"},
    ),
    Rewrite(
        remove_identity,
        fits=anywhere,
        before={"fold_scale_into_conv": "an Identity in between hides a pattern"},
    ),
    Rewrite(
        squeeze_to_reshape,
        removes=("axes of Squeeze",),
        fits=anywhere,
        before={"merge_reshapes": "it makes Reshapes"},
    ),
    Rewrite(
        gemm_to_dense,
        removes=("untransposed", "odd bias"),
        fits=anywhere,
        before={"fold_scale_into_conv": "it expects kernels stored as (out, in)"},
    ),
    Rewrite(reverse_to_gather, removes=("backwards",), fits=anywhere),
    Rewrite(compress_to_gather, removes=("Compress",), fits=anywhere),
    Rewrite(integer_matmul_to_float, fits=anywhere),
    Rewrite(einsum_to_matmul, removes=("Einsum", "any equation"), fits=anywhere),
    Rewrite(
        repeat_to_resize,
        removes=("inner copies",),
        fits=anywhere,
        before={"sink_transposes": "Transposes go past a Resize, not past what it was before"},
    ),
    Rewrite(merge_casts, fits=anywhere),
    Rewrite(bounds_to_clip, removes=("spread extreme",), fits=anywhere),
    # Statistics over whole pictures, while the axes have TensorFlow's order.
    Rewrite(
        scale_differences,
        fits=anywhere,
        before={
            "subtract_means_twice": "it makes differences from a mean",
            "name_layer_normalization": "OpenCV's op takes the variance of a picture at once",
        },
    ),
    Rewrite(
        subtract_means_twice,
        fits=anywhere,
        before={"sum_axes_apart": "it looks for means"},
    ),
    Rewrite(
        sum_axes_apart,
        fits=anywhere,
        before={"sink_transposes": "axes keep their order until then"},
    ),
)
