"""The samples for every subject: drawn or the user's, in one file for all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.golden_vectors import read_golden_vectors
from keras2cv.bundle.npz import read_npz
from keras2cv.bundle.reading import Bundle
from keras2cv.errors import InputError
from keras2cv.pixels.image_file import read_image
from keras2cv.streams.sources import find_sources
from keras2cv_export.verifying.sample_files import usable
from keras2cv_export.verifying.stimuli import draw

from .pipeline import Array, Sample, takes_pictures

SAMPLES: Final = 4  # no two runs in a row see the same values
FRAME_WH: Final = (1280, 720)  # the frame of a usual camera
_SEED: Final = 61


@dataclass(frozen=True)
class Inputs:
    """Samples of one batch size; `takes` describes them in words."""

    samples: tuple[Sample, ...]
    takes: str


def inputs_for(bundle: Bundle, batch: int, samples: str | os.PathLike[str] | None = None) -> Inputs:
    """Return the inputs: pictures where the bundle takes them, else those of its golden vectors.

    Args:
        bundle: The bundle.
        batch: Samples per run.
        samples: A folder of the user's own pictures, for a bundle that takes them.

    Raises:
        InputError: There are no pictures in `samples`, or the bundle takes arrays.
    """
    if takes_pictures(bundle.manifest):
        return _pictures(_own(samples) if samples is not None else _drawn(batch), batch)
    if samples is not None:
        raise InputError(
            f"{bundle.folder} takes arrays: its golden vectors are measured. Leave out --samples."
        )
    vectors = read_golden_vectors(bundle.selftest_path, bundle.manifest).samples
    rows = [np.concatenate([s.inputs[k] for s in vectors]) for k in range(len(vectors[0].inputs))]
    number = min(SAMPLES, len(rows[0]))
    found = tuple([_window(r, i, batch) for r in rows] for i in range(number))
    return Inputs(found, "arrays")


def _window(rows: Array, start: int, size: int) -> Array:
    """Return `size` rows from `start` on, beginning again after the last."""
    return np.ascontiguousarray(np.take(rows, range(start, start + size), axis=0, mode="wrap"))


def _pictures(images: Sequence[Array], batch: int) -> Inputs:
    # The next sample begins one picture later: with as many pictures as fill a batch, samples that
    # begin a batch later would all be the same, and show nothing of the net.
    found = tuple([images[(i + k) % len(images)] for k in range(batch)] for i in range(SAMPLES))
    sizes = sorted({f"{image.shape[1]}x{image.shape[0]}" for image in images})
    shown = sizes[0] if len(sizes) == 1 else f"{len(sizes)} sizes"
    return Inputs(found, f"pictures of {shown}")


def _drawn(batch: int) -> list[Array]:
    """Draw pictures that differ in content and brightness."""
    number = max(SAMPLES, batch)
    shape = (FRAME_WH[1], FRAME_WH[0], 3)
    return [
        draw(shape, np.dtype(np.uint8), (0, 255), (i + 0.5) / number, _SEED + i)
        for i in range(number)
    ]


def _own(samples: str | os.PathLike[str]) -> list[Array]:
    sources = [s for s in find_sources([str(samples)]) if s.kind == "image"]
    if not sources:
        raise InputError(f"There are no pictures at {samples}. Give a folder of them, or one.")
    return [image for _, image in usable([source.path for source in sources], read_image)]


def write_samples(path: Path, samples: Sequence[Sample]) -> None:
    """Write them as `in/<sample>/<input or picture>`."""
    arrays: dict[str, Any] = {
        f"in/{i}/{k}": array for i, sample in enumerate(samples) for k, array in enumerate(sample)
    }
    np.savez(path, **arrays)


def read_samples(path: Path) -> list[Sample]:
    """Read the samples that `write_samples` wrote."""
    arrays = read_npz(path, max_bytes=sys.maxsize)
    found: dict[int, dict[int, Array]] = {}
    for name, array in arrays.items():
        _, i, k = name.split("/")
        found.setdefault(int(i), {})[int(k)] = array
    return [[sample[k] for k in sorted(sample)] for _, sample in sorted(found.items())]
