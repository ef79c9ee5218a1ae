"""Read a table of samples, .csv or .tsv with a column per input, or a .txt with a text per line."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.plain_files import read_plain

Array = NDArray[Any]

MAX_BYTES: Final = 2**28
MAX_FIELD: Final = 2**24  # characters of one value


def read_table(path: Path) -> dict[str, Array]:
    """Return the columns of a table by their heads, or the lines of a text, as arrays of str.

    Raises:
        InputError: it is too large, not UTF-8, has no rows, or rows of several lengths.
        OSError: it cannot be read.
    """
    try:
        text = read_plain(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason}). Save it as UTF-8.") from error
    if path.suffix.lower() == ".txt":
        return {"arr_0": _column(path, text.splitlines())}
    rows = _rows(path, text)
    head, body = rows[0], rows[1:]
    if len(set(head)) != len(head):
        raise InputError(f"{path} has two columns of one name. Its first line must name each.")
    for number, row in enumerate(body, start=2):
        if len(row) != len(head):
            raise InputError(
                f"{path}: row {number} has {len(row)} values, and the first line names "
                f"{len(head)} columns. Quote values that hold the separator."
            )
    return {name: _column(path, [row[k] for row in body]) for k, name in enumerate(head)}


def as_numbers(values: Array, name: str) -> Array:
    """Return a column of decimals as float64, an empty one as NaN.

    Raises:
        InputError: one is no number.
    """
    numbers = np.empty(values.size, np.float64)
    for row, text in enumerate(values.reshape(-1).tolist()):
        try:
            numbers[row] = float(text) if text.strip() else np.nan
        except ValueError as error:
            raise InputError(
                f"the input {name} must be a number, got {text[:40]!r} in sample {row}. "
                "Correct the table."
            ) from error
    return numbers.reshape(values.shape)


def _rows(path: Path, text: str) -> list[list[str]]:
    before = csv.field_size_limit(MAX_FIELD)
    try:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [row for row in found if row]
    except csv.Error as error:
        raise InputError(f"{path} is no table ({error}). Save it as CSV again.") from error
    finally:
        csv.field_size_limit(before)
    if len(rows) < 2:
        raise InputError(f"{path} has no rows. Its first line names the columns; samples follow.")
    return rows


def _column(path: Path, values: list[str]) -> Array:
    if not values:
        raise InputError(f"{path} has no lines. Give a text on each.")
    column = np.empty(len(values), object)
    column[:] = values
    return column
