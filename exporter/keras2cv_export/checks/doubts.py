"""What is only unlikely of a bundle's answers to a user's pictures, for people to judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.result import Result
from keras2cv.tasks.segment.result import UNSEEN, Segmentation
from keras2cv.tasks.text.result import TextResult

_SEVERAL = 5  # answers; fewer are the same class by chance


def doubts(results: Sequence[Result]) -> tuple[str, ...]:
    """Return a sentence for each thing that right answers hardly have in common."""
    return tuple(_doubts(results)) if results else ()


def _doubts(results: Sequence[Result]) -> Iterator[str]:
    count, first = len(results), results[0]
    of_all = f"in any of {count} pictures" if count > 1 else "in the picture"
    if isinstance(first, Detections):
        if not any(len(cast("Detections", result)) for result in results):
            yield f"There is no box {of_all}. Look at box format, units and score."
    elif isinstance(first, Segmentation):
        maps = [cast("Segmentation", result).label_map for result in results]
        classes = np.unique(np.concatenate([np.unique(each[each != UNSEEN]) for each in maps]))
        if len(classes) < 2:
            yield f"There is only one class {of_all}. Look at the mask's scores and threshold."
    elif isinstance(first, Keypoints):
        outside = [_outside(cast("Keypoints", result)) for result in results]
        if np.mean(outside) > 0.5:
            yield f"{np.mean(outside):.0%} of the points are outside their pictures. Look at units."
    elif isinstance(first, TextResult):
        if not any(cast("TextResult", result).text for result in results):
            yield f"There is no text {of_all}. Look at the character set and the blank."
    elif isinstance(first, Classification | BinaryResult) and count >= _SEVERAL:
        labels = {cast("Classification", result).label for result in results}
        if len(labels) == 1:
            yield f"All {count} pictures are {next(iter(labels))!r}. Look at the preprocessing."


def _outside(points: Keypoints) -> float:
    beyond = (points.points_xy < 0) | (points.points_xy > np.array(points.image_wh))
    return float(beyond.any(axis=1).mean())
