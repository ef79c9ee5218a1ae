"""Layers that compute something else in Keras 3 than in the Keras 1 or 2 that wrote the file.

Keras 3 opens such a file without a word, and predicts other numbers than the model was trained for.
Every layer of Keras 2.21 was written to .h5 with its options and read by Keras 3.15: these two are
all that differ, by 8 to 24 % (hard_sigmoid, also the default of ConvLSTM2D) and by more than the
output itself (UnitNormalization).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras2cv_export.model.config import walk

# keras/activations.py of Keras 2.15, and keras/src/activations/activations.py of Keras 3.
HARD_SIGMOID = (
    "hard_sigmoid is max(0, min(1, 0.2 x + 0.5)) in Keras 2 and relu6(x + 3) / 6 in Keras 3"
)
# Keras 2 normalises along one axis after the other, Keras 3 over all of them at once.
UNIT_NORMALIZATION = (
    "UnitNormalization over several axes takes them one by one in Keras 2 and together in Keras 3"
)


def is_older(keras_version: str | None) -> bool:
    """Return whether Keras 1 or 2 wrote a file; those of Keras 1 may have no version."""
    major = (keras_version or "1").split(".")[0]
    return major.isdecimal() and int(major) < 3


def changed_meanings(config: dict[str, Any]) -> list[str]:
    """Return a sentence for each layer or function that Keras 3 computes differently."""
    return sorted(set(_changes(config)))


def _changes(config: dict[str, Any]) -> Iterator[str]:
    for layer in walk(config):
        settings = layer.get("config")
        if not isinstance(settings, dict):
            continue
        if any(_is_hard_sigmoid(settings.get(key)) for key in settings if "activation" in key):
            yield HARD_SIGMOID
        axis = settings.get("axis")
        several = isinstance(axis, list | tuple) and len(axis) > 1
        if layer["class_name"] == "UnitNormalization" and several:
            yield UNIT_NORMALIZATION


def _is_hard_sigmoid(activation: Any) -> bool:
    """Return whether an activation, as any Keras records one, is hard_sigmoid."""
    if isinstance(activation, dict):
        activation = activation.get("config", activation.get("class_name"))
    return bool(activation == "hard_sigmoid")
