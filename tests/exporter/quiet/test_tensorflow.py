"""Importing TensorFlow prints nothing, unless the user wants it, and loses no other line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCES = [str(Path(__file__).parents[3] / name) for name in ("runtime", "exporter")]

PROGRAM = """
import os
os.write(2, b"before\\n")
from keras2cv_export.quiet.tensorflow import keras, tf
os.write(2, b"after\\n")
print(tf.__name__, keras.__name__)
"""


def imported(**environment: str) -> subprocess.CompletedProcess[str]:
    """Import in a process of its own, and return its output."""
    clean = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    path = {"PYTHONPATH": os.pathsep.join(SOURCES)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=clean | path | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_nothing_is_said() -> None:
    """Neither greetings nor banners; earlier and later output comes through."""
    done = imported()
    assert done.stdout.split() == ["tensorflow", "keras"]
    assert done.stderr.splitlines() == ["before", "after"]


def test_everything_is_said_if_asked() -> None:
    """TF_CPP_MIN_LOG_LEVEL=0 is the user's wish to see all of it."""
    lines = imported(TF_CPP_MIN_LOG_LEVEL="0").stderr.splitlines()
    assert lines[0] == "before"
    assert lines[-1] == "after"
    assert len(lines) > 2
