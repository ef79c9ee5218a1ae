"""COCO's twelve numbers beside pycocotools', to the last digit."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from keras2cv.evaluation.metrics.box_matches import BoxMatches
from keras2cv.evaluation.metrics.coco import NAMES, average_precision_of, summary

Box = tuple[float, float, float, float]


def theirs(truth: list[dict[str, Any]], found: list[dict[str, Any]], images: int) -> Any:
    """Return pycocotools' evaluation."""
    classes = sorted({one["category_id"] for one in truth}) or [1]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": k, "width": 640, "height": 480} for k in range(1, images + 1)],
            "categories": [{"id": k, "name": str(k)} for k in classes],
            "annotations": [{**one, "id": k} for k, one in enumerate(truth, 1)],
        }
        coco.createIndex()
        answers = COCO()
        answers.dataset = {
            "images": coco.dataset["images"],
            "categories": coco.dataset["categories"],
            "annotations": [
                {**one, "id": k, "area": one["bbox"][2] * one["bbox"][3], "iscrowd": 0}
                for k, one in enumerate(found, 1)
            ],
        }
        answers.createIndex()
        evaluation = COCOeval(coco, answers, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def ours(truth: list[dict[str, Any]], found: list[dict[str, Any]], images: int) -> BoxMatches:
    """Return our own, from the same records."""
    classes = sorted({one["category_id"] for one in truth}) or [1]
    kept = BoxMatches(len(classes))
    for image in range(1, images + 1):
        there = [one for one in truth if one["image_id"] == image]
        boxes = [one for one in found if one["image_id"] == image]
        boxes = [one for one in boxes if one["category_id"] in classes]
        kept.add(
            np.array([one["bbox"] for one in boxes], float).reshape(-1, 4),
            np.array([one["score"] for one in boxes], float),
            np.array([classes.index(one["category_id"]) for one in boxes], int),
            np.array([one["bbox"] for one in there], float).reshape(-1, 4),
            np.array([one["area"] for one in there], float),
            np.array([classes.index(one["category_id"]) for one in there], int),
            np.array([one["iscrowd"] for one in there], bool),
            np.zeros(len(there), bool),
        )
    return kept


def compare(truth: list[dict[str, Any]], found: list[dict[str, Any]], images: int) -> None:
    """Compare the twelve numbers, and the AP of each class."""
    reference = theirs(truth, found, images)
    classes = ours(truth, found, images).classes()
    got = summary(classes)
    expected = [None if value == -1 else value for value in reference.stats]
    assert [got[name] for name in NAMES] == expected  # to the last digit
    for index, one in enumerate(classes):
        precision = reference.eval["precision"][:, :, index, 0, 2]
        precision = precision[precision > -1]
        wanted = float(precision.mean()) if precision.size else None
        assert average_precision_of(one) == wanted


def true_box(image: int, category: int, bbox: Box, *, crowd: int = 0, area: float = 0) -> Any:
    """Return an annotation."""
    return {
        "image_id": image,
        "category_id": category,
        "bbox": list(bbox),
        "area": area or bbox[2] * bbox[3],
        "iscrowd": crowd,
    }


def found_box(image: int, category: int, bbox: Box, score: float) -> Any:
    """Return a result."""
    return {"image_id": image, "category_id": category, "bbox": list(bbox), "score": score}


@pytest.mark.parametrize("seed", range(8))
def test_random_boxes(seed: int) -> None:
    """Many sizes, near misses, ties of scores and of overlaps, crowds, more than 100 boxes."""
    rng = np.random.default_rng(seed)
    truth, found, images = [], [], 12
    for image in range(1, images + 1):
        for _ in range(rng.integers(0, 9)):
            category = int(rng.integers(1, 5))
            x, y = rng.uniform(0, 400, 2)
            w, h = rng.choice([8, 40, 70, 150], 2) * rng.uniform(0.8, 1.2, 2)
            box = (float(x), float(y), float(w), float(h))
            crowd = int(rng.random() < 0.15)
            truth.append(true_box(image, category, box, crowd=crowd, area=w * h * 0.7))
            for _ in range(rng.integers(0, 4)):
                moved = np.array(box) + rng.normal(0, 0.06, 4) * (w, h, w, h)
                near = tuple(float(v) for v in (box if rng.random() < 0.2 else moved))
                score = float(np.round(rng.random(), 1))
                found.append(found_box(image, category, near, score))  # type: ignore[arg-type]
        for _ in range(130 if image == 3 else int(rng.integers(0, 5))):
            x, y, w, h = rng.uniform(1, 200, 4).tolist()
            found.append(found_box(image, int(rng.integers(1, 6)), (x, y, w, h), rng.random()))
    compare(truth, found, images)


BOX: Box = (10.0, 10.0, 50.0, 50.0)


@pytest.mark.parametrize(
    ("truth", "found"),
    [
        ([true_box(1, 1, BOX)], []),
        ([], [found_box(1, 1, BOX, 0.9)]),
        ([], []),
        ([true_box(1, 1, BOX, crowd=1)], [found_box(1, 1, BOX, 0.9), found_box(2, 1, BOX, 0.4)]),
        (
            [true_box(1, 1, BOX, crowd=1), true_box(1, 1, BOX)],
            [found_box(1, 1, BOX, 0.9), found_box(1, 1, BOX, 0.9), found_box(1, 1, BOX, 0.9)],
        ),
        ([true_box(1, 1, BOX), true_box(1, 2, BOX)], [found_box(1, 2, BOX, 0.5)]),
        ([true_box(1, 1, BOX)], [found_box(1, 1, (10.0, 10.0, 0.0, 0.0), 0.5)]),
        ([true_box(1, 1, (0, 0, 0, 0))], [found_box(1, 1, BOX, 0.5)]),
        ([true_box(1, 1, (0, 0, 32, 32))], [found_box(1, 1, (0, 0, 32, 32), 0.5)]),
    ],
    ids=[
        "nothing found", "nothing there", "nothing at all", "all ignored", "a crowd beside",
        "an empty class", "no area", "truth without area", "on the edge of two sizes",
    ],
)  # fmt: skip
def test_degenerate_boxes(truth: list[Any], found: list[Any]) -> None:
    """No boxes, crowds only, equal scores, boxes without area."""
    compare(truth, found, 2)
