"""Samples read from the user's files: arrays by name or by number, or pictures."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.errors import InputError, Keras2cvWarning
from keras2cv.pixels.image_file import read_image
from keras2cv.streams.sources import find_sources
from keras2cv_export.model.spec import TensorSpec

Array = NDArray[Any]
Sample = tuple[Array, ...]
"""One array per input, in the model's order, Keras' layout and dtype, batch dimension included."""

_NUMBERED = re.compile(r"in/(\d+)/(\d+)")  # in/<sample>/<input>, as in a bundle's selftest.npz
_KINDS = "fiub"  # numbers: floating, integer, unsigned, boolean


def load_samples(
    path: Path,
    inputs: Sequence[TensorSpec],
    *,
    preprocess: Callable[[Path], Array] | None = None,
) -> list[Sample]:
    """Read samples from a file or a folder.

    Args:
        path: One of
            - `.npz` with an array per input name, (samples, ...) each, or with `in/<i>/<k>` as in
              a bundle's selftest.npz: sample i of input k, batch dimension included;
            - `.npy`, for a model of one input: (samples, ...);
            - a picture, or a folder of them, img2 before img10.
        inputs: The model's inputs.
        preprocess: Makes a picture's file into the input of the model, batch dimension included:
            the bundle's own preprocessing. Pictures need it.

    Raises:
        InputError: nothing there, unreadable, not of the inputs' names, shapes or dtypes, not
            finite, or pictures for a model that does not take one picture.
    """
    if not os.path.lexists(path):
        raise InputError(f"There are no samples at {path}. Check the path.")
    sources = find_sources([str(path)])
    kinds = {source.kind for source in sources}
    if kinds == {"image"}:
        return _preprocessed([source.path for source in sources], inputs, preprocess)
    if kinds != {"arrays"}:
        raise InputError(
            f"Samples cannot be read from the {sources[0].kind} {path}. "
            "Give a folder of pictures, a picture, .npz or .npy."
        )
    arrays = _read_arrays(path, inputs)
    if any(_NUMBERED.fullmatch(key) for key in arrays):
        return _numbered_samples(path, inputs, arrays)
    return _named_samples(path, inputs, arrays)


def batch_of(spec: TensorSpec) -> int:
    """Return the number of rows one sample has: the model's fixed batch size, or 1."""
    return spec.shape[0] or 1


def dtype_of(spec: TensorSpec) -> np.dtype[Any]:
    """Return the dtype of an input's samples.

    Raises:
        InputError: It holds text or objects.
    """
    try:
        dtype = np.dtype(spec.dtype)
    except TypeError:  # Keras' "string" is none of NumPy's
        dtype = np.dtype(object)
    if dtype.kind not in _KINDS:
        raise InputError(
            f"The input {spec} does not hold numbers. OpenCV takes numbers only: "
            "leave the layers that read text out of the model."
        )
    return dtype


def _preprocessed(
    pictures: Sequence[Path],
    inputs: Sequence[TensorSpec],
    preprocess: Callable[[Path], Array] | None,
) -> list[Sample]:
    if len(inputs) != 1 or preprocess is None:
        lacking = "no preprocessing" if len(inputs) == 1 else f"{len(inputs)} inputs"
        raise InputError(
            f"{pictures[0]} is a picture, and cannot be a sample of a model with {lacking}. "
            "Give arrays (.npz) as the model takes them, or give the preprocessing (--preprocess)."
        )
    arrays = usable(pictures, preprocess)
    return [(_fit(picture, inputs[0], array),) for picture, array in arrays]


def usable_pictures(samples: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Return the pictures at `samples` that can be decoded; warn of the others.

    There are none where it names arrays or a video.

    Raises:
        InputError: It leads nowhere, or no picture can be decoded.
    """
    sources = find_sources([str(samples)])
    if {source.kind for source in sources} != {"image"}:
        return ()
    return tuple(path for path, _ in usable([source.path for source in sources], read_image))


def usable(pictures: Sequence[Path], read: Callable[[Path], Array]) -> list[tuple[Path, Array]]:
    """Return each picture with what `read` makes of it; warn of those that it cannot read.

    Raises:
        InputError: It reads none.
    """
    found, problems = [], []
    for picture in pictures:
        try:
            found.append((picture, read(picture)))
        except InputError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{picture} cannot be read: {error.strerror or error}.")
    if not found:
        raise InputError(problems[0])
    for problem in problems:
        warnings.warn(f"A sample is left out: {problem}", Keras2cvWarning, stacklevel=2)
    return found


def _read_arrays(path: Path, inputs: Sequence[TensorSpec]) -> dict[str, Array]:
    """Read `.npz`, or `.npy` as the only input's."""
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    return {inputs[0].name: read_npy(path)}


def _numbered_samples(
    path: Path, inputs: Sequence[TensorSpec], arrays: Mapping[str, Array]
) -> list[Sample]:
    """Read in/<i>/<k>; other arrays of a self-test file, such as expected outputs, are ignored."""
    found = {
        (int(match[1]), int(match[2]))
        for match in map(_NUMBERED.fullmatch, arrays)
        if match is not None
    }
    count = 1 + max(sample for sample, _ in found)
    wanted = {(i, k) for i in range(count) for k in range(len(inputs))}
    if found != wanted:
        i, k = min(found ^ wanted)
        raise InputError(
            f"The samples in {path} are not {count} times {len(inputs)} inputs: in/{i}/{k} is "
            f"{'missing' if (i, k) in wanted else 'too many'}. Number both from 0, without gaps."
        )
    return [
        tuple(_fit(path, spec, arrays[f"in/{i}/{k}"]) for k, spec in enumerate(inputs))
        for i in range(count)
    ]


def _named_samples(
    path: Path, inputs: Sequence[TensorSpec], arrays: Mapping[str, Array]
) -> list[Sample]:
    names = [spec.name for spec in inputs]
    if sorted(names) != sorted(arrays):
        raise InputError(
            f"The arrays in {path} are called {', '.join(map(repr, sorted(arrays))) or 'nothing'}. "
            f"The model's inputs are: {', '.join(map(repr, names))}."
        )
    columns = [_split(path, spec, arrays[spec.name]) for spec in inputs]
    counts = {spec.name: len(column) for spec, column in zip(inputs, columns, strict=True)}
    if len(set(counts.values())) != 1:
        raise InputError(
            f"The inputs in {path} have different numbers of samples: {counts}. "
            "Give each as many as the others."
        )
    return list(zip(*columns, strict=True))


def _split(path: Path, spec: TensorSpec, array: Array) -> list[Array]:
    """Cut (samples, ...) into arrays of the model's own batch size."""
    batch = batch_of(spec)
    if array.ndim == 0 or len(array) == 0 or len(array) % batch:
        raise InputError(
            f"The samples of {spec.name!r} in {path} have the shape {array.shape}. "
            f"The first dimension counts samples: give a multiple of {batch}."
        )
    return [_fit(path, spec, array[i : i + batch]) for i in range(0, len(array), batch)]


def _fit(path: Path, spec: TensorSpec, array: Array) -> Array:
    """Return one sample in the input's dtype; nothing is reshaped, and no value changed."""
    wanted = (batch_of(spec), *spec.shape[1:])
    same_rank = array.ndim == len(wanted)
    if not same_rank or any(w not in (None, g) for w, g in zip(wanted, array.shape, strict=True)):
        raise InputError(
            f"A sample in {path} has the shape {array.shape}; the input {spec} takes {wanted}. "
            "Give it that shape, channels last."
        )
    dtype = dtype_of(spec)
    with np.errstate(over="ignore", invalid="ignore"):  # judged by the values, just below
        cast = array.astype(dtype) if array.dtype.kind in _KINDS else None
    if cast is None or not _keeps_values(array, cast):
        raise InputError(
            f"A sample in {path} holds {array.dtype} values that the input {spec} cannot take. "
            "Give finite values that its dtype can hold."
        )
    return cast


def _keeps_values(array: Array, cast: Array) -> bool:
    """Whether a cast kept the values: rounded as floats, exactly as integers."""
    if cast.dtype.kind == "f":
        return bool(np.isfinite(cast).all())
    return array.dtype.kind != "f" and np.array_equal(array, cast)
