"""Custom layers that call TensorFlow: as most layers written before Keras 3 do."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .case import Case
from .ops_choices import CHOICES
from .sketch import wired

_IMAGE = (10, 14, 3)
_SERIES = (7, 5)
_UNIT = (0.02, 0.98)


@keras.saving.register_keras_serializable(package="conformance")
class TensorFlowLayer(keras.layers.Layer):
    """One of the functions below, as the body of a layer."""

    def __init__(self, function: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def call(self, *inputs: Any) -> Any:
        """Calls it."""
        return _FUNCTIONS[self.function][0](*inputs)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "function": self.function}


def cases() -> tuple[Case, ...]:
    """One case per function."""
    return tuple(_case(name, *shapes) for name, (_, *shapes) in _FUNCTIONS.items())


def _case(name: str, *shapes: tuple[int, ...]) -> Case:
    value_range = _UNIT if name in _OF_COLOURS else (-2.0, 2.5)
    wiring = partial(_called, name)
    return wired(f"ops_tf_{name}", wiring, *shapes, group="ops", value_range=value_range)


def _called(name: str, *inputs: Any) -> Any:
    return TensorFlowLayer(name)(*inputs)


def _asserted(x: Any) -> Any:
    with tf.control_dependencies([tf.debugging.assert_less(x, 1e6)]):
        return tf.identity(x)


@tf.function
def _traced(x: Any) -> Any:
    return tf.nn.relu(x) if x.shape[1] > 3 else x


def _kernel(*shape: int) -> Any:
    return np.random.default_rng(9).standard_normal(shape).astype("float32") * 0.4


def _resize_raw(x: Any, op: Any = tf.raw_ops.ResizeBilinear, **corners: bool) -> Any:
    """The three coordinate conventions, as models from TensorFlow 1 still carry them."""
    return op(images=x, size=(15, 9), **corners)


def _best_boxes(boxes: Any, scores: Any) -> Any:
    """Non-maximum suppression inside the model, padded to four boxes."""
    corners = tf.concat([boxes[..., :2], boxes[..., :2] + tf.abs(boxes[..., 2:]) + 0.1], axis=-1)
    kept = tf.image.combined_non_max_suppression(
        corners[:, :, None], tf.sigmoid(scores), 4, 4, iou_threshold=0.4, clip_boxes=False
    )
    return kept.nmsed_boxes, kept.nmsed_scores


def _regions(image: Any, boxes: Any) -> Any:
    """A region of interest per sample, resampled to 4 x 5."""
    corners = tf.sigmoid(boxes)
    corners = tf.concat([corners[:, :2] * 0.5, 0.5 + corners[:, 2:] * 0.5], axis=-1)
    return tf.image.crop_and_resize(image, corners, tf.range(tf.shape(image)[0]), (4, 5))


def _unpooled(image: Any) -> Any:
    """Numbers go back to where a pooling found them, as SegNet's do."""
    pooled, places = tf.nn.max_pool_with_argmax(image, 2, 2, "SAME", include_batch_in_index=True)
    flat = tf.scatter_nd(
        tf.reshape(places, [-1, 1]),
        tf.reshape(pooled * 2.0, [-1]),
        tf.cast(tf.reshape(tf.size(image), [1]), tf.int64),
    )
    return tf.reshape(flat, [-1, *image.shape[1:]])


def _sums_of_segments(x: Any, keys: Any) -> Any:
    """Rows of a sample are summed by a number that is computed for each of them."""

    def one(pair: Any) -> Any:
        rows, key = pair
        return tf.math.unsorted_segment_sum(rows, tf.cast(tf.round(key), tf.int32), 3)

    return tf.map_fn(one, (x, keys), fn_output_signature=tf.float32)


_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "resize_bilinear": (lambda x: tf.image.resize(x, (15, 9)), _IMAGE),
    "resize_nearest": (lambda x: tf.image.resize(x, (20, 28), "nearest"), _IMAGE),
    "resize_area": (lambda x: tf.image.resize(x, (5, 7), "area"), _IMAGE),
    "resize_gaussian": (lambda x: tf.image.resize(x, (6, 9), "gaussian"), _IMAGE),
    "resize_half_pixel": (partial(_resize_raw, half_pixel_centers=True), _IMAGE),
    "resize_legacy": (_resize_raw, _IMAGE),
    "resize_align_corners": (partial(_resize_raw, align_corners=True), _IMAGE),
    "resize_nearest_legacy": (partial(_resize_raw, op=tf.raw_ops.ResizeNearestNeighbor), _IMAGE),
    "resize_nearest_align_corners": (
        partial(_resize_raw, op=tf.raw_ops.ResizeNearestNeighbor, align_corners=True),
        _IMAGE,
    ),
    "resize_bicubic_legacy": (partial(_resize_raw, op=tf.raw_ops.ResizeBicubic), _IMAGE),
    "resize_with_pad": (lambda x: tf.image.resize_with_pad(x, 8, 8), _IMAGE),
    "resize_to_input_size": (
        lambda x: tf.image.resize(x[:, ::2, ::2], tf.shape(x)[1:3]) - x,
        _IMAGE,
    ),
    "central_crop": (lambda x: tf.image.central_crop(x, 0.6), _IMAGE),
    "flip_left_right": (tf.image.flip_left_right, _IMAGE),
    "rot90": (tf.image.rot90, _IMAGE),
    "standardization": (tf.image.per_image_standardization, _IMAGE),
    "sobel_edges": (tf.image.sobel_edges, _IMAGE),
    "image_gradients": (tf.image.image_gradients, _IMAGE),
    "total_variation": (tf.image.total_variation, _IMAGE),
    "adjust_contrast": (lambda x: tf.image.adjust_contrast(x, 1.4), _IMAGE),
    "adjust_gamma": (lambda x: tf.image.adjust_gamma(x, 0.7), _IMAGE),
    "rgb_to_yuv": (tf.image.rgb_to_yuv, _IMAGE),
    "rgb_to_hsv": (tf.image.rgb_to_hsv, _IMAGE),
    "rgb_to_grayscale": (tf.image.rgb_to_grayscale, _IMAGE),
    "grayscale_to_rgb": (tf.image.grayscale_to_rgb, (10, 14, 1)),
    "extract_patches": (
        lambda x: tf.image.extract_patches(x, (1, 3, 3, 1), (1, 2, 2, 1), (1, 1, 1, 1), "SAME"),
        _IMAGE,
    ),
    "crop_and_resize": (_regions, _IMAGE, (4,)),
    "non_max_suppression": (_best_boxes, (9, 4), (9, 2)),
    "conv2d": (lambda x: tf.nn.conv2d(x, _kernel(3, 3, 3, 4), 2, "SAME"), _IMAGE),
    "conv2d_explicit_padding": (
        lambda x: tf.nn.conv2d(x, _kernel(3, 3, 3, 4), 1, [[0, 0], [2, 1], [0, 3], [0, 0]]),
        _IMAGE,
    ),
    "atrous_conv2d": (lambda x: tf.nn.atrous_conv2d(x, _kernel(3, 3, 3, 4), 2, "SAME"), _IMAGE),
    "dilation2d": (
        lambda x: tf.nn.dilation2d(
            x, _kernel(2, 3, 3), (1, 1, 1, 1), "SAME", "NHWC", dilations=(1, 1, 1, 1)
        ),
        _IMAGE,
    ),
    "max_pool": (lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"), _IMAGE),
    "max_unpool": (_unpooled, _IMAGE),
    "local_response_normalization": (
        lambda x: tf.nn.local_response_normalization(x, 2, 1.0, 0.3, 0.75),
        (6, 9, 7),
    ),
    "l2_normalize": (lambda x: tf.nn.l2_normalize(x, axis=-1), _IMAGE),
    "depth_to_space": (lambda x: tf.nn.depth_to_space(x, 2), (5, 7, 8)),
    "space_to_depth": (lambda x: tf.nn.space_to_depth(x, 2), _IMAGE),
    "space_to_batch_and_back": (
        lambda x: tf.batch_to_space(
            tf.tanh(tf.space_to_batch(x, (2, 2), [[0, 0], [0, 0]])), (2, 2), [[1, 0], [0, 2]]
        ),
        _IMAGE,
    ),
    "pad_reflect": (lambda x: tf.pad(x, [[0, 0], [2, 1], [3, 0], [0, 0]], "REFLECT"), _IMAGE),
    "pad_symmetric": (lambda x: tf.pad(x, [[0, 0], [2, 1], [3, 0], [0, 0]], "SYMMETRIC"), _IMAGE),
    "reverse": (lambda x: tf.reverse(x, axis=[1, 3]), _IMAGE),
    "roll": (lambda x: tf.roll(x, shift=(2, -3), axis=(1, 2)), _IMAGE),
    "gather": (lambda x: tf.gather(x, [4, 0, 2, 2], axis=1), _SERIES),
    "gather_batched": (
        lambda x: tf.gather(x, tf.argsort(x[..., 0], axis=1), axis=1, batch_dims=1),
        _SERIES,
    ),
    "gather_nd": (
        lambda x: tf.transpose(tf.gather_nd(tf.transpose(x, (1, 2, 0)), [[0, 1], [3, 2], [6, 4]])),
        _SERIES,
    ),
    "strided_slice": (lambda x: x[:, 1:-1:2, tf.newaxis, ..., ::-1], _IMAGE),
    "unstack_stack": (lambda x: tf.stack(tf.unstack(x, axis=-1)[::-1], axis=1), _IMAGE),
    "split_uneven": (lambda x: tf.split(x, [1, 3, 3], axis=1), _SERIES),
    "band_part": (lambda x: tf.linalg.band_part(x, 1, 2), _SERIES),
    "matmul_transposed": (lambda x, y: tf.matmul(x, y, transpose_b=True), _SERIES, (6, 5)),
    "einsum": (lambda x, y: tf.einsum("bij,bkj->bik", x, y), _SERIES, (6, 5)),
    "tensordot": (lambda x: tf.tensordot(x, _kernel(5, 4), axes=[[2], [0]]), _SERIES),
    "segment_sum_computed": (_sums_of_segments, _SERIES, (7,)),
    "searchsorted": (
        lambda x: tf.cast(tf.searchsorted(tf.sort(x[:, 0]), x[:, 1], side="right"), tf.float32),
        _SERIES,
    ),
    "squared_difference": (tf.math.squared_difference, _SERIES, _SERIES),
    "cumsum_exclusive_reversed": (
        lambda x: tf.cumsum(x, axis=1, exclusive=True, reverse=True),
        _SERIES,
    ),
    "reduce_logsumexp": (lambda x: tf.reduce_logsumexp(x, axis=-1), _SERIES),
    "reduce_any": (lambda x: tf.cast(tf.reduce_any(x > 1.5, axis=-1), tf.float32), _SERIES),
    "euclidean_norm": (lambda x: tf.math.reduce_euclidean_norm(x, axis=(1, 2)), _SERIES),
    "clip_by_value": (lambda x: tf.clip_by_value(x, -0.5, 1.0), _SERIES),
    "clip_by_norm": (lambda x: tf.clip_by_norm(x, 1.5, axes=[2]), _SERIES),
    "where_broadcast": (lambda x: tf.where(x[..., :1] > 0.2, x, tf.zeros_like(x)), _SERIES),
    "one_hot_argmax": (lambda x: tf.one_hot(tf.argmax(x, axis=-1), 5, 2.0, -1.0), _SERIES),
    "top_k": (lambda x: tuple(tf.math.top_k(x, 3)), _SERIES),
    "divide_no_nan": (lambda x: tf.math.divide_no_nan(x, tf.nn.relu(x[:, ::-1])), _SERIES),
    "leaky_crelu": (lambda x: tf.nn.leaky_relu(tf.concat([x, -x], axis=-1), 0.1), _SERIES),
    "crelu": (tf.nn.crelu, _SERIES),
    "softmax_temperature": (lambda x: tf.nn.softmax(x / 0.5, axis=1), _SERIES),
    "log_sigmoid_exp": (lambda x: tf.exp(tf.math.log_sigmoid(x)), _SERIES),
    "ensure_shape_identity": (
        lambda x: tf.ensure_shape(x, (None, 7, 5)) * 2.0,
        _SERIES,
    ),
    "debugging_assert": (lambda x: _asserted(x) * 2.0, _SERIES),
    "dynamic_reshape": (
        lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], tf.shape(x)[1] * x.shape[2]])),
        _SERIES,
    ),
    "tile_to_batch": (lambda x: x + tf.tile(_kernel(1, 7, 5), [tf.shape(x)[0], 1, 1]), _SERIES),
    "map_fn": (lambda x: tf.map_fn(lambda sample: tf.cumsum(sample, axis=0), x), _SERIES),
    "while_loop": (
        lambda x: tf.while_loop(lambda i, _: i < 3, lambda i, s: (i + 1, tf.sin(s) + s), (0, x))[1],
        _SERIES,
    ),
    "tf_function_inside": (_traced, _SERIES),
    "numpy_constant_per_pixel": (lambda x: x * _kernel(10, 14, 3) + 0.1, _IMAGE),
    "fft_magnitude": (lambda x: tf.abs(tf.signal.rfft(x)), (5, 16)),
    "dct": (lambda x: tf.signal.dct(x, type=2), (5, 8)),
    "stft": (lambda x: tf.abs(tf.signal.stft(x, 16, 8, 16, window_fn=None)), (90,)),
    **CHOICES,
}
_OF_COLOURS = ("adjust_gamma", "rgb_to_yuv", "rgb_to_hsv", "rgb_to_grayscale", "grayscale_to_rgb")
