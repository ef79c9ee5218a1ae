"""Models that OpenCV computes right, and whose numbers are hard on a comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
from keras import layers

from keras2cv_export.quiet.tensorflow import tf


def _random(model: keras.Model, seed: int, gain: float = 1.0) -> keras.Model:
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        if not shape or not str(weight.dtype).startswith("float"):
            continue
        if "var" in weight.path:
            weight.assign(np.abs(rng.normal(1, 0.2, shape)))
        elif len(shape) > 1:
            weight.assign(rng.normal(0, gain * np.sqrt(2 / np.prod(shape[:-1])), shape))
        elif "gamma" in weight.path:
            weight.assign(rng.normal(1, 0.1, shape))
        else:
            weight.assign(rng.normal(0, 0.1, shape))
    return model


def _over(shape: tuple[int, ...], end: Callable[[Any], Any], seed: int, gain: float = 1.0) -> Any:
    x = keras.Input(shape)
    return _random(keras.Model(x, end(x)), seed, gain)


def _pooled(norm: Callable[[], Any]) -> Callable[[Any], Any]:
    def end(x: Any) -> Any:
        for strides in (1, 2, 2):
            x = layers.Conv2D(8, 3, strides=strides, padding="same")(x)
            x = layers.ReLU()(norm()(x))
        return layers.Dense(5)(layers.GlobalAveragePooling2D()(x))

    return end


@keras.saving.register_keras_serializable("right_models")
class Instance(layers.Layer):  # type: ignore[misc]
    """Statistics over the whole picture."""

    def call(self, x: Any) -> Any:
        """Give every channel mean 0 and spread 1."""
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5)


@keras.saving.register_keras_serializable("right_models")
class Power(layers.Layer):  # type: ignore[misc]
    """Logarithms of small powers."""

    def call(self, x: Any) -> Any:
        """Return the loudness of windows of 64 samples, in decibels."""
        windows = tf.reshape(x, [-1, 16, 64])
        power = tf.reduce_mean(windows**2, -1)
        return 10.0 / np.log(10.0) * tf.math.log(tf.maximum(power, 1e-12))


@keras.saving.register_keras_serializable("right_models")
class Exponential(layers.Layer):  # type: ignore[misc]
    """A head that overflows far from what it was made for."""

    def call(self, x: Any) -> Any:
        """Return e to the fortieth."""
        return tf.exp(40.0 * x)


@keras.saving.register_keras_serializable("right_models")
class OddEnds(layers.Layer):  # type: ignore[misc]
    """A function whose numbers end: in infinity, in zero, or in no number."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def call(self, x: Any) -> Any:
        """Compute it."""
        return _ENDS[self.kind](x)

    def get_config(self) -> dict[str, Any]:
        """Return the function's name."""
        return {**super().get_config(), "kind": self.kind}


_ENDS: dict[str, Callable[[Any], Any]] = {
    "ruled out": lambda x: tf.where(tf.range(8) < 7, x, -np.inf),
    "log of ReLU": lambda x: tf.math.log(tf.nn.relu(x)),
    "underflow": lambda x: tf.exp(30.0 * x - 80.0),
    "inverse": lambda x: 1.0 / tf.exp(40.0 * x),
    "own softmax": lambda x: tf.exp(60.0 * x) / tf.reduce_sum(tf.exp(60.0 * x), -1, True),
}


def _ends(kind: str) -> Callable[[int], keras.Model]:
    return lambda seed: _over((6,), lambda x: OddEnds(kind)(layers.Dense(8)(x)), seed)


def _offset(seed: int) -> keras.Model:
    rng = np.random.default_rng(seed)
    norm = layers.Normalization()
    norm.adapt(rng.normal(1000, 0.1, (300, 5)).astype(np.float32))
    x = keras.Input((5,))
    tail = layers.Dense(2)(layers.Dense(12, activation="relu")(norm(x)))
    model = keras.Model(x, tail)
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    return model


def _words(seed: int) -> keras.Model:
    x = keras.Input((8,), dtype="int32")
    y = layers.GlobalAveragePooling1D()(layers.Embedding(60, 6)(x))
    return _random(keras.Model(x, layers.Dense(3, activation="softmax")(y)), seed)


def _two_sizes(x: Any) -> Any:
    y = layers.Dense(12, activation="tanh")(x)
    large = layers.Rescaling(1e4)(layers.Dense(2)(y))
    return layers.Concatenate()([large, layers.Rescaling(1e-3)(layers.Dense(2)(y))])


def _features(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Conv2D(48, 3)(x)))


def _trained(seed: int) -> keras.Model:
    """Learn in a minute's fraction which quarter of a picture is bright."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    pictures = rng.uniform(0, 0.4, (256, 16, 16, 1)).astype(np.float32)
    quarters = rng.integers(0, 4, 256)
    for picture, quarter in zip(pictures, quarters, strict=True):
        row, column = 8 * (quarter // 2), 8 * (quarter % 2)
        picture[row : row + 8, column : column + 8] += 0.6
    x = keras.Input((16, 16, 1))
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2)(x)))
    model = keras.Model(x, layers.Dense(4, activation="softmax")(layers.Flatten()(y)))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(pictures, quarters, batch_size=32, epochs=4, verbose=0)
    return model


@keras.saving.register_keras_serializable("right_models")
class BestClass(layers.Layer):  # type: ignore[misc]
    """An answer of whole numbers."""

    def call(self, x: Any) -> Any:
        """Return the place of the largest number."""
        return tf.argmax(x, -1, output_type=tf.int32)

    def compute_output_spec(self, x: Any) -> Any:
        """Return whole numbers."""
        return keras.KerasTensor(x.shape[:-1], "int32")


def _near_ties(x: Any) -> Any:
    """Return probabilities that hardly differ."""
    return layers.Softmax()(layers.Rescaling(1e-5)(layers.Dense(40)(x)))


def _silence(x: Any) -> Any:
    """Return numbers of which most are exactly zero."""
    y = layers.Conv1D(8, 5, strides=2, activation="relu")(x)
    return layers.ReLU(threshold=1.5)(layers.Dense(16)(layers.GlobalMaxPooling1D()(y)))


RIGHT_MODELS: dict[str, Callable[[int], keras.Model]] = {
    "batch statistics": lambda s: _over((24, 24, 3), _pooled(layers.BatchNormalization), s),
    "group statistics": lambda s: _over(
        (24, 24, 3), _pooled(lambda: layers.GroupNormalization(4)), s
    ),
    "picture statistics": lambda s: _over((24, 24, 3), _pooled(Instance), s),
    "unit norm": lambda s: _over((24, 24, 3), _pooled(layers.UnitNormalization), s),
    "saturated": lambda s: _over((6,), layers.Dense(4, activation="sigmoid"), s, 20.0),
    "small powers": lambda s: _over((1024,), Power(), s),
    "overflowing": lambda s: _over((6,), lambda x: Exponential()(layers.Dense(8)(x)), s),
    "a class that is ruled out": _ends("ruled out"),
    "logarithm of zeros": _ends("log of ReLU"),
    "underflowing": _ends("underflow"),
    "inverse that overflows": _ends("inverse"),
    "softmax of its own": _ends("own softmax"),
    "around 1000": _offset,
    "words": _words,
    "two sizes": lambda s: _over((6,), _two_sizes, s),
    "features, some dead": lambda s: _over((16, 16, 3), _features, s),
    "recurrent": lambda s: _over((12, 4), layers.GRU(6), s),
    "trained": _trained,
    "whole numbers": lambda s: _over((6,), lambda x: BestClass()(layers.Dense(9)(x)), s),
    "near-ties": lambda s: _over((12,), _near_ties, s),
    "exact zeros": lambda s: _over((64, 2), _silence, s),
    "both ways": lambda s: _over((10, 3), layers.Bidirectional(layers.LSTM(4)), s),
    "tiny": lambda s: _over((6,), lambda x: layers.Rescaling(1e-12)(layers.Dense(4)(x)), s),
}

# Those with kernels large enough to be stored in other numbers.
STORED: Final = (
    "batch statistics", "saturated", "around 1000", "words", "two sizes", "features, some dead",
    "trained", "whole numbers", "near-ties", "exact zeros", "recurrent",
)  # fmt: skip
