"""Objects of a drawn video get their numbers, and are counted where they cross a line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import MissingDependency, UsageError
from keras2cv.streams.answers import Answer
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.segment.result import Segmentation
from keras2cv.tracking.tracker import track
from support import json_lines
from support.moving_squares import FPS, FRAMES, write_crossings, write_square_detector
from support.tiny_bundle import Classifier

LINE = ("--count-line", "80,0,80,64")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the detector, squares.cv, and the video, clip.avi."""
    monkeypatch.chdir(tmp_path)
    write_square_detector(tmp_path / "squares.cv")
    write_crossings(tmp_path / "clip.avi")
    return tmp_path


def exit_code(words: list[str]) -> int:
    """Return the exit code of `keras2cv`, whoever ends it."""
    try:
        return main(words)
    except SystemExit as error:
        return int(str(error.code))


def test_the_crossings_of_a_video_are_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Red crosses there and back, green there, blue the other way: two each way."""
    command = ["run", "squares.cv", "clip.avi", "--track", "bytetrack", *LINE]
    assert main([*command, "--json", "r.jsonl", "--save", "drawn.avi"]) == 0
    records = json_lines.records("r.jsonl")
    assert len(records) == FRAMES
    assert records[0]["counts"] == [{"line": [80, 0, 80, 64], "in": 0, "out": 0}]
    assert records[-1]["counts"] == [{"line": [80, 0, 80, 64], "in": 2, "out": 2}]
    assert "clip.avi: 2 in, 2 out over 80,0,80,64\n" in capsys.readouterr().err
    numbers: dict[str, set[int]] = {}
    for record in records[1:]:
        for found in record["detections"]:
            numbers.setdefault(found["label"], set()).add(found["track_id"])
    assert sorted(numbers) == ["blue", "green", "red"]
    assert all(len(ids) == 1 for ids in numbers.values())
    assert len(set.union(*numbers.values())) == 3
    capture = cv2.VideoCapture("drawn.avi")
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    capture.release()


def test_who_goes_to_the_left_of_the_line_goes_in(folder: Path) -> None:
    """Seen from the line's first point to its second, as the class says: down the picture."""
    model = keras2cv.load("squares.cv")
    answers = list(track(keras2cv.stream(model, "clip.avi"), lines=[(80, 0, 80, 64)]))
    counts = [answer.counts[0] for answer in answers]
    first = next(count for count in counts if count.into or count.out)
    assert (first.into, first.out) == (1, 0)  # red, to the right: left of who looks down
    *_, up = track(keras2cv.stream(model, "clip.avi"), lines=[(80, 64, 80, 0), (80, 0, 80, 30)])
    assert [(c.into, c.out) for c in up.counts] == [(2, 2), (1, 1)]  # the second ends above green


def test_every_video_begins_anew(folder: Path) -> None:
    """Two videos in one run: the numbers of the second are its own."""
    write_crossings(folder / "two.avi")
    assert main(
        ["run", "squares.cv", "clip.avi", "two.avi", "--track", "bytetrack", *LINE, "--json", "r"]
    ) == 0  # fmt: skip
    records = json_lines.records("r")
    assert [records[k]["counts"][0]["in"] for k in (FRAMES - 1, FRAMES, 2 * FRAMES - 1)] == [
        2,
        0,
        2,
    ]


def test_an_answer_has_its_place_in_its_video(folder: Path) -> None:
    """Source, number and time; every second frame keeps its own."""
    model = keras2cv.load("squares.cv")
    answers = list(keras2cv.stream(model, "clip.avi", every=2))
    assert [answer.frame_number for answer in answers] == list(range(0, FRAMES, 2))
    assert {answer.source for answer in answers} == {"clip.avi"}
    times = [answer.time_s for answer in answers]
    assert times == pytest.approx([n / FPS for n in range(0, FRAMES, 2)])
    assert all(isinstance(answer.result, Detections) for answer in answers)
    with pytest.raises(UsageError, match="must be at least 1"):
        list(keras2cv.stream(model, "clip.avi", every=0))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["squares.cv", "clip.avi", *LINE], "--count-line counts what is tracked. "),
        (["squares.cv", "clip.png", "--track", "bytetrack"], "--track is for videos, and clip.png"),
        (["cat.cv", "clip.avi", "--track", "bytetrack"], "--track is for boxes, and the task of "),
        (["squares.cv", "clip.avi", "--count-line", "1,2,3"], "must be X1,Y1,X2,Y2 in pixels"),
        (["squares.cv", "clip.avi", "--count-line", "1,2,1,2"], "must be two points"),
        (["squares.cv", "clip.avi", "--track", "bytetrak"], "Did you mean bytetrack?"),
    ],
)
def test_tracking_that_means_nothing_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    """Before anything runs."""
    Classifier().write(folder / "cat.cv")
    assert cv2.imwrite("clip.png", np.zeros((9, 9, 3), np.uint8))
    assert exit_code(["run", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_the_libraries_are_asked_for_by_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and the command, before the first frame."""
    monkeypatch.setitem(sys.modules, "trackers", None)
    assert main(["run", "squares.cv", "clip.avi", "--track", "bytetrack"]) == 3
    captured = capsys.readouterr()
    assert "--track needs trackers, which is not installed. Install it: pip install" in captured.err
    assert captured.out == ""
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(MissingDependency, match=r"to_supervision\(\) needs supervision"):
        boxes().to_supervision()


def boxes() -> Detections:
    """Return two boxes."""
    return Detections(
        np.array([[1, 2, 30, 20], [5, 5, 9, 9]], np.float32),
        np.array([0.5, 0.25], np.float32),
        np.array([1, 0], np.int32),
        (48, 32),
        ("a", "b"),
    )


def test_boxes_masks_and_points_go_to_supervision() -> None:
    """With their classes, names and scores; a binary mask without its background."""
    found = boxes().to_supervision()
    np.testing.assert_array_equal(found.xyxy, boxes().boxes_xyxy)
    assert list(found.data["class_name"]) == ["b", "a"]
    assert found.confidence.tolist() == [0.5, 0.25]
    assert len(Detections(np.zeros((0, 4), np.float32), *_none(), (9, 9)).to_supervision()) == 0
    label_map = np.zeros((6, 8), np.int32)
    label_map[1:3, 2:5] = 1
    mask = Segmentation(label_map, 2, ("no", "road"), 0.5).to_supervision()
    assert (mask.xyxy.tolist(), mask.class_id.tolist()) == ([[2, 1, 5, 3]], [1])
    np.testing.assert_array_equal(mask.mask[0], label_map == 1)
    assert len(Segmentation(np.full((6, 8), -1, np.int32)).to_supervision()) == 0
    points = np.array([[3, 4], [20, 9]], np.float32)
    scores = np.array([0.25, 0.5], np.float32)
    figure = Keypoints(points, scores, (48, 32)).to_supervision()
    np.testing.assert_array_equal(figure.xy[0], points)
    np.testing.assert_array_equal(figure.keypoint_confidence[0], scores)


def test_what_has_no_boxes_is_not_tracked() -> None:
    """From Python, too."""
    answer = Answer("a", Classification(np.array([1.0], np.float32)))
    with pytest.raises(UsageError, match="Only boxes are tracked"):
        list(track([answer]))


def _none() -> tuple[Any, Any]:
    return np.zeros(0, np.float32), np.zeros(0, np.int32)
