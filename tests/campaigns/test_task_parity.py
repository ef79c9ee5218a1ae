"""Boxes and masks against Keras pipelines: the bar itself, a sample on this OpenCV, and all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from campaigns.task_parity import __main__ as command
from campaigns.task_parity import sweep
from campaigns.task_parity.bar import compare
from campaigns.task_parity.page import page
from keras2cv_export.matrix.environment import look_at
from tasks import all_subjects

BOXES = {
    "boxes_xyxy": np.array([[0, 0, 10, 10], [20, 5, 60, 45], [22, 6, 60, 44]], np.float32),
    "scores": np.array([0.9, 0.8, 0.7], np.float32),
    "class_ids": np.array([1, 2, 2]),
}
MASK = {"label_map": np.arange(20_000).reshape(100, 200) % 3}
# One whose decoding is the runtime's, one with a tail, and a mask.
SAMPLE = ("ssd", "own nms", "class logits")


def changed(part: str, place: Any, value: Any) -> dict[str, Any]:
    """Return BOXES with one number replaced."""
    array = BOXES[part].copy()
    array[place] = value
    return {**BOXES, part: array}


@pytest.mark.parametrize(
    ("found", "passes", "text"),
    [
        (BOXES, True, "IoU 1.000000, score 0e+00"),
        ({key: array[[2, 0, 1]] for key, array in BOXES.items()}, True, "IoU 1.000000"),
        (changed("boxes_xyxy", (1, 0), 20.1), False, "IoU 0.997500"),
        (changed("scores", 0, 0.9002), False, "score 2e-04"),
        (changed("class_ids", 0, 2), False, "other classes"),
        ({key: array[:2] for key, array in BOXES.items()}, False, "2 of 3 boxes"),
    ],
)
def test_boxes_are_the_same_or_not(found: Any, passes: bool, text: str) -> None:
    """Count, classes, places and scores must agree, in any order."""
    result = compare([BOXES], [found])
    assert result.passes == passes
    assert text in result.text


@pytest.mark.parametrize(("wrong", "passes"), [(0, True), (2, True), (3, False)])
def test_a_mask_may_differ_in_one_pixel_of_ten_thousand(wrong: int, passes: bool) -> None:
    """In the worst image, and not on average."""
    other = MASK["label_map"].copy()
    other.ravel()[:wrong] += 1
    assert compare([MASK, MASK], [MASK, {"label_map": other}]).passes == passes
    assert not compare([MASK], [{"label_map": other[:, :50]}]).passes


def test_nothing_compared_is_no_agreement() -> None:
    """An empty list, or answers that are missing."""
    with pytest.raises(ValueError, match="0 answers"):
        compare([], [])
    with pytest.raises(ValueError, match="1 answers"):
        compare([BOXES], [])


@pytest.fixture(scope="module")
def columns() -> list[Any]:
    """Return this Python and OpenCV as the environment, with each engine that it has."""
    here = look_at(Path(sys.executable), cv2.__version__)
    assert here is not None
    return [(here, engine) for engine in here.engines]


def test_a_sample_is_within_the_bar(columns: list[Any], tmp_path: Path) -> None:
    """On every engine of this OpenCV, in processes of their own; the page says so."""
    found = [subject for subject in all_subjects() if subject.name in SAMPLE]
    assert len(found) == len(SAMPLE)
    rows = sweep.measure(found, columns, tmp_path, lambda _: None)
    text = page(rows, columns, None)
    assert [row.name for row in rows] == list(SAMPLE)
    assert all(cell.passes for row in rows for cell in row.cells), text
    assert f"**{len(rows) * len(columns)} of {len(rows) * len(columns)} pass.**" in text


@pytest.mark.slow
@pytest.mark.filterwarnings(
    # KerasHub's own: TensorFlow's old names in its tokenizers.
    "ignore::DeprecationWarning",
)
def test_every_subject_is_within_the_bar_on_every_opencv(tmp_path: Path) -> None:
    """5.0 with both engines, 4.14 and 4.6; RetinaNet too, where KerasHub is installed."""
    assert command.main(["-o", str(tmp_path / "tasks.md")]) == 0
    assert "| `yolo` |" in (tmp_path / "tasks.md").read_text(encoding="utf-8")


def test_an_opencv_that_there_is_not_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, and the exit code of a missing dependency."""
    assert command.main(["--opencv", "1.0.0.1"]) == 3
    assert capsys.readouterr().err.startswith("error: ")
