"""Numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.task import Task


def regress(task: Task, outputs: Mapping[str, NDArray[Any]]) -> list[Regression]:
    """Return a result per sample: its values in the shape that the model gives them."""
    return [Regression(values, task.labels) for values in outputs[str(task.output)]]
