"""The columns that a batch gets: of results, or of the model's outputs; and of errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.batches.answering import RowAnswer
from keras2cv.columns.batch import objects
from keras2cv.schema.result_json import to_json
from keras2cv.schema.tensors import OutputTensor

Array = NDArray[Any]
Answer: TypeAlias = Literal["results", "arrays"]

ERROR: Final = "error"


@dataclass(frozen=True, slots=True)
class AddedColumn:
    """One column: its name, the dtype of its values ("str" for text) and the shape of a row's.

    `shape` () is one value per row.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: Callable[[Sequence[RowAnswer]], Array]

    @property
    def is_text(self) -> bool:
        """Whether it holds text, never None: "" is no text."""
        return self.dtype == "str"


def added_columns(
    answer: Answer, outputs: Sequence[OutputTensor], prefix: str, *, flat: bool
) -> tuple[AddedColumn, ...]:
    """Return the columns that go with a kind of `answer`, the errors last.

    Args:
        answer: "results": label, score, and the whole result as JSON; "arrays": the outputs.
        outputs: The model's.
        prefix: Before each name.
        flat: Whether a row's array is flat, for engines that have no arrays of several dimensions.
    """
    columns = list(_RESULTS)
    if answer == "arrays":
        columns = [_output_column(tensor, flat=flat) for tensor in outputs]
    columns.append(AddedColumn(ERROR, "str", (), _problems))
    return tuple(AddedColumn(f"{prefix}{c.name}", c.dtype, c.shape, c.values) for c in columns)


def _problems(rows: Sequence[RowAnswer]) -> Array:
    return objects([row.problem for row in rows])


def _labels(rows: Sequence[RowAnswer]) -> Array:
    return objects(["" if row.result is None else row.result.label for row in rows])


def _scores(rows: Sequence[RowAnswer]) -> Array:
    scores = [None if row.result is None else row.result.score for row in rows]
    return np.array([np.nan if score is None else score for score in scores], np.float64)


def _documents(rows: Sequence[RowAnswer]) -> Array:
    return objects(["" if row.result is None else to_json(row.result.to_dict()) for row in rows])


_RESULTS: Final = (
    AddedColumn("label", "str", (), _labels),
    AddedColumn("score", "float64", (), _scores),
    AddedColumn("result", "str", (), _documents),
)


@dataclass(frozen=True, slots=True)
class _OutputValues:
    """Collects an output; a row without one holds NaN, or 0 where the dtype has no NaN."""

    output: str
    dtype: str
    shape: tuple[int, ...]

    def __call__(self, rows: Sequence[RowAnswer]) -> Array:
        nothing = np.nan if np.issubdtype(self.dtype, np.floating) else 0
        found = np.full((len(rows), *self.shape), nothing, self.dtype)
        for index, row in enumerate(rows):
            if self.output in row.outputs:
                found[index] = row.outputs[self.output].reshape(self.shape)
        return found


def _output_column(tensor: OutputTensor, *, flat: bool) -> AddedColumn:
    shape = tensor.keras_shape[1:] if tensor.batched else tensor.keras_shape
    if flat and len(shape) > 1:
        shape = (prod(shape),)
    values = _OutputValues(tensor.name, tensor.dtype, shape)
    return AddedColumn(tensor.name, tensor.dtype, shape, values)
