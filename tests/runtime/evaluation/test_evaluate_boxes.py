"""A detector through the whole of `evaluate`, beside pycocotools on what `predict` returns."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import keras2cv
from keras2cv.cli import main
from keras2cv.evaluation.metrics.coco import NAMES
from support.pixel_bundles import CATS_AND_DOGS

SIZE_WH = (90, 70)


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """Return a bundle of boxes of cats and dogs."""
    return CATS_AND_DOGS(tmp_path / "cars.cv").folder


@pytest.fixture
def data(cars: Path, tmp_path: Path) -> Path:
    """Write pictures, and as their truth some of the boxes that are found in them, moved a bit."""
    model = keras2cv.load(cars)
    rng = np.random.default_rng(0)
    images, annotations, found = [], [], []
    for number in range(6):
        picture = cv2.resize(
            rng.integers(0, 256, (5, 6, 3)).astype(np.uint8), SIZE_WH, interpolation=cv2.INTER_CUBIC
        )
        name = f"{number}.png"
        cv2.imwrite(str(tmp_path / name), picture)
        images.append({"id": 9 - number, "file_name": name, "width": 90, "height": 70})
        result = model.predict(np.asarray(cv2.imread(str(tmp_path / name))))
        assert isinstance(result, keras2cv.Detections)
        for one in result:
            x0, y0, x1, y1 = one.box_xyxy
            box = [x0, y0, x1 - x0, y1 - y0]
            row = {"image_id": 9 - number, "category_id": 4 - one.class_id, "bbox": box}
            found.append({**row, "score": one.score})
            if rng.random() < 0.2:
                moved = [*(np.array(box[:2]) * rng.uniform(0.9, 1)), *box[2:]]
                area = float(box[2] * box[3])
                row = {**row, "bbox": list(map(float, moved)), "area": area, "iscrowd": 0}
                annotations.append({**row, "id": len(annotations) + 1})
    categories = [{"id": 3, "name": "dog"}, {"id": 4, "name": "cat"}]
    record = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "truth.json").write_text(json.dumps(record))
    (tmp_path / "found.json").write_text(json.dumps(found))
    return tmp_path / "truth.json"


def test_coco_numbers_are_those_of_pycocotools_on_the_predictions(cars: Path, data: Path) -> None:
    """All twelve, though images and categories have an order of their own."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(data))
        evaluation = COCOeval(truth, truth.loadRes(str(data.with_name("found.json"))), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    found = keras2cv.evaluate(cars, data)
    expected = [None if value == -1 else value for value in evaluation.stats]
    assert [found.metrics[name] for name in NAMES] == pytest.approx(expected, abs=1e-9)
    assert 0 < (found.metrics["mAP"] or 0) < 1
    assert list(found.per_class) == ["dog", "cat"]
    assert any("--score 0.001 ranks all" in note for note in found.notes)


def test_thresholds_of_boxes_are_chosen_and_written(cars: Path, data: Path) -> None:
    """One for each label; the classes' F1 is then the one that was promised."""
    words = ["evaluate", str(cars), str(data), "--choose-score", "f1", "--write", "--json", "-"]
    assert main(words) == 0
    manifest = keras2cv.load(cars).manifest
    assert manifest.chosen_scores is not None
    scores = {one.label: one for one in manifest.chosen_scores.classes}
    assert manifest.task.class_scores == (scores["cat"].score, scores["dog"].score)
    found = keras2cv.evaluate(cars, data)
    for label, one in scores.items():
        assert found.per_class[label]["f1"] == pytest.approx(one.f1)
