"""From the outputs of one batch to a result per sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras2cv.pixels.geometry import Placement, Size, place
from keras2cv.schema.tensors import OutputTensor
from keras2cv.tasks import TASKS
from keras2cv.tasks.kind import Outputs
from keras2cv.tasks.result import Result
from keras2cv.tasks.task import Task


def results_of(
    task: Task,
    outputs: Outputs,
    tensors: Sequence[OutputTensor],
    placements: Sequence[Placement],
) -> list[Result]:
    """Return the task's result for each sample.

    Args:
        task: The manifest's, or it with other thresholds.
        outputs: Keras names -> arrays in Keras' layout, of a sample each where they are batched.
        tensors: The manifest's outputs.
        placements: Where the image of each sample lies in its input.
    """
    whole = dict(outputs)
    for tensor in tensors:
        if not tensor.batched:  # the same for every sample
            array = outputs[tensor.name]
            whole[tensor.name] = np.broadcast_to(array, (len(placements), *array.shape))
    return list(TASKS[task.kind].postprocess(task, whole, placements))


def unplaced(size_wh: Size | None, count: int) -> list[Placement]:
    """Return placements for `count` samples that are arrays: pixels are the input's own.

    `size_wh` is the input's size; None for an input that is no image, where nothing reads them.
    """
    size_wh = size_wh or (1, 1)
    return [place(size_wh, size_wh, "stretch")] * count
