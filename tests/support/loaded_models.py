"""Shared by tests of loading: a model with two inputs, and a way to run any loaded one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras2cv_export.model.load import LoadedModel

Array = np.ndarray[Any, Any]


def ask(loaded: LoadedModel, seed: int = 0) -> dict[str, Array]:
    """Return the outputs for random inputs, by name, in order."""
    rng = np.random.default_rng(seed)
    arrays = [rng.uniform(0, 9, spec.shape).astype(spec.dtype) for spec in loaded.inputs]
    pairs = loaded.call(*[tf.constant(a) for a in arrays])
    return {name: np.array(tensor) for name, tensor in pairs}


def photo_and_age() -> tuple[Any, Any, Any]:
    """Return two inputs and a vector that depends on both."""
    photo, age = keras.Input((7, 9, 3), name="photo"), keras.Input((4,), name="age")
    pooled = layers.GlobalAveragePooling2D(name="pooled")(photo)
    return photo, age, layers.Concatenate(name="joined")([pooled, age])
