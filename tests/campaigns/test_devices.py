"""Trials of bundles on devices, and their timings; the device is this machine's CPU."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from campaigns.devices import __main__ as devices
from campaigns.devices import child, speed, suite, trials
from campaigns.devices.speed_child import in_turns, tiled
from campaigns.devices.trials import Trial, run_trials
from keras2cv.bundle.golden_vectors import read_golden_vectors
from keras2cv.errors import UsageError
from keras2cv.predictor import Predictor
from keras2cv.selftest import run_selftest
from support.tiny_bundle import Classifier, npz

SUITE = Path(__file__).parents[1] / "conformance"


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """Write a right bundle, one whose golden vectors are another net's, and one that is broken."""
    folder = tmp_path / "bundles"
    folder.mkdir()
    Classifier().write(folder / "right.cv")
    wrong = Classifier().write(folder / "wrong.cv")
    with np.load(wrong / "selftest.npz") as arrays:
        changed = {k: a * 1.5 if k.startswith("out") else a for k, a in arrays.items()}
    (wrong / "selftest.npz").write_bytes(npz(changed))
    (Classifier().write(folder / "broken.cv") / "model.onnx").write_bytes(b"no net")
    return folder


def test_each_bundle_has_its_verdict(bundles: Path) -> None:
    """Right, wrong with the error, or refused with the reason; the CPU's result beside it."""
    found = {t.bundle: t for t in run_trials(sorted(bundles.iterdir()), ["cpu"], workers=2)}
    right, wrong, broken = (found[f"{name}.cv"] for name in ("right", "wrong", "broken"))
    assert (right.verdict, right.reason, right.left) == ("right", "", {})
    assert right.error is not None
    assert right.error < 1e-5
    assert right.from_cpu is not None
    assert right.from_cpu < 1e-5
    assert wrong.verdict == "wrong"
    assert wrong.reason == "scores of sample 0: off by 3.3e-01"
    assert wrong.error == pytest.approx(1 / 3, rel=1e-3)
    assert broken.verdict == "refused"
    assert "model.onnx" in broken.reason
    assert isinstance(broken.cpu_error, str)


def test_what_ends_a_process_is_a_crash(
    bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process tries the rest."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os\n"
        "def answer(job, tell):\n"
        "    if 'wrong' in job['bundle']: os.abort()\n"
        "    return {'verdict': 'right'}\n"
    )
    monkeypatch.setattr(trials, "ENTRY", f"{program}:answer")
    found = {t.bundle: t for t in run_trials(sorted(bundles.iterdir()), ["cpu"], workers=1)}
    assert {name: t.verdict for name, t in found.items()} == {
        "broken.cv": "right",
        "right.cv": "right",
        "wrong.cv": "crash",
    }
    assert "SIGABRT" in found["wrong.cv"].reason


def test_layers_that_are_left_to_the_cpu_are_counted() -> None:
    """By type, from the lines that OpenCV 4.14 and 5.0 write."""
    line = (
        b"[ INFO:0@0.1] global op_cuda.cpp:76 initCUDABackend CUDA backend will fallback to the "
        b'CPU implementation for the layer "a/b:0" of type %s\n\n'
    )
    log = (
        line % b"__NetInputLayer__"
        + line % b"Gather"
        + b"[ INFO:0@0.2] something else\n"
        + 2 * (line % b"ReduceMax")
    )
    assert child.left_layers(log) == {"Gather": 1, "ReduceMax": 2}


def test_the_table_counts_and_names(bundles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints a row per device and the failures, and ends with 1."""
    out = bundles.parent / "trials.jsonl"
    assert devices.main([str(bundles), "--device", "cpu", "--json", str(out)]) == 1
    shown = capsys.readouterr().out
    assert "| cpu | 1 | 1 | 1 | 1 | 0 |" in shown
    assert "wrong: wrong.cv on cpu: scores of sample 0: off by 3.3e-01" in shown
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["bundle"] for row in rows} == {"right.cv", "wrong.cv", "broken.cv"}
    assert devices.main([str(bundles / "right.cv"), "--device", "cpu"]) == 0


def test_layers_elsewhere_are_not_all_layers_there() -> None:
    """A right trial with layers on the CPU counts as right, not as running there entirely."""
    left = Trial("b", "cuda", "right", left={"Gather": 1})
    rows = list(devices.table([Trial("a", "cuda", "right"), left]))
    assert "| cuda | 2 | 1 | 0 | 0 | 0 |" in rows


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--device", "opencl"], 3, "Device opencl is not there"),
        (["--device", "cpu", "--json", "/no/such/folder/f"], 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    more: list[str],
    code: int,
    message: str,
    bundles: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A missing device, or a file that cannot be written, ends before any trial."""
    missing = {"opencl": "no driver", "cuda": "none", "cuda-fp16": "none"}
    monkeypatch.setattr("keras2cv.net.device._missing_devices", lambda: missing)
    assert devices.main([str(bundles), *more]) == code
    assert message in capsys.readouterr().err


def test_a_folder_without_bundles_is_a_usage_error(tmp_path: Path) -> None:
    """Without bundles, no trial would fail."""
    with pytest.raises(UsageError, match="none is in it"):
        list(devices.find_bundles([tmp_path]))


def test_devices_are_timed_in_turns(bundles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row per bundle and batch has every side's median; a side that cannot run has none."""
    out = bundles.parent / "speed.jsonl"
    arguments = [str(bundles / "right.cv"), "--device", "cpu,cuda", "--threads", "1"]
    arguments += ["--batch", "1,3", "--seconds", "0.01", "--json", str(out)]
    assert speed.main(arguments) == 0
    shown = capsys.readouterr().out
    assert "| bundle | batch | cpu | cpu, 1 threads | cuda |" in shown
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["batch"] for row in rows] == [1, 3]
    for row in rows:
        every, one, cuda = row["sides"]
        assert min(every["median_ms"], one["median_ms"], every["first_ms"]) > 0
        assert every["runs"] == len(every["times_ms"]) >= 6
        assert "Device cuda is not there" in cuda["reason"] or "median_ms" in cuda


def test_everybody_has_as_many_turns() -> None:
    """Each side runs in every round, and is first in half of them."""
    order: list[str] = []
    times = in_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 0.0)
    assert {k: len(v) for k, v in times.items()} == {"a": 6, "b": 6}
    assert order[6:] == ["b", "a", "a", "b"] * 3


def test_samples_are_repeated_to_fill_a_batch() -> None:
    """All samples are used before any is repeated."""
    arrays = [np.full((1, 2), k, np.float32) for k in range(3)]
    assert tiled(arrays, 5)[:, 0].tolist() == [0, 1, 2, 0, 1]
    assert tiled(arrays, 1).shape == (1, 2)


def test_the_suite_is_exported_with_tensorflows_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each bundle passes its self-test, and an existing one stays."""
    arguments = ["-o", str(tmp_path), "--only", "conv2d_same", "--suite", str(SUITE)]
    assert suite.main(arguments) == 0
    for batch in (1, 3):
        bundle = tmp_path / f"conv2d_same.b{batch}.cv"
        with pytest.warns(match="inconclusive"):
            model = Predictor(bundle)
        assert run_selftest(model).verdict == "pass"
        golden = read_golden_vectors(bundle / "selftest.npz", model.manifest)
        assert {len(sample.inputs[0]) for sample in golden.samples} == {batch}
    assert suite.main(arguments) == 0
    assert "2 of 2  conv2d_same.b3.cv: was there" in capsys.readouterr().err
