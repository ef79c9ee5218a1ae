"""Arrays in an .npz: inputs, and their classes, numbers or masks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npz
from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import DataPlace
from keras2cv.evaluation.labelled import LabelledData, class_number, numbered_classes

Array = NDArray[Any]

_INPUTS: Final = ("x", "x_test", "x_val", "images", "image", "inputs", "data", "test_images")
_KINDS: Final = {"classify": "biufU", "binary": "biufU"}
_TRUTHS: Final = (
    *("y", "y_test", "y_val", "labels", "label", "targets", "target", "masks", "test_labels"),
)


def read_arrays(place: DataPlace, task: str) -> LabelledData | None:
    """Read the inputs `x` and truths `y` (or x_test, y_test, images, labels, ...) of an .npz.

    Raises:
        InputError: the two are not there, or have different lengths.
    """
    path = place.data
    if path.suffix.lower() != ".npz" or path.is_dir():
        return None
    found = read_npz(path)
    x, y = _one_of(found, _INPUTS), _one_of(found, _TRUTHS)
    inputs = None
    if y is not None and (len(found) > 2 or x is None):
        inputs = {name: array for name, array in found.items() if array is not y}
        x = _first_of(inputs, y, path)
    if x is None or y is None:
        names = ", ".join(found) or "nothing"
        raise InputError(f"{path} holds {names}. Give the inputs the name x, and their truths y.")
    if not (x.ndim and y.ndim and len(x)):
        raise InputError(f"{path} has x {x.shape} and y {y.shape}. Give one sample or more.")
    for name, array, kinds in (("x", x, "biuf"), ("y", y, _KINDS.get(task, "biuf"))):
        if array.dtype.kind not in kinds:
            raise InputError(f"{path} has texts as {name}. Give numbers.")
    if len(x) != len(y):
        raise InputError(f"{path} has {len(x)} inputs and {len(y)} truths. Give one for each.")
    classes, are_numbers = None, False
    if task in ("classify", "binary"):
        y, classes, are_numbers = _classes(y, str(path))
    form = f"arrays, {len(x)} of {list(x.shape[1:])} {x.dtype}"
    return LabelledData(form, str(path), (), classes, are_numbers, arrays=(x, y), inputs=inputs)


def _first_of(inputs: Mapping[str, Array], y: Array, path: Path) -> Array | None:
    """Return the first of several inputs' arrays; None if there are none.

    Raises:
        InputError: their lengths differ from that of the truths.
    """
    for name, array in inputs.items():
        if array.ndim and y.ndim and len(array) != len(y):
            raise InputError(
                f"{path} has {len(array)} of {name} and {len(y)} truths. Give one for each."
            )
    return next(iter(inputs.values()), None)


def _one_of(found: Mapping[str, Array], names: tuple[str, ...]) -> Array | None:
    lower = {name.casefold(): array for name, array in found.items()}
    return next((lower[name] for name in names if name in lower), None)


def _classes(y: Array, path: str) -> tuple[Array, tuple[str, ...], bool]:
    """Return class numbers and names, of numbers, names or one-hot rows."""
    if y.ndim == 2 and y.shape[1] > 1:
        if not ((y == 0) | (y == 1)).all() or not (y.sum(axis=1) == 1).all():
            raise InputError(f"{path} has truths {y.shape} that are not one-hot. Give numbers.")
        y = y.argmax(axis=1)
    y = y.reshape(len(y), -1)
    if y.shape[1] != 1:
        raise InputError(f"{path} has truths {y.shape}. Give one class for each input.")
    texts = [_text(value) for value in y[:, 0].tolist()]
    if all(re.fullmatch(r"[0-9]+", text) for text in texts):
        numbers = list(map(class_number, texts))
        return np.array(numbers, np.int64), numbered_classes(max(numbers), path), True
    names = sorted(set(texts))
    places = {name: k for k, name in enumerate(names)}
    return np.array([places[text] for text in texts], np.int64), tuple(names), False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
