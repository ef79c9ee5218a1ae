"""Choose the golden vectors with which a device tests that it computes right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.bundle.golden_vectors import (
    GoldenFront,
    GoldenImage,
    GoldenPicture,
    GoldenSample,
    GoldenVectors,
)
from keras2cv.bundle.manifest import Manifest, OutputTensor
from keras2cv.bundle.reading import SELFTEST
from keras2cv.net.overflow import is_ordinary
from keras2cv_export.parity.exactness import Distances
from keras2cv_export.parity.report import ParityReport
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
    parity: ParityReport | None = None,
    front: GoldenFront | None = None,
    pictures: Sequence[GoldenPicture] = (),
) -> None:
    """Write some samples with TensorFlow's answers, and the picture if there is one.

    Args:
        folder: The bundle's.
        manifest: Its manifest.
        samples: The inputs of each sample.
        expected: TensorFlow's outputs for each sample, by name.
        tolerance: The source of each output's limit.
        picture: One image with its blob and TensorFlow's outputs; None without preprocessing.
        parity: The comparison: samples that say nothing, as those that overflow, are left out if
            there are others, and an output that passed by the exact answer gets what float32 may
            be off by on both sides. None: none was made.
        front: Values for the steps before the net, with Keras' own; None: there are none.
        pictures: An image with its blob for each picture; none where there is `picture`.
    """
    names = [output.name for output in manifest.outputs]
    exact = {o.name: o.exact for o in (parity.outputs if parity else ()) if o.exact is not None}
    silent = {k for d in exact.values() for k in d.silent}
    silent |= {k for k, one in enumerate(expected) if not all(map(is_ordinary, one.values()))}
    GoldenVectors(
        tuple(
            GoldenSample(tuple(samples[i]), tuple(expected[i][name] for name in names))
            for i in _first_distinct(samples, silent)
        ),
        tuple(_limit(tolerance, output, exact.get(output.name)) for output in manifest.outputs),
        _image(names, picture) if picture is not None else None,
        front,
        tuple(pictures),
    ).save(folder / SELFTEST)


def _first_distinct(samples: Sequence[Sequence[Array]], silent: set[int]) -> list[int]:
    """Choose the samples to keep: a video's first frames, for example, may be identical."""
    firsts = {tuple(a.tobytes() for a in samples[i]): i for i in reversed(range(len(samples)))}
    telling = [i for i in sorted(firsts.values()) if i not in silent]
    return sorted([*telling, *sorted(silent & set(firsts.values()))][:GOLDEN_SAMPLES])


def _limit(tolerance: Tolerance, output: OutputTensor, exact: Distances | None) -> float:
    """Return an output's limit; integer outputs, such as an argmax, must be exact."""
    if not output.dtype.startswith("float"):
        return 0.0
    limit = tolerance.limits(output.name).max_abs
    if exact is not None:
        limit = max(limit, exact.between)
    return min(limit, _LARGEST_LIMIT)


def _image(names: Sequence[str], picture: Picture) -> GoldenImage:
    encoded, png = cv2.imencode(".png", picture.image)
    if not encoded:
        raise AssertionError("OpenCV cannot encode a PNG")
    return GoldenImage(png.reshape(-1), picture.blob, tuple(picture.outputs[n] for n in names))
