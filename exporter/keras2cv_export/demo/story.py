"""The story of the demo: from nothing to predictions in OpenCV, a line per step."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.console import Console

from keras2cv.bundle.manifest import Manifest
from keras2cv.predictor import load

from . import closing, steps
from .narrate import Narrator
from .places import Places, prepare
from .report import DemoReport
from .train import EPOCHS

SEED: Final = 7


def run_demo(
    folder: Path, *, epochs: int | None = None, seed: int = SEED, console: Console | None = None
) -> DemoReport:
    """Train a small classifier on drawn shapes, and take it all the way to OpenCV.

    Args:
        folder: Where everything goes: new, empty, or left by an earlier demo.
        epochs: How long to train; None takes what is enough.
        seed: Fixes what is drawn and how the training starts.
        console: Where the story is told; None is stdout. Bars go to stderr.

    Returns:
        What was measured; `.exit_code` is 0 if everything is as it should be.

    Raises:
        UsageError: The folder is not empty and holds no demo, or cannot be written.
        ParityError: OpenCV's predictions are not TensorFlow's.
        NetError: OpenCV refuses the net or crashes on it.
    """
    places = prepare(folder)
    story = Narrator(console or Console())
    story.say(f"From a Keras model to OpenCV {cv2.__version__}, in {folder}", "bold")
    with story.step("draw") as step:
        learned, judged = steps.draw(step, seed)
    with story.step("start") as step:
        steps.start_tensorflow(step)
    with story.step("train") as step:
        keras_model, theirs = steps.train_and_judge(step, learned, judged, epochs or EPOCHS, seed)
    with story.step("save") as step:
        keras_file, h5_file = steps.save_both(step, keras_model, places)
    with story.step("export") as step:
        parity = {
            keras_file.name: steps.export_file(step, keras_file, places.keras_bundle),
            h5_file.name: steps.export_file(step, h5_file, places.h5_bundle),
        }
    with story.step("photos") as step:
        photos = steps.write_photos(step, places, seed + 2)
    with story.step("check") as step:
        parity["photos"] = steps.check_on_photos(step, keras_file, places)
    with story.step("load") as step:
        models = {b.name: load(b) for b in (places.keras_bundle, places.h5_bundle)}
        model = models[places.keras_bundle.name]
        step.tell(f"{' and '.join(models)}, in OpenCV's {model.engine} engine")
    with story.step("self-test") as step:
        selftests = steps.selftest(step, models)
    with story.step("predict") as step:
        ours, opencv_ms = steps.predict(step, model, judged)
    with story.step("compare") as step:
        difference = steps.compare_bundles(step, models, judged)
    with story.step("sheet") as step:
        right = steps.draw_sheet(step, model, photos, places)
    report = DemoReport(
        folder=folder,
        images=len(judged.classes),
        accuracy_tensorflow=float(np.mean(theirs == judged.classes)),
        accuracy_opencv=float(np.mean(ours == judged.classes)),
        same_answers=int(np.sum(ours == theirs)),
        parity={what: found.verdict for what, found in parity.items()},
        selftests=selftests,
        bundles_difference=difference,
        photos_right=right,
        photos=len(photos),
        opencv_ms=opencv_ms,
        seconds=story.seconds,
    )
    places.write_record(report.to_dict())
    _close(story, places, report, model.manifest, photos[0].path)
    return report


def _close(
    story: Narrator, places: Places, report: DemoReport, manifest: Manifest, photo: Path
) -> None:
    style = "bold green" if report.passed else "bold red"
    story.section(closing.verdict(report), closing.findings(report), style)
    story.section(f"In {places.folder}", closing.contents(places))
    if not report.passed:
        return
    story.section("What to type next", closing.commands(places))
    story.section("In Python, without TensorFlow", closing.with_keras2cv(places, photo))
    alone = closing.with_opencv_alone(manifest, places, photo)
    story.section("In Python, with OpenCV alone", alone)
