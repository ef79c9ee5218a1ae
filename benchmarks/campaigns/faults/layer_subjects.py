"""Models of many kinds of layers, and of recurrent ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers

from . import pipelines as p
from .scenes import HEIGHT, WIDTH
from .subject import READ, Subject, colours, fit, training

STEPS: Final = 9


@cache
def recurrent() -> Any:
    """Return a model of a signal: an LSTM both ways, a GRU behind it, and a simple one beside."""
    keras.utils.set_random_seed(31)
    x = keras.Input((STEPS, 4), name="signal")
    y = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    y = layers.GRU(7)(y)
    side = layers.SimpleRNN(5)(x)
    out = layers.Dense(3, name="trend")(layers.Concatenate()([y, side]))
    values = np.random.default_rng(7).uniform(-1, 1, (500, STEPS, 4)).astype(np.float32)
    wanted = np.cumsum(values, axis=1)[:, -1, :3]
    return fit(keras.Model(x, out), values, wanted, "mse", 12)


@cache
def streaming() -> Any:
    """Return a stateful model of one step of a signal after the other."""
    keras.utils.set_random_seed(32)
    x = keras.Input(batch_shape=(1, 3, 4), name="signal")
    y = layers.LSTM(6, stateful=True, return_sequences=True)(x)
    y = layers.GRU(6, stateful=True)(y)
    return keras.Model(x, layers.Dense(2, name="next")(y))


@cache
def mixed() -> Any:
    """Return a model of many kinds of layers, each of which its answer depends on."""
    images, found = training("tf")
    keras.utils.set_random_seed(33)
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    y = layers.LeakyReLU(0.2)(layers.BatchNormalization()(y))
    a = layers.ReLU(max_value=2.0)(layers.DepthwiseConv2D(3, padding="same")(y))
    b = layers.ELU()(layers.Conv2D(8, 3, dilation_rate=2, padding="same")(y))
    y = layers.Concatenate()([a, b])
    y = layers.AveragePooling2D(3, strides=2, padding="same")(y)
    y = layers.Conv2D(8, 1)(layers.GroupNormalization(4)(y))
    up = layers.UpSampling2D(2, interpolation="bilinear")(y)
    up = layers.Conv2DTranspose(6, 4, strides=2, padding="same")(up)
    up = layers.PReLU(shared_axes=(1, 2))(layers.ZeroPadding2D(((1, 0), (0, 2)))(up))
    low = layers.MaxPooling2D(2, padding="same")(up)
    low = layers.LayerNormalization()(layers.Conv2D(6, 3, groups=2)(low))
    tokens = layers.Reshape((-1, 6))(layers.MaxPooling2D(3)(low))
    tokens = layers.MultiHeadAttention(2, 4)(tokens, tokens)
    out = layers.Dense(3, name="colour")(layers.Flatten()(tokens))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    return fit(keras.Model(x, out), images, colours(found), loss, 3)


def _values(model: Any) -> p.Pipeline:
    return lambda path: p.outputs_of(model, path, "tf")


def _write_signals(folder: Path) -> Path:
    values = np.random.default_rng(41).uniform(-1, 1, (8, STEPS, 4)).astype(np.float32)
    np.savez(folder / "signals.npz", signal=values)
    return folder / "signals.npz"


def _steps_of_a_signal() -> list[Any]:
    rng = np.random.default_rng(42)
    return [(rng.uniform(-1, 1, (1, 3, 4)).astype(np.float32),) for _ in range(4)]


LAYERS: Final[Mapping[str, Subject]] = {
    "recurrent": Subject(recurrent, {"task": "raw"}, samples=_write_signals),
    "streaming": Subject(
        streaming, {"task": "raw"}, samples=lambda _: None, given=_steps_of_a_signal
    ),
    "mixed": Subject(mixed, {"preprocess": "tf", "task": "regress"}, _values, READ),
    "two files": Subject(
        mixed,
        {"preprocess": "tf", "task": "regress", "forms": "portable,5.0"},
        _values,
        READ,
        engine=None,
    ),
}
