"""Models whose bundles are broken on purpose: of every task, small, no two sizes alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from conformance import randomize
from support.detectors import DETECTORS

Array = np.ndarray[Any, Any]
HEIGHT, WIDTH = 24, 36


@dataclass(frozen=True)
class Subject:
    """A model with its weights, and the options of its export."""

    build: Callable[[], keras.Model]
    settings: Mapping[str, Any]
    calibration: tuple[int, ...]  # one sample's shape
    gain: float = 1.0  # on the head's kernel, so that probabilities stay between 0 and 1

    def model(self, seed: int = 11) -> keras.Model:
        """Return the model with the same informative weights for the same seed."""
        keras.utils.set_random_seed(seed)
        values = np.random.default_rng(seed).uniform(-1, 1, (8, *self.calibration))
        model = randomize(self.build(), seed, [values.astype(np.float32)])
        for layer in model.layers:
            if layer.name == "head":
                kernel, *bias = layer.get_weights()
                layer.set_weights([kernel * self.gain, *bias])
        return model


def _photo() -> Any:
    return keras.Input((HEIGHT, WIDTH, 3), name="photo")


def classifier(epsilon: float = 1e-3) -> keras.Model:
    """Return a classifier of pictures into six classes."""
    x = _photo()
    y = layers.Conv2D(7, 3, strides=2, padding="same", name="conv")(x)
    y = layers.ReLU()(layers.BatchNormalization(name="norm", epsilon=epsilon)(y))
    y = layers.Conv2D(5, 3, name="conv2", activation="relu")(y)
    y = layers.Flatten()(layers.MaxPooling2D(2)(y))
    return keras.Model(x, layers.Dense(6, activation="softmax", name="head")(y))


def _several() -> keras.Model:
    """Return two heads of one shape, and a map."""
    x = _photo()
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    half = layers.AveragePooling2D(2)(y)
    pooled = layers.Dense(9, activation="tanh")(layers.GlobalAveragePooling2D()(half))
    return keras.Model(
        x,
        {
            "colour": layers.Dense(5, name="colour")(pooled),
            "heat": layers.Conv2D(4, 3, padding="same", name="heat")(half),
            "shape": layers.Dense(5, name="shape")(pooled),
        },
    )


def _segmenter() -> keras.Model:
    """Return a small U-Net with four classes of pixels."""
    x = _photo()
    fine = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(fine)
    y = layers.Conv2D(6, 3, padding="same", activation="relu")(y)
    y = layers.Concatenate()([layers.UpSampling2D(2, interpolation="bilinear")(y), fine])
    return keras.Model(x, layers.Conv2D(4, 1, activation="softmax", name="head")(y))


def _lstm() -> keras.Model:
    """Return a sequence model with an output per step and one for the end."""
    x = keras.Input((11, 5), name="signal")
    y = layers.LSTM(7, return_sequences=True, name="first")(x)
    y = layers.LSTM(6, name="second")(y)
    return keras.Model(x, layers.Dense(4, name="head")(y))


def _deep() -> keras.Model:
    """Return fifty convolutions, in pairs around which the signal passes."""
    x = _photo()
    y = layers.Conv2D(6, 3, strides=2, padding="same", name="conv0")(x)
    for k in range(1, 49, 2):
        z = layers.Conv2D(6, 3, padding="same", activation="relu", name=f"conv{k}")(y)
        z = layers.Conv2D(6, 3, padding="same", name=f"conv{k + 1}")(z)
        y = layers.Add()([y, layers.Rescaling(0.1)(z)])
    y = layers.Conv2D(5, 3, name="conv49")(layers.ReLU()(y))
    return keras.Model(x, layers.Dense(6, name="head")(layers.GlobalAveragePooling2D()(y)))


_PICTURE = (HEIGHT, WIDTH, 3)
LABELS = ("red", "green", "blue", "round", "flat", "none")

SUBJECTS: Mapping[str, Subject] = {
    "classifier": Subject(
        classifier,
        {"preprocess": "torch", "labels": LABELS, "interpolation": "tf-bilinear"},
        _PICTURE,
        0.3,
    ),
    "0-1": Subject(classifier, {"preprocess": "0-1", "labels": LABELS}, _PICTURE, 0.3),
    "several": Subject(_several, {"preprocess": "tf"}, _PICTURE),
    "three": Subject(_several, {"preprocess": "tf", "batch": 3}, _PICTURE),
    "segmenter": Subject(
        _segmenter, {"preprocess": "tf", "task": "segment", "interpolation": "pil13-bilinear"},
        _PICTURE,
    ),
    "detector": Subject(
        DETECTORS["per class"].build,
        {
            "preprocess": "0-1",
            "task": "detect",
            "detect": DETECTORS["per class"].detection,
            "resize": "letterbox",
        },
        (64, 96, 3),
    ),
    "lstm": Subject(_lstm, {}, (11, 5)),
    "deep": Subject(_deep, {"preprocess": "tf"}, _PICTURE),
}  # fmt: skip
