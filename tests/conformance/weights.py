"""Informative weights for any Keras model: the benchmarks' own, over a case's own inputs."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from keras2cv_bench import calibrate

from .inputs import Array, inputs_for

CALIBRATION_BATCH = 16  # deep networks on one-pixel feature maps need this many to be stable


def randomize(
    model: keras.Model, seed: int, calibration: Sequence[Array] | None = None
) -> keras.Model:
    """Gives every weight an informative value, in place, and returns the model."""
    drawn = inputs_for(model, CALIBRATION_BATCH, seed) if calibration is None else calibration
    return calibrate.randomize(model, seed, drawn)
