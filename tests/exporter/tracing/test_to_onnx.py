"""Converted graphs: valid ONNX that computes the same, every shape known, the weights attached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest
import tensorflow as tf
from keras import layers

from keras2cv_export.graph.edit import shape_of
from keras2cv_export.tracing.capture import trace
from keras2cv_export.tracing.to_onnx import OPSET, to_onnx
from support.cpu_answers import cpu_answers
from support.traced_ops import Array, loaded, random


def converted(function: Callable[..., Any], *arrays: Array) -> ir.Model:
    """Convert; check that it is valid, that shapes are known, and the numbers in onnxruntime."""
    model = to_onnx(trace(loaded(function, *arrays)))
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    for node in model.graph:
        assert all(shape_of(v) is not None and v.dtype is not None for v in node.outputs), node
    expected = cpu_answers(function, *[tf.constant(a) for a in arrays])
    for got, wanted in zip(run(proto, *arrays), map(np.asarray, expected), strict=True):
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() <= 2e-6 * np.abs(wanted).max()
    return model


def run(proto: onnx.ModelProto, *arrays: Array) -> list[Array]:
    """Compute without optimizations, so that the written graph is the one that runs."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(proto.SerializeToString(), options)
    names = [value.name for value in session.get_inputs()]
    outputs: list[Array] = session.run(None, dict(zip(names, arrays, strict=True)))
    return outputs


def ops(model: ir.Model) -> list[str]:
    """List the node types in order."""
    return [node.op_type for node in model.graph]


# -- the whole ----------------------------------------


def test_weights_are_initializers() -> None:
    """They are attached after the conversion, without a copy."""
    kernel = tf.Variable(random(6, 4))
    model = converted(lambda x: tf.matmul(x, kernel), random(2, 6))
    assert [str(v.name) for v in model.graph.inputs] == ["keras2cv_input_0:0"]
    (weight,) = [v for v in model.graph.initializers.values() if shape_of(v) == (6, 4)]
    assert weight.const_value is not None
    np.testing.assert_array_equal(weight.const_value.numpy(), kernel.numpy())
    assert model.opset_imports[""] == OPSET


def test_comparisons_have_shapes() -> None:
    """ONNX' own inference knows no shape of <= and >=."""
    converted(lambda x: tf.where(x <= 0.5, tf.sin(x), tf.where(x >= 1, x, x * 2)), random(2, 3, 5))


def test_a_model_of_many_layers() -> None:
    """Convolutions, norms, attention and recurrence in one graph."""
    keras.utils.set_random_seed(3)
    x = image = keras.Input((8, 10, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="gelu")(x)
    x = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.Reshape((20, 6))(x)
    x = layers.LayerNormalization()(layers.MultiHeadAttention(2, 3)(x, x) + x)
    x = layers.Bidirectional(layers.LSTM(4))(x)
    model = keras.Model(image, layers.Dense(5, activation="softmax")(x))
    converted(lambda v: model(v, training=False), random(2, 8, 10, 3))


# -- Resize ----------------------------------------


@pytest.mark.parametrize("size", [(7, 9), (3, 4), (25, 31), (1, 13)])
def test_bilinear_resizing_ends_in_the_size_asked_for(size: tuple[int, int]) -> None:
    """7/6 and its like are no float32: a scale would end a row short."""
    model = converted(lambda x: tf.image.resize(x, size), random(1, 6, 13, 3))
    (resize,) = [node for node in model.graph if node.op_type == "Resize"]
    assert shape_of(resize.outputs[0]) == (1, 3, *size)
    assert resize.inputs[2] is None


@pytest.mark.parametrize(
    "options", [{}, {"align_corners": True}, {"half_pixel_centers": True}], ids=str
)
def test_conventions_of_bilinear_resizing(options: dict[str, bool]) -> None:
    """Old models align corners, or forget that pixels have centres."""
    converted(
        lambda x: tf.raw_ops.ResizeBilinear(images=x, size=[9, 4], **options), random(2, 5, 7, 3)
    )


_RESIZES = {
    "shape": lambda x, y: tf.image.resize(x, tf.shape(y)[1:3]),
    "old bilinear": lambda x, y: tf.compat.v1.image.resize_bilinear(
        x, (tf.shape(y)[1], tf.shape(y)[2]), half_pixel_centers=True
    ),
    "old without centres": lambda x, y: tf.compat.v1.image.resize_bilinear(x, tf.shape(y)[1:-1]),
    "old nearest": lambda x, y: tf.compat.v1.image.resize_nearest_neighbor(x, tf.shape(y)[1:3]),
    "nearest": lambda x, y: tf.image.resize(x, tf.shape(y)[1:3] * 4, "nearest"),
    "bicubic": lambda x, y: tf.image.resize(x, tf.shape(y)[1:3], "bicubic"),
    "computed": lambda x, y: tf.image.resize(
        x, tf.cast(tf.math.ceil(tf.cast(tf.shape(y)[1:3], tf.float32) * 0.7), tf.int32)
    ),
}


@pytest.mark.parametrize("kind", _RESIZES)
def test_resizing_to_the_size_of_another_tensor(kind: str) -> None:
    """As decoders do: the size follows from static shapes."""
    resized = _RESIZES[kind]
    model = converted(lambda x: resized(x, tf.nn.avg_pool2d(x, 2, 2, "SAME")), random(1, 9, 14, 3))
    assert not [op for op in ops(model) if op in ("ResizeBilinear", "ResizeNearestNeighbor")]


def test_copies_of_pixels() -> None:
    """A whole enlargement by nearest neighbours."""
    model = converted(lambda x: tf.image.resize(x, (10, 21), "nearest"), random(2, 5, 7, 3))
    assert ops(model).count("Resize") == 1


# -- transposed convolutions ----------------------------------------

TRANSPOSED = [
    {"kernel_size": 3, "strides": 2, "padding": "same"},
    {"kernel_size": 3, "strides": 2, "padding": "valid", "output_padding": 1},
    {"kernel_size": (2, 4), "strides": (3, 2), "padding": "valid"},
    {"kernel_size": 2, "strides": 3, "padding": "same"},
    {"kernel_size": 2, "strides": 3, "padding": "valid"},
    {"kernel_size": 4, "strides": 1, "padding": "same", "dilation_rate": 2},
    {"kernel_size": (5, 2), "strides": (2, 4), "padding": "same", "output_padding": (1, 3)},
]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("options", TRANSPOSED, ids=str)
def test_transposed_convolutions(options: dict[str, Any], bias: bool) -> None:
    """Pads are not negative, and output padding adds the numbers missing behind."""
    keras.utils.set_random_seed(4)
    layer = layers.Conv2DTranspose(5, use_bias=bias, bias_initializer="random_normal", **options)
    layer.build((None, 6, 7, 3))
    model = converted(layer, random(2, 6, 7, 3))
    (node,) = [node for node in model.graph if node.op_type == "ConvTranspose"]
    assert min(node.attributes["pads"].as_ints()) >= 0


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_transposed_convolutions_of_volumes(padding: str) -> None:
    """In three dimensions, with a stride beyond the kernel in one."""
    layer = layers.Conv3DTranspose(3, (2, 3, 2), (3, 2, 1), padding)
    layer.build((None, 3, 4, 5, 2))
    converted(layer, random(1, 3, 4, 5, 2))


def test_transposed_convolutions_of_channels_first() -> None:
    """A graph saved on a GPU may be in this order already."""
    kernel, x = random(3, 2, 5, 4), random(1, 4, 6, 7)

    def function(v: Any) -> Any:
        # TensorFlow computes this on a GPU only; the traced graph is the same.
        last = tf.transpose(v, [0, 2, 3, 1])
        y = tf.nn.conv2d_transpose(last, kernel, [1, 12, 14, 5], 2, "SAME")
        return tf.transpose(y, [0, 3, 1, 2])

    def first(v: Any) -> Any:
        return tf.nn.conv2d_transpose(v, kernel, [1, 5, 12, 14], 2, "SAME", "NCHW")

    proto = ir.to_proto(to_onnx(trace(loaded(first, x))))
    onnx.checker.check_model(proto, full_check=True)
    np.testing.assert_allclose(run(proto, x)[0], function(tf.constant(x)), rtol=1e-5, atol=1e-5)
