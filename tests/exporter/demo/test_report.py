"""The demo's verdict: 0 only if everything is as it should be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from keras2cv_export.demo.report import DemoReport

GOOD = DemoReport(
    images=50,
    accuracy_tensorflow=0.98,
    accuracy_opencv=0.98,
    same_answers={"shapes.cv": 50},
    parity={"shapes.keras": "pass", "photos": "pass"},
    selftests={"shapes.cv": "pass"},
    photos_right=7,
    photos=8,
    seconds={"draw": 4.0, "train": 17.6},
)


def test_all_well_is_exit_code_0() -> None:
    """Wrong photos are the model's business; the demo is about TensorFlow and OpenCV agreeing."""
    assert GOOD.problems == []
    assert GOOD.exit_code == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"parity": {"photos": "inconclusive"}}, "photos: parity is inconclusive."),
        ({"selftests": {"shapes.cv": "fail"}}, "shapes.cv: self-test is fail."),
        (
            {"same_answers": {"a.cv": 50, "b.cv": 48}},
            "b.cv and TensorFlow disagree on 2 of 50 images.",
        ),
        ({"accuracy_opencv": float("nan")}, "Only nan% of the images are named right"),
        ({"accuracy_opencv": 0.6}, "Only 60.0% of the images are named right"),
    ],
)
def test_each_fault_is_printed_with_exit_code_1(change: dict[str, Any], problem: str) -> None:
    """Nothing is outweighed by the rest being well."""
    report = replace(GOOD, **change)
    assert report.exit_code == 1
    (found,) = report.problems
    assert problem in found


def test_a_demo_that_compared_nothing_is_no_demo() -> None:
    """An empty comparison must not pass."""
    for empty in (
        {"parity": {}},
        {"selftests": {}},
        {"images": 0},
        {"photos": 0},
        {"same_answers": {}},
    ):
        with pytest.raises(ValueError, match="compared nothing"):
            replace(GOOD, **empty)


def test_the_record_is_json_with_the_verdict() -> None:
    """The record agrees with the results."""
    facts = json.loads(json.dumps(GOOD.to_dict(), allow_nan=False))
    assert facts["passed"] is True
    assert facts["seconds"] == {"draw": 4.0, "train": 17.6}
