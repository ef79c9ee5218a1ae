"""The steps of the demo: each does one thing, and tells what came of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import keras2cv_export
from keras2cv.predictor import Predictor
from keras2cv.selftest import run_selftest
from keras2cv.streams.sources import read_image
from keras2cv.tasks.results import Classification
from keras2cv_export.cli.heavy import silenced
from keras2cv_export.parity.parity import ParityReport

from .data import PRESET, Dataset, draw_dataset
from .narrate import Step
from .places import Places
from .shapes import LABELS, drawings
from .sheet import Entry, contact_sheet
from .train import predict_classes, save, train

Array = NDArray[Any]

_TRAINING, _VALIDATION, _PHOTOS = 4800, 600, 32  # images
_SIDES, _PHOTO_SIDES = (64, 112), (160, 320)  # pixels
_TIMED = 100  # images of which the median time is taken


@dataclass(frozen=True)
class Photo:
    """A fresh image in a file, and what is in it."""

    path: Path
    truth: str


def draw(step: Step, seed: int) -> tuple[Dataset, Dataset]:
    """Draw what to learn from, and what to be judged by."""
    step.doing("images to learn from")
    learned = draw_dataset(_TRAINING, _SIDES, seed, step.advance)
    step.doing("images to be judged by")
    judged = draw_dataset(_VALIDATION, _SIDES, seed + 1, step.advance)
    step.tell(f"{_TRAINING} images of {len(LABELS)} shapes to learn from, {_VALIDATION} others")
    return learned, judged


def start_tensorflow(step: Step) -> None:
    """Import it here, so that no other step's duration holds it."""
    with silenced():
        import keras
        import tensorflow as tf
    step.tell(f"TensorFlow {tf.__version__}, Keras {keras.__version__}")


def train_and_judge(
    step: Step, learned: Dataset, judged: Dataset, epochs: int, seed: int
) -> tuple[Any, Array]:
    """Return a trained `keras.Model`, and TensorFlow's classes (N,) of the judged images."""
    model = train(learned.inputs, learned.classes, epochs=epochs, seed=seed, on_step=step.advance)
    classes = predict_classes(model, judged.inputs)
    step.tell(f"{model.count_params():,} weights, {epochs} epochs")
    step.tell(f"TensorFlow names {_share(classes, judged)} of the {_VALIDATION} others right")
    return model, classes


def save_both(step: Step, model: Any, places: Places) -> tuple[Path, Path]:
    """Write the model as .keras and as .h5."""
    paths = save(model, places.folder)
    step.tell(", ".join(f"{path.name} ({path.stat().st_size / 1e3:.0f} kB)" for path in paths))
    return paths


def export_file(step: Step, file: Path, bundle: Path) -> ParityReport:
    """Turn a Keras file into a bundle; give the comparison that this includes."""
    report = keras2cv_export.export(
        file, bundle, preprocess=PRESET, labels=LABELS, progress=step.doing
    )
    assert report.parity is not None  # noqa: S101 - tells mypy; it was asked for
    step.tell(f"{file.name} -> {bundle.name}  {_in_words(report.parity)}")
    return report.parity


def write_photos(step: Step, places: Places, seed: int) -> list[Photo]:
    """Draw fresh images, larger than those to learn from, into files, half PNG, half JPEG."""
    photos = []
    shapes = enumerate(drawings(_PHOTOS, _PHOTO_SIDES, seed), start=1)
    for (number, drawing), suffix in zip(shapes, cycle((".png", ".jpg"))):
        path = places.photos / f"{number:02}-{drawing.label}{suffix}"
        _, encoded = cv2.imencode(suffix, drawing.image_bgr)
        path.write_bytes(encoded.tobytes())
        photos.append(Photo(path, drawing.label))
    step.tell(f"{_PHOTOS} fresh images, as PNG and JPEG, into {places.photos.name}")
    return photos


def check_on_photos(step: Step, file: Path, places: Places) -> ParityReport:
    """Compare OpenCV with TensorFlow on the photos."""
    report = keras2cv_export.check(
        places.keras_bundle, against=file, samples=places.photos, speed=True, progress=step.doing
    )
    step.tell(f"on the {report.parity.samples} fresh images  {_in_words(report.parity)}")
    if report.speed is not None:
        step.tell(str(report.speed))
    return report.parity


def selftest(step: Step, models: Mapping[str, Predictor]) -> dict[str, str]:
    """Run each bundle's golden vectors."""
    reports = {name: run_selftest(model) for name, model in models.items()}
    for name, report in reports.items():
        step.tell(
            f"{name}  {report.verdict}, {len(report.rows)} comparisons, {report.engine} engine"
        )
    return {name: report.verdict for name, report in reports.items()}


def predict(step: Step, model: Predictor, judged: Dataset) -> tuple[Array, float]:
    """Return OpenCV's classes (N,) of the judged images, and the median milliseconds for one."""
    results = model.predict(list(judged.images_bgr))
    classes = np.array([_classification(result).index for result in results])
    median_ms = statistics.median(_time_ms(model, image) for image in judged.images_bgr[:_TIMED])
    step.tell(f"OpenCV names {_share(classes, judged)} of the same {_VALIDATION} right")
    step.tell(
        f"{median_ms:.2f} ms from one image to its prediction (median, {model.threads} threads)"
    )
    return classes, median_ms


def compare_bundles(step: Step, models: Mapping[str, Predictor], judged: Dataset) -> float:
    """Return the largest difference between probabilities that the bundles give."""
    first, second = (model.infer(judged.inputs)[0] for model in models.values())
    difference = float(np.abs(first - second).max())
    step.tell(f"{' and '.join(models)}: probabilities differ by at most {difference:.1e}")
    return difference


def draw_sheet(step: Step, model: Predictor, photos: Sequence[Photo], places: Places) -> int:
    """Predict the photos from their files into a contact sheet; return how many are right."""
    images = [read_image(photo.path) for photo in photos]
    results = [_classification(result) for result in model.predict(images)]
    entries = [
        Entry(image, result.label, result.score, photo.truth)
        for image, result, photo in zip(images, results, photos, strict=True)
    ]
    right = sum(entry.right for entry in entries)
    title = f"{len(entries)} fresh images, {right} named right"
    subtitle = f"Trained in Keras, predicted by OpenCV {cv2.__version__}. Green: right. Red: wrong."
    _, encoded = cv2.imencode(".png", contact_sheet(entries, title=title, subtitle=subtitle))
    places.sheet.write_bytes(encoded.tobytes())
    step.tell(f"{right} of {len(entries)} photos named right, drawn on {places.sheet.name}")
    return right


def _classification(result: object) -> Classification:
    assert isinstance(result, Classification)  # noqa: S101 - what a softmax is exported as
    return result


def _time_ms(model: Predictor, image: Array) -> float:
    start = time.perf_counter()
    model.predict(image)
    return (time.perf_counter() - start) * 1e3


def _share(classes: Array, judged: Dataset) -> str:
    return f"{(classes == judged.classes).mean():.1%}"


def _in_words(parity: ParityReport) -> str:
    """Say the verdict, and the number nearest to its limit."""
    checks = [output.tightest for output in parity.outputs if output.tightest is not None]
    if not checks:
        return f"parity: {parity.verdict}"
    check = max(checks, key=lambda c: c.strain)
    found = f"{check.metric} {check.measured:.1e} of {check.limit:.0e} allowed"
    return f"parity: {parity.verdict}, {found}"
