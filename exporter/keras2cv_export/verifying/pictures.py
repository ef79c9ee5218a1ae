"""Take one picture from encoded pixels to predictions, for the golden vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.golden_vectors import GoldenPicture
from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.preparing.reading import read_picture

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

    def __init__(self, manifest: Manifest, rules: Preprocessing | None = None) -> None:
        """Prepare for a manifest with preprocessing; `rules` are one of its pictures'."""
        rules = rules or manifest.preprocessing
        assert rules is not None  # noqa: S101 - the caller looked
        self._rules = rules
        self._preprocess = Preprocessor(rules)
        self._input = manifest.input(rules.input)
        self._place = manifest.inputs.index(self._input)

    def __call__(self, image: Array) -> tuple[Array, Array]:
        """Return the blob (1, C, H, W) float32 and the Keras input (batch, H, W, C) of an image.

        Every row of a batch holds the same image, and so does every frame of a clip.
        """
        blob = self._preprocess([image])
        keras = blob if self._input.layout == "same" else blob.transpose(0, 2, 3, 1)
        if self._rules.clip is not None:
            keras = np.repeat(blob.transpose(0, 2, 3, 1)[None], self._rules.clip.window, axis=1)
        batch = np.repeat(keras, self._input.keras_shape[0], axis=0)
        return blob, np.ascontiguousarray(batch.astype(self._input.dtype))

    def read(self, path: Path) -> Array:
        """Return the Keras input (batch, H, W, C) of a picture's file.

        Raises:
            InputError: It cannot be read.
        """
        return self(read_picture(path, self._rules))[1]

    def samples(self, pictures: Sequence[Path], usual: Sequence[Sample]) -> list[Sample]:
        """Return a sample per picture; `usual` ones give the further inputs, one after the other.

        Raises:
            InputError: A picture cannot be read.
        """
        return [
            self._put_in(usual[k % len(usual)], self.read(path)) for k, path in enumerate(pictures)
        ]

    def _put_in(self, sample: Sample, array: Array) -> Sample:
        return (*sample[: self._place], array, *sample[self._place + 1 :])


def walked(manifest: Manifest) -> list[Preprocessing]:
    """Return the pictures that other libraries read as well: gray or colour, still or moving."""
    return [rules for rules in manifest.pictures if rules.color in ("RGB", "BGR", "GRAY")]


def has_golden_picture(manifest: Manifest) -> bool:
    """Return whether a bundle's self-test has a picture: of one input that takes picture files."""
    rules = manifest.preprocessing
    return rules is not None and len(manifest.inputs) == 1 and rules.is_picture_file


def has_golden_pictures(manifest: Manifest) -> bool:
    """Return whether a bundle's self-test has the blob of each picture: all but one file alone."""
    return bool(manifest.pictures) and not has_golden_picture(manifest)


def draw_picture(
    manifest: Manifest,
    preprocess: PictureInput,
    answer: Callable[[tuple[Array, ...]], Mapping[str, Array]],
) -> Picture:
    """Draw a picture for the model's input and let TensorFlow answer it, cut to one sample."""
    assert manifest.preprocessing is not None  # noqa: S101 - the caller looked
    image = _drawn_for(manifest.preprocessing)
    blob, keras = preprocess(image)
    outputs = answer((keras,))
    batched = {o.name for o in manifest.outputs if o.batched}
    return Picture(image, blob, {n: a[:1] if n in batched else a for n, a in outputs.items()})


def draw_pictures(manifest: Manifest) -> tuple[GoldenPicture, ...]:
    """Draw an image for each picture's input, with the blob that its preprocessing makes of it."""
    return tuple(
        GoldenPicture(image := _drawn_for(rules), Preprocessor(rules)([image]))
        for rules in manifest.pictures_by_place
    )


def _drawn_for(rules: Preprocessing) -> Array:
    """Draw (H, W, C) as `predict` takes it, of another size and shape than the input."""
    width, height = rules.size_wh
    channels = 3 if rules.color in ("RGB", "BGR", "GRAY") else rules.channels
    shape = (_stretched(height, _TALLER), _stretched(width, _WIDER), channels)
    dtype = np.dtype(np.uint16 if rules.bits == 16 else np.uint8)
    return draw(shape, dtype, (0, rules.white), 0.5, 11)


def _stretched(side: int, factor: float) -> int:
    return min(int(side * factor) + 3, _LARGEST)
