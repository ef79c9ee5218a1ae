"""`selftest.npz`: inputs with TensorFlow's outputs. The exporter writes it, any machine reads it.

Everything is in Keras' layout and dtypes; i is a sample, k an input or output in the model's order:

    in/<i>/<k>       input of TensorFlow             out/<i>/<k>   output of TensorFlow
    tolerance/<k>    float64: limit of max|got - expected| / max|expected| for output k
    image/png        for tasks on images: one encoded image, (n,) uint8
    image/blob       the blob that preprocessing makes of it, (1, C, H, W) float32
    image/out/<k>    TensorFlow's outputs for that blob
    front/in/<k>     for steps before the net: values of its input k, a row per sample
    front/out/<k>    what Keras' own layers make of them: the net's input k, where a step makes it

A model of several inputs, of clips or of many channels has instead of an image with outputs, for
the k-th of its inputs that images become:

    pictures/pixels/<k>  an image (H, W, C), uint8 or uint16, as `predict` takes it
    pictures/blob/<k>    the blob that its preprocessing makes of it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.npz import read_npz
from keras2cv.errors import BundleError, InputError
from keras2cv.pixels.images import Image

Array = NDArray[Any]

MAX_PNG_SIDE: Final = 4096  # pixels
MAX_BYTES: Final = 3 * 2**28  # of all arrays together, unpacked
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, eq=False, slots=True)
class GoldenSample:
    """Arrays for the inputs, and TensorFlow's outputs for them."""

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


@dataclass(frozen=True, eq=False, slots=True)
class GoldenImage:
    """An encoded image, (n,) uint8, the blob it must become, and TensorFlow's outputs for it."""

    png: Array
    blob: Array
    outputs: tuple[Array, ...]

    def decode(self, bits: int = 8) -> Image:
        """Return the image (H, W, 3) BGR, uint8, or with `bits` 16 uint16.

        Raises:
            BundleError: not a PNG that cv2 decodes, or a huge one.
        """
        data = self.png.tobytes()
        # A PNG has its width and height in bytes 16 to 24: check them before pixels are allocated.
        sides = [int.from_bytes(data[at : at + 4], "big") for at in (16, 20)]
        if data[:8] != _PNG or not 0 < min(sides) <= max(sides) <= MAX_PNG_SIDE:
            raise _broken(f"image/png is not a PNG of at most {MAX_PNG_SIDE} pixels a side")
        flags = cv2.IMREAD_COLOR | (cv2.IMREAD_ANYDEPTH if bits == 16 else 0)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        if image is None:
            raise _broken("image/png cannot be decoded")
        decoded: Any = image
        pixels: Image = decoded
        return pixels


@dataclass(frozen=True, eq=False, slots=True)
class GoldenFront:
    """Values of the front's inputs, and by name the net's inputs that Keras makes of them."""

    inputs: tuple[Array, ...]
    made: Mapping[str, Array]


@dataclass(frozen=True, eq=False, slots=True)
class GoldenPicture:
    """An image (H, W, C) as `predict` takes it, and the blob that its preprocessing makes."""

    pixels: Array
    blob: Array


@dataclass(frozen=True, eq=False, slots=True)
class GoldenVectors:
    """The golden vectors of a bundle; `tolerances` has a limit per output."""

    samples: tuple[GoldenSample, ...]
    tolerances: tuple[float, ...]
    image: GoldenImage | None = None
    front: GoldenFront | None = None
    pictures: tuple[GoldenPicture, ...] = ()

    def __post_init__(self) -> None:
        if not self.samples:
            raise _broken("there are no samples")
        for k, limit in enumerate(self.tolerances):
            if not 0 <= limit < 1:
                raise _broken(f"tolerance/{k} must be 0 to 1, got {limit}")

    def save(self, path: Path) -> None:
        """Write `selftest.npz` at `path`."""
        arrays: dict[str, Array] = {}
        for i, sample in enumerate(self.samples):
            arrays |= _numbered(f"in/{i}", sample.inputs) | _numbered(f"out/{i}", sample.outputs)
        arrays |= _numbered("tolerance", [np.asarray(limit) for limit in self.tolerances])
        if self.image is not None:
            arrays |= {"image/png": self.image.png, "image/blob": self.image.blob}
            arrays |= _numbered("image/out", self.image.outputs)
        if self.front is not None:
            arrays |= _numbered("front/in", self.front.inputs)
            arrays |= _numbered("front/out", list(self.front.made.values()))
        arrays |= _numbered("pictures/pixels", [one.pixels for one in self.pictures])
        arrays |= _numbered("pictures/blob", [one.blob for one in self.pictures])
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def read_golden_vectors(path: Path, manifest: Manifest) -> GoldenVectors:
    """Return the golden vectors at `path` for the model that `manifest` describes.

    Raises:
        BundleError: missing, damaged, or not those of the model.
    """
    if not path.is_file():
        raise BundleError(f"{path} is missing. Copy the bundle again, or export it again.")
    try:
        return _collect(read_npz(path, max_bytes=MAX_BYTES), manifest)
    except InputError as error:
        raise BundleError(str(error)) from error


def _collect(arrays: dict[str, Array], manifest: Manifest) -> GoldenVectors:
    """Take the arrays of the model out of `arrays`; any other is an error."""
    input_count, output_count = len(manifest.inputs), len(manifest.outputs)
    samples: list[GoldenSample] = []
    while f"in/{len(samples)}/0" in arrays:
        i = len(samples)
        inputs = _take(arrays, f"in/{i}", input_count)
        samples.append(GoldenSample(inputs, _take(arrays, f"out/{i}", output_count)))
    tolerances = tuple(_limit(limit) for limit in _take(arrays, "tolerance", output_count))
    image = None
    if "image/png" in arrays:
        png, blob = arrays.pop("image/png"), arrays.pop("image/blob", np.empty(0))
        image = GoldenImage(png, blob, _take(arrays, "image/out", output_count))
    front = _take_front(arrays, manifest) if manifest.front is not None else None
    pictures: tuple[GoldenPicture, ...] = ()
    if "pictures/pixels/0" in arrays:
        count = len(manifest.pictures)
        blobs = _take(arrays, "pictures/blob", count)
        pictures = tuple(map(GoldenPicture, _take(arrays, "pictures/pixels", count), blobs))
    if arrays:
        raise _broken(f"unknown arrays {', '.join(sorted(arrays)[:3])}")
    return GoldenVectors(tuple(samples), tolerances, image, front, pictures)


def made_names(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the net's inputs that steps before it make."""
    made = manifest.front.made if manifest.front is not None else frozenset()
    return tuple(tensor.name for tensor in manifest.inputs if tensor.name in made)


def _take_front(arrays: dict[str, Array], manifest: Manifest) -> GoldenFront:
    names = made_names(manifest)
    inputs = _take(arrays, "front/in", len(manifest.front.inputs if manifest.front else ()))
    outputs = _take(arrays, "front/out", len(names))
    return GoldenFront(inputs, dict(zip(names, outputs, strict=True)))


def _take(arrays: dict[str, Array], prefix: str, count: int) -> tuple[Array, ...]:
    names = [f"{prefix}/{k}" for k in range(count)]
    if missing := [name for name in names if name not in arrays]:
        raise _broken(f"there is no {missing[0]}")
    return tuple(arrays.pop(name) for name in names)


def _limit(array: Array) -> float:
    if array.shape != () or array.dtype.kind != "f":
        raise _broken(f"a tolerance must be one number, got {array.shape} {array.dtype}")
    return float(array)


def _numbered(prefix: str, arrays: Sequence[Array]) -> dict[str, Array]:
    return {f"{prefix}/{k}": array for k, array in enumerate(arrays)}


def _broken(problem: str) -> BundleError:
    return BundleError(f"selftest.npz: {problem}. Copy the bundle again, or export it again.")
