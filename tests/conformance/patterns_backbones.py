"""Backbones and their blocks: convolutional and transformer, as people write them by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .blocks import (
    ClassToken,
    LayerScale,
    PositionEmbedding,
    conv_bn,
    inverted_residual,
    residual,
    squeeze_excite,
    transformer_block,
)
from .case import Case
from .sketch import wired

_IMAGE = (16, 24, 3)


def cases() -> tuple[Case, ...]:
    """All backbone patterns."""
    listed = (*_CONVOLUTIONAL, *_ATTENTIVE, *_TRANSFORMERS)
    return tuple(
        wired(f"pattern_{name}", wiring, _IMAGE, group="pattern") for name, wiring in listed
    )


def _classify(x: Any, classes: int = 5) -> Any:
    return layers.Dense(classes)(layers.GlobalAveragePooling2D()(x))


def _cnn(x: Any) -> Any:
    """The tutorial's classifier."""
    h = layers.MaxPooling2D()(layers.Conv2D(6, 3, activation="relu")(x))
    h = layers.MaxPooling2D()(layers.Conv2D(9, 3, activation="relu")(h))
    h = layers.Dropout(0.5)(layers.Dense(12, activation="relu")(layers.Flatten()(h)))
    return layers.Dense(5, activation="softmax")(h)


def _resnet(x: Any) -> Any:
    h = layers.ZeroPadding2D(3)(x)
    h = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(6, 7, strides=2)(h)))
    h = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(h))
    return _classify(residual(residual(h, 6), 9, 2))


def _preactivated(x: Any) -> Any:
    h = layers.Conv2D(8, 3, padding="same")(x)
    for _ in range(2):
        inner = layers.ReLU()(layers.BatchNormalization()(h))
        inner = layers.Conv2D(8, 3, padding="same", use_bias=False)(inner)
        h = layers.Add()([h, inner])
    return _classify(layers.ReLU()(layers.BatchNormalization()(h)))


def _normalised_activations(x: Any) -> Any:
    """Normalisation behind the activation, which is read twice: stems of CMT and its kin."""
    h = layers.Conv2D(8, 3, padding="same", activation="gelu")(x)
    h = layers.BatchNormalization()(h)
    inner = layers.Conv2D(8, 3, padding="same", activation="swish")(h)
    inner = layers.BatchNormalization()(inner)
    return _classify(layers.Add()([h, inner]))


def _densenet(x: Any) -> Any:
    h = layers.Conv2D(6, 3, padding="same")(x)
    for _ in range(3):
        new = layers.ReLU()(layers.BatchNormalization()(h))
        h = layers.Concatenate()([h, layers.Conv2D(4, 3, padding="same", use_bias=False)(new)])
    return _classify(layers.AveragePooling2D(2)(layers.Conv2D(7, 1)(h)))


def _inception(x: Any) -> Any:
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    tall = conv_bn(conv_bn(x, 5, 1), 4, (1, 7))
    return _classify(
        layers.Concatenate()(
            [conv_bn(x, 3, 1), conv_bn(conv_bn(x, 4, 1), 6), tall, conv_bn(pooled, 3, 1)]
        )
    )


def _resnext(x: Any) -> Any:
    h = conv_bn(x, 8, 1)
    inner = conv_bn(conv_bn(h, 12, 1), 12, groups=4)
    return _classify(layers.ReLU()(layers.Add()([h, conv_bn(inner, 8, 1, activation="linear")])))


def _mobilenet_v2(x: Any) -> Any:
    h = conv_bn(x, 6, strides=2, activation="relu6")
    return _classify(inverted_residual(inverted_residual(inverted_residual(h, 8), 8), 10, 2))


def _mobilenet_v3(x: Any) -> Any:
    h = conv_bn(x, 6, strides=2, activation="hard_swish")
    h = squeeze_excite(inverted_residual(h, 8, activation="hard_swish"), gate="hard_sigmoid")
    return _classify(layers.Conv2D(12, 1, activation="hard_swish")(h))


def _efficientnet(x: Any) -> Any:
    h = layers.Rescaling(1 / 3.0)(x)
    h = layers.ZeroPadding2D(((0, 1), (0, 1)))(h)
    h = layers.Activation("swish")(layers.BatchNormalization()(layers.Conv2D(6, 3, 2)(h)))
    h = inverted_residual(squeeze_excite(h), 6, activation="swish")
    return _classify(layers.Dropout(0.2, noise_shape=(None, 1, 1, 1))(h))


def _shuffle(x: Any) -> Any:
    """ShuffleNet: grouped convolutions with the channels dealt out anew in between."""
    h = conv_bn(x, 12, 1)
    h = conv_bn(h, 12, 1, groups=3)
    _, height, width, _ = h.shape
    h = layers.Reshape((height, width, 3, 4))(h)
    h = layers.Reshape((height, width, 12))(layers.Permute((1, 2, 4, 3))(h))
    return _classify(conv_bn(h, 9, 1, groups=3))


def _ghost(x: Any) -> Any:
    primary = conv_bn(x, 6, 1)
    cheap = layers.ReLU()(
        layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(primary))
    )
    return _classify(layers.Concatenate()([primary, cheap]))


def _squeezenet(x: Any) -> Any:
    h = layers.Conv2D(4, 1, activation="relu")(layers.MaxPooling2D(3, 2)(conv_bn(x, 6)))
    wide = [layers.Conv2D(5, k, padding="same", activation="relu")(h) for k in (1, 3)]
    h = layers.Conv2D(4, 1)(layers.Concatenate()(wide))
    return layers.Softmax()(layers.GlobalAveragePooling2D()(h))


def _repvgg(x: Any) -> Any:
    h = conv_bn(x, 6)
    branches = [conv_bn(h, 6, 3, activation="linear"), conv_bn(h, 6, 1, activation="linear")]
    return _classify(layers.ReLU()(layers.Add()([*branches, layers.BatchNormalization()(h)])))


def _blur_pool(x: Any) -> Any:
    """Anti-aliased downsampling with a constant kernel held by the graph."""
    h = conv_bn(x, 5)
    line = np.array([1.0, 2.0, 1.0], dtype="float32")
    kernel = np.repeat((np.outer(line, line) / 16)[:, :, None, None], 5, axis=2)
    h = ops.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")
    return _classify(ops.depthwise_conv(h, kernel.astype("float32"), strides=2, padding="valid"))


@keras.saving.register_keras_serializable(package="conformance")
class CoordinateChannels(keras.layers.Layer):
    """Joins to an image two channels that hold every pixel's row and column, -1 to 1."""

    def call(self, inputs: Any) -> Any:
        """(N, H, W, C) -> (N, H, W, C + 2)."""
        _, height, width, _ = inputs.shape
        rows = ops.linspace(-1.0, 1.0, height)
        columns = ops.linspace(-1.0, 1.0, width)
        grid = ops.stack(ops.meshgrid(rows, columns, indexing="ij"), axis=-1)
        grid = ops.tile(grid[None], (ops.shape(inputs)[0], 1, 1, 1))
        return ops.concatenate([inputs, grid], axis=-1)


def _coord_conv(x: Any) -> Any:
    return _classify(conv_bn(CoordinateChannels()(x), 6))


_CONVOLUTIONAL = (
    ("cnn_classifier", _cnn),
    ("resnet", _resnet),
    ("resnet_preactivated", _preactivated),
    ("normalised_activations", _normalised_activations),
    ("densenet", _densenet),
    ("inception", _inception),
    ("resnext", _resnext),
    ("mobilenet_v2", _mobilenet_v2),
    ("mobilenet_v3", _mobilenet_v3),
    ("efficientnet", _efficientnet),
    ("shufflenet", _shuffle),
    ("ghostnet", _ghost),
    ("squeezenet", _squeezenet),
    ("repvgg", _repvgg),
    ("blur_pool", _blur_pool),
    ("coord_conv", _coord_conv),
)


def _senet(x: Any) -> Any:
    h = layers.GlobalAveragePooling2D()(features := conv_bn(x, 8))
    s = layers.Dense(8, activation="sigmoid")(layers.Dense(4, activation="relu")(h))
    return _classify(layers.Multiply()([features, layers.Reshape((1, 1, 8))(s)]))


def _cbam(x: Any) -> Any:
    """Channel attention from two pools by one shared MLP, then attention over the image."""
    h = conv_bn(x, 8)
    first, second = layers.Dense(4, activation="relu"), layers.Dense(8)
    pools = (layers.GlobalAveragePooling2D()(h), layers.GlobalMaxPooling2D()(h))
    channel = ops.sigmoid(layers.Add()([second(first(pool)) for pool in pools]))
    h = layers.Multiply()([h, layers.Reshape((1, 1, 8))(channel)])
    reduced = [ops.mean(h, axis=-1, keepdims=True), ops.max(h, axis=-1, keepdims=True)]
    where = layers.Conv2D(1, 7, padding="same", activation="sigmoid")(layers.Concatenate()(reduced))
    return _classify(layers.Multiply()([h, where]))


def _eca(x: Any) -> Any:
    """Efficient channel attention: a 1-D convolution along the channels."""
    h = conv_bn(x, 8)
    s = layers.Reshape((8, 1))(layers.GlobalAveragePooling2D()(h))
    s = layers.Conv1D(1, 3, padding="same", use_bias=False, activation="sigmoid")(s)
    return _classify(layers.Multiply()([h, layers.Reshape((1, 1, 8))(s)]))


def _non_local(x: Any) -> Any:
    h = conv_bn(x, 6, strides=2)
    _, height, width, _ = h.shape
    query, key, value = (
        layers.Reshape((height * width, 4))(layers.Conv2D(4, 1)(h)) for _ in range(3)
    )
    weight = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))), axis=-1)
    mixed = layers.Reshape((height, width, 4))(ops.matmul(weight, value))
    return _classify(layers.Add()([h, layers.Conv2D(6, 1)(mixed)]))


def _convnext(x: Any) -> Any:
    h = layers.LayerNormalization(epsilon=1e-6)(layers.Conv2D(8, 4, strides=4)(x))
    inner = layers.LayerNormalization(epsilon=1e-6)(layers.DepthwiseConv2D(7, padding="same")(h))
    inner = layers.Dense(8)(layers.Dense(16, activation="gelu")(inner))
    h = layers.Add()([h, LayerScale()(inner)])
    return _classify(layers.LayerNormalization(epsilon=1e-6)(h))


_ATTENTIVE = (
    ("senet", _senet),
    ("cbam", _cbam),
    ("eca", _eca),
    ("non_local", _non_local),
    ("convnext", _convnext),
)


def _patches(x: Any, size: int = 4, width: int = 8) -> Any:
    h = layers.Conv2D(width, size, strides=size)(x)
    return layers.Reshape((h.shape[1] * h.shape[2], width))(h)


def _vit(x: Any) -> Any:
    """Class token, learned positions, exact GELU."""
    h = PositionEmbedding()(ClassToken()(_patches(x)))
    h = transformer_block(transformer_block(h))
    return layers.Dense(5)(layers.LayerNormalization(epsilon=1e-6)(h)[:, 0])


def _vit_tutorial(x: Any) -> Any:
    """The Keras example: extracted patches, an embedding of the positions, everything flattened."""
    patches = ops.image.extract_patches(x, size=4)
    h = layers.Reshape((-1, patches.shape[-1]))(patches)
    count = h.shape[1]
    positions = ops.expand_dims(ops.arange(0, count), axis=0)
    h = layers.Dense(8)(h) + layers.Embedding(count, 8)(positions)
    h = transformer_block(h, activation="relu")
    return layers.Dense(5)(layers.Dropout(0.3)(layers.Flatten()(h)))


def _vit_masked_mean(x: Any) -> Any:
    h = transformer_block(PositionEmbedding()(_patches(x)), activation="swish")
    return layers.Dense(5)(layers.GlobalAveragePooling1D()(h))


def _windows(x: Any, size: int) -> Any:
    _, height, width, depth = x.shape
    x = ops.reshape(x, (-1, height // size, size, width // size, size, depth))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, size * size, depth))


def _unwindowed(x: Any, size: int, height: int, width: int) -> Any:
    depth = x.shape[-1]
    x = ops.reshape(x, (-1, height // size, width // size, size, size, depth))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height, width, depth))


@keras.saving.register_keras_serializable(package="conformance")
class WindowAttention(keras.layers.Layer):
    """Swin's attention within windows, with a learned bias per relative position."""

    def __init__(self, heads: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.size = heads, size
        steps = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), -1).reshape(
            -1, 2
        )
        offset = steps[:, None] - steps[None] + size - 1
        self.relative = offset[..., 0] * (2 * size - 1) + offset[..., 1]

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Creates the projections and the table of biases."""
        width = input_shape[-1]
        self.qkv, self.project = layers.Dense(3 * width), layers.Dense(width)
        self.qkv.build(input_shape)
        self.project.build(input_shape)
        self.table = self.add_weight(
            shape=((2 * self.size - 1) ** 2, self.heads), name="bias_table"
        )

    def call(self, inputs: Any, apart: Any = None) -> Any:
        """(windows, T, D) to the same; `apart` (windows per image, T, T) is added to the scores."""
        count, width = self.size**2, inputs.shape[-1]
        qkv = ops.reshape(self.qkv(inputs), (-1, count, 3, self.heads, width // self.heads))
        query, key, value = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), axis=0)
        scores = ops.matmul(query * (width // self.heads) ** -0.5, ops.swapaxes(key, -2, -1))
        bias = ops.take(self.table, self.relative.reshape(-1), axis=0)
        scores = scores + ops.transpose(ops.reshape(bias, (count, count, self.heads)), (2, 0, 1))
        if apart is not None:
            per_image = apart.shape[0]
            scores = ops.reshape(scores, (-1, per_image, self.heads, count, count))
            scores = ops.reshape(scores + apart[None, :, None], (-1, self.heads, count, count))
        mixed = ops.matmul(ops.softmax(scores, axis=-1), value)
        return self.project(ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, count, width)))

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "heads": self.heads, "size": self.size}


def _shift_mask(height: int, width: int, size: int, shift: int) -> Any:
    """Keeps apart the sides of the image that a roll brought together: 0 or -100."""
    region = np.zeros((1, height, width, 1), dtype="float32")
    cuts = (slice(0, -size), slice(-size, -shift), slice(-shift, None))
    for index, (rows, columns) in enumerate((r, c) for r in cuts for c in cuts):
        region[:, rows, columns] = index
    flat = ops.convert_to_numpy(_windows(region, size))[..., 0]
    return np.where(flat[:, None] == flat[:, :, None], 0.0, -100.0).astype("float32")


def _swin(x: Any) -> Any:
    """Windows, then shifted windows (roll, mask, roll back), then patches merged."""
    size, shift = 2, 1
    h = layers.LayerNormalization()(layers.Conv2D(8, 4, strides=4)(x))
    _, height, width, _ = h.shape
    h = h + _unwindowed(WindowAttention(2, size)(_windows(h, size)), size, height, width)
    rolled = _windows(ops.roll(layers.LayerNormalization()(h), (-shift, -shift), (1, 2)), size)
    mixed = WindowAttention(2, size)(rolled, apart=_shift_mask(height, width, size, shift))
    h = h + ops.roll(_unwindowed(mixed, size, height, width), (shift, shift), (1, 2))
    quarters = [h[:, 0::2, 0::2], h[:, 1::2, 0::2], h[:, 0::2, 1::2], h[:, 1::2, 1::2]]
    merged = layers.Dense(10, use_bias=False)(
        layers.LayerNormalization()(ops.concatenate(quarters, -1))
    )
    return _classify(merged)


def _mlp_mixer(x: Any) -> Any:
    h = _patches(x)
    tokens = h.shape[1]
    mixed = layers.Permute((2, 1))(layers.LayerNormalization()(h))
    mixed = layers.Dense(tokens)(layers.Dense(11, activation="gelu")(mixed))
    h = layers.Add()([h, layers.Permute((2, 1))(mixed)])
    mixed = layers.Dense(8)(layers.Dense(14, activation="gelu")(layers.LayerNormalization()(h)))
    return layers.Dense(5)(layers.GlobalAveragePooling1D()(layers.Add()([h, mixed])))


def _mobilevit(x: Any) -> Any:
    """Convolutions, then attention among pixels of the same place in their 2x2 patch."""
    h = layers.Conv2D(8, 1)(conv_bn(x, 6, strides=2, activation="swish"))
    _, height, width, depth = h.shape
    unfolded = ops.reshape(h, (-1, height // 2, 2, width // 2, 2, depth))
    unfolded = ops.reshape(
        ops.transpose(unfolded, (0, 2, 4, 1, 3, 5)), (-1, 4, height * width // 4, depth)
    )
    mixed = layers.LayerNormalization()(unfolded)
    mixed = unfolded + layers.MultiHeadAttention(2, 4, attention_axes=2)(mixed, mixed)
    folded = ops.reshape(mixed, (-1, 2, 2, height // 2, width // 2, depth))
    folded = ops.reshape(ops.transpose(folded, (0, 3, 1, 4, 2, 5)), (-1, height, width, depth))
    return _classify(conv_bn(layers.Concatenate()([h, folded]), 9, activation="swish"))


def _segformer(x: Any) -> Any:
    """Keys shrunk by a strided convolution; an MLP with a depthwise convolution."""
    h = layers.Conv2D(8, 7, strides=4, padding="same")(x)
    _, height, width, depth = h.shape
    tokens = layers.LayerNormalization()(layers.Reshape((height * width, depth))(h))
    reduced = layers.Conv2D(depth, 2, strides=2)(layers.Reshape((height, width, depth))(tokens))
    reduced = layers.LayerNormalization()(layers.Reshape((-1, depth))(reduced))
    tokens = tokens + layers.MultiHeadAttention(2, 4)(tokens, reduced)
    inner = layers.Reshape((height, width, 14))(layers.Dense(14)(tokens))
    inner = layers.Activation("gelu")(layers.DepthwiseConv2D(3, padding="same")(inner))
    tokens = tokens + layers.Dense(depth)(layers.Reshape((height * width, 14))(inner))
    return layers.UpSampling2D(4, interpolation="bilinear")(
        layers.Conv2D(4, 1)(layers.Reshape((height, width, depth))(tokens))
    )


@keras.saving.register_keras_serializable(package="conformance")
class LearnedQueries(keras.layers.Layer):
    """The same learned vectors for every sample, (N, ...) -> (N, count, D)."""

    def __init__(self, count: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count, self.width = count, width

    def build(self, _: Any) -> None:
        """Creates the vectors."""
        self.table = self.add_weight(shape=(self.count, self.width), name="queries")

    def call(self, inputs: Any) -> Any:
        """Repeats them for however many samples there are."""
        return ops.repeat(self.table[None], ops.shape(inputs)[0], axis=0)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "count": self.count, "width": self.width}


def _detr(x: Any) -> dict[str, Any]:
    """Learned queries look at the image's features; classes and boxes per query."""
    memory = PositionEmbedding()(_patches(x, 8))
    queries = LearnedQueries(6, 8)(memory)
    h = layers.LayerNormalization()(queries + layers.MultiHeadAttention(2, 4)(queries, queries))
    h = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 4)(h, memory))
    return {"classes": layers.Dense(4)(h), "boxes": layers.Dense(4, activation="sigmoid")(h)}


_TRANSFORMERS = (
    ("vit_class_token", _vit),
    ("vit_tutorial", _vit_tutorial),
    ("vit_mean_pooled", _vit_masked_mean),
    ("swin_shifted_windows", _swin),
    ("mlp_mixer", _mlp_mixer),
    ("mobilevit", _mobilevit),
    ("segformer", _segformer),
    ("detr_queries", _detr),
)
