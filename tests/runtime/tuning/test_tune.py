"""`keras2cv tune`: every setting is judged before it is timed, and the choice is followed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.local_tuning import SIDE_FILE
from keras2cv.bundle.locks import try_lock
from keras2cv.bundle.manifest import Rate, Trial
from keras2cv.bundle.npz import read_npz
from keras2cv.bundle.reading import read_manifest
from keras2cv.bundle.writing import write_manifest
from keras2cv.cli import main
from keras2cv.errors import NetError
from keras2cv.net.engines import ENGINES
from keras2cv.tasks.task import Task
from keras2cv.tuning import search, trying
from keras2cv.tuning.trying import Running, Setting
from keras2cv.tuning.tune import settings_of, tune, why_no_batches
from support.local_tuning import tune_by_hand
from support.tiny_bundle import Classifier
from support.two_forms import form_of, write_two


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep to a cache of the test's own, and give OpenCV its number of threads back."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try one setting of each file and engine, and one other batch."""

    def own(engines: Sequence[str], threads: int) -> list[Trial]:
        return [Trial(engine, threads, True, True) for engine in engines]  # type: ignore[arg-type]

    monkeypatch.setattr("keras2cv.tuning.tune.candidates", own)
    monkeypatch.setattr(search, "BATCHES", (1, 2))


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Return a bundle with two files of its net."""
    return write_two(tmp_path / "two.cv")


def test_the_own_way_comes_first(two: Path) -> None:
    """Then its engine's other threads, then `model.onnx` on each engine."""
    settings = settings_of(read_manifest(two), 4)
    assert (settings[0].file, settings[0].trial) == (
        "model.4.7.onnx",
        Trial(ENGINES[0], 4, True, True),  # type: ignore[arg-type]
    )
    assert {s.file for s in settings} == {"model.4.7.onnx", "model.onnx"}
    assert {s.trial.engine for s in settings if s.file == "model.onnx"} == set(ENGINES)
    assert {s.trial.threads for s in settings} == {1, 2, 4}
    assert len(set(settings)) == len(settings)


def test_one_core_and_options_that_are_off() -> None:
    """One number of threads; what was verified without fusion is never tried with it."""
    manifest = Classifier().manifest()
    cautious = manifest.replace(engine=replace(manifest.engine, fusion=False))
    settings = settings_of(cautious, 1)
    assert {setting.trial.threads for setting in settings} == {1}
    assert not any(setting.trial.fusion for setting in settings)


@pytest.mark.usefixtures("few")
def test_a_bundle_is_tuned(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every setting passes, the choice is noted, and everything is in the JSON."""
    assert main(["tune", str(two), "--budget", "0.01", "--json", "-"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["noted_in"] == str(two / SIDE_FILE)
    assert len(found["trials"]) == 1 + len(ENGINES)
    assert all(trial["median_ms"] > 0 for trial in found["trials"])
    assert [(rate["nets"], rate["batch"]) for rate in found["rates"]][:2] == [(1, 1), (1, 2)]
    assert "model.4.7.onnx ..." in err
    model = keras2cv.load(two)
    assert model.manifest.model.file == found["choice"]["file"]
    assert (model.engine, model.threads) == (found["choice"]["engine"], found["choice"]["threads"])
    batch = keras2cv.load(two, batch="auto").manifest.model.batch
    assert batch == found["many_samples"]["batch"]
    assert main(["tune", str(two), "--forget"]) == 0
    assert main(["tune", str(two), "--forget"]) == 0
    forgotten, not_there = capsys.readouterr().out.splitlines()
    assert forgotten == f"forgotten: {two / SIDE_FILE}"
    assert not_there == f"{two} was not tuned here"
    assert not (two / SIDE_FILE).exists()


class Wrong(Classifier):
    """The same net with an offset that the self-test does not allow."""

    def weights(self) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        """Return the weights."""
        weights = super().weights()
        return {**weights, "offset": weights["offset"] + np.float32(0.1)}


@pytest.mark.usefixtures("few")
def test_a_setting_that_is_wrong_is_never_chosen(tmp_path: Path) -> None:
    """Not even where it would run by itself; the refusal is told."""
    data = Wrong().onnx()
    folder = write_two(tmp_path / "wrong.cv", data, form_of(data))
    found = tune(folder, budget_s=0.01)
    assert found.record.file == "model.onnx"
    assert found.record.files[-1] == "model.4.7.onnx"
    assert "self-test: scores of sample 0: off by" in str(found.record.tuned.trials[-1].refused)
    assert keras2cv.load(folder).manifest.model.file == "model.onnx"


@pytest.mark.usefixtures("few")
def test_where_nothing_passes_nothing_is_noted(tmp_path: Path) -> None:
    """The exit code is that of a failed self-test."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    arrays = read_npz(bundle / "selftest.npz")
    np.savez(bundle / "selftest.npz", **{**arrays, "out/0/0": arrays["out/0/0"] + 1})
    assert main(["tune", str(bundle), "--budget", "0.01"]) == 1
    assert not (bundle / SIDE_FILE).exists()
    with pytest.raises(keras2cv.VerdictError, match="No setting passes the self-test"):
        tune(bundle, budget_s=0.01)


def test_a_bundle_that_was_never_proven_has_no_judge(tmp_path: Path) -> None:
    """Its self-test says nothing, or is not there."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    manifest = read_manifest(bundle)
    write_manifest(bundle, manifest.replace(status="unverified", evidence=None))
    assert main(["tune", str(bundle)]) == 4
    (bundle / "selftest.npz").unlink()
    assert main(["tune", str(bundle)]) == 4


@pytest.mark.parametrize("words", [["none.cv"], ["cat.cv", "--forget", "--json", "-"]])
def test_bad_input_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """No bundle there, or options that mean nothing together."""
    Classifier().write(tmp_path / "cat.cv")
    monkeypatch.chdir(tmp_path)
    assert main(["tune", *words]) == 2
    assert main(["tune", words[0], "--forget"]) == (2 if words[0] == "none.cv" else 0)


@pytest.mark.skipif(os.name != "posix", reason="there are no such locks")
def test_two_processes_do_not_disturb_each_other(tmp_path: Path) -> None:
    """The second is told who tunes."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    descriptor = os.open(bundle, os.O_RDONLY)
    try:
        assert try_lock(descriptor)
        with pytest.raises(keras2cv.UsageError, match=f"Another process tunes .*{os.getpid()}"):
            tune(bundle)
    finally:
        os.close(descriptor)


@pytest.mark.usefixtures("few")
def test_a_bundle_that_is_replaced_meanwhile_is_not_noted(tmp_path: Path) -> None:
    """What was measured is another net."""
    bundle = Classifier().write(tmp_path / "cat.cv")

    def replace_it(what: str, _done: int, _total: int) -> None:
        if what.startswith("many samples"):
            Wrong().write(bundle)

    with pytest.raises(keras2cv.UsageError, match="was replaced while it was tuned"):
        tune(bundle, budget_s=0.01, progress=replace_it)
    assert not (bundle / SIDE_FILE).exists()


def test_run_batch_auto_follows_the_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it does that of `export --tune`."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    from keras2cv.tuning.noting import note
    from support.local_tuning import record_for

    manifest = read_manifest(bundle)
    note(bundle, manifest, record_for(manifest, rate=Rate(1, 1, 2, 0.5, 0.5, 0.6)))
    for k in range(3):
        image = np.random.default_rng(k).integers(0, 256, (9, 12, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{k}.png"), image)
    pictures = [str(tmp_path / f"{k}.png") for k in range(3)]
    assert main(["run", str(bundle), *pictures, "--batch", "auto"]) == 0
    assert "tuned: 1 net on 1 thread, 2 samples a run, 0.5 ms an image" in capsys.readouterr().err


def test_thresholds_are_written_beside_the_choice(tmp_path: Path) -> None:
    """`evaluate --write` replaces the bundle, and the nets are the same."""
    from keras2cv.evaluation.writing_scores import write_bundle as written

    bundle = Classifier().write(tmp_path / "cat.cv")
    tune_by_hand(bundle)
    manifest = read_manifest(bundle)
    files: dict[str, bytes | Path] = {
        name: bundle / name for name in ("model.onnx", "selftest.npz", SIDE_FILE)
    }
    written(bundle, manifest, files)
    assert keras2cv.load(bundle).threads == 1


@pytest.mark.usefixtures("few")
def test_the_table_marks_the_choice_and_says_why_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting a line; the reason is cut, the JSON has it whole."""
    data = Wrong().onnx()
    folder = write_two(tmp_path / "wrong.cv", data, form_of(data))
    assert main(["tune", str(folder), "--budget", "0.01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"OpenCV {cv2.__version__}, ")
    assert any(line.startswith(" * ") and "model.onnx" in line for line in lines)
    assert any("model.4.7.onnx" in line and "refused: self-test: scores" in line for line in lines)
    assert f"noted in {folder / SIDE_FILE}; `keras2cv tune --forget` removes it" in lines
    assert all(len(line) < 160 for line in lines[:-1])


@pytest.mark.usefixtures("few")
def test_a_net_that_takes_one_batch_alone_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table and in the JSON, with what to do."""
    bundle = Classifier().write(tmp_path / "cat.cv")

    def refusing(folder: Path, setting: Setting, size: int) -> AbstractContextManager[Running]:
        if setting.batch > 1:
            raise NetError("OpenCV refuses this batch.")
        return trying.running(folder, setting, size)

    monkeypatch.setattr("keras2cv.tuning.tune.running", refusing)
    assert main(["tune", str(bundle), "--budget", "0.01", "--json", str(tmp_path / "t.json")]) == 0
    sentence = "the net takes 1 in a run and no other number. For more, export it with --batch N"
    assert f"many samples, no batch found: {sentence}" in capsys.readouterr().out
    assert json.loads((tmp_path / "t.json").read_text())["no_batches"] == sentence


def test_why_no_run_takes_several_samples() -> None:
    """States, outputs of a whole run, a setting that does not run again; else nothing is said."""
    manifest = Classifier().manifest()
    taken = (Rate(1, 2, 1, 5.0, 1.0, 1.0), Rate(1, 2, 2, 4.0, 0.8, 0.9))
    refused = replace(taken[1], sample_ms=None, ratio=None, high=None, refused="no")
    assert why_no_batches(manifest, taken) == ""
    assert why_no_batches(manifest, taken[:1]) == ""
    assert "no other number" in why_no_batches(manifest, (taken[0], refused))
    assert why_no_batches(manifest, None) == "the fastest setting did not run again"
    whole = tuple(replace(output, batched=False) for output in manifest.outputs)
    raw = manifest.replace(outputs=whole, task=Task("raw"))
    name = manifest.outputs[0].name
    assert f"an output ({name}) is one for a whole run" in why_no_batches(raw, None)
