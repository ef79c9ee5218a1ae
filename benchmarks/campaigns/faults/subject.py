"""A model to break the bundle of, and what all of them are trained with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import keras
import numpy as np
from keras import layers

from . import pipelines as p
from .scenes import HEIGHT, WIDTH, scenes

Array = np.ndarray[Any, Any]

LABELS: Final = ("red", "green", "blue")
READ: Final = MappingProxyType({"reference_resize": "cv2"})
_COUNT: Final = 700


@dataclass(frozen=True, eq=False)
class Subject:
    """A model, and how it is exported and used.

    Attributes:
        model: Trains and returns the Keras model, or the path of a model's file.
        settings: The arguments of `export`.
        answer: (model) -> the user's pipeline, a function of a picture's path; None: arrays.
        reference: The options of `check` with which the user says how pictures are read.
        lines: Whether its pictures are lines of text.
        samples: Writes the samples into a folder, and returns their path; None: drawn scenes, or
            arrays like those of training.
        given: What the bundle is asked to see a fault's effect: arguments of `predict`, or tuples,
            those of `infer`; None: the samples.
        engine: The engine that is checked; None: all.
    """

    model: Callable[[], Any]
    settings: Mapping[str, Any]
    answer: Callable[[Any], p.Pipeline] | None = None
    reference: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    lines: bool = False
    samples: Callable[[Path], Path | None] | None = None
    given: Callable[[], Sequence[Any]] | None = None
    engine: str | None = "classic"  # every OpenCV has it


def training(preset: str) -> tuple[Array, list[Any]]:
    """Return the inputs of the training's scenes, and the scenes."""
    found = scenes(_COUNT, 5)
    return np.concatenate([p.scaled(scene.image, preset) for scene in found]), found


def body() -> tuple[Any, Any]:
    """Return an input, and the features of a small net, 6 x 8 x 16."""
    keras.utils.set_random_seed(3)
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = x
    for filters in (8, 12, 16):
        y = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(y)
    return x, y


def fit(model: Any, x: Any, y: Any, loss: Any, epochs: int = 8) -> Any:
    """Train a model, and return it.

    Args:
        model: The model.
        x: Its inputs.
        y: What it should answer.
        loss: Keras' loss, or one for each output.
        epochs: How often it sees the inputs.
    """
    model.compile(keras.optimizers.Adam(3e-3), loss)
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model


def colours(found: list[Any]) -> Array:
    """Return the scenes' classes (N, 3), one of them 1."""
    return np.eye(3, dtype=np.float32)[[scene.colour for scene in found]]
