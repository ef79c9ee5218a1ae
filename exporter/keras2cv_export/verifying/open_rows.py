"""Answers with as many rows as a model finds, beside bundles with as many as there can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest

Array = np.ndarray[Any, Any]


def with_all_rows(arrays: Sequence[Array], manifest: Manifest) -> list[Array]:
    """Return a model's outputs, in the manifest's order, with zeros in the rows that it lacks.

    Only outputs are filled up that a choice of the NumPy tail makes, as rows of an open number end.
    """
    steps = manifest.tail.steps if manifest.tail is not None else ()
    chosen = {name for step in steps if step.op == "where" for name in step.outputs}
    if len(arrays) != len(manifest.outputs):
        return list(arrays)
    pairs = zip(arrays, manifest.outputs, strict=True)
    return [_filled(a, o.keras_shape) if o.net_name in chosen else a for a, o in pairs]


def _filled(array: Array, shape: tuple[int, ...]) -> Array:
    """Return an array with zeros behind one axis that is too short; others as they are."""
    if array.ndim != len(shape):
        return array
    missing = [wanted - got for wanted, got in zip(shape, array.shape, strict=True)]
    if min(missing, default=0) < 0 or np.count_nonzero(missing) != 1:
        return array
    return np.pad(array, [(0, n) for n in missing])
