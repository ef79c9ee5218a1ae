"""The records of detect and segment in the manifest: valid and invalid ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from keras2cv.bundle.manifest import InputTensor, Manifest, OutputTensor, Task
from keras2cv.errors import BundleError, UsageError
from keras2cv.tasks.detect.record import Anchors, DetectRecord, Nms
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.thresholds import with_thresholds
from support.tiny_bundle import manifest_of

BOXES = DetectRecord(
    "yxyx", "normalised", "none", 0.5, boxes="b", scores="s", classes="c",
    nms=Nms(0.45, across_classes=False), max_detections=100,
)  # fmt: skip
FULL = DetectRecord(
    "cxcywh", "pixels", "softmax", 0.25, boxes="b", scores="each", objectness="s",
    objectness_activation="sigmoid", background=0,
    anchors=Anchors(tuple(float(n + 1) for n in range(28)), (0.1, 0.1, 0.2, 0.2)),
)  # fmt: skip
TABLE = DetectRecord("xyxy", "pixels", "sigmoid", 0.5, raw="each", columns="box+scores")
MASK = SegmentRecord("mask", "softmax")
BINARY = SegmentRecord("road", "sigmoid", 0.5)
TASKS = {
    "boxes": Task("detect", record=BOXES),
    "full": Task("detect", labels=("none", *"abcde"), record=FULL),
    "table": Task("detect", labels=("a", "b"), record=TABLE),
    "mask": Task("segment", labels=("a", "b", "c"), record=MASK),
    "binary": Task("segment", labels=("no", "yes"), record=BINARY),
}
SHAPES = {"b": (7, 4), "s": (7,), "c": (7,), "each": (7, 6), "mask": (9, 12, 3), "road": (9, 12)}


def manifest(task: Task) -> Manifest:
    """Return a manifest with seven boxes, two masks, and that task."""
    outputs = tuple(
        OutputTensor(name, name, (1, *shape), net_shape(shape), layout(shape), "float32", True)
        for name, shape in SHAPES.items()
    )
    image = InputTensor("photo", "photo", (1, 9, 12, 3), (1, 3, 9, 12), "NCHW", "float32")
    return manifest_of(b"net", inputs=(image,), outputs=outputs, task=task)


def layout(shape: tuple[int, ...]) -> Any:
    """Return how the net has a sample of this shape."""
    return "NCHW" if len(shape) == 3 else "same"


def net_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the net's shape for a sample of this shape."""
    return (1, shape[2], *shape[:2]) if len(shape) == 3 else (1, *shape)


@pytest.mark.parametrize("name", TASKS)
def test_a_record_survives_writing_and_reading(name: str) -> None:
    """A written manifest reads back equal; a missing value has no key."""
    found = manifest(TASKS[name])
    assert Manifest.from_json(found.to_json()) == found
    keys = set(json.loads(found.to_json())["task"])
    assert keys == {"kind", found.task.kind} | ({"labels"} if found.task.labels else set())


def test_the_json_is_the_documented_one() -> None:
    """Keys and nesting are those that other programs read."""
    assert json.loads(manifest(TASKS["boxes"]).to_json())["task"]["detect"] == {
        "box_format": "yxyx", "box_units": "normalised", "activation": "none", "score": 0.5,
        "boxes": "b", "scores": "s", "classes": "c", "max_detections": 100,
        "nms": {"iou": 0.45, "across_classes": 0},
    }  # fmt: skip
    task = json.loads(manifest(TASKS["binary"]).to_json())["task"]
    assert task["segment"] == {"output": "road", "scores": "sigmoid", "threshold": 0.5}


def test_file_storage_reads_the_anchors_of_a_large_detector(tmp_path: Path) -> None:
    """50,000 anchors (RetinaNet's at 512 pixels) are read by cv::FileStorage, exactly."""
    count = 50_000
    boxes = tuple((n % 977 + 1) / 1024 for n in range(4 * count))
    wide = {"b": (count, 4), "s": (count,), "each": (count, 6)}
    outputs = tuple(
        OutputTensor(name, name, (1, *shape), (1, *shape), "same", "float32", True)
        for name, shape in wide.items()
    )
    detect = replace(FULL, anchors=Anchors(boxes, (1.0,) * 4))
    image = InputTensor("photo", "photo", (1, 9, 12, 3), (1, 3, 9, 12), "NCHW", "float32")
    found = manifest_of(
        b"net", inputs=(image,), outputs=outputs, task=Task("detect", record=detect)
    )
    path = tmp_path / "manifest.json"
    path.write_text(found.to_json(), encoding="utf-8")
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
    read = storage.root().getNode("task").getNode("detect").getNode("anchors").getNode("boxes")
    assert read.size() == 4 * count
    assert [read.at(n).real() for n in (0, 1, 4 * count - 1)] == [boxes[0], boxes[1], boxes[-1]]
    storage.release()


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        ("boxes", "detect", ..., "task.detect: belongs to the kind detect"),
        ("boxes", "kind", "segment", "task.detect: belongs to the kind detect"),
        ("boxes", "kind", "raw", "task.detect: belongs to the kind detect"),
        ("boxes", "output", "b", "task.output: a detect task needs no output: task.detect names"),
        ("boxes", "scores", "softmax", "task.scores: detect has none, got softmax"),
        ("boxes", "detect.colour", 1, "task.detect.colour: unknown key"),
        ("boxes", "detect.box_format", "xyzw", "task.detect.box_format: must be one of yxyx"),
        ("boxes", "detect.box_units", ..., "task.detect.box_units: is missing"),
        ("boxes", "detect.score", 1.5, "task.detect.score: must be 0 to 1, got 1.5"),
        ("boxes", "detect.boxes", "x", "task.detect.boxes: is not an output: 'x'"),
        ("boxes", "detect.boxes", "s", "task.detect.boxes: must be (..., 4), got [7]"),
        ("boxes", "detect.boxes", ..., "task.detect.boxes: either boxes or raw must be there"),
        ("boxes", "detect.raw", "each", "task.detect.boxes: either boxes or raw must be there"),
        ("boxes", "detect.scores", ..., "task.detect.scores: belong to boxes"),
        ("boxes", "detect.scores", "each", "task.detect.scores: must hold 7 values, got 42"),
        ("boxes", "detect.scores", "mask", "task.detect.scores: must hold 7 values, got 324"),
        ("boxes", "detect.classes", "each", "task.detect.classes: must hold 7 values, got 42"),
        ("boxes", "detect.columns", "box+scores", "task.detect.columns: belong to raw"),
        ("boxes", "detect.activation", "softmax", "task.detect.activation: softmax needs a score"),
        ("boxes", "detect.objectness", "s", "task.detect.objectness_activation: belongs to"),
        ("boxes", "detect.nms.iou", -0.1, "task.detect.nms.iou: must be 0 to 1, got -0.1"),
        ("boxes", "detect.nms.across_classes", ..., "nms.across_classes: is missing"),
        ("boxes", "detect.max_detections", 0, "task.detect.max_detections: must be 1 to"),
        ("full", "detect.background", 6, "task.detect.background: must be below 6, got 6"),
        ("full", "detect.background", -1, "task.detect.background: must be 0 to"),
        ("full", "detect.box_format", "xyxy", "task.detect.box_format: offsets are cxcywh"),
        ("full", "detect.anchors.boxes", [1.0] * 8, "anchors.boxes: must be 7 anchors, got 2"),
        ("full", "detect.anchors.boxes", [1.0] * 7, "boxes: must be 4 numbers per anchor, got 7"),
        ("full", "detect.anchors.boxes", [0.0] * 28, "every width and height must be above 0"),
        ("full", "detect.anchors.variances", [1.0] * 3, "variances: must be 4 above 0"),
        ("full", "labels", ["a", "b"], "task.labels: must be 6, got 2"),
        ("table", "detect.columns", "box+objectness+scores", "objectness_activation: belongs"),
        ("table", "detect.raw", "b", "task.detect.raw: has no column for a class: [7, 4]"),
        ("table", "detect.classes", "c", "task.detect.raw: holds everything"),
        ("table", "labels", ["a"], "task.labels: must be 2, got 1"),
        ("mask", "segment.threshold", 0.5, "task.segment.threshold: belongs to one channel"),
        ("mask", "segment.scores", "labels", "must be one label per pixel, got 3"),
        ("mask", "segment.output", "s", "task.segment.output: must be (h, w, C) or (h, w), got [7"),
        ("mask", "labels", ["a"], "task.labels: must be 3, got 1"),
        ("binary", "segment.threshold", ..., "task.segment.threshold: belongs to one channel"),
        ("binary", "segment.scores", "softmax", "a softmax over one channel is 1 everywhere"),
        ("binary", "labels", ["a"], "task.labels: must be 2, got 1"),
    ],
)
def test_what_breaks_the_schema_is_named(name: str, path: str, value: Any, message: str) -> None:
    """The message has the JSON path and the expected value."""
    root = json.loads(manifest(TASKS[name]).to_json())
    node = root["task"]
    *parents, last = path.split(".")
    for key in parents:
        node = node[key]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    with pytest.raises(BundleError) as caught:
        Manifest.from_json(json.dumps(root))
    assert message in str(caught.value)


def test_boxes_need_an_image_to_be_in() -> None:
    """Pixels of the input mean nothing where no input is an image."""
    table = InputTensor("row", "row", (1, 5), (1, 5), "same", "float32")
    with pytest.raises(BundleError, match="detect needs one input that is an image"):
        manifest(TASKS["boxes"]).replace(inputs=(table,))


def test_boxes_depend_on_the_image() -> None:
    """Class numbers may be the same for every image; boxes and scores may not."""
    found = manifest(TASKS["boxes"])
    for name, legal in (("b", False), ("s", False), ("c", True)):
        fixed = tuple(
            replace(t, batched=False, keras_shape=t.keras_shape[1:], net_shape=t.net_shape[1:])
            if t.name == name else t for t in found.outputs
        )  # fmt: skip
        if legal:
            assert found.replace(outputs=fixed).output("c").batched is False
            continue
        with pytest.raises(BundleError, match=f"{name} does not depend on the batch"):
            found.replace(outputs=fixed)


def test_thresholds_are_replaced_where_the_task_has_them() -> None:
    """And nothing else of the record changes."""
    task = with_thresholds(TASKS["boxes"], 0.3, 0.6)
    assert task.record == replace(BOXES, score=0.3, nms=Nms(0.6, across_classes=False))
    assert with_thresholds(TASKS["table"], None, 0.6).record is not None
    binary = with_thresholds(TASKS["binary"], 0.3, None).record
    assert binary == replace(BINARY, threshold=0.3)
    assert with_thresholds(TASKS["full"], None, None) == TASKS["full"]


@pytest.mark.parametrize(
    ("task", "score", "nms", "message"),
    [
        (TASKS["boxes"], 1.1, None, "score must be 0 to 1, got 1.1"),
        (TASKS["boxes"], None, float("nan"), "nms must be 0 to 1, got nan"),
        (TASKS["mask"], 0.5, None, "A score is for boxes, binary masks and points with scores"),
        (TASKS["mask"], None, 0.5, "NMS is for boxes, and the task is segment"),
        (Task("raw"), 0.5, None, "the task is raw"),
    ],
)
def test_a_threshold_for_another_task_is_refused(
    task: Task, score: float | None, nms: float | None, message: str
) -> None:
    """Rather than ignored."""
    with pytest.raises(UsageError, match=message):
        with_thresholds(task, score, nms)
