"""The story of the demo: from nothing to predictions in OpenCV, a line per story."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

import keras2cv_export
from keras2cv.loading import load
from keras2cv.pixels.image_file import read_image
from keras2cv.predictor import Predictor
from keras2cv.selftest import run_selftest
from keras2cv_export.cli.console import safe_console
from keras2cv_export.parity.render import summary

from . import places
from .closing import commands, with_keras2cv, with_opencv_alone
from .learning import PRESET, Dataset, draw_dataset, save, train
from .narrate import Narrator
from .report import DemoReport
from .shapes import LABELS, drawings
from .sheet import contact_sheet

Array = NDArray[Any]

_TRAINING, _VALIDATION, _PHOTOS = 4800, 600, 32  # images
_SIDES, _PHOTO_SIDES = (64, 112), (160, 320)  # pixels


def run_demo(
    folder: Path, *, epochs: int = 8, seed: int = 7, console: Console | None = None
) -> DemoReport:
    """Train a small classifier on drawn shapes, and take it all the way to OpenCV.

    Args:
        folder: The folder to write into: new, empty, or left by an earlier demo.
        epochs: How long to train.
        seed: Fixes what is drawn and how the training starts.
        console: The console to print to; None is stdout. Progress goes to stderr.

    Returns:
        The measurements; `.exit_code` is 0 if everything is as it should be.

    Raises:
        UsageError: The folder is not empty and holds no demo, or cannot be written.
        ParityError: OpenCV's predictions are not TensorFlow's.
        NetError: OpenCV refuses the net or crashes on it.
    """
    places.prepare(folder)
    story = Narrator(console or safe_console())
    story.print(f"From a Keras model to OpenCV {cv2.__version__}, in {folder}", "bold")
    files = [folder / places.KERAS_FILE, folder / places.H5_FILE]
    bundles = [folder / places.KERAS_BUNDLE, folder / places.H5_BUNDLE]
    with story.step("draw"):
        learned = draw_dataset(_TRAINING, _SIDES, seed)
        judged = draw_dataset(_VALIDATION, _SIDES, seed + 1)
        photos = _write_photos(folder / places.PHOTOS, seed + 2)
        story.add(f"{_TRAINING} images of {len(LABELS)} shapes to learn from, {_VALIDATION} others")
        story.add(f"{_PHOTOS} fresh images, as PNG and JPEG, into {places.PHOTOS}")
    with story.step("train"):
        theirs = _train(story, learned, judged, epochs, seed, files)
    with story.step("export"):
        parity = {f.name: _export(story, f, b) for f, b in zip(files, bundles, strict=True)}
    with story.step("check"):
        parity[places.PHOTOS] = _check(story, bundles[0], files[0], folder / places.PHOTOS)
    models = {bundle.name: load(bundle) for bundle in bundles}
    with story.step("self-test"):
        selftests = {name: _selftest(story, name, model) for name, model in models.items()}
    with story.step("predict"):
        ours = {name: _predict(story, name, model, judged) for name, model in models.items()}
        right = _draw_sheet(story, models[bundles[0].name], photos, folder / places.SHEET)
    report = DemoReport(
        images=len(judged.classes),
        accuracy_tensorflow=float(np.mean(theirs == judged.classes)),
        accuracy_opencv=float(np.mean(ours[bundles[0].name] == judged.classes)),
        same_answers={name: int(np.sum(classes == theirs)) for name, classes in ours.items()},
        parity=parity,
        selftests=selftests,
        photos_right=right,
        photos=len(photos),
        seconds=story.seconds,
    )
    places.write_record(folder, report.to_dict())
    _close(story, report, folder, models[bundles[0].name], next(iter(photos)))
    return report


def _write_photos(folder: Path, seed: int) -> dict[Path, str]:
    """Draw fresh images into files, half PNG, half JPEG; return file -> its shape's label."""
    photos = {}
    images = enumerate(drawings(_PHOTOS, _PHOTO_SIDES, seed), start=1)
    for (number, (image, label)), suffix in zip(images, cycle((".png", ".jpg"))):
        path = folder / f"{number:02}-{label}{suffix}"
        path.write_bytes(cv2.imencode(suffix, image)[1].tobytes())
        photos[path] = label
    return photos


def _train(
    story: Narrator, learned: Dataset, judged: Dataset, epochs: int, seed: int, files: list[Path]
) -> Array:
    """Write a trained model into files; return its classes (N,) of the judged images."""
    from keras2cv_export.quiet.tensorflow import keras, tf

    model = train(learned, epochs, seed, story.doing)
    classes = np.asarray(np.argmax(model.predict(judged.inputs, verbose=0), axis=1))
    story.add(f"{model.count_params():,} weights, {epochs} epochs")
    story.add(f"TensorFlow {tf.__version__}, Keras {keras.__version__}: {_share(classes, judged)}")
    save(model, files)
    return classes


def _export(story: Narrator, file: Path, bundle: Path) -> str:
    """Turn a Keras file into a bundle; return the verdict of the comparison that this includes.

    `unsafe`: the model is the demo's own. An export of a stranger's gives the process' right to
    write away for good, and the demo still has bundles and pages to write.
    """
    report = keras2cv_export.export(
        file, bundle, preprocess=PRESET, labels=LABELS, progress=story.doing, unsafe=True
    )
    assert report.parity is not None  # noqa: S101 - for mypy; it was asked for
    story.add(f"{file.name} -> {bundle.name}  {summary(report.parity)}")
    return report.parity.verdict


def _check(story: Narrator, bundle: Path, file: Path, photos: Path) -> str:
    """Compare OpenCV with TensorFlow on the photos; return the verdict."""
    report = keras2cv_export.check(
        bundle, against=file, samples=photos, speed=True, progress=story.doing, unsafe=True
    )
    story.add(f"on {photos.name}  {summary(report.parity)}")
    if report.speed is not None:
        story.add(str(report.speed))
    return report.parity.verdict


def _selftest(story: Narrator, name: str, model: Predictor) -> str:
    report = run_selftest(model)
    story.add(f"{name}  {report.verdict}, {len(report.rows)} comparisons, {report.engine} engine")
    return report.verdict


def _predict(story: Narrator, name: str, model: Predictor, judged: Dataset) -> Array:
    """Return OpenCV's classes (N,) of the judged images."""
    results: list[Any] = model.predict(judged.images_bgr)
    classes = np.array([result.index for result in results])
    story.add(f"{name}  OpenCV {cv2.__version__}, {model.engine} engine: {_share(classes, judged)}")
    return classes


def _draw_sheet(story: Narrator, model: Predictor, photos: dict[Path, str], sheet: Path) -> int:
    """Predict the photos into a contact sheet; return how many are right."""
    results: list[Any] = model.predict([read_image(path) for path in photos])
    right = sum(bool(r.label == t) for r, t in zip(results, photos.values(), strict=True))
    sheet.write_bytes(cv2.imencode(".png", contact_sheet(photos, results))[1].tobytes())
    story.add(f"{right} of {len(photos)} fresh images named right, drawn on {sheet.name}")
    return right


def _share(classes: Array, judged: Dataset) -> str:
    return f"{(classes == judged.classes).mean():.1%} of the {len(classes)} others named right"


def _close(
    story: Narrator, report: DemoReport, folder: Path, model: Predictor, photo: Path
) -> None:
    seconds = f"({sum(report.seconds.values()):.0f} s)"
    if report.problems:
        story.section(f"Not everything is as it should be {seconds}", report.problems, "bold red")
    else:
        share = f"{report.accuracy_opencv:.1%} of {report.images} images named right"
        agreement = f"{share}: OpenCV gives TensorFlow's answer to every one."
        story.section(f"Everything passed {seconds}", [agreement], "bold green")
    rows = places.FILES.items()
    story.section(f"In {folder}", (f"{name:<25}{meaning}" for name, meaning in rows))
    if not report.problems:
        bundle = folder / places.KERAS_BUNDLE
        story.section("What to type next", commands(folder))
        story.section("In Python, without TensorFlow", with_keras2cv(bundle, photo))
        story.section("In Python, with OpenCV alone", with_opencv_alone(model, bundle, photo))
