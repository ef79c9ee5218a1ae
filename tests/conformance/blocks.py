"""Building blocks that several whole-model patterns share."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


def conv_bn(
    x: Any,
    filters: int,
    kernel: Any = 3,
    strides: int = 1,
    activation: str = "relu",
    **options: Any,
) -> Any:
    """Convolution (same padding, no bias), batch normalisation, activation.

    Args:
        x: The input.
        filters: Channels of the result.
        kernel: Its size.
        strides: In both directions.
        activation: By name.
        **options: Other arguments of Conv2D.
    """
    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False, **options)(x)
    return layers.Activation(activation)(layers.BatchNormalization()(x))


def double_conv(x: Any, filters: int) -> Any:
    """Two 3x3 convolutions, as U-Nets stack them."""
    return conv_bn(conv_bn(x, filters), filters)


def residual(x: Any, filters: int, strides: int = 1) -> Any:
    """A basic residual block; the shortcut is projected where shapes differ."""
    short = x
    if strides != 1 or x.shape[-1] != filters:
        short = conv_bn(x, filters, 1, strides, activation="linear")
    x = conv_bn(conv_bn(x, filters, 3, strides), filters, activation="linear")
    return layers.ReLU()(layers.Add()([x, short]))


def squeeze_excite(x: Any, ratio: int = 2, gate: str = "sigmoid") -> Any:
    """Channel attention by way of a one-pixel image."""
    channels = x.shape[-1]
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Conv2D(channels // ratio, 1, activation="relu")(s)
    return layers.Multiply()([x, layers.Conv2D(channels, 1, activation=gate)(s)])


def inverted_residual(x: Any, filters: int, strides: int = 1, activation: str = "relu6") -> Any:
    """MobileNetV2's block: expand, depthwise, project, add where shapes allow.

    Args:
        x: The input.
        filters: Channels of the result.
        strides: In both directions.
        activation: By name.
    """
    h = conv_bn(x, 3 * x.shape[-1], 1, activation=activation)
    h = layers.DepthwiseConv2D(3, strides, padding="same", use_bias=False)(h)
    h = layers.Activation(activation)(layers.BatchNormalization()(h))
    h = conv_bn(h, filters, 1, activation="linear")
    return layers.Add()([x, h]) if h.shape == x.shape else h


def transformer_block(x: Any, heads: int = 2, activation: str = "gelu") -> Any:
    """A pre-norm transformer block: attention and an MLP, each with a residual."""
    width = x.shape[-1]
    h = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Add()([x, layers.MultiHeadAttention(heads, width // heads, dropout=0.1)(h, h)])
    h = layers.Dense(2 * width, activation=activation)(layers.LayerNormalization(epsilon=1e-6)(x))
    return layers.Add()([x, layers.Dropout(0.1)(layers.Dense(width)(h))])


def encoder(shape: tuple[int, ...], units: int = 6, name: str = "encoder") -> keras.Model:
    """A small image encoder as a model of its own: (H, W, C) -> (units,)."""
    image = keras.Input(shape, name=f"{name}_image")
    x = layers.MaxPooling2D()(conv_bn(image, 6))
    x = layers.GlobalAveragePooling2D()(conv_bn(x, 9))
    return keras.Model(image, layers.Dense(units)(x), name=name)


@keras.saving.register_keras_serializable(package="conformance")
class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector per position, (N, T, D) -> (N, T, D)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the (T, D) table."""
        self.table = self.add_weight(shape=input_shape[1:], initializer="zeros", name="table")

    def call(self, inputs: Any) -> Any:
        """Adds it."""
        return inputs + self.table


@keras.saving.register_keras_serializable(package="conformance")
class ClassToken(keras.layers.Layer):
    """Puts one learned token in front of a sequence, (N, T, D) -> (N, T + 1, D)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the (1, 1, D) token."""
        self.token = self.add_weight(
            shape=(1, 1, input_shape[-1]), initializer="zeros", name="token"
        )

    def call(self, inputs: Any) -> Any:
        """Repeats the token for however many samples there are."""
        token = ops.broadcast_to(self.token, (ops.shape(inputs)[0], 1, inputs.shape[-1]))
        return ops.concatenate([token, inputs], axis=1)


@keras.saving.register_keras_serializable(package="conformance")
class LayerScale(keras.layers.Layer):
    """Multiplies by a learned factor per channel that starts near zero (ConvNeXt, CaiT)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the factors."""
        start = keras.initializers.Constant(1e-6)
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer=start, name="gamma")

    def call(self, inputs: Any) -> Any:
        """Multiplies."""
        return inputs * self.gamma
