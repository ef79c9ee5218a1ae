"""`bench --pipeline`: every way has the same stages and answers, and what follows is computed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rich.console import Console

from keras2cv.bundle.reading import read_manifest
from keras2cv.cli import main
from keras2cv.errors import UsageError, VerdictError
from keras2cv.schema.fields import SchemaError
from keras2cv_bench.pipeline import OF_BUNDLE, Job
from keras2cv_bench.process import Lost
from keras2cv_bench.records import Answers, Missing
from keras2cv_bench.whole import measure
from keras2cv_bench.whole.child import Commands, answer
from keras2cv_bench.whole.installed import installed_mb
from keras2cv_bench.whole.record import WholeRecord
from keras2cv_bench.whole.report import render
from keras2cv_bench.whole.subjects import WAYS, wanted
from keras2cv_bench.whole.task import STAGES, Task, in_batches
from support.bench_records import way_record, whole_of
from support.tiny_bundle import Classifier

RUN = ["bench", "cat.cv", "--against", "cat.keras", "--pipeline", "photos"]


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    """Return five pictures of two sizes."""
    found = []
    for k in range(5):
        shape = (30 + 7 * (k % 2), 41, 3)
        path = tmp_path / f"{k}.png"
        cv2.imwrite(str(path), np.random.default_rng(k).integers(0, 256, shape, np.uint8))
        found.append(str(path))
    return found


def task_of(bundle: Path, way: str, files: list[str], **more: Any) -> Task:
    """Return the task of a way, whose net is the bundle's own file."""
    manifest = read_manifest(bundle)
    names = ((manifest.inputs[0].net_name,), (manifest.outputs[0].net_name,))
    is_onnx = way.startswith("onnx")
    job = Job(
        runner="",
        bundle=bundle,
        file=bundle / "model.onnx" if is_onnx else bundle,
        inputs=bundle,
        batch=1,
        threads=1,
        how=OF_BUNDLE if is_onnx else "",
        names=names,
    )
    return replace(Task(job, way, tuple(files), is_video=False, batch=1), **more)


def commands_of(task: Task) -> Commands:
    """Return the commands of a loaded way, in this process."""
    from importlib import import_module

    return Commands(task, import_module(f"keras2cv_bench.whole.ways.{task.way}").open_way(task))


@pytest.mark.parametrize("way", ["bundle", "onnx_cv2", "onnx_pil"])
def test_a_way_answers_each_file_in_five_stages(
    tmp_path: Path, photos: list[str], way: str
) -> None:
    """One by one, all at once, and both alike."""
    pytest.importorskip("onnxruntime" if way != "bundle" else "cv2")
    bundle = Classifier().write(tmp_path / "cat.cv")
    threads = cv2.getNumThreads()
    commands = commands_of(task_of(bundle, way, photos))
    assert commands.first()["answer"]
    commands.answers(str(tmp_path / "a.npz"), 5)
    with np.load(tmp_path / "a.npz") as arrays:
        scores = [arrays[f"out/{k}/0"] for k in range(5)]
    labels = commands.labels(5)["labels"]
    assert labels == [label_of(row) for row in scores]
    block = commands.block(7)
    assert set(block) == set(STAGES)
    assert all(len(times) == 7 and min(times) >= 0 for times in block.values())
    many = commands.many()
    assert many["count"] == 5
    assert many["wall_s"] > 0
    cv2.setNumThreads(threads)


def label_of(scores: Any) -> str:
    """Return the class of a row of the tiny classifier."""
    from support.tiny_bundle import LABELS

    return LABELS[int(np.argmax(scores))]


def test_a_video_is_answered_frame_by_frame(tmp_path: Path) -> None:
    """Again from the beginning when it is over; a broken one is a sentence."""
    pytest.importorskip("onnxruntime")
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 5, (64, 48))
    for k in range(4):
        writer.write(np.random.default_rng(k).integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()
    bundle = Classifier().write(tmp_path / "cat.cv")
    for way in ("bundle", "onnx_cv2"):
        commands = commands_of(task_of(bundle, way, [str(path)], is_video=True, batch=3))
        assert len(commands.block(9)["net"]) == 9
        assert commands.many()["count"] == 4
    path.write_bytes(b"no video")
    task = task_of(bundle, "onnx_cv2", [str(path)], is_video=True)
    found = next(answer(replace(task, way="onnx_cv2").to_dict(), lambda **_: None))
    assert "no frame that OpenCV reads" in found["error"]


def test_a_task_survives_its_way_to_the_child(tmp_path: Path) -> None:
    """As JSON."""
    task = task_of(Classifier().write(tmp_path / "cat.cv"), "bundle", ["a.png"])
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    assert list(in_batches(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]


def test_what_must_be_installed_is_counted_with_all_that_it_requires() -> None:
    """NumPy is in OpenCV's; a distribution that is not there weighs nothing."""
    numpy_mb, cv2_mb = installed_mb(["numpy"]), installed_mb(["cv2"])
    assert 1 < numpy_mb < cv2_mb
    assert installed_mb(["cv2", "numpy"]) == pytest.approx(cv2_mb)
    assert 0.1 < installed_mb(["keras2cv"]) < 10
    assert installed_mb(["no-such-distribution"]) == 0


def test_ways_are_chosen_by_peers() -> None:
    """This bundle and the tutorials' loop are always in."""
    assert [way.name for way in wanted(())] == ["bundle", "tutorial"]
    assert wanted(("tf", "ort", "naive")) == WAYS


def test_ratios_rates_and_quantiles_follow_from_the_samples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One by one and many; a wrong way has no ratio, one for many alone no latency."""
    wrong = way_record("onnx_cv2", 1.0, answers=Answers("different", 0.5, "2 of 5 differ"))
    found = whole_of(
        way_record("bundle", 5.0),
        way_record("tutorial", 50.0),
        way_record("tf_data", 20.0, blocks=()),
        wrong,
    )
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["schema"] == 1
    assert WholeRecord.from_dict(plain) == found
    with pytest.raises(SchemaError, match="must be 1, got 2"):
        WholeRecord.from_dict({**plain, "schema": 2})
    ratios = plain["our_time_over_theirs_with_95_percent"]
    assert ratios["tutorial"]["one_by_one"][0] == pytest.approx(0.1)
    assert ratios["tf_data"]["one_by_one"] is None
    assert ratios["tf_data"]["many"][0] == pytest.approx(0.25)
    assert found.ways[0].quantile_ms(0.99) == pytest.approx(5.0)
    assert found.ways[2].quantile_ms(0.5) is None
    assert found.ways[0].many[0].per_s == pytest.approx(200)
    assert found.ways[0].many[0].per_core_s == pytest.approx(100)
    render(found, Console(width=100))
    shown = capsys.readouterr().out
    assert "0.10" in shown
    assert "no result" in shown
    assert "onnx_cv2: other answers than the tutorials' loop (2 of 5 differ)" in shown
    assert "onnx_pil: not installed: PIL" in shown


class Pretender:
    """A way's process that answers without working."""

    pid = 1
    about = "pretended"
    start_s = 0.5
    ended = 0

    def __init__(self, task: Task) -> None:
        self.task = task
        if task.way == "onnx_pil":
            raise Lost("ImportError: no PIL")

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Answer alike, but that tf.data has another label."""
        if do == "answers":
            outputs = {f"out/{k}/0": np.eye(5)[[k % 5]] for k in range(arguments["count"])}
            np.savez(arguments["path"], **outputs)  # type: ignore[arg-type]
        words = [f"cat {self.task.way == 'tf_data'}"] * arguments.get("count", 0)
        replies: dict[str, dict[str, Any]] = {
            "labels": {"labels": words},
            "block": {stage: [1.0] * arguments.get("count", 0) for stage in STAGES},
            "many": {"count": 5, "wall_s": 1.0, "cpu_s": 2.0},
            "peak": {"peak_mb": 7.0},
        }
        return replies.get(do, {})

    def end(self) -> None:
        """Count."""
        Pretender.ended += 1


def _pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let measuring find nets and processes without TensorFlow; return the model's file."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    model = tmp_path / "cat.keras"
    model.touch()
    job = task_of(bundle, "bundle", []).job
    monkeypatch.setattr(measure, "jobs_for", lambda *_: lambda _subject, _batch: job)
    monkeypatch.setattr(measure, "require_model", lambda _: None)
    monkeypatch.setattr(measure, "Walker", Pretender)
    monkeypatch.setattr(measure, "_why_not", lambda _subject, _is_video: "")
    return model


@pytest.mark.usefixtures("photos")
def test_answers_are_compared_before_anything_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way with another answer is named, one that is lost is left out, all are ended."""
    model = _pretend(monkeypatch, tmp_path)
    found = measure.bench_whole(tmp_path / "cat.cv", model, str(tmp_path / "*.png"))
    verdicts = {way.name: way.answers.verdict for way in found.ways}
    assert verdicts == {
        "bundle": "same",
        "tutorial": "reference",
        "tf_data": "different",
        "onnx_cv2": "same",
    }
    assert found.missing == (Missing("onnx_pil", "ImportError: no PIL"),)
    assert found.source == "5 images"
    tutorial = found.way("tutorial")
    assert tutorial is not None
    assert len(tutorial.starts_s) == measure.STARTS
    assert len(tutorial.blocks) == measure.ROUNDS
    assert len(tutorial.many) == measure.MANY_ROUNDS
    assert Pretender.ended == 4 * measure.STARTS
    assert asdict(found)["threads"] == 1


@pytest.mark.usefixtures("photos")
def test_without_the_tutorials_loop_there_is_nothing_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is given."""
    model = _pretend(monkeypatch, tmp_path)
    monkeypatch.setattr(
        measure, "_why_not", lambda s, _: "it is gone" if s.name == "tutorial" else ""
    )
    with pytest.raises(VerdictError, match="it is gone"):
        measure.bench_whole(tmp_path / "cat.cv", model, str(tmp_path / "0.png"))


def test_bad_sources_and_bundles_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays, nothing, and a bundle that takes no pictures."""
    model = _pretend(monkeypatch, tmp_path)
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(UsageError, match="holds array"):
        measure.bench_whole(tmp_path / "cat.cv", model, str(tmp_path / "x.npy"))
    with pytest.raises(UsageError, match="does not exist"):
        measure.bench_whole(tmp_path / "cat.cv", model, str(tmp_path / "none"))
    monkeypatch.setattr(measure, "takes_pictures", lambda _: False)
    with pytest.raises(UsageError, match="no way from a file"):
        measure.bench_whole(tmp_path / "cat.cv", model, str(tmp_path / "x.npy"))


@pytest.mark.parametrize(
    "options", [["--html", "x.html"], ["--max-ratio", "2"], ["--batch", "1,4"]]
)
def test_options_of_the_other_benchmark_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Before anything is started."""
    from keras2cv_export.cli import heavy

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(heavy, "MODULES", ("json",))
    Path("cat.keras").touch()
    assert main([*RUN, *options]) == 2


@pytest.mark.slow
def test_a_real_bundle_is_measured_from_file_to_answer(tmp_path: Path, photos: list[str]) -> None:
    """In real processes, beside TensorFlow: all ways have the same answers."""
    keras = pytest.importorskip("keras")
    from keras2cv_export import export

    layers = keras.layers
    image = keras.Input((40, 56, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, activation="relu", kernel_initializer="he_normal")(image)
    x = layers.Dense(7, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    keras.Model(image, x).save(tmp_path / "cat.keras")
    export(tmp_path / "cat.keras", tmp_path / "cat.cv", preprocess="tf", check=False)
    folder = str(Path(photos[0]).parent / "*.png")
    wishes, work = measure.Wishes(seconds=0.1), tmp_path / "work"
    work.mkdir()  # the only folder that a child with the model may write to
    found = measure.bench_whole(
        tmp_path / "cat.cv", tmp_path / "cat.keras", folder, wishes=wishes, work=work
    )
    assert list(work.glob("keras2cv-pipeline-*")) == []
    assert found.missing == ()
    assert {way.answers.verdict for way in found.ways} <= {"same", "reference"}
    assert len(found.ways) == len(WAYS)
