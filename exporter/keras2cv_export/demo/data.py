"""Drawn shapes as the model takes them: through the very preprocessing that will be deployed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import Geometry, preprocessing

from .shapes import LABELS, drawings

Array = NDArray[Any]
OnStep = Callable[[int, int], None]
"""Called after every step with (steps done, steps in all)."""

SIZE_WH: Final = (40, 40)  # pixels: small enough to learn in seconds, large enough to tell shapes
PRESET: Final = "0-1"
# What `export(..., preprocess="0-1")` will write into the manifest.
RULES: Final[Preprocessing] = preprocessing(
    PRESET, TensorSpec("image", (None, *SIZE_WH[::-1], 3), "float32"), Geometry(), "preset 0-1"
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and what is in them.

    Attributes:
        images_bgr: (H, W, 3) uint8 each, of any size.
        inputs: (N, H, W, 3) float32 RGB, 0..1: the images as the model takes them.
        classes: (N,) int64, indices into `LABELS`.
    """

    images_bgr: tuple[Array, ...]
    inputs: Array
    classes: Array

    def __post_init__(self) -> None:
        if not len(self.images_bgr) == len(self.inputs) == len(self.classes) > 0:
            raise ValueError(
                f"Each image needs an input and a class, got {len(self.images_bgr)} images, "
                f"{len(self.inputs)} inputs and {len(self.classes)} classes."
            )


def draw_dataset(
    count: int, side_range: tuple[int, int], seed: int, on_step: OnStep = lambda _, __: None
) -> Dataset:
    """Draw `count` shapes, see `shapes.drawings`, and preprocess each as the bundle will."""
    preprocess = Preprocessor(RULES)
    images, blobs, classes = [], [], []
    for index, drawing in enumerate(drawings(count, side_range, seed), start=1):
        images.append(drawing.image_bgr)
        blobs.append(preprocess([drawing.image_bgr])[0])
        classes.append(LABELS.index(drawing.label))
        on_step(index, count)
    inputs = np.stack(blobs).transpose(0, 2, 3, 1)  # (N, C, H, W) -> Keras' (N, H, W, C)
    return Dataset(tuple(images), np.ascontiguousarray(inputs), np.array(classes))
