"""A model's outputs for a batch of columns, as cluster engines hand it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import InputTensor, Manifest, OutputTensor
from keras2cv.columns.arrays import array_of
from keras2cv.columns.batch import columns_of, join_columns, same_kind, take
from keras2cv.columns.pictures import decoded_rows, encoded_rows
from keras2cv.errors import UsageError
from keras2cv.net.tensors import chunks, join
from keras2cv.preparing.given_inputs import GivenInput

Array = NDArray[Any]

_TAKEN: Final = "Rename it, or leave it out."  # what to do about a column named like an output


class ColumnModel(Protocol):
    """What is asked of a `keras2cv.predictor.Predictor` here."""

    folder: Path
    manifest: Manifest

    @property
    def given(self) -> dict[str, GivenInput]:
        """What a user gives, by name."""

    def infer(self, *arrays: Any) -> list[Array]:
        """Return Keras' outputs."""

    def run_beside(self, images: Sequence[Array], arrays: Mapping[str, Array]) -> Any:
        """Return the outputs by name for at most a batch of images, and their placements."""


def answer_columns(model: ColumnModel, batch: Any) -> Any:
    """Return a batch with the model's outputs, by name, in place of its inputs.

    Args:
        model: a predictor.
        batch: as `Predictor.__call__` takes it.

    Raises:
        InputError: a column is missing, or a row is not what the input takes.
        UsageError: an output has the name of a column that passes through, or the model takes text
            and images.
        NetError: OpenCV fails.
    """
    passed, manifest = columns_of(batch), model.manifest
    tensors, outputs = manifest.own_inputs, manifest.own_outputs
    if manifest.front is not None:
        given = take(passed, list(model.given))
        arrays = _outputs_of_values(model, given)
    else:
        if manifest.states and all(t.name in passed for t in manifest.inputs):
            tensors, outputs = manifest.inputs, manifest.outputs
        given = take(passed, [tensor.name for tensor in tensors])
        arrays = _outputs_of_tensors(model, given, tensors, outputs)
    found = {tensor.name: array for tensor, array in zip(outputs, arrays, strict=True)}
    return same_kind(batch, join_columns(passed, found, _TAKEN))


def _outputs_of_values(model: ColumnModel, columns: Mapping[str, Any]) -> list[Array]:
    """Return the outputs for columns of text and numbers.

    Raises:
        UsageError: the model takes images, too.
    """
    if model.manifest.preprocessing is not None:
        raise UsageError(
            f"{model.folder} takes images beside text, and columns of both are not read. Call "
            "predict() with a dict for each sample."
        )
    arrays = {name: array_of(columns[name], one) for name, one in model.given.items()}
    if _are_empty(columns):
        return [_without_rows(tensor) for tensor in model.manifest.own_outputs]
    return model.infer(arrays)


def _outputs_of_tensors(
    model: ColumnModel,
    columns: Mapping[str, Any],
    tensors: Sequence[InputTensor],
    outputs: Sequence[OutputTensor],
) -> list[Array]:
    """Return the outputs for columns of arrays, and of encoded images."""
    name = model.manifest.image_input
    images = None if name is None else encoded_rows(columns[name])
    own = [tensor for tensor in tensors if images is None or tensor.name != name]
    arrays = {tensor.name: array_of(columns[tensor.name], tensor) for tensor in own}
    if _are_empty(columns):
        return [_without_rows(tensor) for tensor in outputs]
    if images is None:
        return model.infer(arrays)
    runs = []
    for part in chunks(len(images), model.manifest.model.batch):
        pictures = decoded_rows(images[part], part.start)
        rows = {name: array[part] for name, array in arrays.items()}
        runs.append(model.run_beside(pictures, rows)[0])
    return [join([run[tensor.name] for run in runs], tensor) for tensor in outputs]


def _are_empty(columns: Mapping[str, Any]) -> bool:
    return len(next(iter(columns.values()))) == 0


def _without_rows(tensor: OutputTensor) -> Array:
    """Return an output for no samples."""
    return np.zeros((0, *tensor.keras_shape[1:]), tensor.dtype)
