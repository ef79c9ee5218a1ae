"""Small Keras models, written by tf2onnx as its users write them: channels last, with transposes.

    python tf2onnx_models.py FOLDER

Each becomes FOLDER/NAME.onnx, and FOLDER/NAME.npz with its inputs and TensorFlow's own outputs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from keras import layers


def _net() -> Any:
    image = keras.Input((32, 32, 3), name="image")
    x = layers.Conv2D(8, 3, 2, padding="same", use_bias=False)(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.Activation("swish")(layers.SeparableConv2D(16, 3, 2, padding="same")(x))
    x = layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, x)


def _unet() -> Any:
    image = keras.Input((24, 32, 3), name="image")
    a = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    b = layers.Conv2D(12, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
    b = layers.Conv2DTranspose(8, 3, 2, padding="same")(b)
    x = layers.Concatenate()([a, b, layers.UpSampling2D(2, interpolation="bilinear")(
        layers.AveragePooling2D(2, padding="same")(a))])  # fmt: skip
    return keras.Model(image, layers.Conv2D(3, 1, activation="softmax")(x))


def _sequence() -> Any:
    series = keras.Input((12, 4), name="series")
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(series)
    x = layers.GRU(5)(x)
    return keras.Model(series, layers.Dense(2)(layers.LayerNormalization()(x)))


def _attention() -> Any:
    series = keras.Input((9, 16), name="series")
    x = layers.MultiHeadAttention(2, 8)(series, series)
    x = layers.LayerNormalization()(layers.Add()([x, series]))
    return keras.Model(series, layers.Dense(3, activation="selu")(x))


def _series(layer: Any) -> Callable[[], Any]:
    """Return what makes a model of a recurrent layer."""

    def made() -> Any:
        series = keras.Input((12, 4), name="series")
        return keras.Model(series, layers.Dense(2)(layer()(series)))

    return made


def _both(layer: Any) -> Any:
    return layers.Bidirectional(layer)


MODELS: dict[str, Callable[[], Any]] = {
    "net": _net,
    "unet": _unet,
    "sequence": _sequence,
    "attention": _attention,
    "keras_lstm": _series(lambda: layers.LSTM(6)),
    "keras_lstm_all": _series(lambda: layers.LSTM(6, return_sequences=True)),
    "keras_lstm_both": _series(lambda: _both(layers.LSTM(6, return_sequences=True))),
    "keras_lstm_back": _series(lambda: layers.LSTM(6, go_backwards=True)),
    "keras_lstm_sigmoid": _series(lambda: layers.LSTM(6, "sigmoid")),
    "keras_lstm_relu": _series(lambda: layers.LSTM(6, "relu")),
    "keras_gru": _series(lambda: layers.GRU(6)),
    "keras_gru_both": _series(lambda: _both(layers.GRU(6, return_sequences=True))),
    "keras_gru_before": _series(lambda: layers.GRU(6, reset_after=False)),
    "keras_rnn": _series(lambda: layers.SimpleRNN(6)),
    "keras_masked": _series(lambda: keras.Sequential([layers.Masking(), layers.LSTM(6)])),
}


def write(folder: Path, name: str) -> None:
    """Write one model."""
    keras.utils.set_random_seed(5)
    model = MODELS[name]()
    (given,) = model.inputs
    spec = tf.TensorSpec((None, *given.shape[1:]), tf.float32, name=given.name)
    function = tf.function(lambda x: model(x, training=False))
    converted, _ = tf2onnx.convert.from_function(function, [spec], opset=15)
    (folder / f"{name}.onnx").write_bytes(converted.SerializeToString())
    x = np.random.default_rng(1).random((4, *given.shape[1:]), np.float32)
    answers: dict[str, Any] = {
        converted.graph.input[0].name: x,
        converted.graph.output[0].name: function(x),
    }
    arrays: dict[str, Any] = {key: np.asarray(value) for key, value in answers.items()}
    np.savez(folder / f"{name}.npz", **arrays)


def main() -> None:
    """Write all of them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        try:
            write(folder, name)
            print(name, "written")
        except Exception as error:  # the converter's own
            print(name, "FAILED:", str(error)[:200])


if __name__ == "__main__":
    main()
