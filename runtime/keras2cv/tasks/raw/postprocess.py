"""Every output as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from keras2cv.tasks.raw.result import RawOutputs
from keras2cv.tasks.task import Task


def raw(task: Task, outputs: Mapping[str, NDArray[Any]]) -> list[RawOutputs]:  # noqa: ARG001
    """Return a result per sample: its part of every output."""
    count = len(next(iter(outputs.values())))
    return [RawOutputs({k: array[i] for k, array in outputs.items()}) for i in range(count)]
