"""The end of the story: what came of it, where it lies, and what to type next."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from keras2cv.bundle.manifest import Manifest
from keras2cv.cli.snippet import opencv_snippet

from .places import Places
from .report import DemoReport


def verdict(report: DemoReport) -> str:
    """Return whether everything is as it should be."""
    passed = "Everything passed" if report.passed else "Not everything is as it should be"
    return f"{passed} ({sum(report.seconds.values()):.0f} s)"


def findings(report: DemoReport) -> Iterator[str]:
    """Yield what is wrong, or else how well it went."""
    yield from report.problems
    if report.passed:
        yield f"TensorFlow names {report.accuracy_tensorflow:.1%} of {report.images} images right."
        yield f"OpenCV names {report.accuracy_opencv:.1%} right: the same answer to every one."


def contents(places: Places) -> Iterator[str]:
    """Yield what lies in the folder."""
    rows = (
        ("shapes.keras, shapes.h5", "the model, as Keras saves it"),
        (f"{places.keras_bundle.name}, {places.h5_bundle.name}", "the bundles made from them"),
        (places.photos.name, "fresh images, named after what is in them"),
        (places.sheet.name, "the same with their predictions"),
        (places.record.name, "every figure above"),
    )
    for name, meaning in rows:
        yield f"{name:<25}{meaning}"


def commands(places: Places) -> Iterator[str]:
    """Yield commands that are worth a try."""
    bundle, file, mine, photos = (
        _quoted(path)
        for path in (
            places.keras_bundle,
            places.folder / "shapes.keras",
            places.folder / "mine.cv",
            places.photos,
        )
    )
    yield f"keras2cv run {bundle} {photos} --top 3"
    yield f"keras2cv info {bundle}"
    yield f"keras2cv check {bundle} --against {file}"
    yield f"keras2cv bench {bundle} --against {file} --html speed.html"
    yield f"keras2cv export {file} -o {mine} --preprocess 0-1"


def with_keras2cv(places: Places, photo: Path) -> Iterator[str]:
    """Yield five lines of Python that need keras2cv, OpenCV and NumPy, and no TensorFlow."""
    yield "import cv2, keras2cv"
    yield f"model = keras2cv.load({places.keras_bundle.as_posix()!r})"
    yield f"image = cv2.imread({photo.as_posix()!r})"
    yield "result = model.predict(image)"
    yield "print(result.label, result.score)"


def with_opencv_alone(manifest: Manifest, places: Places, photo: Path) -> Iterator[str]:
    """Yield lines of Python that need OpenCV alone."""
    snippet = opencv_snippet(manifest, places.keras_bundle)
    yield from snippet.replace(repr("photo.jpg"), repr(photo.as_posix())).splitlines()
    yield f"print({list(manifest.task.labels or ())}[out.argmax()], out.max())"


def _quoted(path: Path) -> str:
    """Return `path` as this system's shell takes it."""
    return subprocess.list2cmdline([path]) if os.name == "nt" else shlex.quote(str(path))
