"""Called with a batch of columns, returns it with the answers: what a cluster's workers run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.batches.added_columns import AddedColumn, Answer, added_columns
from keras2cv.batches.answering import RowAnswer, answer_rows
from keras2cv.batches.loaded import kept_model
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import read_bundle
from keras2cv.bundle.standing import require_same
from keras2cv.columns.arrays import rows_of
from keras2cv.columns.batch import columns_of, is_frame, join_columns, same_kind, take
from keras2cv.columns.pictures import decoded, encoded_rows
from keras2cv.errors import UsageError
from keras2cv.pixels.images import as_bgr
from keras2cv.predictor import Predictor
from keras2cv.preparing.given_inputs import given_inputs

Array = NDArray[Any]
Color = Literal["BGR", "RGB"]

_ANSWERS: Final = ("results", "arrays")
_COLORS: Final = ("BGR", "RGB")
_OPTIONS: Final = ("batch", "check_device", "device", "engine", "nms", "score")


class BatchPredictor:
    """A bundle as a function of batches, for Ray, Dask, Spark and pools of processes.

    It is small and can be pickled: a worker loads the bundle when its first batch comes, once for
    each of its threads, from the same path. The bundle there must hold the same model.

    A row that cannot be predicted has the reason in the column `error`, and the others go on.
    """

    def __init__(
        self,
        bundle: str | os.PathLike[str],
        *,
        column: str | Mapping[str, str] | None = None,
        answer: Answer = "results",
        prefix: str = "",
        keep_input: bool = False,
        prepared: bool = False,
        color: Color = "BGR",
        flat: bool = False,
        threads: int | None = 1,
        sha256: str | None = None,
        **options: Any,
    ) -> None:
        """Read the bundle's manifest; the net is loaded where the batches come.

        Args:
            bundle: the bundle's folder, at the same path on every machine.
            column: the column of the model's input, or of its image if it has several inputs; or a
                dict from inputs to columns. None: columns are named as the inputs.
            answer: "results" adds `label`, `score` and the whole `result` as JSON; "arrays" adds
                the model's outputs by their names. Both add `error`, "" where there is none.
            prefix: before the name of each added column.
            keep_input: whether the inputs' columns stay in the batch.
            prepared: whether the image's column holds arrays as `infer` takes them, and not images.
            color: the order of channels of images that come as arrays; Ray's `read_images` and
                Pillow give "RGB". Encoded images know their own.
            flat: whether arrays of several dimensions become flat rows, as Spark and Parquet have
                them.
            threads: OpenCV's threads in a worker's process; None: unchanged.
            sha256: the model's in another process, as `sha256` has it, which must be there.
            options: further ones of `keras2cv.load`: device, engine, score, nms, batch,
                check_device.

        Raises:
            BundleError: no bundle, or one that is incomplete, too new or of another model.
            UsageError: an argument that means nothing, or a model that remembers earlier batches.
        """
        _require("answer", answer, _ANSWERS)
        _require("color", color, _COLORS)
        if wrong := options.keys() - set(_OPTIONS):
            raise UsageError(
                f"There is no option {', '.join(sorted(wrong))}. BatchPredictor describes its "
                f"own; of keras2cv.load it takes {', '.join(_OPTIONS)} too."
            )
        self._folder = os.path.abspath(bundle)  # noqa: PTH100 - resolve() would follow links
        manifest = read_bundle(self._folder, check_hash=False).manifest
        if manifest.states:
            raise UsageError(
                f"{bundle} remembers earlier batches, and a cluster has no order of them. "
                "Predict its sequences one after the other, or export the model without states."
            )
        self._sha256 = manifest.model.sha256
        if sha256 is not None:
            require_same(self._folder, self._sha256, sha256)
        self._columns = _columns_of_inputs(manifest, column)
        self._image = None if prepared else manifest.image_input
        self._added = added_columns(answer, manifest.own_outputs, prefix, flat=flat)
        self._options = {**options, "threads": threads}
        self._keep_input, self._color = keep_input, color

    @property
    def added(self) -> tuple[AddedColumn, ...]:
        """The columns that a batch gets, in order."""
        return self._added

    @property
    def sha256(self) -> str:
        """The model's, which each worker must find."""
        return self._sha256

    @property
    def input_columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(dict.fromkeys(self._columns.values()))

    @property
    def keep_input(self) -> bool:
        """Whether the columns that it reads stay in the batch."""
        return self._keep_input

    @property
    def model(self) -> Predictor:
        """The loaded model of this process and thread."""
        return kept_model(self._folder, self._sha256, self._options)

    def __call__(self, batch: Any) -> Any:
        """Return a batch, a dict of columns or a pandas DataFrame, with the answers.

        Raises:
            InputError: a column is missing.
            UsageError: an added column has the name of another.
            NetError: OpenCV fails.
        """
        passed = columns_of(batch)
        everything = dict(passed)
        given = take(passed, self.input_columns)
        if self._keep_input:
            passed = everything
        rows = {name: self._rows(name, given[column]) for name, column in self._columns.items()}
        answers = self._answers(rows)
        added = {column.name: column.values(answers) for column in self._added}
        joined = same_kind(batch, join_columns(passed, added, "Give a `prefix` for the new ones."))
        if not is_frame(batch):
            return joined
        return joined.astype({column.name: "str" for column in self._added if column.is_text})

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise where a worker would, in the middle of a job.

        Raises:
            UsageError: a column is missing, or one has the name of an added one.
        """
        kept = [name for name in names if self._keep_input or name not in self.input_columns]
        missing = [name for name in self.input_columns if name not in names]
        both = [column.name for column in self._added if column.name in kept]
        if missing:
            raise UsageError(
                f"There is no column {', '.join(missing)}, only {', '.join(names)}. Give `column`."
            )
        if both:
            raise UsageError(f"There is a column {', '.join(both)} already. Give a `prefix`.")

    def _answers(self, rows: Mapping[str, Array]) -> list[RowAnswer]:
        if not len(next(iter(rows.values()))):
            return []  # an empty partition loads no model
        return list(answer_rows(self.model, rows, self._image_of if self._image else None))

    def _rows(self, name: str, column: Any) -> Array:
        encoded = encoded_rows(column) if name == self._image else None
        return rows_of(column) if encoded is None else encoded

    def _image_of(self, value: Any) -> Array:
        """Return the image of one row, which may be an array already."""
        if not isinstance(value, np.ndarray):
            return decoded(value)
        image = as_bgr(value)
        is_flipped = self._color == "RGB" and value.ndim == 3 and value.shape[2] > 1
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR)) if is_flipped else image


def _columns_of_inputs(
    manifest: Manifest, column: str | Mapping[str, str] | None
) -> dict[str, str]:
    """Return the column of each input.

    Raises:
        UsageError: one name for several inputs without an image, or an input that is not there.
    """
    names = [one.name for one in given_inputs(manifest)]
    own = {name: name for name in names}
    if column is None:
        return own
    if not isinstance(column, str | Mapping):
        raise UsageError(
            f"column must be a name or a dict from inputs to names, got {column!r}. Give a text."
        )
    if isinstance(column, Mapping):
        for name in column:
            _require("the input", name, names)
        return {**own, **column}
    read = names[0] if len(names) == 1 else manifest.image_input
    if read is None:
        raise UsageError(
            f"The model has the inputs {', '.join(names)}, and {column!r} is one column. "
            "Give a dict from inputs to columns."
        )
    return {**own, read: column}


def _require(what: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise UsageError(f"{what} must be one of {', '.join(known)}, got {value!r}. Choose one.")
