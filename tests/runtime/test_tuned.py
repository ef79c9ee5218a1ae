"""A tuned bundle runs the way that was the fastest, where that was measured on the like of here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle import write_bundle
from keras2cv.cli.card import describe
from keras2cv.manifest import Manifest, Trial, Tuned
from keras2cv.predictor import Predictor
from keras2cv.tuned import choice_for, cores, why_not
from tiny_bundle import Classifier

WAYS = (
    Trial("classic", 2, True, True, 2.0, 1.0, 1.0),
    Trial("classic", 1, False, False, 1.0, 0.5, 0.6),
)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Give OpenCV its number of threads back, which is for the whole process."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


def tuned(opencv: str = cv2.__version__, on: int | None = None) -> Manifest:
    """Return a manifest that was tuned on that OpenCV and number of cores."""
    found = Tuned(opencv, "a processor", cores() if on is None else on, 1, WAYS)
    return Classifier().manifest().replace(tuned=found)


def written(folder: Path, manifest: Manifest) -> Path:
    """Write the tiny classifier with a manifest."""
    tiny = Classifier()
    write_bundle(folder, manifest, {"model.onnx": tiny.onnx(), "selftest.npz": tiny.selftest()})
    return folder


def test_the_choice_is_taken(tmp_path: Path) -> None:
    """Engine, threads and options; the numbers are the same."""
    model = keras2cv.load(written(tmp_path / "cat.cv", tuned()))
    assert (model.engine, model.threads) == ("classic", 1)
    assert (model._net.fusion, model._net.winograd) == (False, False)
    image = np.random.default_rng(3).uniform(-1, 1, (1, 9, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(model.infer(image)[0], Classifier()(image), atol=1e-5)


def test_what_the_caller_says_comes_first(tmp_path: Path) -> None:
    """Each option by itself."""
    bundle = written(tmp_path / "cat.cv", tuned())
    model = Predictor(bundle, threads=2, winograd=True)
    assert (model.engine, model.threads) == ("classic", 2)
    assert (model._net.fusion, model._net.winograd) == (False, True)


def test_another_engine_than_the_chosen_one_is_run_as_it_was_verified() -> None:
    """What was the fastest on one says nothing about the other, or about another device."""
    assert choice_for(tuned(), "cpu", "classic") is choice_for(tuned(), "cpu", None) is not None
    assert choice_for(tuned(), "cpu", "new") is None
    assert choice_for(tuned(), "cuda", None) is None


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (tuned(opencv="4.9.0"), f"this is OpenCV {cv2.__version__}"),
        (tuned(on=cores() + 3), f"this machine has {cores()} cores"),
        (Classifier().manifest(), "it was not tuned"),
    ],
    ids=["another OpenCV", "another machine", "no tuning"],
)
def test_elsewhere_it_runs_as_it_was_verified(tmp_path: Path, manifest: Manifest, why: str) -> None:
    """And `info` says so."""
    assert why_not(manifest) == why
    model = keras2cv.load(written(tmp_path / "cat.cv", manifest))
    assert model.threads == 2
    assert (model._net.fusion, model._net.winograd) == (True, True)
    assert any(why in line for line in describe(manifest)) == (manifest.tuned is not None)


def test_the_card_shows_the_choice_and_what_it_was_better_than() -> None:
    """With the machine that it was measured on."""
    page = "\n".join(describe(tuned()))
    assert "classic engine, 1 thread, without fusion and winograd, taken here" in page
    assert "1 ms, 0.50 times that of classic engine, 2 threads; the best of 2 ways" in page
