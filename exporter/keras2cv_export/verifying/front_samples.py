"""Samples of a net behind steps of NumPy: what Keras makes of words, and of odd text."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.golden_vectors import GoldenFront, made_names
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.npz import read_npz
from keras2cv.errors import InputError
from keras2cv.preparing.front_values import FrontPreparer
from keras2cv_export.model.fronts.drawing import drawn_values
from keras2cv_export.model.fronts.model_front import ModelFront
from keras2cv_export.model.spec import TensorSpec

from .sample_files import Sample, batch_of

Array = np.ndarray[Any, Any]

GOLDEN_ROWS = 36
_SEED = 21


def samples_behind(
    front: ModelFront,
    inputs: Sequence[TensorSpec],
    usual: Sequence[Sample],
    given: str | PathLike[str] | None,
) -> list[Sample]:
    """Return samples whose inputs that steps make are made of drawn values, or of the user's.

    Args:
        front: The model's.
        inputs: The net's.
        usual: As many samples, for the other inputs.
        given: An .npz with an array per input of the model, (samples, ...) each; None: draw them.

    Raises:
        InputError: The file cannot be read, or is not of the model's inputs.
    """
    batch = batch_of(inputs[0])
    values = drawn_values(front.record, len(usual) * batch, _SEED, odd=True)
    count = len(usual)
    if given is not None:
        values = _read(front, Path(given))
        count = len(next(iter(values.values()))) // batch
        if count == 0:
            raise InputError(f"{given} holds fewer than {batch} samples, the batch. Give more.")
    made = front.by_keras(values)
    columns = []
    for spec, column in zip(inputs, zip(*usual, strict=True), strict=True):
        array = made[spec.name] if spec.name in front.record.made else None
        if array is None and given is not None:
            array = values[spec.name]
        if array is not None:
            parts = [array[k * batch : (k + 1) * batch] for k in range(count)]
            columns.append([part.astype(spec.dtype) for part in parts])
        else:
            columns.append(list(column))
    return list(zip(*columns, strict=True))


def golden_front(front: ModelFront, manifest: Manifest) -> GoldenFront:
    """Return values with what Keras' own layers make of them, for the self-test."""
    values = drawn_values(front.record, GOLDEN_ROWS, _SEED, odd=True)
    made = front.by_keras(values)
    return GoldenFront(
        tuple(_storable(array) for array in values.values()),
        {name: made[name] for name in made_names(manifest)},
    )


def _read(front: ModelFront, path: Path) -> dict[str, Array]:
    if path.suffix.lower() != ".npz":
        raise InputError(
            f"{path} cannot hold samples of a model of text. Give an .npz with an array for each "
            f"of {', '.join(one.name for one in front.record.inputs)}."
        )
    arrays = read_npz(path)
    preparer = FrontPreparer((), front.record)
    return preparer.columns(preparer.by_name(arrays))


def _storable(array: Array) -> Array:
    """Return text as NumPy stores it without pickles."""
    if array.dtype != object:
        return array
    flat = [value.decode("utf-8") for value in array.reshape(-1).tolist()]
    return np.asarray(np.array(flat, np.str_).reshape(array.shape))
