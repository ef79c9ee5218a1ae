"""Export proves its bundle, or leaves everything as it was."""

from __future__ import annotations

import contextlib
import json
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import onnx_ir as ir
import pytest
from keras import layers

import keras2cv
from keras2cv.bundle.manifest import Trial
from keras2cv.errors import (
    BundleError,
    InputError,
    Keras2cvWarning,
    ModelError,
    NetError,
    ParityError,
    UnsupportedError,
    UsageError,
)
from keras2cv.net.engines import ENGINES
from keras2cv.selftest import run_selftest
from keras2cv.tuning.interleave import Comparison
from keras2cv_export import check, export
from keras2cv_export.convert import formed
from keras2cv_export.graph.edit import constant, new_constant
from keras2cv_export.passes import pipeline
from keras2cv_export.tuning import throughput, variants
from keras2cv_export.tuning import tune as tuning
from support.engines import ONE_ENGINE
from support.net_reading import when_a_net_is_read

CASE = Callable[[], Any]


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file under `folder` with its content."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def table(units: int = 3, **options: Any) -> keras.Model:
    """Return a model of a row of seven numbers."""
    keras.utils.set_random_seed(units)
    x = keras.Input((7,), name="row")
    return keras.Model(x, layers.Dense(units, name="values", **options)(x), name="table")


class FlipOneSign:
    """A faulty pass: the first Gemm's first weight gets the other sign."""

    __name__ = "flip_one_sign"

    def __init__(self) -> None:
        self.done = False

    def __call__(self, model: ir.Model) -> int:
        """Flip once, in the second round, when the weights are constants."""
        gemms = [node for node in model.graph if node.op_type == "Gemm"]
        weights = constant(gemms[0].inputs[1]) if gemms else None
        if self.done or weights is None:
            return 0
        wrong = weights.copy()
        wrong[0, 0] *= -1
        gemms[0].replace_input_with(1, new_constant(model, wrong, gemms[0].outputs[0]))
        self.done = True
        return 1


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a faulty pass at the end of the pipeline."""
    flip = FlipOneSign()
    faulty = lambda *target: (*pipeline(*target), flip)  # noqa: E731 - as short as it gets
    monkeypatch.setattr("keras2cv_export.convert.pipeline", faulty)


def test_a_report_lists_what_was_done(shapes: Any) -> None:
    """Verdict, notes and passes; as JSON too."""
    report = shapes.report
    assert report.parity.verdict == "pass"
    assert report.notes == (
        "Task: classify, since shape ends in softmax. Say --task to change that.",
    )
    assert dict(report.passes)["fold_constants"] > 0
    record = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (record["status"], record["parity"]["verdict"]) == ("verified", "pass")
    assert record["seconds"] > 0
    assert [one["name"] for one in record["left_alone"]] == [one.name for one in report.left_alone]


def test_the_manifest_holds_the_evidence(shapes: Any) -> None:
    """Every engine of this OpenCV, each output's error, and the versions."""
    manifest = keras2cv.load(shapes.folder).manifest
    assert manifest == shapes.report.manifest
    assert manifest.status == "verified"
    assert [run.engine for run in manifest.evidence.runs] == list(ENGINES)
    for run in manifest.evidence.runs:
        (output,) = run.outputs
        assert (output.name, output.metric) == ("shape", "max_abs/max_ref")
        assert 0 <= output.measured <= output.limit == 1e-4
    assert manifest.evidence.samples == 4
    assert {"tensorflow", "keras", "tf2onnx", "opencv", "keras2cv"} <= set(
        manifest.evidence.versions
    )
    assert (manifest.source.kind, manifest.source.file) == ("live", "shapes")


@pytest.mark.parametrize("name", ["table.keras", "table.h5", "table.hdf5", "table"])
def test_a_model_is_exported_from_every_form(name: str, tmp_path: Path) -> None:
    """The bundle predicts exactly as the saved model."""
    model = table()
    if "." in name:
        model.save(tmp_path / name)
    else:
        model.export(tmp_path / name, verbose=False)
    manifest = export(tmp_path / name, tmp_path / "table.cv").manifest
    assert manifest.status == "verified"
    assert manifest.source.file == name
    row = np.linspace(-1, 1, 14, dtype=np.float32).reshape(2, 7)
    found = keras2cv.load(tmp_path / "table.cv").infer(row)[0]
    assert np.allclose(found, np.array(model(row)), atol=1e-6)


@pytest.mark.usefixtures("faulty")
def test_one_wrong_weight_fails_and_writes_nothing(tmp_path: Path) -> None:
    """The error carries the report, and the folder is as empty as before."""
    with pytest.raises(ParityError, match="OpenCV's predictions are not TensorFlow's") as caught:
        export(table(), tmp_path / "new" / "table.cv")
    assert caught.value.exit_code == 1
    assert caught.value.report.verdict == "fail"  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_previous_bundle(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """To the byte, with nothing beside it."""
    export(table(), tmp_path / "table.cv")
    before = files_of(tmp_path)
    request.getfixturevalue("faulty")
    with pytest.raises(ParityError):
        export(table(), tmp_path / "table.cv")
    assert files_of(tmp_path) == before


def test_a_new_export_replaces_the_previous_bundle(tmp_path: Path) -> None:
    """Whole, with nothing of the old one left."""
    export(table(3), tmp_path / "table.cv")
    export(table(5), tmp_path / "table.cv", check=False)
    assert sorted(files_of(tmp_path)) == ["table.cv/manifest.json", "table.cv/model.onnx"]


CRASH = """
import sys
if "keras2cv.trial.worker:answer" in sys.orig_argv:
""" + textwrap.indent(when_a_net_is_read("os.abort()"), "    ")


def test_a_crash_of_opencv_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a child process dies; the error names its end and the model; nothing is written."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(CRASH, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    with pytest.raises(NetError, match=r"crashed \(.+\) while loading") as caught:
        export(table(), tmp_path / "out" / "table.cv")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_without_a_check_the_bundle_is_unverified(tmp_path: Path) -> None:
    """It is unverified, has no golden vectors, and loading it warns."""
    report = export(table(), tmp_path / "table.cv", check=False)
    assert (report.manifest.status, report.parity) == ("unverified", None)
    assert report.to_dict()["parity"] is None
    with pytest.warns(Keras2cvWarning, match="is unverified: nobody compared it"):
        predictor = keras2cv.load(tmp_path / "table.cv")
    row = np.linspace(-1, 1, 7, dtype=np.float32)[None]
    expected = np.array(table()(row))
    assert np.allclose(predictor.infer(row)[0], expected, atol=1e-6)


def test_an_output_that_never_changes_is_inconclusive(tmp_path: Path) -> None:
    """All probabilities are 1/3, and a wrong net would give the same: nothing is claimed."""
    model = table(activation="softmax", kernel_initializer="zeros")
    report = export(model, tmp_path / "table.cv")
    assert report.parity is not None
    assert report.parity.verdict == "inconclusive"
    assert (report.manifest.status, report.manifest.evidence) == ("unverified", None)
    with pytest.warns(Keras2cvWarning, match="inconclusive"):
        keras2cv.load(tmp_path / "table.cv")


def test_an_output_over_the_whole_batch_is_noted(tmp_path: Path) -> None:
    """The report notes that a mean over the batch holds for exactly that batch."""
    x = keras.Input((7,), name="row")
    outputs = {"mean": keras.ops.mean(x), "values": layers.Dense(3)(x)}
    report = export(keras.Model(x, outputs), tmp_path / "row.cv", batch=3)
    (note,) = [note for note in report.notes if "no batch dimension" in note]
    assert note.startswith("The output mean has")
    assert "exactly 3" in note
    rows = np.random.default_rng(2).normal(size=(3, 7)).astype(np.float32)
    mean, values = keras2cv.load(tmp_path / "row.cv").infer(rows)
    assert mean.shape == ()
    assert abs(mean - rows.mean()) < 1e-6
    assert values.shape == (3, 3)


def test_steps_are_reported_as_they_begin(tmp_path: Path) -> None:
    """In order, a few words each."""
    steps: list[str] = []
    export(table(), tmp_path / "table.cv", progress=steps.append)
    assert steps == [
        "loading the model",
        "converting",
        "asking TensorFlow",
        "asking OpenCV, in a process of its own",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_engine_can_be_asked_for(engine: str, tmp_path: Path) -> None:
    """The bundle then requires it, and claims nothing of the other."""
    manifest = export(table(), tmp_path / "table.cv", engine=engine).manifest
    assert manifest.engine.name == engine
    assert [run.engine for run in manifest.evidence.runs] == [engine]  # type: ignore[union-attr]
    assert keras2cv.load(tmp_path / "table.cv").engine == engine


def test_samples_of_the_users_are_what_is_compared_on(tmp_path: Path) -> None:
    """Their number is in the evidence, and the first are the golden ones."""
    rows = np.random.default_rng(5).normal(size=(6, 7)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", row=rows)
    report = export(table(), tmp_path / "table.cv", samples=tmp_path / "rows.npz")
    assert report.parity is not None
    assert report.parity.samples == 6
    with np.load(tmp_path / "table.cv" / "selftest.npz") as vectors:
        assert np.array_equal(vectors["in/1/0"], rows[1:2])


def test_golden_samples_are_distinct(tmp_path: Path) -> None:
    """The first frames of a video may be one and the same."""
    rows = np.random.default_rng(5).normal(size=(4, 7)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", row=rows[[0, 0, 1, 1, 2, 3]])
    export(table(), tmp_path / "table.cv", samples=tmp_path / "rows.npz")
    with np.load(tmp_path / "table.cv" / "selftest.npz") as vectors:
        found = np.concatenate([vectors[f"in/{i}/0"] for i in range(3)])
    assert np.array_equal(found, rows[:3])


def test_a_looser_tolerance_is_written_down(tmp_path: Path) -> None:
    """Per output, and the selftest holds the bundle to it."""
    report = export(table(), tmp_path / "table.cv", tolerance=["fp32", "values:0.02"])
    assert "values" in report.manifest.evidence.tolerance  # type: ignore[union-attr]
    with np.load(tmp_path / "table.cv" / "selftest.npz") as vectors:
        assert vectors["tolerance/0"] == 0.02


def test_a_batch_is_the_files_and_nobody_elses(shapes_by_three: Any) -> None:
    """The net takes three at a time; golden vectors and evidence do, too."""
    manifest = shapes_by_three.report.manifest
    assert manifest.model.batch == 3
    assert manifest.inputs[0].net_shape == (3, 3, 20, 31)
    with np.load(shapes_by_three.folder / "selftest.npz") as vectors:
        assert vectors["in/0/0"].shape == (3, 20, 31, 3)
        assert vectors["image/out/0"].shape == (1, 4)


def lonely_folder(tmp_path: Path) -> Path:
    """Return a folder with somebody's photo in it."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"jpeg")
    return tmp_path / "photos"


def somebodys_file(tmp_path: Path) -> Path:
    """Return a file."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    return tmp_path / "notes.txt"


def below_a_file(tmp_path: Path) -> Path:
    """Return a path that cannot be made."""
    return somebodys_file(tmp_path) / "table.cv"


@pytest.mark.parametrize("place", [lonely_folder, somebodys_file, below_a_file])
def test_what_is_not_a_bundle_is_not_overwritten(
    place: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Refused before anything is loaded."""
    target = place(tmp_path)
    before = files_of(tmp_path)
    steps: list[str] = []
    with pytest.raises(UsageError):
        export(table(), target, progress=steps.append)
    assert (files_of(tmp_path), steps) == (before, [])


def image_model() -> keras.Model:
    """Return a classifier of pictures, without weights worth mentioning."""
    x = keras.Input((9, 11, 3), name="photo")
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))
    return keras.Model(x, layers.Dense(3, activation="softmax", name="kind")(y))


class Noise(layers.Layer):
    """Random numbers, at inference too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x: Any) -> Any:
        """Return (N, 7)."""
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def with_random_numbers() -> keras.Model:
    """Return a model that draws random numbers at inference."""
    x = keras.Input((7,), name="row")
    return keras.Model(x, Noise(name="noise")(x))


BAD: dict[str, tuple[CASE, dict[str, Any], type[Exception], str]] = {
    "no such file": (lambda: "none.keras", {}, ModelError, "There is no model at none.keras"),
    "not a model": (lambda: 42, {}, ModelError, "int is not a Keras model"),
    "wrong shape": (table, {"input_shapes": (1, 8)}, ModelError, "does not fit the input row"),
    "wrong name": (table, {"input_shapes": {"x": (1, 7)}}, ModelError, "no input of this model"),
    "no preprocessing": (image_model, {}, UsageError, "How do pixels become the input photo"),
    "unknown preset": (image_model, {"preprocess": "z"}, UsageError, "no preprocessing 'z'"),
    "labels": (table, {"labels": ["a"], "task": "classify"}, UsageError, "There are 1 labels"),
    "labels file": (table, {"labels": "none.txt"}, InputError, "labels file none.txt"),
    "label too long": (
        table,
        {"labels": ["a", "b", "c" * 5000], "task": "classify"},
        BundleError,
        "labels",
    ),
    "task": (table, {"task": "binary"}, UsageError, "binary needs one output"),
    "engine": (table, {"engine": "warp"}, UsageError, "No engine is called 'warp'"),
    "format": (table, {"format": "pb"}, UsageError, "option format .* 'pb'"),
    "tolerance": (table, {"tolerance": "exact"}, UsageError, "exact"),
    "tolerance for no output": (table, {"tolerance": ["fp32", "x:0.1"]}, UsageError, "x"),
    "samples": (table, {"samples": "none.npz"}, InputError, "no samples at none.npz"),
    "batch": (table, {"batch": 0}, UsageError, "batch"),
    "random numbers": (with_random_numbers, {}, UnsupportedError, r"Random\w* in .*noise"),
}


@pytest.mark.parametrize(("make", "settings", "error", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_exported_leaves_nothing(
    make: CASE,
    settings: dict[str, Any],
    error: type[Exception],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sentence names the cause, and no new file or folder is left."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=words):
        export(make(), "new/table.cv", **settings)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_opencv_cannot_read_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a protobuf message holds, which is 2 GiB."""
    monkeypatch.setattr("keras2cv_export.formats.formats._MAX_MODEL_BYTES", 60)
    steps: list[str] = []
    with pytest.raises(UsageError, match=r"at most 2 GiB .* with --weights fp16 or int8, or in"):
        export(table(), tmp_path / "table.cv", progress=steps.append)
    assert steps == ["loading the model"]


@pytest.mark.parametrize(("weights", "share"), [("fp16", 0.6), ("int8", 0.45)])
def test_smaller_weights_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str, share: float
) -> None:
    """A model too large in float32 is stored smaller at once, and compared as stored."""
    size = sum(4 * weight.numpy().size for weight in wide(200).weights)
    monkeypatch.setattr("keras2cv_export.formats.formats._MAX_MODEL_BYTES", int(share * size))
    with pytest.raises(UsageError, match="at most 2 GiB"):
        export(wide(200), tmp_path / "wide.cv", task="raw")
    report = export(wide(200), tmp_path / "wide.cv", task="raw", weights=weights)
    stored = report.manifest.weights
    assert stored is not None
    assert (stored.storage, stored.kernels) == (weights, 2)
    assert int(report.manifest.model.size_bytes) < share * size < int(stored.float32_bytes)
    assert report.manifest.model.opencv == "4.7"
    assert any("compared as it is stored" in note for note in report.notes)
    assert report.parity is not None
    assert report.parity.verdict == ("pass" if weights == "fp16" else "inconclusive")


def test_a_verified_bundle_loads_without_a_warning(shapes: Any) -> None:
    """A verified bundle has no reason for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras2cv.load(shapes.folder)


def test_an_image_may_have_company(tmp_path: Path) -> None:
    """Beside other inputs it is preprocessed as usual; the bundle stores no picture by itself."""
    photo, facts = keras.Input((20, 24, 3), name="photo"), keras.Input((5,), name="facts")
    seen = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(photo))
    price = keras.layers.Dense(3, name="price")(keras.layers.Concatenate()([seen, facts]))
    model = keras.Model([photo, facts], price)
    report = export(model, tmp_path / "price.cv", preprocess="0-1", task="regress")
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    model.save(tmp_path / "price.keras")
    assert check(tmp_path / "price.cv", tmp_path / "price.keras", speed=False).verdict == "pass"
    predictor = keras2cv.load(tmp_path / "price.cv")
    rng = np.random.default_rng(5)
    image, row = rng.integers(0, 256, (20, 24, 3), np.uint8), rng.normal(size=(1, 5)).astype("f4")
    found = predictor.predict({"photo": image, "facts": row})
    expected = model([image[None, ..., ::-1].astype("f4") / 255, row]).numpy()
    got = np.asarray(found.values, "f4").reshape(expected.shape)
    assert np.abs(got - expected).max() < 1e-4 * np.abs(expected).max()


def wide(units: int = 40) -> keras.Model:
    """Return a model with two kernels that are large enough to be stored smaller."""
    keras.utils.set_random_seed(units)
    x = keras.Input((19, 24, 3), name="image")
    y = layers.Conv2D(units, 5, activation="relu", bias_initializer="normal")(x)
    y = layers.GlobalMaxPooling2D()(y)
    y = layers.Dense(48, activation="tanh")(y)
    scores = layers.Dense(6, kernel_initializer="random_normal", name="scores")(y)
    return keras.Model(x, layers.Rescaling(40.0, name="logits")(scores), name="wide")


@pytest.mark.parametrize(("weights", "times", "error"), [("fp16", 1.5, 3e-3), ("int8", 2.2, 8e-2)])
def test_weights_are_stored_smaller_and_judged_by_their_own_preset(
    tmp_path: Path, weights: str, times: float, error: float
) -> None:
    """The graph passes in float32 first; file, manifest and notes state the loss."""
    model = wide()
    options: dict[str, Any] = {"preprocess": "tf", "task": "classify"}
    plain = export(model, tmp_path / "plain.cv", **options)
    report = export(model, tmp_path / "small.cv", weights=weights, **options)
    record = report.manifest.weights
    assert record is not None
    assert (record.storage, record.kernels) == (weights, 2)
    assert record.float32_bytes == plain.manifest.model.size_bytes
    assert int(record.float32_bytes) > times * int(report.manifest.model.size_bytes)
    assert report.manifest.model.opencv == "4.7"
    assert report.manifest.evidence is not None
    assert report.manifest.evidence.tolerance == f"{weights}-weights"
    [measured] = report.manifest.evidence.runs[0].outputs
    assert 1e-5 < measured.measured < measured.limit == error
    assert record.top1 is not None
    assert any("with float32" in note and "top-1" in note for note in report.notes)
    assert keras2cv.run_selftest(keras2cv.load(tmp_path / "small.cv")).verdict == "pass"
    checked = check(tmp_path / "small.cv", against=model)
    assert (checked.parity.verdict, str(checked.parity.tolerance)) == ("pass", "fp32")
    assert any("The cost of the stored weights" in note for note in checked.notes)


def test_weights_do_not_excuse_a_wrong_graph(tmp_path: Path, faulty: None) -> None:
    """It is held to float32's limit before anything is stored smaller."""
    model = keras.Sequential([keras.Input((40,), name="row"), layers.Dense(60)])
    with pytest.raises(ParityError, match=r"above 1\.0e-04"):
        export(model, tmp_path / "wrong.cv", task="raw", weights="int8")
    assert list(tmp_path.iterdir()) == []


def test_weights_that_an_old_opencv_cannot_decode_are_refused(tmp_path: Path) -> None:
    """Before anything is converted, with the version that can."""
    with pytest.raises(UsageError, match=r"OpenCV 4\.6 cannot decode .* int8.*--opencv 4\.7"):
        export(table(), tmp_path / "small.cv", opencv="4.6", weights="int8")
    with pytest.raises(UsageError, match=r"frozen file .* --format onnx for --weights fp16"):
        export(table(), tmp_path / "small.cv", format="frozen", weights="fp16")
    with pytest.raises(UsageError, match="stored as 'int4'"):
        export(table(), tmp_path / "small.cv", weights="int4")


def test_small_kernels_stay_as_they_are(tmp_path: Path) -> None:
    """The file is the same, any OpenCV reads it, and a note says so."""
    report = export(table(), tmp_path / "small.cv", task="raw", weights="fp16")
    assert report.manifest.weights is None
    assert report.manifest.model.opencv == "4.6"
    assert any("no kernel is large enough" in note for note in report.notes)


def test_tuning_keeps_its_evidence_and_the_choice_runs(tmp_path: Path) -> None:
    """Every setting that predicts the same is timed; load uses the chosen one."""
    steps: list[str] = []
    report = export(wide(), tmp_path / "wide.cv", preprocess="tf", tune=True, progress=steps.append)
    tuned = report.manifest.tuned
    assert tuned is not None
    assert [setting.refused for setting in tuned.trials] == [None] * len(tuned.trials)
    assert {setting.engine for setting in tuned.trials} == set(ENGINES)
    assert sum(step.startswith("timing ") for step in steps) >= len(tuned.trials)
    assert any(note.startswith("Tuned: ") for note in report.notes)
    before = cv2.getNumThreads()
    model = keras2cv.load(tmp_path / "wide.cv")
    assert (model.engine, model.threads) == (tuned.choice.engine, tuned.choice.threads)
    cv2.setNumThreads(before)


def gated() -> keras.Model:
    """Return a model that three optional rewrites change: its mean, its bound, its stride."""
    keras.utils.set_random_seed(3)
    x = keras.Input((24, 20, 3))
    y = layers.Conv2D(8, 3, bias_initializer="normal")(x)
    y = layers.ReLU(6.0)(layers.Conv2D(16, 1, padding="same")(y))
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(12, 3)(y))
    return keras.Model(x, layers.Dense(5)(y))


def no_stopwatch(monkeypatch: pytest.MonkeyPatch, ratio: Callable[[Trial], float]) -> None:
    """Let a function, not the clock, give the time of a setting."""

    def timed(_folder: Path, setting: Trial, *_: Any) -> tuple[float, Comparison]:
        return 10 * ratio(setting), Comparison(ratio(setting), ratio(setting), ratio(setting))

    monkeypatch.setattr(tuning, "_timed", timed)
    monkeypatch.setattr(tuning, "_side", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(throughput, "_timed", lambda *_: (1.0, Comparison(1.0, 1.0, 1.0)))
    monkeypatch.setattr(throughput, "_side", lambda *_: contextlib.nullcontext([None, None]))


def test_the_file_that_is_fastest_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own sha256 and evidence on every engine; the others are gone."""
    no_stopwatch(
        monkeypatch, lambda setting: 0.5 if setting.rewrites == ("pool_by_window",) else 1.0
    )
    first = export(gated(), tmp_path / "first.cv", task="raw")
    report = export(gated(), tmp_path / "tuned.cv", task="raw", tune=True)
    tuned = report.manifest.tuned
    assert tuned is not None
    assert set(tuned.trials[0].rewrites or ()) > {"pool_by_window"}
    assert tuned.choice.rewrites == ("pool_by_window",)
    assert any("rewritten by pool_by_window" in note for note in report.notes)
    assert dict(report.passes).keys() & set(tuned.trials[0].rewrites or ()) == {"pool_by_window"}
    assert {p.name for p in (tmp_path / "tuned.cv").iterdir()} == {
        "manifest.json", "model.onnx", "selftest.npz",
    }  # fmt: skip
    read = keras2cv.bundle.reading.read_bundle(
        tmp_path / "tuned.cv"
    ).manifest  # its sha256 is looked at
    assert read.model.sha256 != first.manifest.model.sha256
    assert read.evidence is not None
    assert {run.engine for run in read.evidence.runs} == set(ENGINES)
    ops = {node.op_type for node in ir.load(tmp_path / "tuned.cv" / "model.onnx").graph}
    assert "Clip" in ops and "HardSigmoid" not in ops  # noqa: PT018 - one fact
    assert run_selftest(keras2cv.Predictor(tmp_path / "tuned.cv")).verdict == "pass"


def test_batches_that_predict_the_same_are_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are refused with OpenCV's reason; `batch="auto"` then runs the fastest."""

    def timed(*args: Any) -> tuple[float, Comparison]:
        ratio = 1 / args[3].batch
        return ratio, Comparison(ratio, ratio, ratio)

    no_stopwatch(monkeypatch, lambda setting: 0.5 if setting.engine == ONE_ENGINE else 1.0)
    monkeypatch.setattr(throughput, "_timed", timed)
    x = keras.Input((14, 11, 3))
    y = layers.Conv2D(4, 3, bias_initializer="normal")(x)
    model = keras.Model(x, layers.UpSampling2D()(layers.MaxPooling2D()(y)))
    tuned = export(model, tmp_path / "free.cv", task="raw", tune=True).manifest.tuned
    assert tuned is not None and tuned.rates is not None  # noqa: PT018 - for the type checker
    assert [rate.refused for rate in tuned.rates if rate.nets == 1] == [None] * 4
    assert tuned.fastest is not None
    assert tuned.fastest.batch == 8
    before = cv2.getNumThreads()
    many = keras2cv.load(tmp_path / "free.cv", batch="auto")
    assert many.manifest.model.batch == 8
    images = np.random.default_rng(4).standard_normal((11, 14, 11, 3)).astype(np.float32)
    np.testing.assert_allclose(many.infer(images)[0], model.predict(images), atol=1e-5)
    assert keras2cv.load(tmp_path / "free.cv").manifest.model.batch == 1
    cv2.setNumThreads(before)


def test_a_file_that_predicts_something_else_never_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it is the fastest: it is refused with the reason, and the default stays."""

    def spoiled(converted: Any, target: Any, rewrites: Any) -> Any:
        other = formed(converted, target, rewrites)
        name = max(other.model.graph.initializers, key=len)
        for value in other.model.graph.initializers.values():
            if (array := constant(value)) is not None and array.ndim == 2:
                value.const_value = ir.tensor(array * np.float32(1.01), name=name)
        return other

    no_stopwatch(monkeypatch, lambda setting: 0.1 if not setting.rewrites else 1.0)
    monkeypatch.setattr(variants, "formed", spoiled)
    report = export(gated(), tmp_path / "tuned.cv", task="raw", tune=True)
    tuned = report.manifest.tuned
    assert tuned is not None
    assert tuned.chosen == 0
    assert [t for t in tuned.trials if t.rewrites == ()]
    assert all("not right" in str(t.refused) for t in tuned.trials if not t.rewrites)
    assert report.manifest.status == "verified"


def test_a_variant_of_small_weights_has_small_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights stored as halves stay so in whichever file ships."""
    no_stopwatch(monkeypatch, lambda setting: 0.5 if setting.rewrites == () else 1.0)
    report = export(wide(), tmp_path / "wide.cv", task="raw", weights="fp16", tune=True)
    tuned, weights = report.manifest.tuned, report.manifest.weights
    assert tuned is not None and tuned.trials[0].rewrites  # noqa: PT018 - for the type checker
    assert weights is not None
    assert int(report.manifest.model.size_bytes) < 0.7 * int(weights.float32_bytes)


def test_tuning_needs_the_comparison(tmp_path: Path) -> None:
    """A fast and wrong file is of no use."""
    with pytest.raises(UsageError, match="needs the comparison"):
        export(table(), tmp_path / "table.cv", tune=True, check=False)
