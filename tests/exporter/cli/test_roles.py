"""The options of `export` that describe a detector's outputs or a mask."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest

from keras2cv.errors import UsageError
from keras2cv_export.cli import roles


def options_of(line: str) -> dict[str, Any]:
    """Return the description that this command line's options become."""
    parser = ArgumentParser()
    parser.add_argument("--task")
    roles.add_arguments(parser)
    return roles.settings(parser.parse_args(line.split()))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {}),
        ("--task classify", {}),
        ("--task detect", {}),
        ("--boxes b --box-format yxyx", {"boxes": "b", "box_format": "yxyx"}),
        ("--task detect --score 0", {"score": 0.0}),
        ("--task detect --background 0", {"background": 0}),
        ("--nms 0.4 --nms-across-classes", {"nms": 0.4, "nms_across_classes": True}),
        (
            "--anchors a.npy --variances 0.1,0.1,0.2,0.2 --max-detections 7",
            {"anchors": Path("a.npy"), "variances": (0.1, 0.1, 0.2, 0.2), "max_detections": 7},
        ),
        (
            "--raw y --columns box+scores --activation sigmoid",
            {"raw": "y", "columns": "box+scores", "activation": "sigmoid"},
        ),
    ],
)
def test_a_detectors_options_are_passed_on(line: str, expected: dict[str, Any]) -> None:
    """The given options are passed on, and no others; zero counts as given."""
    assert options_of(line) == ({"detect": expected} if expected else {})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--scores m --score 0.3", {"output": "m", "score": 0.3}),
        ("--activation softmax", {"scores": "logits"}),
    ],
)
def test_a_masks_options_are_passed_on(line: str, expected: dict[str, Any]) -> None:
    """By the names that a mask has for them."""
    assert options_of(f"--task segment {line}") == {"segment": expected}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "--points p --point-format yxs --point-units normalised --score 0",
            {"output": "p", "form": "yxs", "units": "normalised", "score": 0.0},
        ),
        ("--task keypoints --activation sigmoid", {"activation": "sigmoid"}),
        ("--skeleton 0-1,10-2", {"skeleton": ((0, 1), (10, 2))}),
        ("--task keypoints --point-refine none", {"refine": "none"}),
    ],
)
def test_a_figures_options_are_passed_on(line: str, expected: dict[str, Any]) -> None:
    """They get the field names of keypoints; one of its own options determines the task."""
    assert options_of(line) == {"keypoints": expected}


def test_an_images_options_are_passed_on() -> None:
    """By the names that an image has for them."""
    line = "--image y --image-color BGR --image-range=-1,1"
    assert options_of(line) == {"image": {"output": "y", "color": "BGR", "range": (-1.0, 1.0)}}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--task classify --boxes b", "--boxes is for --task detect, and the task is classify"),
        ("--task segment --nms 0.5", "--nms is for --task detect, and the task is segment"),
        ("--score 0.5", "--score is for --task detect or segment or keypoints, and the"),
        (
            "--task raw --scores s",
            "--scores is for --task detect or segment or text, and the",
        ),
        ("--task image --score 0.5", "--score is for --task detect or segment or keypoints, and"),
        ("--image y --points p", "--image is for --task image, and the task is not given"),
        ("--task keypoints --scores s", "--scores is for --task detect or segment or text, and"),
        ("--task segment --activation none", "does not say whether a mask is a softmax"),
    ],
)
def test_options_of_another_task_are_refused(line: str, message: str) -> None:
    """Rather than ignored."""
    with pytest.raises(UsageError, match=message):
        options_of(line)


@pytest.mark.parametrize(
    "line",
    [
        *("--score 2", "--nms x", "--variances 1,2,3", "--background -1"),
        *("--skeleton 1-2-3", "--skeleton 1", "--image-range 1,0", "--image-range 0,nan"),
    ],
)
def test_values_that_mean_nothing_are_refused(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the parser, which shows a right one."""
    with pytest.raises(SystemExit):
        options_of(line)
    assert "must be" in capsys.readouterr().err
