"""Convolutions and their biases in the forms that tf2onnx converts correctly."""

from __future__ import annotations

from typing import Any

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, is_computed, static


def bias_add(node: Node, x: Any, bias: Any) -> Any:
    """BiasAdd to channels first, or of a computed bias -> Add.

    tf2onnx adds to the last axis whatever the format is, and makes any bias part of the
    convolution before it, although OpenCV needs a constant there.
    """
    if str(node.attr("data_format", "NHWC")).startswith("NC"):
        return x + tf.reshape(bias, [-1, *[1] * (len(x.shape) - 2)])
    return x + bias if is_computed(bias) else None


def conv_3d(node: Node, x: Any, kernel: Any) -> Any:
    """Conv3D of several groups -> one for each, joined: tf2onnx ignores the groups."""
    channels, per_group = static(x)[-1], static(kernel)[-2]
    if channels == per_group or node.attr("data_format", "NDHWC") != "NDHWC":
        return None
    groups = channels // per_group
    pairs = zip(tf.split(x, groups, axis=-1), tf.split(kernel, groups, axis=-1), strict=True)
    options = {name: node.attr(name) for name in ("strides", "padding", "dilations")}
    return tf.concat([tf.nn.conv3d(part, own, **options) for part, own in pairs], -1)


def batch_norm(node: Node, x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> Any:
    """FusedBatchNorm in training mode, which instance norms use -> mean and variance of x."""
    if not node.attr("is_training", default=True):
        return None
    last = str(node.attr("data_format", "NHWC")).endswith("C")
    axes = [k for k in range(len(x.shape)) if k != (len(x.shape) - 1 if last else 1)]
    shape = [1 if k in axes else -1 for k in range(len(x.shape))]
    mean, variance = tf.nn.moments(x, axes)
    factor = scale * tf.math.rsqrt(variance + float(node.attr("epsilon", 1e-4)))
    y = x * tf.reshape(factor, shape) + tf.reshape(offset - mean * factor, shape)
    return [y, mean, variance, mean, variance, tf.zeros([0])]
