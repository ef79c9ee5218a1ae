"""A model's answers as the user has them: arrays of its inputs and outputs by name, in one file.

x (40, 3, 32, 32)      40 samples of the input x
scores (40, 10)        their answers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.npz import read_npz
from keras2cv.errors import InputError
from keras2cv_export.model.refused_sample import SampleRefusedError
from keras2cv_export.model.spec import TensorSpec

Array = np.ndarray[Any, Any]
Sample = tuple[Array, ...]

SUFFIX: Final = ".npz"


class GivenAnswers:
    """A function from samples to outputs that knows the samples of one file."""

    def __init__(self, path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[str]) -> None:
        """Read the file.

        Args:
            path: The .npz file.
            inputs: The model's inputs, their sizes known.
            outputs: The names of its outputs.

        Raises:
            InputError: It cannot be read, or does not hold these arrays.
        """
        self._path, self._inputs, self._outputs = path, tuple(inputs), tuple(outputs)
        arrays = _by_role(read_npz(path), [spec.name for spec in inputs], outputs, path)
        self._count = _count(path, inputs, arrays)
        self.samples = tuple(
            tuple(_as_taken(path, spec, self._part(arrays, spec.name, k)) for spec in inputs)
            for k in range(self._count)
        )
        self._answers = [
            [(name, self._part(arrays, name, k)) for name in outputs] for k in range(self._count)
        ]

    def _part(self, arrays: Mapping[str, Array], name: str, k: int) -> Array:
        array = arrays[name]
        if self._count == 1:
            return array
        if array.ndim == 0 or len(array) % self._count:
            raise InputError(
                f"{self._path} has {self._count} samples, and {name} has the shape "
                f"{array.shape}. Give it for each of them, the first dimension counting."
            )
        rows = len(array) // self._count
        return array[k * rows : (k + 1) * rows]

    def __call__(self, *arrays: Any) -> list[tuple[str, Array]]:
        """Return the outputs for a sample of the file.

        Raises:
            SampleRefusedError: It is another sample.
        """
        given = [np.asarray(array) for array in arrays]
        for sample, answer in zip(self.samples, self._answers, strict=True):
            if all(map(_same, sample, given)):
                return list(answer)
        raise SampleRefusedError(
            f"{self._path} has no answer to a sample. Leave --samples out: its own are taken."
        )


def _as_taken(path: Path, spec: TensorSpec, array: Array) -> Array:
    cast = array.astype(spec.dtype) if array.dtype.kind in "fiub" else None
    kept = cast is not None and (
        bool(np.isfinite(cast).all()) if cast.dtype.kind == "f" else np.array_equal(array, cast)
    )
    if cast is None or not kept:
        raise InputError(
            f"{path} has {array.dtype} values that the input {spec} cannot take. "
            "Give finite values that its dtype can hold."
        )
    return cast


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b.astype(a.dtype)))


def _by_role(
    found: Mapping[str, Array], inputs: Sequence[str], outputs: Sequence[str], path: Path
) -> Mapping[str, Array]:
    """Return the arrays of all inputs and outputs.

    Raises:
        InputError: One is missing.
    """
    missing = [name for name in (*inputs, *outputs) if name not in found]
    if missing:
        raise InputError(
            f"{path} has no array {missing[0]!r}; it has {', '.join(sorted(found)) or 'none'}. The "
            f"inputs are {', '.join(inputs)}, and the outputs {', '.join(outputs)}: give all."
        )
    return found


def _count(path: Path, inputs: Sequence[TensorSpec], arrays: Mapping[str, Array]) -> int:
    """Return how many samples there are.

    Raises:
        InputError: An input has another shape than the model takes, or another number of samples.
    """
    counts = list(_counts(path, inputs, arrays))
    if len(set(counts)) != 1 or counts[0] < 1:
        raise InputError(
            f"The inputs in {path} have {', '.join(map(str, counts))} samples. "
            "Give each as many as the others, at least one."
        )
    return counts[0]


def _counts(path: Path, inputs: Sequence[TensorSpec], arrays: Mapping[str, Array]) -> Iterator[int]:
    for spec in inputs:
        array, batch = arrays[spec.name], int(spec.shape[0] or 1)
        if array.ndim != len(spec.shape) or array.shape[1:] != spec.shape[1:] or len(array) % batch:
            raise InputError(
                f"{path} has {spec.name!r} of the shape {array.shape}, and the model takes {spec}. "
                f"Give samples of that shape, the first dimension a multiple of {batch}."
            )
        yield len(array) // batch
