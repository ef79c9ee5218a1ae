"""A tuned bundle runs with the fastest setting, on machines like the measured one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.manifest import Manifest, Rate, Trial, Tuned
from keras2cv.bundle.writing import write_bundle
from keras2cv.cli import main, nets
from keras2cv.cli.card import describe
from keras2cv.errors import NetError
from keras2cv.net.machine import cores, processor
from keras2cv.net.tuned import choice_for, why_not
from keras2cv.predictor import Predictor
from support.tiny_bundle import Classifier

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


RATES = (Rate(1, 1, 1, 1.0, 1.0, 1.0), Rate(2, 1, 1, 0.7, 0.7, 0.8))


def tuned(
    opencv: str = cv2.__version__, on: int | None = None, processor_name: str | None = None
) -> Manifest:
    """Return a manifest that was tuned on that OpenCV, number of cores and processor."""
    name = processor() if processor_name is None else processor_name
    found = Tuned(opencv, name, cores() if on is None else on, 1, WAYS, RATES, 1)
    return Classifier().manifest().replace(tuned=found)


def greedy() -> Manifest:
    """Return a forged manifest: OpenCV would start as many threads as it says."""
    record = tuned().tuned
    assert record is not None
    trials = tuple(replace(trial, threads=60_000) for trial in record.trials)
    return tuned().replace(tuned=replace(record, trials=trials))


def written(folder: Path, manifest: Manifest) -> Path:
    """Write the tiny classifier with a manifest."""
    tiny = Classifier()
    write_bundle(folder, manifest, {"model.onnx": tiny.onnx(), "selftest.npz": tiny.selftest()})
    return folder


@pytest.mark.classic
def test_the_choice_is_taken(tmp_path: Path) -> None:
    """Engine, threads and options; the numbers are the same."""
    model = keras2cv.load(written(tmp_path / "cat.cv", tuned()))
    assert (model.engine, model.threads) == ("classic", 1)
    assert (model._running.net.fusion, model._running.net.winograd) == (False, False)
    image = np.random.default_rng(3).uniform(-1, 1, (1, 9, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(model.infer(image)[0], Classifier()(image), atol=1e-5)


@pytest.mark.classic
def test_the_callers_arguments_come_first(tmp_path: Path) -> None:
    """Each option by itself."""
    bundle = written(tmp_path / "cat.cv", tuned())
    model = Predictor(bundle, threads=2, winograd=True)
    assert (model.engine, model.threads) == ("classic", 2)
    assert (model._running.net.fusion, model._running.net.winograd) == (False, True)


def test_another_engine_than_the_chosen_one_is_run_as_it_was_verified() -> None:
    """The fastest settings of one engine do not apply to the other, or to another device."""
    place = Path("none.cv")
    assert choice_for(place, tuned(), "cpu", "classic") == choice_for(place, tuned(), "cpu", None)
    assert choice_for(place, tuned(), "cpu", None) is not None
    assert choice_for(place, tuned(), "cpu", "new") is None
    assert choice_for(place, tuned(), "cuda", None) is None


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (tuned(opencv="4.9.0"), f"this is OpenCV {cv2.__version__}"),
        (tuned(on=cores() + 3), f"this process may use {cores()} cores"),
        (tuned(processor_name="a Cray-1"), f"this is {processor()}"),
        (greedy(), "it asks for more threads than this machine has use for"),
        (Classifier().manifest(), "it was not tuned"),
    ],
    ids=["another OpenCV", "other cores", "another processor", "forged", "no tuning"],
)
def test_elsewhere_it_runs_as_it_was_verified(tmp_path: Path, manifest: Manifest, why: str) -> None:
    """`info` reports it."""
    assert why_not(manifest) == why
    model = keras2cv.load(written(tmp_path / "cat.cv", manifest))
    assert model.threads == 2
    assert (model._running.net.fusion, model._running.net.winograd) == (True, True)
    assert any(why in line for line in describe(manifest)) == (manifest.tuned is not None)


def test_the_card_shows_the_choice_and_what_it_was_better_than() -> None:
    """With the machine that it was measured on."""
    page = "\n".join(describe(tuned()))
    assert "classic engine, 1 thread, without fusion and winograd, taken here" in page
    assert "1 ms, 0.50 times that of classic engine, 2 threads; the best of 2 ways" in page
    assert "many samples: 2 nets on 1 thread, 1 sample a run, 0.7 ms a sample" in page


def test_many_samples_are_run_as_they_were_the_fastest() -> None:
    """Where the setting holds, and not where another was requested, or nothing was measured."""
    choice = choice_for(Path("none.cv"), tuned(), "cpu", None)
    assert choice is not None
    assert choice.rate == RATES[1]
    assert choice_for(Path("none.cv"), tuned(opencv="4.9.0"), "cpu", None) is None
    assert choice_for(Path("none.cv"), Classifier().manifest(), "cpu", None) is None


@pytest.mark.classic
def test_batch_auto_follows_the_tuning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nets, and nothing is measured again; with --threads, it is."""
    bundle = written(tmp_path / "cat.cv", tuned())
    for k in range(3):
        image = np.random.default_rng(k).integers(0, 256, (9, 12, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{k}.png"), image)
    monkeypatch.setattr(nets, "fastest", measured := Mock(side_effect=NetError("it is")))
    pictures = [str(tmp_path / f"{k}.png") for k in range(3)]
    assert main(["run", str(bundle), *pictures, "--batch", "auto"]) == 0
    assert "tuned: 2 nets on 1 thread, 1 sample a run, 0.7 ms an image" in capsys.readouterr().err
    main(["run", str(bundle), *pictures, "--batch", "auto", "--threads", "1"])
    measured.assert_called_once()
