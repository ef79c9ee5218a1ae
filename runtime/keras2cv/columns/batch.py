"""A batch: a dict of columns, or a data frame of pandas' interface, which nothing here imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError, UsageError
from keras2cv.visible_text import shown

Array = NDArray[Any]

_FORMS: Final = (
    "Give a dict of columns (Ray Data: batch_format='numpy') or a pandas DataFrame "
    "(batch_format='pandas')."
)


def columns_of(batch: Any) -> dict[str, Any]:
    """Return the columns of a batch by name, each as it is.

    Raises:
        InputError: neither a mapping nor a data frame, or its columns differ in length.
    """
    if isinstance(batch, Mapping):
        columns = dict(batch)
    elif is_frame(batch):
        if not batch.columns.is_unique:
            raise InputError(
                f"Two columns have the same name: {_listed(batch.columns)}. Rename one of them."
            )
        columns = {name: batch[name] for name in batch.columns}
    else:
        raise InputError(f"A batch must be columns by name, got {type(batch).__name__}. {_FORMS}")
    row_count(columns)
    return columns


def is_frame(batch: Any) -> bool:
    """Whether a batch is a data frame: pandas', or one of its interface."""
    return all(hasattr(batch, name) for name in ("columns", "index", "iloc", "assign"))


def row_count(columns: Mapping[str, Any]) -> int:
    """Return how many rows the columns have, the same for all.

    Raises:
        InputError: they differ in length, or one of them is no column.
    """
    lengths = {}
    for name, column in columns.items():
        if not hasattr(column, "__len__") or getattr(column, "ndim", 1) == 0:
            raise InputError(
                f"Column {shown(str(name))} must hold a value per row, got "
                f"{type(column).__name__}. Put it into a list or an array."
            )
        lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        text = ", ".join(f"{shown(str(name))} {count}" for name, count in lengths.items())
        raise InputError(f"Columns must have the same number of rows, got {text}. Align them.")
    return next(iter(lengths.values()), 0)


def take(columns: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Take the columns of those names out of `columns`, and return them.

    Raises:
        InputError: one of them is not there.
    """
    if missing := [name for name in names if name not in columns]:
        raise InputError(
            f"The batch has no column {_listed(missing)}, only {_listed(columns) or 'none at all'}."
            " Name the columns after the model's inputs, or say which are which."
        )
    return {name: columns.pop(name) for name in names}


def join_columns(
    passed: Mapping[str, Any], added: Mapping[str, Any], remedy: str
) -> dict[str, Any]:
    """Return the columns that pass through, and those that are added after them.

    Raises:
        UsageError: a name is in both; `remedy` says what to do.
    """
    if both := [name for name in added if name in passed]:
        raise UsageError(f"The batch has a column {_listed(both)} already. {remedy}")
    return {**passed, **added}


def same_kind(batch: Any, columns: Mapping[str, Any]) -> Any:
    """Return columns as the kind of batch that came: a dict, or a frame with the same index.

    In a frame, a column whose rows are arrays holds an array in each row.
    """
    if isinstance(batch, Mapping):
        return dict(columns)
    data = {name: _frame_column(column) for name, column in columns.items()}
    return type(batch)(data, index=batch.index)


def is_missing(value: Any) -> bool:
    """Whether a row has no value: None, NaN, or pandas' own NA and NaT."""
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def objects(rows: Any) -> Array:
    """Return a column of any Python objects, arrays among them."""
    column = np.empty(len(rows), object)
    for index, row in enumerate(rows):
        column[index] = row
    return column


def _frame_column(column: Any) -> Any:
    return objects(column) if isinstance(column, np.ndarray) and column.ndim > 1 else column


def _listed(names: Any) -> str:
    return ", ".join(shown(str(name)) for name in names)
