"""Vectors that are near each other for images that are alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.task import Task


def embed(task: Task, outputs: Mapping[str, NDArray[Any]]) -> list[Embedding]:
    """Return a result per sample: its values as one vector, as the model gives them."""
    array = outputs[str(task.output)]
    return [Embedding(sample.ravel().astype(np.float32, copy=False)) for sample in array]
