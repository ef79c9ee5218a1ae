"""The demo's verdict: 0 only if everything is as it should be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keras2cv_export.demo.closing import findings, verdict
from keras2cv_export.demo.report import DemoReport

GOOD = DemoReport(
    folder=Path("demo"),
    images=50,
    accuracy_tensorflow=0.98,
    accuracy_opencv=0.98,
    same_answers=50,
    parity={"shapes.keras": "pass", "photos": "pass"},
    selftests={"shapes.cv": "pass"},
    bundles_difference=0.0,
    photos_right=7,
    photos=8,
    opencv_ms=0.3,
    seconds={"draw": 4.0, "train": 17.6},
)


def test_all_well_is_exit_code_0() -> None:
    """Wrong photos are the model's business; the demo is about TensorFlow and OpenCV agreeing."""
    assert GOOD.passed
    assert GOOD.exit_code == 0
    assert verdict(GOOD) == "Everything passed (22 s)"
    assert "98.0%" in " ".join(findings(GOOD))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"parity": {"photos": "inconclusive"}}, "photos: parity is inconclusive."),
        ({"selftests": {"shapes.cv": "fail"}}, "shapes.cv: self-test is fail."),
        ({"same_answers": 48}, "OpenCV and TensorFlow disagree on 2 of 50 images."),
        ({"bundles_difference": 2e-3}, "bundles differ by 2.0e-03."),
        ({"bundles_difference": float("nan")}, "bundles differ by nan."),
        ({"accuracy_opencv": 0.6}, "Only 60.0% of the images are named right"),
    ],
)
def test_each_thing_that_is_wrong_is_said_and_exit_code_1(
    change: dict[str, Any], problem: str
) -> None:
    """Nothing is outweighed by the rest being well."""
    report = replace(GOOD, **change)
    assert report.exit_code == 1
    (said,) = findings(report)
    assert problem in said
    assert verdict(report).startswith("Not everything")


def test_a_demo_that_compared_nothing_is_no_demo() -> None:
    """An empty comparison must not pass."""
    for empty in ({"parity": {}}, {"selftests": {}}, {"images": 0}, {"photos": 0}):
        with pytest.raises(ValueError, match="compared nothing"):
            replace(GOOD, **empty)


def test_the_record_is_json_with_the_verdict() -> None:
    """What is written next to the results says the same."""
    facts = json.loads(json.dumps(GOOD.to_dict(), allow_nan=False))
    assert facts["passed"] is True
    assert facts["seconds"] == {"draw": 4.0, "train": 17.6}


def test_a_difference_that_is_no_number_is_recorded() -> None:
    """JSON has no NaN, and the record must be written all the same."""
    facts = json.dumps(replace(GOOD, bundles_difference=float("nan")).to_dict(), allow_nan=False)
    assert json.loads(facts)["bundles_difference"] == "nan"
