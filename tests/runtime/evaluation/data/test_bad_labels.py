"""What no annotation tool writes: each is named as a problem, or in one sentence, in no time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv.evaluation.class_names import match_classes
from keras2cv.evaluation.data.find import read_data
from keras2cv.evaluation.data.yolo import parse_names
from keras2cv.evaluation.labelled import BadTruthError, TrueMask
from keras2cv.evaluation.measures.keypoints import KeypointsMeasure
from keras2cv.evaluation.measures.segment import SegmentMeasure
from keras2cv.tasks.keypoints.result import Keypoints

HUGE = 10**400
RUNS = {"size": [20, 30], "counts": [600]}


def write_picture(path: Path) -> None:
    """Write a picture of 30x20."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))


def coco(
    folder: Path,
    image: Mapping[str, Any] = MappingProxyType({}),
    annotation: Mapping[str, Any] = MappingProxyType({}),
    categories: Any = (),
) -> Path:
    """Write COCO JSON with a good image and annotation, and another of each that is changed."""
    write_picture(folder / "a.png")
    write_picture(folder / "b.png")
    size = {"width": 30, "height": 20}
    good = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "segmentation": RUNS}
    record = {
        "images": [{"id": 1, "file_name": "a.png", **size},
                   {"id": 2, "file_name": "b.png", **size, **image}],
        "annotations": [{"id": 1, **good}, {"id": 2, **good, "image_id": 2, **annotation}],
        "categories": [{"id": 1, "name": "cat"}, *categories],
    }  # fmt: skip
    (folder / "labels.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ({"id": [2]}, "file missing"),
        ({"id": {}}, "file missing"),
        ({"file_name": "a" * 5000}, "file missing"),
        ({"file_name": "\0"}, "file missing"),
        ({"file_name": ["b.png"]}, "file missing"),
    ],
)
def test_images_of_coco(tmp_path: Path, image: Any, kind: str) -> None:
    """Ids and names of any type; the other image is measured."""
    found = read_data(coco(tmp_path, image), "detect")
    assert kind in found.problems.counts
    assert str(tmp_path / "a.png") in [sample.name for sample in found.samples]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ({"image_id": [2]}, "file missing"),
        ({"category_id": [1]}, "category unknown"),
        ({"bbox": [HUGE, 1, 2, 3]}, "label unreadable"),
        ({"bbox": [1e308, 1e308, 1e308, 1e308]}, "box outside"),
        ({"area": HUGE}, None),
        ({"area": "big"}, None),
    ],
)
def test_annotations_of_coco(tmp_path: Path, annotation: Any, kind: str | None) -> None:
    """Each is named, and both images are there."""
    found = read_data(coco(tmp_path, annotation=annotation), "detect")
    assert dict(found.problems.counts) == ({} if kind is None else {kind: 1})
    assert len(found.samples) == 2
    assert len(read_data(tmp_path, "segment").samples) == 2


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 2, "a", 4, 5, 6]],
        [[1, 2, None, 4, 5, 6]],
        [[0, 0, HUGE, 0, 9, 9]],
        [[0, 0, 1e9, 0, 1e9, 1e9]],
        [[0, 0, 1e300, 0, 9, 9]],
        [[[1, 2]] * 6],
        {"size": [20, 30, 1], "counts": [600]},
        {"size": "ab", "counts": [600]},
        {"size": None, "counts": [600]},
        {"size": [-20, -30], "counts": [600]},
        {"size": [10**6, 10**6], "counts": [10**12]},
        {"size": [20, 30], "counts": 10**11},
        {"size": [20, 30], "counts": [-10, 610]},
        {"size": [20, 30], "counts": [1e400]},
        {"size": [20, 30], "counts": "o" * 30_000},
    ],
)
@pytest.mark.parametrize("task", ["detect", "segment"])
def test_segmentations(tmp_path: Path, segmentation: Any, task: str) -> None:
    """No outline and no mask is drawn of such, whose size is no picture's."""
    folder = coco(tmp_path, annotation={"segmentation": segmentation})
    found = read_data(folder, task)
    assert len(found.samples) == 2
    assert len(found.problems) == (task == "segment")


def test_run_lengths_of_another_size_than_the_picture(tmp_path: Path) -> None:
    """Found when the picture is there, where the list of images has no sizes."""
    measure = SegmentMeasure(("cat", "dog"), (0, 1), -1)
    truth = TrueMask(None, ((0, {"size": [2, 3], "counts": [6]}),))
    with pytest.raises(BadTruthError, match="picture of another size"):
        measure.label_map("a.png", truth, (20, 30))
    with pytest.raises(BadTruthError, match=r"a mask is \(height, width\)"):
        measure.label_map("a.png", np.int64(3), (20, 30))


def test_points_of_another_shape() -> None:
    """A class where points should be."""
    measure = KeypointsMeasure(1, None, [0])
    answer = Keypoints(np.zeros((1, 2), np.float32), np.ones(1, np.float32), (9, 9), None)
    for truth in (np.int64(3), np.zeros(5)):
        with pytest.raises(BadTruthError, match="no list of points"):
            measure.outcome("a", truth, answer, None)


def test_categories_of_any_type(tmp_path: Path) -> None:
    """Ids that cannot be compared with one another."""
    more = [{"id": [1], "name": "x"}, {"id": None, "name": "y"}, {"id": "z", "name": "z"}, 7]
    assert read_data(coco(tmp_path, categories=more), "detect").classes is not None


@pytest.mark.parametrize(
    "rows", ["a.png\n", "file,label\na.png\n", "file,label\n" + "x" * 5000 + ".png,cat\n"]
)
@pytest.mark.parametrize("task", ["classify", "regress", "keypoints"])
def test_tables(tmp_path: Path, rows: str, task: str) -> None:
    """A column that lacks, a name that is too long."""
    write_picture(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(rows)
    with pytest.raises(InputError, match=r"one column|no picture with a label"):
        read_data(tmp_path, task)


@pytest.mark.parametrize("number", ["99999999999", "9" * 6000])
def test_huge_numbers_of_classes(tmp_path: Path, number: str) -> None:
    """No list of so many names is made."""
    write_picture(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(f"a.png,{number}\n")
    found = read_data(tmp_path, "classify")
    for count in (5, None):
        with pytest.raises(InputError):
            match_classes(found.classes or (), None, count, are_numbers=True)
    np.savez(tmp_path / "a.npz", x=np.zeros((1, 2)), y=np.array([number]))
    with pytest.raises(InputError, match="class number"):
        read_data(tmp_path / "a.npz", "classify")


@pytest.mark.parametrize(
    ("line", "words"),
    [("99999999 .5 .5 .2 .2", "class number 99999999"), ("1e400 .5 .5 .2 .2", None),
     ("1e30 .5 .5 .2 .2", None)],
)  # fmt: skip
def test_yolo(tmp_path: Path, line: str, words: str | None) -> None:
    """A class that no model has."""
    write_picture(tmp_path / "images" / "a.png")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text(line)
    if words is not None:
        with pytest.raises(InputError, match=words):
            read_data(tmp_path, "detect")
    else:
        assert dict(read_data(tmp_path, "detect").problems.counts) == {"label unreadable": 1}


@pytest.mark.parametrize(
    ("task", "suffix"), [("detect", "xml"), ("detect", "txt"), ("text", "txt")]
)
def test_a_label_that_is_no_text(tmp_path: Path, task: str, suffix: str) -> None:
    """The others are measured."""
    for name in ("a", "b"):
        write_picture(tmp_path / f"{name}.png")
    good = "<annotation/>" if suffix == "xml" else "0 .5 .5 .2 .2"
    (tmp_path / f"a.{suffix}").write_text(good)
    (tmp_path / f"b.{suffix}").write_bytes(b"\xff\xfe\0")
    if suffix == "xml":
        (tmp_path / "a.xml").write_text(
            "<annotation><size><width>30</width><height>20</height></size></annotation>"
        )
    found = read_data(tmp_path, task)
    assert dict(found.problems.counts) == {"label unreadable": 1}
    assert [sample.path.name for sample in found.samples] == ["a.png"]


@pytest.mark.parametrize(
    ("x", "y"),
    [(np.float32(1), np.float32(1)), (np.zeros((0, 2)), np.zeros(0)),
     (np.array(["a"]), np.array([1]))],
)  # fmt: skip
def test_arrays(tmp_path: Path, x: Any, y: Any) -> None:
    """Without samples, or of texts."""
    np.savez(tmp_path / "a.npz", x=x, y=y)
    with pytest.raises(InputError, match="Give"):
        read_data(tmp_path / "a.npz", "classify")


def test_quotes_of_yaml() -> None:
    """Only the pair around a name goes."""
    assert parse_names('names: [\'a "b"\', "it\'s", c]') == ('a "b"', "it's", "c")
