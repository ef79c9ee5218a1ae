"""A column of numbers as the array that Keras takes: objects stacked, flat rows in their shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.columns.batch import is_missing, objects
from keras2cv.errors import InputError
from keras2cv.preparing.given_inputs import GivenInput
from keras2cv.schema.tensors import InputTensor

Array = NDArray[Any]


def array_of(column: Any, tensor: InputTensor | GivenInput) -> Array:
    """Return a column as (N, ...) of the input's shape, in the column's own dtype.

    A row may be flat: all values of a sample, the last axis fastest, as `ravel` has them. It may
    also be an array or nested lists in a column of objects.

    Raises:
        InputError: a row that is missing, no numbers, or of another shape; it is named.
    """
    values = rows_of(column)
    if values.dtype != object:
        return _in_shape(values, tensor)
    if not len(values):
        return _no_rows(tensor)
    return np.stack([_named_row(value, tensor, index) for index, value in enumerate(values)])


def rows_of(column: Any) -> Array:
    """Return a column as an array whose first axis is the rows; ragged rows as objects."""
    if isinstance(column, np.ndarray):
        return column
    if isinstance(column, list | tuple):
        return _from_list(column)
    return np.asarray(column)  # pandas' and Arrow's columns


def row_of(value: Any, tensor: InputTensor | GivenInput) -> Array:
    """Return the value of one row as an array of one sample's shape; text as objects.

    Raises:
        InputError: it is missing, no numbers, or of another shape.
    """
    if is_missing(value):
        raise InputError(f"there is no value for the input {tensor.name}. Leave the row out.")
    array = _texts(value) if tensor.dtype == "string" else _numbers(value, tensor)
    wanted = tensor.keras_shape[1:]
    if array.shape == wanted or array.shape == (prod(wanted),):
        return array.reshape(wanted)
    if array.ndim == 0 and prod(wanted) == 1:
        return array.reshape(wanted)
    raise InputError(
        f"input {tensor.name} must be {_show(wanted)} or its {prod(wanted)} values in a row, got "
        f"{_show(array.shape)}. Images of any size come as their files' bytes or paths."
    )


def _from_list(column: Sequence[Any]) -> Array:
    """Return a list of rows as one array, or, of rows that are no numbers or differ, of objects."""
    if any(isinstance(row, bytearray | memoryview) for row in column):  # NumPy reads their numbers
        return objects(column)
    try:
        array = np.asarray(column)
    except ValueError:  # rows of different shapes
        return objects(column)
    return array if array.dtype.kind in "biuf" else objects(column)


def _no_rows(tensor: InputTensor | GivenInput) -> Array:
    dtype = object if tensor.dtype == "string" else tensor.dtype
    return np.zeros((0, *(max(size, 1) for size in tensor.keras_shape[1:])), dtype)


def _in_shape(array: Array, tensor: InputTensor | GivenInput) -> Array:
    wanted = tensor.keras_shape[1:]
    if not len(array) and array.ndim == 1:  # of no rows nobody knows the shape
        return _no_rows(tensor)
    is_flat = array.ndim == 2 and array.shape[1] == prod(wanted)
    if is_flat or (array.ndim == 1 and prod(wanted) == 1):
        return array.reshape(-1, *wanted)
    return array


def _named_row(value: Any, tensor: InputTensor | GivenInput, index: int) -> Array:
    try:
        return row_of(value, tensor)
    except InputError as error:
        raise InputError(f"Row {index}: {error}") from error


def _texts(value: Any) -> Array:
    """Return texts of one sample as objects."""
    is_one = isinstance(value, str | bytes)
    texts = np.empty(1 if is_one else np.shape(value), object)
    texts[...] = value
    return texts.reshape(()) if is_one else texts


def _numbers(value: Any, tensor: InputTensor | GivenInput) -> Array:
    try:
        array = np.asarray(value)
        if array.dtype == object:  # nested, as Spark has it: an array of arrays
            array = np.array(_as_lists(array))
    except (ValueError, TypeError):
        array = np.asarray("ragged")
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"input {tensor.name} must be numbers of one shape, got {type(value).__name__}. "
            f"Convert it to {tensor.dtype} first."
        )
    return array


def _as_lists(value: Any) -> Any:
    if isinstance(value, np.ndarray | list | tuple):
        return [_as_lists(item) for item in value]
    return value


def _show(shape: Sequence[int]) -> str:
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
