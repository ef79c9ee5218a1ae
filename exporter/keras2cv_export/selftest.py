"""Write `selftest.npz`: the golden vectors by which a device can tell that it computes right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.bundle import SELFTEST
from keras2cv.manifest import Manifest

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
    names = [output.name for output in manifest.outputs]
    arrays: dict[str, Array] = {
        f"tolerance/{k}": np.array(_limit(tolerance, manifest, k)) for k in range(len(names))
    }
    for i, (sample, outputs) in enumerate(zip(samples[:GOLDEN_SAMPLES], expected, strict=False)):
        arrays |= {f"in/{i}/{k}": array for k, array in enumerate(sample)}
        arrays |= {f"out/{i}/{k}": outputs[name] for k, name in enumerate(names)}
    if picture is not None:
        arrays |= _picture(names, picture)
    np.savez_compressed(folder / SELFTEST, **arrays)  # type: ignore[arg-type]


def _limit(tolerance: Tolerance, manifest: Manifest, k: int) -> float:
    """Integer outputs, such as an argmax, have no error but 0."""
    output = manifest.outputs[k]
    return tolerance.limits(output.name).max_abs if output.dtype.startswith("float") else 0.0


def _picture(names: Sequence[str], picture: Picture) -> dict[str, Array]:
    encoded, png = cv2.imencode(".png", picture.image)
    if not encoded:
        raise AssertionError("OpenCV cannot encode a PNG")
    found = {"image/png": png.reshape(-1), "image/blob": picture.blob}
    return found | {f"image/out/{k}": picture.outputs[name] for k, name in enumerate(names)}
