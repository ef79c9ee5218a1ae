"""Choose the golden vectors with which a device tests that it computes right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.bundle.golden_vectors import GoldenImage, GoldenSample, GoldenVectors
from keras2cv.bundle.manifest import Manifest, OutputTensor
from keras2cv.bundle.reading import SELFTEST
from keras2cv_export.parity.tolerance import Tolerance

from .pictures import Picture

Array = np.ndarray[Any, Any]

# Three distinct inputs expose a net that repeats one answer, and keep the file small.
GOLDEN_SAMPLES = 3
# With a limit of 1, an output of zeros would pass.
_LARGEST_LIMIT = 0.999


def write_selftest(
    folder: Path,
    manifest: Manifest,
    samples: Sequence[Sequence[Array]],
    expected: Sequence[Mapping[str, Array]],
    tolerance: Tolerance,
    picture: Picture | None,
) -> None:
    """Write some samples with TensorFlow's answers, and the picture if there is one.

    Args:
        folder: The bundle's.
        manifest: Its manifest.
        samples: The inputs of each sample.
        expected: TensorFlow's outputs for each sample, by name.
        tolerance: The source of each output's limit.
        picture: One image with its blob and TensorFlow's outputs; None without preprocessing.
    """
    names = [output.name for output in manifest.outputs]
    GoldenVectors(
        tuple(
            GoldenSample(tuple(samples[i]), tuple(expected[i][name] for name in names))
            for i in _first_distinct(samples)
        ),
        tuple(_limit(tolerance, output) for output in manifest.outputs),
        _image(names, picture) if picture is not None else None,
    ).save(folder / SELFTEST)


def _first_distinct(samples: Sequence[Sequence[Array]]) -> list[int]:
    """Choose the samples to keep: a video's first frames, for example, may be identical."""
    firsts = {tuple(a.tobytes() for a in samples[i]): i for i in reversed(range(len(samples)))}
    return sorted(firsts.values())[:GOLDEN_SAMPLES]


def _limit(tolerance: Tolerance, output: OutputTensor) -> float:
    """Return an output's limit; integer outputs, such as an argmax, must be exact."""
    if not output.dtype.startswith("float"):
        return 0.0
    return min(tolerance.limits(output.name).max_abs, _LARGEST_LIMIT)


def _image(names: Sequence[str], picture: Picture) -> GoldenImage:
    encoded, png = cv2.imencode(".png", picture.image)
    if not encoded:
        raise AssertionError("OpenCV cannot encode a PNG")
    return GoldenImage(png.reshape(-1), picture.blob, tuple(picture.outputs[n] for n in names))
