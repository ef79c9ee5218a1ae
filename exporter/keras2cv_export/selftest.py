"""Choose the golden vectors by which a device can tell that it computes right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.bundle import SELFTEST
from keras2cv.golden import Golden, GoldenImage, Sample
from keras2cv.manifest import Manifest, OutputTensor

from .pictures import Picture
from .tolerance import Tolerance

Array = np.ndarray[Any, Any]

# Three distinct inputs show a net that repeats one answer, and keep the file small.
GOLDEN_SAMPLES = 3


def write_selftest(
    folder: Path,
    manifest: Manifest,
    samples: Sequence[Sequence[Array]],
    expected: Sequence[Mapping[str, Array]],
    tolerance: Tolerance,
    picture: Picture | None,
) -> None:
    """Write the first samples with TensorFlow's answers, and the picture if there is one."""
    pairs = list(zip(samples, expected, strict=True))[:GOLDEN_SAMPLES]
    golden = Golden(
        tuple(Sample(tuple(inputs), _in_order(outputs, manifest)) for inputs, outputs in pairs),
        tuple(_limit(tolerance, output) for output in manifest.outputs),
        _image(picture, manifest) if picture is not None else None,
    )
    golden.save(folder / SELFTEST)


def _in_order(outputs: Mapping[str, Array], manifest: Manifest) -> tuple[Array, ...]:
    return tuple(outputs[output.name] for output in manifest.outputs)


def _limit(tolerance: Tolerance, output: OutputTensor) -> float:
    """Integer outputs, such as an argmax, have no error but 0."""
    return tolerance.limits(output.name).max_abs if output.dtype.startswith("float") else 0.0


def _image(picture: Picture, manifest: Manifest) -> GoldenImage:
    encoded, png = cv2.imencode(".png", picture.image)
    if not encoded:
        raise AssertionError("OpenCV cannot encode a PNG")
    return GoldenImage(png.reshape(-1), picture.blob, _in_order(picture.outputs, manifest))
