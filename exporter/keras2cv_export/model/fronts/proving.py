"""Compare a front's steps with Keras' own layers: text is looked up right, or it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from keras2cv.errors import BundleError, InputError, ModelError
from keras2cv.numpy_front.record import NumpyFront
from keras2cv.numpy_front.run import FrontRunner

from .drawing import drawn_values
from .model_front import ModelFront

Array = np.ndarray[Any, Any]

ROWS: Final = 240
SEED: Final = 41


def front_problem(front: ModelFront, record: NumpyFront) -> str | None:
    """Return how a record's steps differ from Keras' layers on drawn values; None: nowhere.

    Raises:
        ModelError: Keras' layers do not take the values.
    """
    values = drawn_values(record, ROWS, SEED, odd=True)
    expected = answered(front, values)
    try:
        arrays = FrontRunner(record).run(values)
    except (BundleError, InputError) as error:
        return str(error)
    for name, theirs in expected.items():
        if name not in arrays:
            return f"the bundle makes no {name}"
        if problem := _difference(arrays[name], theirs):
            return f"{name} {problem}"
    return None


def answered(front: ModelFront, values: Mapping[str, Array]) -> dict[str, Array]:
    """Return what Keras' layers make of values.

    Raises:
        ModelError: They do not take them.
    """
    try:
        return front.by_keras(values)
    except Exception as error:  # whatever a layer's ops raise
        names = ", ".join(call.name for call in front.calls)
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"The layers before the net ({names}) cannot be called on drawn values: {reason} "
            "Call them before the net, and export the part that follows."
        ) from error


def _difference(ours: Array, theirs: Array) -> str | None:
    if ours.shape != theirs.shape:
        return f"comes out as {ours.shape}, and Keras' as {theirs.shape}"
    left, right = ours.astype(np.float64), theirs.astype(np.float64)
    wrong = np.argwhere((left != right) & ~(np.isnan(left) & np.isnan(right)))
    if not len(wrong):
        return None
    at = tuple(int(k) for k in wrong[0])
    return f"is {ours[at]} at {at}, and Keras' {theirs[at]} ({len(wrong)} of {ours.size} differ)"
