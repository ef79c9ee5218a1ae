"""`check` compares answers, names, proofs and claims, and says what it does not compare."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from keras2cv.cli import main
from keras2cv.errors import InputError, UsageError
from keras2cv_export import CheckReport, check, export
from keras2cv_export.checks import checking
from support.drawn_image import draw_image
from support.engines import ONE_ENGINE

from .conftest import LABELS

COUNT = 4


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of pictures of other sizes than the model's."""
    folder = tmp_path_factory.mktemp("photos")
    for k in range(COUNT):
        cv2.imwrite(str(folder / f"photo{k}.png"), draw_image(70 + 9 * k, 44 + 5 * k, seed=k))
    return folder


@pytest.fixture(scope="module")
def pipeline(shapes: Any) -> Callable[[str], Any]:
    """Return the user's own pipeline: OpenCV's resize, Keras' scaling, Keras' model."""

    def answer(path: str) -> dict[str, Any]:
        image = cv2.resize(cv2.imread(path), (31, 20))[..., ::-1]  # type: ignore[arg-type]
        scores = shapes.model.predict(image[None] / np.float32(127.5) - 1, verbose=0)[0]
        return {"label": LABELS[int(scores.argmax())], "scores": scores.tolist()}

    return answer


@pytest.fixture
def examine(shapes: Any, photos: Path, tmp_path: Path) -> Callable[..., CheckReport]:
    """Return `check` of a copy of the bundle, whose manifest and vectors may be changed."""

    def run(
        change: Callable[[dict[str, Any]], Any] | None = None,
        vectors: Callable[[dict[str, Any]], Any] | None = None,
        **options: Any,
    ) -> CheckReport:
        folder = tmp_path / "copy.cv"
        shutil.copytree(shapes.folder, folder)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if change is not None:
            change(manifest)
            (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        if vectors is not None:
            with np.load(folder / "selftest.npz") as stored:
                arrays = dict(stored)
            vectors(arrays)
            np.savez(folder / "selftest.npz", **arrays)
        return check(folder, shapes.model, samples=photos, engine=ONE_ENGINE, **options)

    return run


@pytest.mark.parametrize(
    ("answers", "free"), [("my.pipeline:answer", True), ("answers.json", False), (None, False)]
)
def test_the_users_pipeline_keeps_its_rights(
    shapes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: str | None, free: bool
) -> None:
    """A function may ask a server, or write a cache; a file of answers needs no right."""
    seen: list[bool] = []

    def confined(*, unsafe: bool, own_code: bool) -> Any:
        seen.append(unsafe)
        assert not own_code
        raise InterruptedError

    (tmp_path / "answers.json").write_text('{"0": 1}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checking, "confined", confined)
    with pytest.raises(InterruptedError):
        check(shapes.folder, shapes.model, reference_answers=answers)
    assert seen == [free]


def test_the_users_pipeline_is_the_reference(examine: Any, pipeline: Any) -> None:
    """All answers are the same, and everything is compared, labels included."""
    report = examine(reference_answers=pipeline, reference_resize="cv2")
    assert report.verdict == "pass", report.reasons
    assert (report.answers.same, len(report.answers.matches)) == (COUNT, COUNT)
    assert report.not_compared == ()
    record = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert record["answers"]["same"] == COUNT
    assert {part["name"] for part in record["covered"] if not part["compared"]} == set()


def test_without_one_keras_own_head_is(examine: Any) -> None:
    """A softmax: its classes are compared. What only the bundle says is not, by name."""
    report = examine()
    assert report.verdict == "pass"
    assert report.answers.reference == "Keras' own softmax"
    assert report.not_compared == (
        "resize: not compared (stretch by linear)",
        "labels: not compared",
    )


def shift_labels(manifest: dict[str, Any]) -> None:
    """Give each class the next one's name."""
    labels = manifest["task"]["labels"]
    manifest["task"]["labels"] = [*labels[1:], labels[0]]


def test_shifted_labels_fail_with_the_picture_named(examine: Any, pipeline: Any) -> None:
    """The pipeline names its classes."""
    report = examine(shift_labels, reference_answers=pipeline)
    assert (report.verdict, report.exit_code) == ("fail", 1)
    assert report.reasons[0].startswith("answers: in photo0.png, the class is ")
    assert "3 more differ (photo1.png, photo2.png, photo3.png)" in report.reasons[0]
    assert report.stages_at_fault == ("answers",)


def test_one_changed_decision_is_a_fail(examine: Any, pipeline: Any) -> None:
    """`3 of 4 answers are the same` is no pass."""

    def other(path: str) -> Any:
        scores = np.array(pipeline(path)["scores"])
        return LABELS[int(scores.argmin() if path.endswith("photo2.png") else scores.argmax())]

    report = examine(reference_answers=other)
    assert (report.exit_code, report.answers.same) == (1, COUNT - 1)
    assert [name for name, _ in report.answers.changed] == ["photo2.png"]


def test_a_softmax_twice_is_a_contradiction(examine: Any) -> None:
    """The class is the same, the scores are not: it needs no reference to be wrong."""
    report = examine(lambda m: m["task"].update(scores="logits"))
    assert report.verdict == "fail"
    assert any("the model ends in a softmax" in reason for reason in report.reasons)
    assert any("the scores differ" in reason for reason in report.reasons)


def test_a_file_of_answers_is_used_whole(
    shapes: Any, photos: Path, pipeline: Any, tmp_path: Path
) -> None:
    """From the command line; bad files end with exit code 2 and leave the report as it was."""
    answers = {path.name: pipeline(str(path)) for path in photos.iterdir()}
    file, report = tmp_path / "answers.json", tmp_path / "report.json"
    file.write_text(json.dumps(answers), encoding="utf-8")
    shapes.model.save(tmp_path / "shapes.keras")
    command = ["check", str(shapes.folder), "--against", str(tmp_path / "shapes.keras")]
    command += ["--samples", str(photos), "--no-speed", "--engine", ONE_ENGINE]
    command += ["--reference-answers", str(file), "--json", str(report)]
    assert main(command) == 0
    before = report.read_bytes()
    assert json.loads(before)["answers"]["verdict"] == "pass"
    for wrong in ({**answers, "extra.png": "circle"}, dict([*answers.items()][1:]), {}):
        file.write_text(json.dumps(wrong), encoding="utf-8")
        assert main(command) == 2
        assert report.read_bytes() == before
    file.write_text(json.dumps({**answers, "photo1.png": {"klass": 1}}), encoding="utf-8")
    assert main(command) == 2
    answers["photo1.png"] = {"scores": [1, 0, 0, 0]}
    file.write_text(json.dumps(answers), encoding="utf-8")
    assert main(command) == 1
    assert json.loads(report.read_text(encoding="utf-8"))["verdict"] == "fail"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: 1 / 0, "raised ZeroDivisionError"),
        (lambda _: None, "it may be a label"),
        (lambda _: [0.5, 0.5], "has 2 scores, and the bundle has 4"),
    ],
)
def test_a_pipeline_that_does_not_answer_is_refused(answer: Any, words: str, examine: Any) -> None:
    """In a sentence, whatever it does."""
    with pytest.raises(UsageError, match=words):
        examine(reference_answers=answer)


def test_pictures_that_cannot_be_read_are_refused(shapes: Any, tmp_path: Path) -> None:
    """All of them are broken."""
    for k in range(2):
        (tmp_path / f"broken{k}.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(InputError, match=r"broken0\.png"):
        check(shapes.folder, shapes.model, samples=tmp_path, engine=ONE_ENGINE)


@pytest.mark.parametrize(
    ("change", "stage", "words"),
    [
        (lambda v: v.update({"tolerance/0": np.asarray(0.99)}), "self-test", "to be off by 0.99"),
        (lambda v: v.update({"out/1/0": v["out/1/0"][:, ::-1]}), "self-test", "other answers to"),
        (lambda v: v.update({"image/out/0": v["image/out/0"] * 0.9}), "self-test", "its picture"),
        (lambda v: v.update({"image/blob": v["image/blob"] + 0.01}), "self-test", "another blob"),
        (lambda v: [v.pop(k) for k in [*v] if k.startswith("image/")], "self-test", "no picture"),
    ],
)
def test_forged_golden_vectors_fail(change: Any, stage: str, words: str, examine: Any) -> None:
    """A self-test that would let another net pass is no proof."""
    report = examine(vectors=change)
    assert (report.verdict, report.stages_at_fault) == ("fail", (stage,))
    assert any(words in reason for reason in report.reasons)


def each_output(manifest: dict[str, Any], **changes: Any) -> None:
    """Change the evidence of every run."""
    for run in manifest["evidence"]["runs"]:
        for output in run["outputs"]:
            output.update(changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limit": 0.99}, "the manifest allowed shape to be off by 0.99"),
        ({"measured": 1e-15}, "says that shape is off by 1e-15 on this OpenCV"),
    ],
)
def test_forged_evidence_fails(changes: Any, words: str, examine: Any) -> None:
    """Limits beyond this check's, and figures that nobody measures here."""
    report = examine(lambda m: each_output(m, **changes))
    assert (report.verdict, report.stages_at_fault) == ("fail", ("evidence",))
    assert words in " ".join(report.reasons)


def test_claims_about_the_file_are_checked(examine: Any) -> None:
    """A float32 file is not int8."""
    report = examine(
        lambda m: m.update(weights={"storage": "int8", "kernels": 2, "float32_bytes": "9000"})
    )
    assert report.verdict == "fail"
    assert any("the file holds kernels in float32" in reason for reason in report.reasons)


def test_a_file_of_preprocessing_is_no_judge_of_itself(examine: Any) -> None:
    """Where only the manifest says the numbers, they are not compared; a preset's are."""
    report = examine(lambda m: m["preprocessing"].update(source="file"))
    assert "normalise: not compared (colour order, mean, scale, std)" in report.not_compared


def test_a_preset_with_other_numbers_contradicts_itself(examine: Any) -> None:
    """The source is one of Keras' presets, and the numbers are not its own."""
    report = examine(lambda m: m["preprocessing"].update(mean=[127.5, 127.5, 127.0]))
    assert any("the preset tf, which it names as its source" in r for r in report.reasons)


def test_names_are_compared_with_the_models(tmp_path: Path) -> None:
    """Two outputs and two inputs of one shape, whose names are exchanged."""
    a, b = keras.Input((5,), name="speed"), keras.Input((5,), name="load")
    y = layers.Dense(8, activation="tanh")(layers.Concatenate()([a, b]))
    model = keras.Model([a, b], [layers.Dense(3, name="wear")(y), layers.Dense(3, name="heat")(y)])
    export(model, tmp_path / "two.cv", task="raw")
    path = tmp_path / "two.cv" / "manifest.json"
    right = json.loads(path.read_text(encoding="utf-8"))
    assert check(tmp_path / "two.cv", model, engine=ONE_ENGINE).verdict == "pass"
    for key, first, second in (("outputs", "wear", "heat"), ("inputs", "speed", "load")):
        wrong = json.loads(json.dumps(right))
        wrong[key][0]["name"], wrong[key][1]["name"] = second, first
        path.write_text(json.dumps(wrong), encoding="utf-8")
        report = check(tmp_path / "two.cv", model, engine=ONE_ENGINE)
        assert report.verdict == "fail"
        assert "names" in report.stages_at_fault
        assert any(f"is {second!r} in the bundle and {first!r}" in r for r in report.reasons)


def test_an_export_refuses_words_that_the_model_contradicts(tmp_path: Path) -> None:
    """A mask that ends in a softmax, said to be logits: nothing is written."""
    x = keras.Input((12, 16, 3), name="photo")
    y = layers.Conv2D(4, 3, padding="same", activation="softmax", name="mask")(x)
    with pytest.raises(UsageError, match=r"segment\.scores says .* the model ends in a softmax"):
        export(
            keras.Model(x, y), tmp_path / "mask.cv", preprocess="0-1", segment={"scores": "logits"}
        )
    assert not (tmp_path / "mask.cv").exists()


def test_probabilities_without_an_activation_stay_probabilities(tmp_path: Path) -> None:
    """A softmax that the graph's end does not show: a second one would flatten the scores."""
    x = keras.Input((6,), name="row")
    y = keras.ops.exp(layers.Dense(3)(x))
    y = layers.Identity(name="shares")(y / keras.ops.sum(y, axis=-1, keepdims=True))
    report = export(keras.Model(x, y), tmp_path / "row.cv", task="classify")
    assert report.manifest.task.scores == "softmax"
    assert any("gives probabilities on all samples" in note for note in report.notes)
