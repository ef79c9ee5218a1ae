"""`keras2cv bench`: its options, its files, and its exit codes.

A fake replaces the measuring: it records its arguments, and returns a record.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keras2cv.cli import main
from keras2cv.errors import VerdictError
from keras2cv_bench import benching
from keras2cv_bench.records import Answers, Record, from_json, to_json
from keras2cv_export.cli import heavy
from support.bench_records import record, reference, timing
from support.engines import ONE_ENGINE
from support.tiny_bundle import Classifier

RUN = ["bench", "cat.cv", "--against", "cat.keras"]
Put = Callable[[Record | Exception], dict[str, Any]]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Put:
    """Return a function that puts a stand-in in the place of measuring."""
    monkeypatch.chdir(tmp_path)
    Path("cat.keras").touch()
    monkeypatch.setattr(heavy, "MODULES", ("json",))

    def put_there(answer: Record | Exception) -> dict[str, Any]:
        arguments: dict[str, Any] = {}

        def bench(bundle: Any, against: Any, **options: Any) -> Record:
            arguments.update(options, bundle=bundle, against=against)
            options["progress"]("looking at it", 0, 0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(benching, "bench", bench)
        return arguments

    return put_there


def test_options_become_wishes(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    """And progress goes to stderr, the tables to stdout."""
    arguments = put(record())
    options = ["--peers", "ort,tf", "--batch", "1,4,8", "--threads", "3", "--seconds", "0.5"]
    assert main([*RUN, *options, "--engine", ONE_ENGINE, "--tolerance", "strict"]) == 0
    assert arguments["peers"] == ("ort", "tf")
    wishes = arguments["wishes"]
    assert (wishes.batches, wishes.threads, wishes.seconds) == ((1, 4, 8), 3, 0.5)
    assert (wishes.engine, wishes.tolerance) == (ONE_ENGINE, ("strict",))
    out, err = capsys.readouterr()
    assert "our time / theirs" in out
    assert err == "looking at it ...\n"


def test_everybody_is_measured_by_default(put: Put) -> None:
    """At batch 1, on all cores."""
    arguments = put(record())
    assert main(RUN) == 0
    assert sorted(arguments["peers"]) == ["litert", "naive", "openvino", "ort", "tf"]
    assert (arguments["wishes"].batches, arguments["wishes"].threads) == ((1,), None)


def test_json_and_html_hold_the_record(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    """With `-` nothing else is on stdout."""
    made = record()
    put(made)
    assert main([*RUN, "--json", "-", "--html", "page.html"]) == 0
    assert from_json(capsys.readouterr().out) == made
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("made", "options", "code"),
    [
        (record(), [], 0),
        (record(), ["--max-ratio", "0.6"], 0),
        (record(), ["--max-ratio", "0.4"], 1),
        (record(), ["--baseline", "old.json"], 1),
        (record(), ["--baseline", "old.json", "--max-ratio", "1.5"], 0),
        (record(timing("bundle", 5, answers=Answers("different", 1.0, "x")), reference(9)), [], 1),
        (record(timing("bundle", 5, answers=Answers("unclear", 0.0, "x")), reference(9)), [], 4),
        (VerdictError("bundle does not run."), [], 1),
    ],
)
def test_exit_codes(put: Put, made: Record | Exception, options: list[str], code: int) -> None:
    """0 yes, 1 no, 4 undecided."""
    put(made)
    old = record(timing("bundle", 4), reference(10))
    Path("old.json").write_text(to_json(old), encoding="utf-8")
    assert main([*RUN, *options]) == code


@pytest.mark.parametrize(
    "options",
    [
        ["--batch", "0"],
        ["--batch", "1,1"],
        ["--batch", "one"],
        ["--threads", "0"],
        ["--seconds", "0"],
        ["--max-ratio", "-1"],
        ["--max-ratio", "nan"],
        ["--engine", "ort"],
    ],
)
def test_meaningless_options_end_in_the_parser(put: Put, options: list[str]) -> None:
    """Exit code 2, before anything is loaded."""
    arguments = put(record())
    with pytest.raises(SystemExit) as left:
        main([*RUN, *options])
    assert left.value.code == 2
    assert arguments == {}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--baseline", "none.json"], "none.json cannot be read"),
        (["--baseline", "cat.keras"], "must start with"),
        (["--html", "nowhere/page.html"], "there is no folder nowhere"),
        (["--json", "nowhere/new.json"], "there is no folder nowhere"),
    ],
)
def test_files_are_looked_at_before_minutes_are_spent(
    put: Put, options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, with one sentence."""
    arguments = put(record())
    assert main([*RUN, *options]) == 2
    assert problem in capsys.readouterr().err
    assert arguments == {}


def test_a_model_that_is_not_there_is_reported_first(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before TensorFlow takes its seconds."""
    put(record())
    assert main(["bench", "cat.cv", "--against", "dog.keras"]) == 2
    assert "There is no model at dog.keras" in capsys.readouterr().err


def test_what_is_not_installed_is_named(
    put: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With 3, and the package to install."""
    put(record())
    monkeypatch.setattr(heavy, "MODULES", ("no_such_module",))
    assert main(RUN) == 3
    assert "pip install 'keras2cv[export]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"peers": ["torch"]}, "There is no peer 'torch'"),
        ({"against": "dog.keras"}, "There is no model at"),
        ({"against": 7}, "int is not a Keras model"),
        ({"bundle": "nothing.cv"}, "nothing.cv"),
    ],
)
def test_bad_input_is_refused_before_a_process_is_started(
    tmp_path: Path, options: dict[str, Any], problem: str
) -> None:
    """From Python as from the command line."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    (tmp_path / "cat.keras").touch()
    arguments = {"bundle": bundle, "against": tmp_path / "cat.keras"} | options
    with pytest.raises(benching.UsageError, match=problem):
        benching.bench(**arguments)


def test_wishes_that_mean_nothing_are_refused() -> None:
    """Batch sizes and rounds."""
    for bad in ({"batches": ()}, {"batches": (0,)}, {"batches": (2, 2)}, {"rounds": 3}):
        with pytest.raises(benching.UsageError):
            benching.Wishes(**bad)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_real_bundle_is_measured_beside_tensorflow_and_onnxruntime(tmp_path: Path) -> None:
    """In real processes all subjects give the same answers, and have every round."""
    keras = pytest.importorskip("keras")
    from keras2cv_export import export

    layers = keras.layers
    image = keras.Input((40, 56, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, activation="relu", kernel_initializer="he_normal")(image)
    x = layers.Dense(7, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    keras.Model(image, x).save(tmp_path / "cat.keras")
    export(tmp_path / "cat.keras", tmp_path / "cat.cv", preprocess="tf", check=False)
    wishes = benching.Wishes(batches=(1, 3), seconds=0.2, rounds=2)
    made = benching.bench(
        tmp_path / "cat.cv", tmp_path / "cat.keras", peers=("naive", "tf", "ort"), wishes=wishes
    )
    assert made.missing == ()
    assert made.batches == (1, 3)
    assert len(made.timings) == 12
    verdicts = {t.subject: t.answers.verdict for t in made.timings}
    assert set(verdicts.values()) <= {"same", "reference"}
    assert all(len(t.blocks) == 2 for t in made.timings)
    assert json.loads(to_json(made))["takes"] == "pictures of 1280x720"
