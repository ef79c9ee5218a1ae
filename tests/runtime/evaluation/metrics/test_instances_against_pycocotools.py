"""COCO's numbers of masks and keypoints beside pycocotools', to the last digit."""

from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from keras2cv.evaluation.labelled import BadTruthError, boxes_of
from keras2cv.evaluation.measures.detect import DetectMeasure
from keras2cv.evaluation.metrics.coco import NAMES
from keras2cv.tasks.detect.instance_masks import MaskCrop
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.keypoints.result import Keypoints

WH = (160, 120)
Array = np.ndarray[Any, Any]


def theirs(truth: list[Any], found: list[Any], kind: str, images: int) -> Array:
    """Return pycocotools' summary."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [{"id": k, "width": WH[0], "height": WH[1]} for k in range(1, images + 1)],
            "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
            "annotations": copy.deepcopy(truth),
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(copy.deepcopy(found)), kind)
        if kind == "keypoints" and len(truth[0]["keypoints"]) != 51:
            count = len(truth[0]["keypoints"]) // 3
            evaluation.params.kpt_oks_sigmas = np.full(count, 1 / count)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.asarray(evaluation.stats)


def mask(random: Any, big: bool) -> tuple[Array, int, int]:
    """Return an ellipse in a part of the picture, and where that lies."""
    high, wide = (random.integers(30, 110, 2) if big else random.integers(6, 40, 2)).tolist()
    top, left = int(random.integers(0, WH[1] - high)), int(random.integers(0, WH[0] - wide))
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    return x * x + y * y < random.uniform(0.5, 1), left, top


def annotation(number: int, image: int, crop: MaskCrop, points: Array, random: Any) -> Any:
    """Return a true object: run lengths, or a polygon with the same box."""
    whole = crop.on_image(WH)
    rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    box = [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]
    crowd = int(random.random() < 0.1)
    corners = [box[0], box[1], box[0] + box[2], box[1] + 2.4, box[0] + 3.3, box[1] + box[3]]
    polygon = not crowd and random.random() < 0.4
    return {
        "id": number, "image_id": image, "category_id": int(random.integers(1, 3)),
        "bbox": box, "area": float(whole.sum()), "iscrowd": crowd,
        "segmentation": [[float(c) for c in corners]] if polygon
        else {"size": [WH[1], WH[0]], "counts": crop.runs(WH)},
        "keypoints": points.ravel().tolist(), "num_keypoints": int((points[:, 2] > 0).sum()),
    }  # fmt: skip


def scene(seed: int, count: int, images: int = 8) -> tuple[list[Any], list[list[Any]]]:
    """Return true objects, and of each image what is found: score, class, mask, points."""
    random = np.random.default_rng(seed)
    truth: list[Any] = []
    found: list[list[Any]] = []
    for image in range(1, images + 1):
        found.append([])
        for _ in range(random.integers(0, 6)):
            pixels, left, top = mask(random, bool(random.random() < 0.5))
            points = np.column_stack([random.uniform(0, 120, (count, 2)),
                                      random.integers(0, 3, count)])  # fmt: skip
            if random.random() < 0.2:
                points[:, 2] = 0
            one = annotation(len(truth) + 1, image, MaskCrop(pixels, left, top), points, random)
            truth.append(one)
            for _ in range(random.integers(0, 3)):
                near = np.roll(pixels, random.integers(-3, 4), axis=int(random.integers(2)))
                moved = points[:, :2] + random.normal(0, random.choice([0.5, 4, 12]), (count, 2))
                score = float(np.float32(np.round(random.random(), 1)))
                found[-1].append((score, one["category_id"], MaskCrop(near, left, top), moved))
        for _ in range(26 if image == 2 else int(random.integers(0, 3))):
            pixels, left, top = mask(random, big=False)
            score = float(np.float32(random.random()))
            away = random.uniform(0, 120, (count, 2))
            found[-1].append((score, int(random.integers(1, 3)), MaskCrop(pixels, left, top), away))
        found[-1].sort(key=lambda each: -each[0])
    return truth, found


def ours(truth: list[Any], found: list[list[Any]], count: int) -> Any:
    """Return the metrics of the measure, from the same records."""
    measure = DetectMeasure(("a", "b"), (0, 1), (0.5, 0.5), range(count))
    for image, each in enumerate(found, 1):
        objects = [one for one in truth if one["image_id"] == image]
        rows = [(o["bbox"], o["area"], o["category_id"] - 1, bool(o["iscrowd"]), False)
                for o in objects]  # fmt: skip
        true = boxes_of(rows, image)
        object.__setattr__(true, "objects", tuple(objects))
        object.__setattr__(true, "has_objects", True)
        scores = np.array([score for score, *_ in each], np.float32)
        points = tuple(Keypoints(np.float32(p), None, WH) for *_, p in each)
        result = Detections(
            np.zeros((len(each), 4), np.float32), scores,
            np.array([number - 1 for _, number, *_ in each], np.int32), WH,
            mask_crops=tuple(crop for _, _, crop, _ in each), keypoints=points,
        )  # fmt: skip
        measure.add(measure.outcome(str(image), true, result, None))
    return measure.numbers().metrics


@pytest.mark.parametrize(("seed", "count"), [(0, 17), (1, 17), (2, 5), (3, 5), (4, 1)])
def test_random_masks_and_points(seed: int, count: int) -> None:
    """Run lengths, polygons, crowds, unlabelled points, equal scores, more than 20 people."""
    truth, found = scene(seed, count)
    got = ours(truth, found, count)
    masks = [
        {"image_id": image, "category_id": number, "score": score,
         "segmentation": packed(crop)}
        for image, each in enumerate(found, 1)
        for score, number, crop, _ in each
    ]  # fmt: skip
    expected = theirs(truth, masks, "segm", len(found))
    assert [got[f"mask_{name}"] for name in NAMES] == pytest.approx(
        [None if value == -1 else value for value in expected], abs=1e-9
    )
    points = [
        {"image_id": image, "category_id": number, "score": score,
         "keypoints": np.column_stack([np.float32(p), np.ones(count)]).ravel().tolist()}
        for image, each in enumerate(found, 1)
        for score, number, _, p in each
    ]  # fmt: skip
    expected = theirs(truth, points, "keypoints", len(found))
    names = ("mAP", "AP50", "AP75", "AP_medium", "AP_large", "AR20")
    assert [got[f"keypoint_{name}"] for name in names] == pytest.approx(
        [None if value == -1 else value for value in expected[:6]], abs=1e-9
    )


def packed(crop: MaskCrop) -> Any:
    """Return a mask as pycocotools' own run lengths."""
    from pycocotools import mask as masks

    return masks.encode(np.asfortranarray(crop.on_image(WH).astype(np.uint8)))


def test_objects_without_masks_are_not_measured() -> None:
    """The boxes are, as ever; and points of another count are named."""
    truth, found = scene(5, 5)
    bare = [{k: v for k, v in one.items() if k != "segmentation"} for one in truth]
    got = ours(bare, found, 5)
    assert not any(name.startswith("mask_") for name in got)
    assert "mAP" in got
    with pytest.raises(BadTruthError, match="has 15 numbers of keypoints, and 4 points of the mod"):
        ours(bare, [[(s, n, c, p[:4]) for s, n, c, p in each] for each in found], 4)
