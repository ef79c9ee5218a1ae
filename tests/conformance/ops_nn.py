"""Neural network and image ops: keras.ops.nn, .image and .linalg, and control flow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .case import Case
from .sketch import alone, wired

_IMAGE = (10, 14, 3)
_SERIES = (7, 5)


def cases() -> tuple[Case, ...]:
    """All neural-network, image, algebra and control-flow cases."""
    listed = tuple(_op(name, function, _IMAGE) for name, function in (*_NN, *_RESIZE, *_GEOMETRY))
    series = tuple(_op(name, function, _SERIES) for name, function in (*_ALGEBRA, *_CONTROL))
    return (*listed, *series, *_COLOUR, *_ATTENTION, *_LAYERS)


def _op(name: str, function: Callable[..., Any], *shapes: tuple[int, ...], **fields: Any) -> Case:
    return wired(f"ops_{name}", function, *shapes, group="ops", **fields)


def _kernel(*shape: int) -> Any:
    return np.random.default_rng(9).standard_normal(shape).astype("float32") * 0.4


_NN: tuple[tuple[str, Any], ...] = (
    ("conv", lambda x: ops.conv(x, _kernel(3, 3, 3, 5), strides=2, padding="same")),
    ("conv_dilated", lambda x: ops.conv(x, _kernel(3, 2, 3, 5), padding="same", dilation_rate=2)),
    ("depthwise_conv", lambda x: ops.depthwise_conv(x, _kernel(3, 3, 3, 2), padding="same")),
    ("separable_conv", lambda x: ops.separable_conv(x, _kernel(3, 3, 3, 1), _kernel(1, 1, 3, 4))),
    ("max_pool", lambda x: ops.max_pool(x, 3, strides=2, padding="same")),
    ("average_pool", lambda x: ops.average_pool(x, (2, 3), padding="same")),
    ("adaptive_average_pool", lambda x: ops.adaptive_average_pool(x, (3, 4))),
    ("min_pool", lambda x: -ops.max_pool(-x, 2)),
    (
        "morphological_opening",
        lambda x: ops.max_pool(-ops.max_pool(-x, 3, 1, "same"), 3, 1, "same"),
    ),
    (
        "batch_normalization",
        lambda x: ops.batch_normalization(
            x, np.array([0.1, 0.2, -0.3], "float32"), np.array([0.5, 1.5, 2.0], "float32"), -1
        ),
    ),
    (
        "layer_normalization",
        lambda x: ops.layer_normalization(
            x, np.array([0.5, 1.5, 2.0], "float32"), np.array([0.1, 0.2, -0.3], "float32")
        ),
    ),
    ("rms_normalization", lambda x: ops.rms_normalization(x, np.array([0.5, 1.5, 2.0], "float32"))),
    (
        "instance_normalization",
        lambda x: (
            (x - ops.mean(x, (1, 2), keepdims=True))
            * ops.rsqrt(ops.var(x, (1, 2), keepdims=True) + 1e-5)
        ),
    ),
    (
        "local_response",
        lambda x: x / (1.0 + 0.3 * ops.sum(ops.square(x), axis=-1, keepdims=True)) ** 0.75,
    ),
    ("log_softmax", lambda x: ops.log_softmax(x, axis=-1)),
    ("blur_by_average", lambda x: x - ops.average_pool(x, 3, strides=1, padding="same")),
)

_RESIZE = (
    ("resize_bilinear_up", lambda x: ops.image.resize(x, (21, 30))),
    ("resize_bilinear_down", lambda x: ops.image.resize(x, (4, 9))),
    ("resize_bilinear_antialias", lambda x: ops.image.resize(x, (4, 6), antialias=True)),
    ("resize_nearest", lambda x: ops.image.resize(x, (15, 9), interpolation="nearest")),
    ("resize_nearest_double", lambda x: ops.image.resize(x, (20, 28), interpolation="nearest")),
    ("resize_bicubic", lambda x: ops.image.resize(x, (15, 9), interpolation="bicubic")),
    ("resize_lanczos3", lambda x: ops.image.resize(x, (15, 9), interpolation="lanczos3")),
    ("resize_crop_to_aspect", lambda x: ops.image.resize(x, (6, 6), crop_to_aspect_ratio=True)),
    ("resize_pad_to_aspect", lambda x: ops.image.resize(x, (8, 8), pad_to_aspect_ratio=True)),
    (
        "resize_there_and_back",
        lambda x: x - ops.image.resize(ops.image.resize(x, (5, 7)), (10, 14)),
    ),
)

_GEOMETRY = (
    (
        "crop_images",
        lambda x: ops.image.crop_images(
            x, top_cropping=1, left_cropping=2, target_height=6, target_width=9
        ),
    ),
    (
        "pad_images",
        lambda x: ops.image.pad_images(
            x, top_padding=1, left_padding=2, target_height=14, target_width=19
        ),
    ),
    ("extract_patches", lambda x: ops.image.extract_patches(x, size=(2, 3))),
    (
        "extract_patches_overlapping",
        lambda x: ops.image.extract_patches(x, size=3, strides=2, padding="same"),
    ),
    ("gaussian_blur", lambda x: ops.image.gaussian_blur(x, (3, 5), (1.0, 1.5))),
    ("sobel_edges", ops.image.sobel_edges),
    (
        "affine_transform",
        lambda x: ops.image.affine_transform(
            x, np.array([[0.9, 0.2, 0.5, -0.1, 1.1, 0.3, 0.0, 0.0]], "float32")
        ),
    ),
    ("total_variation", lambda x: ops.sum(ops.abs(x[:, 1:] - x[:, :-1]), axis=(1, 2, 3))),
    ("image_gradients", lambda x: [x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]]),
)

_UNIT = (0.02, 0.98)
_COLOUR = (
    _op("rgb_to_grayscale", ops.image.rgb_to_grayscale, _IMAGE, value_range=_UNIT),
    _op("rgb_to_hsv", ops.image.rgb_to_hsv, _IMAGE, value_range=_UNIT),
    _op("hsv_to_rgb", ops.image.hsv_to_rgb, _IMAGE, value_range=_UNIT),
    _op("gamma_correction", lambda x: ops.power(x, 1 / 2.2), _IMAGE, value_range=_UNIT),
    _op("colour_matrix", lambda x: ops.matmul(x, _kernel(3, 3)), _IMAGE, value_range=_UNIT),
    _op(
        "ycbcr_luma",
        lambda x: ops.sum(x * np.array([0.299, 0.587, 0.114], "float32"), -1),
        _IMAGE,
        value_range=_UNIT,
    ),
)


def _covariance(x: Any) -> Any:
    centred = x - ops.mean(x, axis=1, keepdims=True)
    return ops.matmul(ops.transpose(centred, (0, 2, 1)), centred) / 6.0


_ALGEBRA: tuple[tuple[str, Any], ...] = (
    ("gram", lambda x: ops.matmul(ops.transpose(x, (0, 2, 1)), x) / 7.0),
    ("covariance", _covariance),
    ("determinant_2x2", lambda x: x[:, 0, 0] * x[:, 1, 1] - x[:, 0, 1] * x[:, 1, 0]),
    ("inverse", lambda x: ops.inv(ops.matmul(ops.transpose(x, (0, 2, 1)), x) + 2.0 * ops.eye(5))),
    (
        "determinant",
        lambda x: ops.det(ops.matmul(ops.transpose(x, (0, 2, 1)), x) + 0.5 * ops.eye(5)),
    ),
    (
        "cosine_matrix",
        lambda x: ops.matmul(ops.normalize(x), ops.transpose(ops.normalize(x), (0, 2, 1))),
    ),
)


@keras.saving.register_keras_serializable(package="conformance")
class Loop(keras.layers.Layer):
    """A small computation over a series, (N, T, D), by way of one kind of control flow."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def call(self, inputs: Any) -> Any:
        """Runs it."""
        return getattr(self, f"_{self.kind}")(inputs)

    def _fori(self, x: Any) -> Any:
        return ops.fori_loop(0, 4, lambda _, state: ops.tanh(state) + 0.3 * x, x)

    def _while(self, x: Any) -> Any:
        step = lambda count, state: (count + 1, 0.5 * state + ops.sin(state))  # noqa: E731
        return ops.while_loop(lambda count, _: count < 3, step, (0, x))[1]

    def _scan(self, x: Any) -> Any:
        """An exponential moving average along the steps."""
        mean = lambda carry, row: ((new := 0.6 * carry + 0.4 * row), new)  # noqa: E731
        _, rows = ops.scan(mean, ops.zeros_like(x[:, 0]), ops.transpose(x, (1, 0, 2)))
        return ops.transpose(rows, (1, 0, 2))

    def _map(self, x: Any) -> Any:
        return ops.map(lambda sample: ops.cumsum(sample, axis=0), x)

    def _vectorized_map(self, x: Any) -> Any:
        return ops.vectorized_map(lambda sample: sample - ops.mean(sample, axis=0), x)

    def _cond(self, x: Any) -> Any:
        return ops.cond(ops.max(x) > -50.0, lambda: x * 2.0, lambda: x)

    def _python(self, x: Any) -> Any:
        state, rows = ops.zeros_like(x[:, 0]), []
        for index in range(x.shape[1]):
            state = 0.6 * state + 0.4 * x[:, index]
            rows.append(state)
        return ops.stack(rows, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "kind": self.kind}


def _looped(kind: str, x: Any) -> Any:
    return Loop(kind)(x)


_KINDS = ("fori", "while", "scan", "map", "vectorized_map", "cond", "python")
_CONTROL = tuple((f"control_{kind}", partial(_looped, kind)) for kind in _KINDS)


_ATTENTION = (
    _op("dot_product_attention", ops.dot_product_attention, (5, 2, 4), (6, 2, 4), (6, 2, 4)),
    _op(
        "attention_by_hand",
        lambda q, k, v: ops.matmul(
            ops.softmax(ops.matmul(q, ops.transpose(k, (0, 2, 1))) / 2.0), v
        ),
        (5, 4),
        (6, 4),
        (6, 3),
    ),
    _op(
        "linear_attention",
        lambda q, k, v: ops.matmul(
            ops.elu(q) + 1.0, ops.matmul(ops.transpose(ops.elu(k) + 1.0, (0, 2, 1)), v)
        ),
        (5, 4),
        (6, 4),
        (6, 3),
    ),
)


@keras.saving.register_keras_serializable(package="conformance")
class BatchAware(keras.layers.Layer):
    """Reads its own batch size and height while it runs, as layers for any size do."""

    def call(self, inputs: Any) -> Any:
        """(N, H, W, C) -> (N, H * W, C), scaled by 1 / (H * W)."""
        batch, height, width, channels = ops.shape(inputs)
        flat = ops.reshape(inputs, (batch, height * width, channels))
        return flat / ops.cast(height * width, "float32")


@keras.saving.register_keras_serializable(package="conformance")
class LearnedMixture(keras.layers.Layer):
    """Soft assignment to learned centres (NetVLAD): softmax, residuals, two normalisations."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates four centres."""
        self.centres = self.add_weight(shape=(4, input_shape[-1]), name="centres")
        self.assign = layers.Dense(4)
        self.assign.build(input_shape)

    def call(self, inputs: Any) -> Any:
        """(N, T, D) -> (N, 4 * D)."""
        weight = ops.softmax(self.assign(inputs), axis=-1)
        apart = ops.expand_dims(inputs, 2) - self.centres
        summed = ops.sum(ops.expand_dims(weight, -1) * apart, axis=1)
        return ops.normalize(ops.reshape(ops.normalize(summed), (-1, 4 * inputs.shape[-1])))


@keras.saving.register_keras_serializable(package="conformance")
class StandardizedConv(keras.layers.Layer):
    """A convolution whose kernel is standardised every time it is used (BiT, NFNet)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the kernel."""
        self.kernel = self.add_weight(shape=(3, 3, input_shape[-1], 5), name="kernel")

    def call(self, inputs: Any) -> Any:
        """(N, H, W, C) -> (N, H, W, 5)."""
        mean, variance = ops.moments(self.kernel, axes=[0, 1, 2], keepdims=True)
        kernel = (self.kernel - mean) / ops.sqrt(variance + 1e-5)
        return ops.conv(inputs, kernel * 0.2, padding="same")


@keras.saving.register_keras_serializable(package="conformance")
class DynamicFilter(keras.layers.Layer):
    """A convolution whose kernel comes from the input: one kernel per sample (CondConv)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates three experts of a 1x1 kernel each."""
        self.experts = self.add_weight(shape=(3, input_shape[-1], 4), name="experts")
        self.route = layers.Dense(3, activation="sigmoid")
        self.route.build((None, input_shape[-1]))

    def call(self, inputs: Any) -> Any:
        """(N, H, W, C) -> (N, H, W, 4)."""
        weight = self.route(ops.mean(inputs, axis=(1, 2)))
        kernel = ops.einsum("be,ecd->bcd", weight, self.experts)
        return ops.einsum("bhwc,bcd->bhwd", inputs, kernel)


@keras.saving.register_keras_serializable(package="conformance")
class TransposedConv(keras.layers.Layer):
    """A learned upsampling; in a functional model Keras mixes up this op's own arguments."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the kernel."""
        self.kernel = self.add_weight(shape=(4, 3, 5, input_shape[-1]), name="kernel")

    def call(self, inputs: Any) -> Any:
        """(N, H, W, C) -> (N, 2 H, 2 W, 5)."""
        return ops.conv_transpose(inputs, self.kernel * 0.3, strides=2, padding="same")


_LAYERS = (
    alone("ops_layer_transposed_conv", TransposedConv, _IMAGE, group="ops"),
    alone("ops_layer_batch_aware", BatchAware, _IMAGE, group="ops"),
    alone(
        "ops_layer_batch_aware_open",
        BatchAware,
        (None, None, 3),
        group="ops",
        input_shapes={"x0": _IMAGE},
    ),
    alone("ops_layer_learned_mixture", LearnedMixture, _SERIES, group="ops"),
    alone("ops_layer_standardized_conv", StandardizedConv, _IMAGE, group="ops"),
    alone("ops_layer_dynamic_filter", DynamicFilter, _IMAGE, group="ops"),
)
