"""The commands to try after the demo."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from keras2cv.cli.snippet import opencv_snippet
from keras2cv.predictor import Predictor

from . import places


def commands(folder: Path) -> Iterator[str]:
    """Yield commands that are worth a try."""
    names = (places.KERAS_BUNDLE, places.KERAS_FILE, "mine.cv", places.PHOTOS)
    bundle, file, mine, photos = (_quoted(folder / name) for name in names)
    yield f"keras2cv run {bundle} {photos} --top 3"
    yield f"keras2cv info {bundle}"
    yield f"keras2cv check {bundle} --against {file}"
    yield f"keras2cv bench {bundle} --against {file}"
    yield f"keras2cv export {file} -o {mine} --preprocess 0-1"


def with_keras2cv(bundle: Path, photo: Path) -> Iterator[str]:
    """Yield five lines of Python that need keras2cv, OpenCV and NumPy, and no TensorFlow."""
    yield "import cv2, keras2cv"
    yield f"model = keras2cv.load({bundle.as_posix()!r})"
    yield f"image = cv2.imread({photo.as_posix()!r})"
    yield "result = model.predict(image)"
    yield "print(result.label, result.score)"


def with_opencv_alone(model: Predictor, bundle: Path, photo: Path) -> Iterator[str]:
    """Yield lines of Python that need OpenCV alone."""
    snippet = opencv_snippet(model.manifest, bundle)
    yield from snippet.replace(repr("photo.jpg"), repr(photo.as_posix())).splitlines()
    yield f"print({list(model.manifest.task.labels or ())}[out.argmax()], out.max())"


def _quoted(path: Path) -> str:
    """Return `path` as this system's shell takes it."""
    return subprocess.list2cmdline([path]) if os.name == "nt" else shlex.quote(str(path))
