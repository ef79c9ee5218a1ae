"""Each task's numbers beside scikit-learn's, from results as `predict` returns them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn import metrics as sk

from keras2cv.errors import InputError
from keras2cv.evaluation.class_names import match_classes
from keras2cv.evaluation.labelled import BadTruthError, Pair, TrueBoxes, TrueMask, TruePoints
from keras2cv.evaluation.measures.binary import BinaryMeasure
from keras2cv.evaluation.measures.classify import ClassifyMeasure
from keras2cv.evaluation.measures.detect import DetectMeasure
from keras2cv.evaluation.measures.embed import EmbedMeasure
from keras2cv.evaluation.measures.image import ImageMeasure
from keras2cv.evaluation.measures.keypoints import KeypointsMeasure
from keras2cv.evaluation.measures.measure import Measure
from keras2cv.evaluation.measures.regress import RegressMeasure
from keras2cv.evaluation.measures.segment import SegmentMeasure
from keras2cv.evaluation.measures.text import TextMeasure
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.thresholds import chosen
from keras2cv.pixels.geometry import place
from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.segment.result import Grid, Segmentation
from keras2cv.tasks.text.result import TextPath, TextResult


def add(measure: Measure, name: str, truth: Any, result: Any, image: Any = None) -> Outcome:
    """Add a sample by way of JSON, as a resumed evaluation does."""
    outcome = measure.outcome(name, truth, result, image)
    record = json.loads(json.dumps(outcome.to_dict()))
    measure.add(Outcome.from_dict(name, record))
    return outcome


@pytest.mark.parametrize("count", [1, 90])
def test_classes(count: int) -> None:
    """Of probabilities with ties; the data's classes have another order than the model's."""
    rng = np.random.default_rng(count)
    scores = rng.dirichlet(np.ones(7), count).round(2)
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    numbers = [3, 0, 1, 2, 6, 4]  # class 5 is not in the data
    truth = rng.integers(0, 6, count)
    measure = ClassifyMeasure(tuple("abcdefg"), numbers, "softmax")
    for k in range(count):
        add(measure, str(k), truth[k], Classification(scores[k], tuple("abcdefg")))
    found = measure.numbers()
    true, answer = np.array(numbers)[truth], scores.argmax(axis=1)
    assert found.metrics["accuracy"] == pytest.approx(sk.accuracy_score(true, answer))
    f1 = sk.f1_score(true, answer, average="macro", zero_division=0)
    assert found.metrics["f1"] == pytest.approx(f1)
    if count > 1:
        expected = sk.top_k_accuracy_score(true, scores, k=5, labels=range(7))
        assert found.metrics["top5"] == pytest.approx(expected)
        aucs = [sk.roc_auc_score(true == k, scores[:, k]) for k in np.unique(true)]
        assert found.metrics["auc"] == pytest.approx(np.mean(aucs))
    assert found.confusion is not None
    assert (found.confusion == sk.confusion_matrix(true, answer, labels=range(7))).all()
    assert measure.primary_of(measure.terms().sum(axis=0)[None])[0] == found.metrics["accuracy"]


def test_yes_or_no() -> None:
    """With a threshold of the bundle's own."""
    rng = np.random.default_rng(1)
    truth, p = rng.integers(0, 2, 60), rng.random(60).round(1)
    measure = BinaryMeasure(("no", "yes"), (0, 1))
    for k in range(60):
        add(measure, str(k), truth[k], BinaryResult(float(p[k]), ("no", "yes"), 0.3))
    found, answer = measure.numbers().metrics, p >= 0.3
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(truth, answer))
    assert found["precision"] == pytest.approx(sk.precision_score(truth, answer))
    assert found["recall"] == pytest.approx(sk.recall_score(truth, answer))
    assert found["f1"] == pytest.approx(sk.f1_score(truth, answer))
    assert found["auc"] == pytest.approx(sk.roc_auc_score(truth, p))
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(truth, p))


@pytest.mark.parametrize("width", [1, 3])
def test_numbers(width: int) -> None:
    """MAE, RMSE and R2, as scikit-learn's means over the outputs."""
    rng = np.random.default_rng(width)
    truth, answer = rng.normal(size=(2, 25, width))
    measure = RegressMeasure(width, None)
    for k in range(25):
        add(measure, str(k), tuple(truth[k]), Regression(answer[k].astype(np.float32)))
    found, got = measure.numbers().metrics, answer.astype(np.float32)
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(truth, got))
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, got))
    assert found["r2"] == pytest.approx(sk.r2_score(truth, got))
    assert found["max_error"] == pytest.approx(np.abs(truth - got).max())
    with pytest.raises(BadTruthError, match="labelled with 5 numbers"):
        measure.outcome("x", (0.0,) * 5, Regression(got[0]), None)


def test_masks(tmp_path: Path) -> None:
    """IoU and Dice of each class; 255 does not count; pixels without an answer are wrong."""
    rng = np.random.default_rng(0)
    measure = SegmentMeasure(("a", "b", "c", "d"), None, -1)
    truths, answers = [], []
    for k in range(5):
        true = rng.integers(0, 3, (9, 12)).astype(np.uint8)
        true[0, :3] = 255
        answer = np.where(rng.random((9, 12)) < 0.6, true, rng.integers(0, 3, (9, 12)))
        answer = np.where(answer == 255, 0, answer).astype(np.int32)
        answer[8, 0] = -1
        cv2.imwrite(str(tmp_path / f"{k}.png"), true)
        add(measure, str(k), TrueMask(tmp_path / f"{k}.png"), Segmentation(answer, 4))
        kept = true != 255
        truths.append(true[kept])
        answers.append(answer[kept])
    true, answer = np.concatenate(truths), np.concatenate(answers)
    found = measure.numbers()
    options = {"labels": range(3), "average": None, "zero_division": 0}
    iou = sk.jaccard_score(true, answer, **options)
    dice = sk.f1_score(true, answer, **options)
    assert [found.per_class[label]["iou"] for label in "abc"] == pytest.approx(iou)
    assert [found.per_class[label]["dice"] for label in "abc"] == pytest.approx(dice)
    assert found.metrics["miou"] == pytest.approx(iou.mean())
    assert found.metrics["pixel_accuracy"] == pytest.approx(sk.accuracy_score(true, answer))
    assert measure.primary_of(measure.terms().sum(axis=0)[None])[0] == pytest.approx(iou.mean())


@pytest.mark.parametrize("rule", [None, 0.9])
def test_the_threshold_of_a_binary_mask(rule: float | None) -> None:
    """No thousandth has a better F1, or more hits at the precision, over all pixels."""
    rng = np.random.default_rng(4)
    measure = SegmentMeasure(("no", "yes"), None, -1)
    measure.chooses = True
    truths, scores = [], []
    for number in range(3):
        truth = rng.random((11, 13)) < 0.3
        noisy = np.clip(truth * 0.25 + rng.normal(0.3, 0.15, truth.shape), 0, 1)
        grid = Grid(noisy.astype(np.float32)[..., None], place((13, 11), (13, 11), "stretch"))
        answer = Segmentation((noisy > 0.5).astype(np.int32), 2, ("no", "yes"), 0.5, grid)
        add(measure, str(number), truth.astype(np.int32), answer)
        truths.append(truth.ravel())
        scores.append(answer.probabilities(1).ravel())
    true, score = np.concatenate(truths), np.concatenate(scores)
    ((number, counts),) = measure.counts()
    found = chosen(measure.label_of(number), counts, rule)
    assert found is not None
    assert found.support == true.sum()
    steps = np.arange(1000) / 1000
    if rule is None:
        best = max(sk.f1_score(true, score > step) for step in steps)
        assert sk.f1_score(true, score > found.score) == pytest.approx(best)
        assert found.f1 == pytest.approx(best)
    else:
        able = [k for k in steps if sk.precision_score(true, score > k, zero_division=0) >= rule]
        assert sk.recall_score(true, score > found.score) == pytest.approx(
            max(sk.recall_score(true, score > step) for step in able)
        )
        assert sk.precision_score(true, score > found.score) == pytest.approx(found.precision)


def test_masks_that_do_not_fit(tmp_path: Path) -> None:
    """Another size, a class that the model has not; black and white are two classes."""
    measure = SegmentMeasure(("no", "yes"), None, -1)
    answer = Segmentation(np.ones((4, 5), np.int32), 2)
    path = tmp_path / "m.png"
    for pixels, kind in ((np.zeros((5, 4)), "another size"), (np.full((4, 5), 7), "class 7")):
        cv2.imwrite(str(path), pixels.astype(np.uint8))
        with pytest.raises(BadTruthError, match=r"is 4x5, and its picture 5x4|has the class 7"):
            measure.outcome(kind, TrueMask(path), answer, None)
    cv2.imwrite(str(path), np.full((4, 5), 255, np.uint8))
    add(measure, "white", TrueMask(path), answer)
    assert measure.numbers().metrics["miou"] == 1


def test_boxes_at_the_bundles_score() -> None:
    """Precision and recall count boxes above it; classes that the data lacks do not count."""
    measure = DetectMeasure(("cat", "dog"), (4, 2), (0.5, 0.5))
    truth = TrueBoxes(
        np.array([[0, 0, 10, 10], [20, 20, 10, 10]], float),
        np.array([100.0, 100.0]), np.array([0, 1]), np.zeros(2, bool), np.zeros(2, bool),
    )  # fmt: skip
    boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30], [50, 50, 60, 60], [0, 0, 9, 9]], np.float32)
    scores = np.array([0.9, 0.4, 0.8, 0.7], np.float32)
    classes = np.array([4, 2, 4, 7], np.int32)
    outcome = add(measure, "a", truth, Detections(boxes, scores, classes, (100, 100)))
    found = measure.numbers()
    assert outcome.answer == "2 cat"
    assert measure.foreign == 1
    assert [found.metrics[name] for name in ("precision", "recall", "f1")] == [0.5, 0.5, 0.5]
    assert found.per_class["dog"]["recall"] == 0
    assert found.per_class["dog"]["AP50"] == pytest.approx(1)


def test_points() -> None:
    """PCK by the object's size; points that are not labelled do not count."""
    measure = KeypointsMeasure(3, ("a", "b", "c"), (0, 1, 2))
    truth = TruePoints(
        np.array([[10, 10], [20, 20], [0, 0]], float), np.array([1, 1, 0], bool), 100
    )
    points = np.array([[13, 14], [20, 32], [99, 99]], np.float32)
    answer = Keypoints(points, None, (400, 300))
    add(measure, "x", truth, answer)
    found = measure.numbers()
    assert found.metrics == {"pck05": 0.5, "pck10": 0.5, "pck20": 1.0, "mean_error_px": 8.5}
    assert found.per_class["c"]["support"] == 0
    with pytest.raises(BadTruthError, match="has 2 points, and the model 3"):
        measure.outcome("x", TruePoints(np.zeros((2, 2)), np.ones(2, bool), 1), answer, None)


def test_embeddings() -> None:
    """The best threshold, folds, AUC beside scikit-learn's; a vector without length is no error."""
    rng = np.random.default_rng(3)
    people = rng.normal(size=(20, 8))
    vectors = {f"{k}/{i}": people[k] + rng.normal(0, 0.6, 8) for k in range(20) for i in (0, 1)}
    names = list(vectors)
    pairs = [Pair(f"{k}/0", f"{k}/1", True) for k in range(20)]
    others = [rng.choice(20, 2, replace=False) for _ in range(20)]
    pairs += [Pair(f"{a}/0", f"{b}/1", False) for a, b in others]
    pairs += [Pair("0/0", "gone", True)]
    measure = EmbedMeasure(8, pairs)
    for name in names:
        add(measure, name, None, Embedding(vectors[name].astype(np.float32)))
    found = measure.numbers().metrics
    known = pairs[:-1]
    unit = {name: vector / np.linalg.norm(vector) for name, vector in vectors.items()}
    similar = np.array([unit[p.one] @ unit[p.other] for p in known])
    same = np.array([p.is_same for p in known])
    assert found["auc"] == pytest.approx(sk.roc_auc_score(same, similar), abs=1e-6)
    best = max(((similar >= t) == same).mean() for t in [*similar, 2])
    assert found["accuracy"] == pytest.approx(best)
    assert ((similar >= found["threshold"]) == same).mean() == pytest.approx(best)
    assert found["accuracy_10_fold"] is not None
    assert len(measure.wrong_pairs()) == round((1 - best) * len(known))


def test_pictures(tmp_path: Path) -> None:
    """Equal pictures have no PSNR, and do not spoil the mean of the others."""
    rng = np.random.default_rng(0)
    wanted = rng.integers(0, 256, (20, 24, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "w.png"), wanted)
    measure = ImageMeasure()
    noisy = np.clip(wanted.astype(int) + 5, 0, 255).astype(np.uint8)
    add(measure, "same", tmp_path / "w.png", ImageResult(wanted, (24, 20)))
    assert measure.numbers().metrics["psnr"] == np.inf
    add(measure, "noisy", tmp_path / "w.png", ImageResult(noisy, (24, 20)))
    psnr = 10 * np.log10(255**2 / ((noisy.astype(float) - wanted) ** 2).mean())
    assert measure.numbers().metrics["psnr"] == pytest.approx(psnr)
    with pytest.raises(BadTruthError, match="has 24x20 pixels, and the model makes 30x9"):
        measure.outcome(
            "x", tmp_path / "w.png", ImageResult(np.zeros((9, 30, 3), np.uint8), (9, 9)), None
        )


def test_texts() -> None:
    """Errors of all lines by the length of all texts."""
    measure = TextMeasure()
    for k, (true, text) in enumerate([("ab cd", "ab cx"), ("xyz", "xyz"), ("", "q")]):
        add(measure, str(k), true, TextResult((TextPath(text, 0.5),), (), 4))
    assert measure.numbers().metrics == {
        "cer": pytest.approx(2 / 8), "wer": pytest.approx(2 / 3), "exact": pytest.approx(1 / 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "labels", "options", "numbers"),
    [
        (("b", "a"), ("a", "b", "c"), {"count": 3}, (1, 0)),
        (("Big_Cat",), ("dog", "big cat"), {"count": 2}, (1,)),
        (("0", "2"), None, {"count": 3, "are_numbers": True}, (0, 2)),
        (("0", "2"), ("x", "y", "z"), {"count": 3, "are_numbers": True}, (0, 2)),
        (("cat", "dog"), None, {"count": 2}, (0, 1)),
        (("cat", "dog"), None, {"count": 3, "background": 0}, (1, 2)),
    ],
)
def test_classes_are_matched(
    classes: Any, labels: Any, options: dict[str, Any], numbers: tuple[int, ...]
) -> None:
    """By name, else by the model's own numbers, else in order where the bundle has no labels."""
    assert match_classes(classes, labels, **options).numbers == numbers


@pytest.mark.parametrize(
    ("classes", "labels", "count"),
    [(("a", "x"), ("a", "b"), 2), (("a", "b"), None, 3), (("a", "b", "c"), None, 2)],
)
def test_a_mismatch_lists_both(classes: Any, labels: Any, count: int) -> None:
    """The data's classes and the bundle's."""
    with pytest.raises(InputError, match=r"the data has a, .*the bundle has .*Rename"):
        match_classes(classes, labels, count)


def test_thresholds_follow_from_the_counts() -> None:
    """The best F1, and the most hits at a precision; halfway to the next score; or none."""
    from keras2cv.evaluation.metrics.ranking import count_above

    scores = np.array([0.9, 0.8, 0.6, 0.5, 0.2])
    counts = count_above(scores, np.array([1, 1, 0, 1, 0], bool))
    best = chosen("cat", counts, None)
    assert best is not None
    assert (best.score, best.recall, best.support) == (pytest.approx(0.35), 1, 3)
    assert best.f1 == pytest.approx(sk.f1_score([1, 1, 0, 1, 0], scores > best.score))
    sure = chosen("cat", counts, 1.0)
    assert sure is not None
    assert (sure.score, sure.precision, sure.recall) == (
        pytest.approx(0.7),
        1,
        pytest.approx(2 / 3),
    )
    assert chosen("cat", count_above(scores, np.array([0, 1, 0, 0, 0], bool)), 0.9) is None
    assert chosen("cat", count_above(scores, np.zeros(5, bool)), None) is None
