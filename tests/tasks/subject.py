"""The record of a subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

Array = np.ndarray[Any, Any]
Answer = Mapping[str, Array]
"""Of a detector `boxes_xyxy` (N, 4) in pixels of the image, `scores` and `class_ids` (N,);
of a segmenter `label_map` (H, W)."""


@dataclass(frozen=True)
class Subject:
    """A model, the options of its export, and its own Keras pipeline from an image to an answer.

    Attributes:
        name: In the page.
        about: Its purpose, in a few words.
        build: Makes the model, the same every time.
        settings: Arguments of `export` beside the model and the folder.
        answer: (model, image (H, W, 3) uint8 BGR) -> the answer in pixels of that image.
    """

    name: str
    about: str
    build: Callable[[], keras.Model]
    settings: Mapping[str, Any]
    answer: Callable[[keras.Model, Array], Answer]


def stretched(image: Array, size_wh: tuple[int, int]) -> Array:
    """Return a BGR image as (1, h, w, 3) float32 RGB 0..1, by tf.image.resize."""
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return np.array(tf.image.resize(rgb, size_wh[::-1]))[None] / np.float32(255)


def clipped(boxes_xyxy: Array, scores: Array, class_ids: Array, image: Array) -> Answer:
    """Return the boxes within the image, those without an area left out."""
    boxes = np.clip(boxes_xyxy, 0, (image.shape[1], image.shape[0]) * 2)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return {"boxes_xyxy": boxes[inside], "scores": scores[inside], "class_ids": class_ids[inside]}
