"""From a mask over the network's input to a class for every pixel of the original image.

Probabilities are interpolated to the original size first (bilinear), and the class is decided
there: the best one, or for one channel whether it is above the threshold. That follows edges more
closely than enlarging decisions does. Logits become probabilities before; labels are enlarged to
the nearest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.pixels.pixelmap import on_canvas, spread_linear, spread_nearest
from keras2cv.tasks.activations import sigmoid, softmax
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.segment.result import UNSEEN, Grid, Segmentation
from keras2cv.tasks.task import Task

Array = NDArray[Any]


def segment(
    task: Task, outputs: Mapping[str, Array], placements: Sequence[Placement]
) -> list[Segmentation]:
    """Return a result per sample, each of the size of its own image."""
    record = task.record_as(SegmentRecord)
    pairs = zip(outputs[record.output], placements, strict=True)
    if record.scores == "labels":
        return [_labelled(task, sample, placement) for sample, placement in pairs]
    return [_scored(task, sample, placement) for sample, placement in pairs]


def _labelled(task: Task, sample: Array, placement: Placement) -> Segmentation:
    labels = np.rint(sample.reshape(sample.shape[:2])).astype(np.int32)
    label_map = on_canvas(spread_nearest(labels, placement), placement, UNSEEN)
    return Segmentation(label_map, labels=task.labels)


def _scored(task: Task, sample: Array, placement: Placement) -> Segmentation:
    record = task.record_as(SegmentRecord)
    probabilities = to_probabilities(sample, record.scores)
    threshold = record.threshold
    if threshold is None:
        visible = best_channel(probabilities, placement)
    else:
        # NaN is above nothing: no answer is a no.
        visible = (spread_linear(probabilities[..., 0], placement) > threshold).astype(np.int32)
    return Segmentation(
        on_canvas(visible, placement, UNSEEN),
        max(2, probabilities.shape[2]),
        task.labels,
        threshold,
        Grid(probabilities, placement),
    )


def to_probabilities(sample: Array, scores: str) -> NDArray[np.float32]:
    """Return (h, w, C) or (h, w) scores as probabilities (h, w, C) float32."""
    grid = sample.reshape(*sample.shape[:2], -1).astype(np.float32, copy=False)
    if scores != "logits":
        return grid
    if grid.shape[2] == 1:
        return sigmoid(grid)
    return softmax(grid.reshape(-1, grid.shape[2])).reshape(grid.shape)


def best_channel(probabilities: Array, placement: Placement) -> NDArray[np.int32]:
    """Return the best class of each visible pixel; the first of equals.

    One class at a time, so that the memory is that of three images and not of one per class.
    """
    highest = spread_linear(probabilities[..., 0], placement)
    winner = np.zeros(highest.shape, np.int32)
    for number in range(1, probabilities.shape[2]):
        values = spread_linear(probabilities[..., number], placement)
        better = values > highest
        winner[better] = number
        np.maximum(highest, values, out=highest)
    return winner
