"""`keras2cv evaluate`: what it prints, its exit codes, records, and thresholds in the bundle."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.cli.evaluation_table import table
from keras2cv.errors import BundleError
from keras2cv.pixels.geometry import place
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.postprocess import detect
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.task import Task
from keras2cv.tasks.thresholds import with_thresholds
from support.pixel_bundles import segmenter
from support.program_bundles import LOGIT, MEANS, classifier, features
from support.tiny_bundle import LABELS


@pytest.fixture
def photos(cat_cv: Path, tmp_path: Path) -> Path:
    """Write a folder per class: 36 pictures, of which two thirds lie where the bundle says."""
    model = keras2cv.load(cat_cv)
    rng = np.random.default_rng(0)
    for number in range(36):
        image = rng.integers(0, 256, (20 + number % 7, 31, 3)).astype(np.uint8)
        result = model.predict(image)
        assert isinstance(result, keras2cv.Classification)
        folder = tmp_path / "photos" / (result.label if number % 3 else LABELS[number % 5])
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return tmp_path / "photos"


def code_of(words: list[str]) -> int:
    """Return the exit code of a command, also where its arguments cannot be parsed."""
    with contextlib.suppress(SystemExit):
        return main(words)
    return 2


def accuracy(bundle: Path, photos: Path) -> float:
    """Return the share of the pictures that lie where the bundle says, one by one."""
    model = keras2cv.load(bundle)
    right = []
    for path in photos.rglob("*.png"):
        result = model.predict(np.asarray(cv2.imread(str(path))))
        assert isinstance(result, keras2cv.Classification)
        right.append(result.label == path.parent.name)
    return sum(right) / len(right)


def test_the_numbers_are_those_of_predict(
    cat_cv: Path, photos: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On the terminal, as JSON and in Python."""
    assert main(["evaluate", str(cat_cv), str(photos), "--json", str(tmp_path / "e.json")]) == 0
    expected = accuracy(cat_cv, photos)
    assert f"accuracy                         {expected:.4f}" in capsys.readouterr().out
    record = json.loads((tmp_path / "e.json").read_text())
    assert record["metrics"]["accuracy"] == expected
    assert record["samples"] == 36
    assert set(record["data"]) == {"place", "form"}
    assert record["model_sha256"] == keras2cv.load(cat_cv).manifest.model.sha256
    found = keras2cv.evaluate(keras2cv.load(cat_cv), photos, batch=5)
    assert found.metrics["accuracy"] == expected
    assert dict(found.per_class) == record["per_class"]
    assert main(["evaluate", str(cat_cv), str(photos), "--json", str(tmp_path / "e.json")]) == 0


@pytest.mark.parametrize(
    ("bound", "code", "words"),
    [
        ("--min accuracy=0.2", 0, ""),
        ("--min accuracy=0.99", 1, "is below 0.99."),
        ("--max ece=0", 1, "is above 0."),
        ("--min speed=1", 2, "There is no metric 'speed' of the task classify."),
        ("--min Acuracy=0.2", 2, "Did you mean accuracy? Its metrics are accuracy, top5, "),
        ("--min ece=1", 2, "Less of ece is better. Give --max ece=VALUE."),
        ("--min accuracy", 2, "must be METRIC=VALUE"),
        ("--max-drop accuracy=0.1", 2, "Give --against MODEL."),
        ("--write", 2, "Give --choose-score f1."),
        ("--choose-score best", 2, "There is no rule 'best'."),
        ("--choose-score f1 --write", 0, "the thresholds are in"),
        ("--resume", 2, "Name the file."),
        ("--unsafe", 2, "--unsafe is for the model of --against MODEL."),
        ("--reference-resize keras", 2, "--reference-resize is for the model of --against"),
    ],
)
def test_bounds_and_arguments(
    cat_cv: Path,
    photos: Path,
    bound: str,
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A bound that is not kept is a no; one that means nothing is refused before anything runs."""
    assert code_of(["evaluate", str(cat_cv), str(photos), *bound.split()]) == code
    assert words in capsys.readouterr().err


def test_the_threshold_of_embeddings_is_no_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """More of it is neither better nor worse."""
    face = features(MEANS, task=Task("embed", "means"))(tmp_path / "face.cv").folder
    assert main(["evaluate", str(face), "pairs.txt", "--min", "threshold=0.5"]) == 2
    assert "no measure of how well they are parted" in capsys.readouterr().err


def test_bad_data_is_named_and_the_rest_is_measured(
    cat_cv: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken picture, and one without a class; with --strict the exit code is 2."""
    (photos / LABELS[0] / "broken.jpg").write_bytes(b"no picture")
    cv2.imwrite(str(photos / "stray.png"), np.zeros((9, 9, 3), np.uint8))
    assert main(["evaluate", str(cat_cv), str(photos)]) == 0
    err = capsys.readouterr().err
    assert "2 problems of the data (1 label missing, 1 picture unreadable)" in err
    assert "broken.jpg" in err
    assert main(["evaluate", str(cat_cv), str(photos), "--strict"]) == 2


def test_an_interrupted_evaluation_goes_on(
    cat_cv: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a line that was cut off, to the same numbers; others' records are refused."""
    book, one, two = tmp_path / "r.jsonl", tmp_path / "1.json", tmp_path / "2.json"
    command = ["evaluate", str(cat_cv), str(photos), "--records", str(book)]
    assert main([*command, "--json", str(one)]) == 0
    lines = book.read_bytes().splitlines(keepends=True)
    assert len(lines) == 37
    book.write_bytes(b"".join(lines[:20]) + lines[20][:30])
    assert main([*command, "--resume", "--json", str(two)]) == 0
    first, second = (json.loads(path.read_text()) for path in (one, two))
    assert len(book.read_bytes().splitlines()) == 37
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    other = ["evaluate", str(cat_cv), str(photos.parent), "--records", str(book), "--resume"]
    assert main(other) == 2
    assert "records of another bundle or other data" in capsys.readouterr().err
    book.write_bytes(lines[0][:30])  # ended before its first line was whole
    assert main([*command, "--resume"]) == 0
    assert book.read_bytes().splitlines(keepends=True)[0] == lines[0]
    book.write_text("x\n")
    assert main([*command, "--resume"]) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [("data", {}), ("truth", 99), ("truth", "x"), ("scores", 3), ("error", 10**400)],
)
def test_records_that_were_altered_are_refused(
    cat_cv: Path,
    photos: Path,
    tmp_path: Path,
    key: str,
    value: object,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a sentence that names the sample."""
    book = tmp_path / "r.jsonl"
    command = ["evaluate", str(cat_cv), str(photos), "--records", str(book)]
    assert main(command) == 0
    head, first, *_ = book.read_text().splitlines()
    record = json.loads(first)
    (record if key in ("data", "error") else record["data"])[key] = value
    book.write_text(f"{head}\n{json.dumps(record)}\n")
    assert main([*command, "--resume"]) == 2
    assert f"The record of {record['source']} " in capsys.readouterr().err


def test_records_by_other_classes_or_thresholds_are_refused(
    cat_cv: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number in them stands for another class, and answers are others."""
    book = tmp_path / "r.jsonl"
    command = ["evaluate", str(cat_cv), str(photos), "--records", str(book), "--resume"]
    assert main(command) == 0
    gone = sorted(path for path in photos.iterdir())[0]
    gone.rename(tmp_path / "gone")
    before = book.read_bytes()
    assert main(command) == 2
    assert "other classes or thresholds" in capsys.readouterr().err
    assert book.read_bytes() == before


@pytest.mark.parametrize("option", ["--json", "--html", "--records"])
def test_an_output_without_a_folder_is_refused_before_anything_runs(
    cat_cv: Path, photos: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not after an hour of measuring."""
    command = ["evaluate", str(cat_cv), str(photos), option, str(tmp_path / "no" / "x")]
    assert main(command) == 2
    err = capsys.readouterr().err
    assert "cannot be written: there is no folder" in err
    assert "samples" not in err


def test_one_line_of_json_of_a_users_is_not_written_over(
    cat_cv: Path, photos: Path, tmp_path: Path
) -> None:
    """It begins as our records do, and has no end of a line."""
    mine = tmp_path / "mine.json"
    mine.write_text('{"source": "camera", "gain": 3}')
    assert main(["evaluate", str(cat_cv), str(photos), "--records", str(mine)]) == 2
    assert mine.read_text() == '{"source": "camera", "gain": 3}'


@pytest.fixture
def sure_cv(tmp_path: Path) -> Path:
    """Return a bundle that says yes or no."""
    task = Task("binary", "logit", "logits", ("no", "yes"))
    return features(LOGIT, task=task)(tmp_path / "sure.cv").folder


def test_a_threshold_is_put_into_the_bundle_with_its_evidence(
    sure_cv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`predict` decides by it from then on, and the manifest names the data."""
    model = keras2cv.load(sure_cv)
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (9, 12, 3)).astype(np.uint8) for _ in range(20)]
    found = [model.predict(image) for image in images]
    probabilities = [r.probability for r in found if isinstance(r, keras2cv.BinaryResult)]
    limit = sorted(probabilities)[14]  # six are a yes
    for number, (image, probability) in enumerate(zip(images, probabilities, strict=True)):
        folder = tmp_path / "data" / ("yes" if probability >= limit else "no")
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    before = sorted(path.name for path in sure_cv.iterdir())
    command = ["evaluate", str(sure_cv), str(tmp_path / "data")]
    assert main([*command, "--choose-score", "f1", "--write"]) == 0
    assert sorted(path.name for path in sure_cv.iterdir()) == before
    again = keras2cv.load(sure_cv)
    chosen = again.manifest.chosen_scores
    assert chosen is not None
    assert (chosen.rule, chosen.samples, chosen.classes[0].f1) == ("f1", 20, 1)
    assert chosen.data.startswith("data: a folder per class")
    assert again.manifest.task.class_scores == (chosen.classes[0].score,)
    assert sorted(probabilities)[13] < chosen.classes[0].score < limit
    assert keras2cv.evaluate(again, tmp_path / "data").metrics["accuracy"] == 1
    storage = cv2.FileStorage(str(sure_cv / "manifest.json"), cv2.FILE_STORAGE_READ)
    node = storage.getNode("task").getNode("class_scores").at(0)
    assert node.real() == pytest.approx(chosen.classes[0].score)
    storage.release()
    capsys.readouterr()
    assert main(["info", str(sure_cv)]) == 0
    assert f"yes above {chosen.classes[0].score:.4g}" in capsys.readouterr().out


def test_a_classifier_is_unknown_below_its_class_threshold(
    cat_cv: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In `predict`, in JSON, on the terminal and in the picture, from --write on."""
    images = {path: np.asarray(cv2.imread(str(path))) for path in photos.rglob("*.png")}
    before = {path: keras2cv.load(cat_cv).predict(image) for path, image in images.items()}
    command = ["evaluate", str(cat_cv), str(photos), "--choose-score", "precision=1", "--write"]
    assert main(command) == 0
    again = keras2cv.load(cat_cv)
    thresholds = again.manifest.task.class_scores
    assert thresholds is not None
    assert again.manifest.chosen_scores is not None
    chosen = {one.label: one.score for one in again.manifest.chosen_scores.classes}
    assert thresholds == tuple(chosen.get(label, 0.0) for label in LABELS)
    unknown = 0
    for path, image in images.items():
        result, old = again.predict(image), before[path]
        assert isinstance(result, keras2cv.Classification)
        assert isinstance(old, keras2cv.Classification)
        assert (result.index, result.score) == (old.index, old.score)
        assert result.is_known == (old.score > thresholds[old.index])
        assert result.label == (old.label if result.is_known else "unknown")
        assert result.to_dict()["label"] == result.label
        assert result.to_dict()["top"] == old.to_dict()["top"]
        assert (result.draw(image) == old.draw(image)).all() == result.is_known
        unknown += not result.is_known
    assert 0 < unknown < len(images)
    capsys.readouterr()
    assert main(["run", str(cat_cv), str(photos / "**" / "*.png")]) == 0
    assert capsys.readouterr().out.count("unknown (") == unknown
    found = keras2cv.evaluate(again, photos)
    assert found.metrics["accuracy"] == accuracy_of(before)
    assert any(note.startswith(f"{unknown} of 36 answers are unknown") for note in found.notes)


def test_classes_that_reach_no_threshold_are_named(cat_cv: Path, photos: Path) -> None:
    """They are decided as before, which nobody would expect of a precision that was asked for."""
    found = keras2cv.evaluate(cat_cv, photos, choose_score="f1")
    labels = [one.label for one in found.choices]
    assert len(labels) > 1
    assert not [line for line in table(found) if "none reaches it" in line]
    one = replace(found, choices=found.choices[:1])
    (line,) = [line for line in table(one) if "none reaches it" in line]
    assert line.startswith(f"none reaches it for {', '.join(labels[1:6])}")
    assert "no class reaches it" in list(table(replace(found, choices=())))


def accuracy_of(found: Mapping[Path, object]) -> float:
    """Return the share of the pictures that lie in the folder of their best class."""
    right = [getattr(result, "label", "") == path.parent.name for path, result in found.items()]
    return sum(right) / len(right)


def test_thresholds_of_linear_scores_are_not_written(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are no shares; nor are they written without labels."""
    for task, words in (({"scores": "linear"}, "are linear"), ({"labels": None}, "has no labels")):
        bundle = classifier(task=task)(tmp_path / "linear.cv").folder
        command = ["evaluate", str(bundle), str(photos), "--choose-score", "f1", "--write"]
        assert main(command) == 2
        assert words in capsys.readouterr().err


def test_the_threshold_of_a_binary_mask_is_put_into_the_bundle(tmp_path: Path) -> None:
    """Where `predict` and every generated program read it; a mask of classes has none."""
    road = segmenter(1, "logits", threshold=0.5)(tmp_path / "road.cv").folder
    model = keras2cv.load(road)
    rng = np.random.default_rng(2)
    for name in ("images", "masks"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for number in range(6):
        image = rng.integers(0, 256, (9, 12, 3)).astype(np.uint8)
        probability = model.predict(image).probabilities(1)  # type: ignore[union-attr]
        cv2.imwrite(str(tmp_path / "data" / "images" / f"{number}.png"), image)
        true = (probability > 0.6234).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "data" / "masks" / f"{number}.png"), true)
    command = ["evaluate", str(road), str(tmp_path / "data"), "--choose-score", "f1", "--write"]
    assert main(command) == 0
    again = keras2cv.load(road).manifest
    threshold, chosen = again.task.mask_threshold, again.chosen_scores
    assert threshold is not None
    assert chosen is not None
    assert threshold == pytest.approx(0.6234, abs=0.003)
    assert chosen.classes[0].score == threshold
    assert chosen.classes[0].f1 > 0.99
    assert keras2cv.evaluate(road, tmp_path / "data").metrics["dice"] > 0.99  # type: ignore[operator]
    with pytest.raises(SchemaError, match=r"task\.segment\.threshold"):
        again.replace(task=with_thresholds(again.task, 0.2, None))
    kinds = segmenter(3, "softmax")(tmp_path / "kinds.cv").folder
    assert main(["evaluate", str(kinds), str(tmp_path / "data"), "--choose-score", "f1"]) == 2


def test_each_class_of_boxes_has_a_threshold_of_its_own() -> None:
    """A score that is given takes their place; the schema refuses another number of them."""
    task = Task(
        "detect",
        labels=("cat", "dog"),
        class_scores=(0.5, 0.2),
        record=DetectRecord("xyxy", "pixels", "none", 0.9, "boxes", "scores", "classes"),
    )
    outputs = {
        "boxes": np.array([[[0, 0, 4, 4], [0, 0, 4, 4], [5, 5, 8, 8], [5, 5, 8, 8]]], np.float32),
        "scores": np.array([[0.4, 0.6, 0.3, 0.95]], np.float32),
        "classes": np.array([[0, 0, 1, 7]], np.float32),
    }
    where = [place((10, 10), (10, 10), "stretch")]
    (found,) = detect(task, outputs, where)
    assert found.scores.tolist() == pytest.approx([0.95, 0.6, 0.3])
    (found,) = detect(with_thresholds(task, 0.35, None), outputs, where)
    assert found.scores.tolist() == pytest.approx([0.95, 0.6, 0.4])
    with pytest.raises(BundleError, match="must be one per label, 2"):
        replace(task, class_scores=(0.5,))
    with pytest.raises(BundleError, match="a raw task has none"):
        Task("raw", class_scores=(0.5,))
