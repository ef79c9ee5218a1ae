"""Convolutions, biases and norms in forms that convert."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from support.traced_ops import flat, random


@pytest.mark.parametrize("shape", [(2, 5, 4), (2, 5, 4, 3), (2, 5, 4, 3, 2)])
def test_a_bias_of_channels_first(shape: tuple[int, ...]) -> None:
    """It is added along the second axis, at any rank."""
    bias = random(5)
    traced = flat(
        lambda x: tf.raw_ops.BiasAdd(value=x, bias=bias, data_format="NCHW"), random(*shape)
    )
    traced.assert_same(limit=0)
    assert "BiasAdd" not in traced.ops


def test_a_constant_bias_stays() -> None:
    """tf2onnx makes it the convolution's own."""
    bias = random(3)
    assert flat(lambda x: tf.nn.bias_add(x, bias), random(2, 4, 3)).ops["BiasAdd"] == 1


def test_a_computed_bias_is_added() -> None:
    """It must not become part of the convolution before it."""
    traced = flat(
        lambda x, b: tf.nn.bias_add(tf.nn.conv2d(x, random(1, 1, 3, 4), 1, "SAME"), b * 2),
        random(1, 5, 6, 3),
        random(4),
    )
    traced.assert_same()
    assert "BiasAdd" not in traced.ops


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_groups_in_three_dimensions(padding: str) -> None:
    """Each group of channels has its own convolution."""
    kernel = random(2, 3, 2, 2, 6)
    # TensorFlow's own kernel knows no groups: Keras compiles such a convolution.
    grouped = tf.function(
        lambda x: tf.nn.conv3d(x, kernel, [1, 1, 2, 1, 1], padding), jit_compile=True
    )
    traced = flat(grouped, random(1, 4, 5, 6, 4))
    traced.assert_same()
    assert traced.ops["Conv3D"] == 2


def test_one_group_stays_one() -> None:
    """A plain convolution is left as it is."""
    traced = flat(
        lambda x: tf.nn.conv3d(x, random(2, 3, 2, 4, 6), [1] * 5, "SAME"), random(1, 4, 5, 6, 4)
    )
    assert traced.ops["Conv3D"] == 1
    assert "Split" not in traced.ops


def test_a_norm_by_the_batch_itself() -> None:
    """In training mode mean and variance come from the input, not from constants."""
    scale, offset = random(3), random(3, seed=1)
    traced = flat(
        lambda x: tf.compat.v1.nn.fused_batch_norm(x, scale, offset, is_training=True)[0],
        random(2, 5, 6, 3),
    )
    traced.assert_same(limit=5e-6)
    assert "FusedBatchNormV3" not in traced.ops


def test_a_norm_by_constants_stays() -> None:
    """In inference mode the node is left for the passes to fold."""
    values = [abs(random(3, seed=k)) for k in range(4)]
    scale, offset, mean, variance = values
    norm: Any = lambda x: tf.compat.v1.nn.fused_batch_norm(  # noqa: E731
        x, scale, offset, mean, variance, is_training=False
    )[0]
    assert flat(norm, random(2, 5, 6, 3)).ops["FusedBatchNormV3"] == 1
