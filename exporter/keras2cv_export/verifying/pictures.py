"""Take one picture from encoded pixels to predictions, for the golden vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.preprocess import Preprocessor

from .sample_files import Sample
from .stimuli import draw

Array = np.ndarray[Any, Any]

# A picture of another size and shape than the net's, so that the resize shows.
_WIDER, _TALLER, _LARGEST = 1.7, 1.3, 2048


@dataclass(frozen=True, eq=False)
class Picture:
    """An image (H, W, 3) uint8 BGR, its blob (1, C, H, W) float32, and TensorFlow's outputs."""

    image: Array
    blob: Array
    outputs: Mapping[str, Array]


class PictureInput:
    """Turns an image into the model's input with the code that the device runs."""

    def __init__(self, manifest: Manifest) -> None:
        """Prepare for a manifest with preprocessing."""
        assert manifest.preprocessing is not None  # noqa: S101 - the caller looked
        self._preprocess = Preprocessor(manifest.preprocessing)
        self._input = manifest.input(manifest.preprocessing.input)
        self._place = manifest.inputs.index(self._input)

    def __call__(self, image: Array) -> tuple[Array, Array]:
        """Return the blob (1, C, H, W) float32 and the Keras input (batch, H, W, C) of an image.

        Every row of a batch holds the same image.
        """
        blob = self._preprocess([image])
        keras = blob.transpose(0, 2, 3, 1) if self._input.layout == "NCHW" else blob
        batch = np.repeat(keras, self._input.keras_shape[0], axis=0)
        return blob, np.ascontiguousarray(batch.astype(self._input.dtype))

    def samples(self, pictures: Sequence[Path], usual: Sequence[Sample]) -> list[Sample]:
        """Return a sample per picture; `usual` ones give the further inputs, one after the other.

        Raises:
            InputError: A picture cannot be read.
        """
        return [
            self._put_in(usual[k % len(usual)], self(read_image(path))[1])
            for k, path in enumerate(pictures)
        ]

    def _put_in(self, sample: Sample, array: Array) -> Sample:
        return (*sample[: self._place], array, *sample[self._place + 1 :])


def draw_picture(
    manifest: Manifest,
    preprocess: PictureInput,
    answer: Callable[[tuple[Array, ...]], Mapping[str, Array]],
) -> Picture:
    """Draw a picture for the model's input and let TensorFlow answer it, cut to one sample."""
    assert manifest.preprocessing is not None  # noqa: S101 - the caller looked
    width, height = manifest.preprocessing.size_wh
    shape = (_stretched(height, _TALLER), _stretched(width, _WIDER), 3)
    image = draw(shape, np.dtype(np.uint8), (0, 255), 0.5, 11)
    blob, keras = preprocess(image)
    outputs = answer((keras,))
    batched = {o.name for o in manifest.outputs if o.batched}
    return Picture(image, blob, {n: a[:1] if n in batched else a for n, a in outputs.items()})


def _stretched(side: int, factor: float) -> int:
    return min(int(side * factor) + 3, _LARGEST)
