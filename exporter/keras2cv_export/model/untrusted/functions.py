"""List TensorFlow's functions that a Keras 2 file may name.

A functional model of Keras 2 records plain calls by name (TFOpLambda: "nn.relu6"), and Keras looks
the name up in all of `tf`: "io.gfile.rmtree" and "load_library" are names as well. Here are the
functions that do arithmetic and nothing else.
"""

from __future__ import annotations

from typing import Final

# Whole modules of tf that hold nothing but functions from tensors to tensors.
_MODULES: Final = frozenset(
    ("__operators__", "bitwise", "image", "linalg", "math", "nn", "quantization", "signal")
)
_KERAS_MODULES: Final = frozenset(("activations", "backend", "losses", "metrics"))
_FUNCTIONS: Final = frozenset((
    "argsort", "batch_to_space", "bitcast", "boolean_mask", "broadcast_dynamic_shape",
    "broadcast_static_shape", "broadcast_to", "cast", "clip_by_global_norm", "clip_by_norm",
    "clip_by_value", "concat", "constant", "convert_to_tensor", "dynamic_partition",
    "dynamic_stitch", "edit_distance", "einsum", "ensure_shape", "expand_dims",
    "extract_volume_patches", "eye", "fill", "fingerprint", "gather", "gather_nd",
    "guarantee_const", "histogram_fixed_width", "histogram_fixed_width_bins", "identity",
    "identity_n", "linspace", "meshgrid", "norm", "one_hot", "ones", "ones_like", "pad",
    "parallel_stack", "range", "rank", "realdiv", "repeat", "required_space_to_batch_paddings",
    "reshape", "reverse", "reverse_sequence", "roll", "scatter_nd", "searchsorted", "sequence_mask",
    "shape", "shape_n", "size", "slice", "sort", "space_to_batch", "space_to_batch_nd",
    "sparse.to_dense", "split", "squeeze", "stack", "stop_gradient", "strided_slice",
    "tensor_scatter_nd_add", "tensor_scatter_nd_max", "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub", "tensor_scatter_nd_update", "tensordot", "tile", "transpose",
    "truncatediv", "truncatemod", "unique", "unique_with_counts", "unravel_index", "unstack",
    "where", "zeros", "zeros_like", "dtypes.complex", "dtypes.saturate_cast", "matmul", "abs",
    "argmax", "argmin", "cumsum", "maximum", "minimum", "add", "subtract", "multiply", "divide",
    "pow", "reduce_max", "reduce_mean", "reduce_min", "reduce_sum", "depth_to_space",
    "space_to_depth", "random.normal", "random.uniform",
))  # fmt: skip
# Of keras.backend; its other functions change the state of the process.
_BACKEND: Final = frozenset((
    "abs", "all", "any", "arange", "argmax", "argmin", "batch_dot", "batch_flatten",
    "batch_normalization", "bias_add", "binary_crossentropy", "cast", "categorical_crossentropy",
    "clip", "concatenate", "constant", "conv1d", "conv2d", "conv2d_transpose", "conv3d", "cos",
    "cumprod", "cumsum", "depthwise_conv2d", "dot", "elu", "equal", "exp", "expand_dims", "eye",
    "flatten", "gather", "greater", "greater_equal", "hard_sigmoid", "identity", "int_shape",
    "l2_normalize", "less", "less_equal", "log", "max", "maximum", "mean", "min", "minimum", "ndim",
    "not_equal", "one_hot", "ones_like", "permute_dimensions", "pool2d", "pool3d", "pow", "prod",
    "relu", "repeat", "repeat_elements", "reshape", "resize_images", "resize_volumes", "reverse",
    "round", "separable_conv2d", "shape", "sigmoid", "sign", "sin", "softmax", "softplus",
    "softsign", "spatial_2d_padding", "spatial_3d_padding", "sqrt", "square", "squeeze", "stack",
    "std", "stop_gradient", "sum", "switch", "tanh", "temporal_padding", "tile", "transpose", "var",
    "zeros_like",
))  # fmt: skip


def is_arithmetic(name: object) -> bool:
    """Whether tf.`name` is known to compute, and to do nothing else."""
    if not isinstance(name, str):
        return False
    plain = name.removeprefix("compat.v1.")
    module, _, function = plain.rpartition(".")
    if function.startswith("_") and module != "__operators__":
        return False
    if plain in _FUNCTIONS or module in _MODULES:
        return True
    if module.startswith("keras.") and module[6:] in _KERAS_MODULES:
        return module != "keras.backend" or function in _BACKEND
    return module in ("linalg.experimental", "image.experimental", "math.special")
