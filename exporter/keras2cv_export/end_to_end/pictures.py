"""The pictures of a walk: the user's own, or drawn ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.manifest import Manifest
from keras2cv_export.verifying.pictures import walked
from keras2cv_export.verifying.sample_files import usable_pictures
from keras2cv_export.verifying.stimuli import draw

# Unlike the net's input in size and shape, so that the resize shows; and unlike each other.
_FACTORS: Final = ((1.7, 1.3), (1.15, 1.9))
_LARGEST: Final = 1600  # pixels; drawing more only takes time
_SEED: Final = 41


@dataclass(frozen=True)
class Pictures:
    """Image files to walk, and whether they were drawn because the user gave none."""

    paths: tuple[Path, ...]
    drawn: bool


@contextmanager
def pictures_for(manifest: Manifest, samples: str | os.PathLike[str] | None) -> Iterator[Pictures]:
    """Yield the user's pictures, or drawn ones that last as long as the context.

    There are none where the bundle has no preprocessing, or where the user gave arrays: then only
    the arrays are compared.
    """
    if manifest.preprocessing is None or samples is not None or not walked(manifest):
        yield Pictures(_own(samples) if walked(manifest) else (), drawn=False)
        return
    with temporary_folder() as folder:
        width, height = manifest.preprocessing.size_wh
        white = max(rules.white for rules in manifest.pictures)
        dtype = np.dtype(np.uint8 if white == 255 else np.uint16)
        paths = []
        for index, (wider, taller) in enumerate(_FACTORS):
            shape = (_side(height, taller), _side(width, wider), 3)
            level = (index + 0.5) / len(_FACTORS)
            image = draw(shape, dtype, (0, white), level, _SEED + index)
            encoded, png = cv2.imencode(".png", image)
            assert encoded  # noqa: S101 - any uint8 image can be a PNG
            paths.append(Path(folder, f"drawn {index + 1}.png"))
            paths[-1].write_bytes(png.tobytes())
        yield Pictures(tuple(paths), drawn=True)


def _own(samples: str | os.PathLike[str] | None) -> tuple[Path, ...]:
    if samples is None or not os.path.lexists(samples):
        return ()  # the code that reads the samples reports a missing path
    return usable_pictures(samples)


def _side(side: int, factor: float) -> int:
    return min(int(side * factor) + 3, _LARGEST)
