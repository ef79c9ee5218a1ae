"""Outputs whose answer to a sample depends on the samples beside it in a batch, in Keras itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from keras2cv.errors import Keras2cvError
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.reference import reference

from .sample_files import Sample

Array = np.ndarray[Any, Any]

# Of the largest value. Other kernels for another batch round otherwise, by a hundredth of it.
_APART: Final = 1e-4


def leaning_outputs(
    loaded: LoadedModel, samples: Sequence[Sample], alone: Sequence[Mapping[str, Array]]
) -> tuple[str, ...]:
    """Return the outputs that differ between two samples in one batch and each by itself.

    Nothing is found where the model takes no other batch, or there is one sample.

    Args:
        loaded: The model.
        samples: Inputs in Keras' layout and order.
        alone: Its outputs by name, for each sample.
    """
    if len(samples) < 2 or loaded.states:
        return ()
    joined = [np.concatenate(arrays) for arrays in zip(*samples[:2], strict=True)]
    names = [s.name for s in loaded.inputs]
    try:
        found = reference(loaded)(dict(zip(names, joined, strict=True)))
    except (Keras2cvError, ValueError, TypeError):  # it is made for one batch
        return ()
    expected = {name: [row[name] for row in alone[:2]] for name in alone[0]}
    return tuple(name for name, rows in expected.items() if _differ(rows, found.get(name)))


def leaning_rows(
    answer: Callable[[Sample], Mapping[str, Array]],
    samples: Sequence[Sample],
    expected: Sequence[Mapping[str, Array]],
) -> frozenset[str]:
    """Return the outputs whose rows differ when another row of their batch is exchanged.

    Args:
        answer: Asks for the outputs of a sample by name.
        samples: Inputs in Keras' layout and order, each with several rows.
        expected: The outputs for each sample.
    """
    if len(samples) < 2 or min(len(array) for array in samples[0]) < 2:
        return frozenset()
    first, other = samples[:2]
    mixed = tuple(np.concatenate([a[:1], b[1:]]) for a, b in zip(first, other, strict=True))
    found = answer(mixed)
    rows = {name: array[:1] for name, array in expected[0].items() if array.ndim}
    return frozenset(name for name, row in rows.items() if _differ([row], found[name][:1]))


def _differ(rows: Sequence[Array], joined: Array | None) -> bool:
    if joined is None or rows[0].ndim == 0:
        return False
    apart = np.concatenate(rows)
    if apart.shape != joined.shape:
        return False
    scale = max(float(np.abs(apart).max(initial=0.0)), 1e-30)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        difference = np.abs(apart.astype(np.float64) - joined.astype(np.float64))
    return bool(np.nanmax(difference, initial=0.0) > _APART * scale)
