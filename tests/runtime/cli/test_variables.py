"""OpenCV aborts where it expects a number in a variable: one sentence, before it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras2cv.trial.importing import odd_variables
from support.tiny_bundle import Classifier


@pytest.mark.parametrize("value", ["abc", "true", "-5"])
def test_a_variable_that_opencv_does_not_understand_is_named(tmp_path: Path, value: str) -> None:
    """By every verb that needs OpenCV."""
    folder = Classifier().write(tmp_path / "cat.cv")
    ran = subprocess.run(
        [sys.executable, "-m", "keras2cv", "info", str(folder)],
        env={**os.environ, "OPENCV_IO_MAX_IMAGE_PIXELS": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr.count("\n") == 1
    assert f"OPENCV_IO_MAX_IMAGE_PIXELS={value!r}" in ran.stderr


def test_what_opencv_understands_costs_no_trial() -> None:
    """Numbers and sizes, its level of logs, and the variables of others."""
    fine = {
        "OPENCV_IO_MAX_IMAGE_PIXELS": "1000",
        "OPENCV_X": "10MB",
        "OPENCV_LOG_LEVEL": "ERROR",
        "PATH": "x",
    }
    assert odd_variables(fine) == []
    assert odd_variables({"OPENCV_FFMPEG_CAPTURE_OPTIONS": "a;b"}) != []
