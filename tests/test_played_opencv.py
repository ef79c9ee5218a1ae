"""A sample of the suite on OpenCVs that do not exist yet; `--opencv-like` runs all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[1]
RIGHT = "tests/end_to_end/test_conformance.py::test_a_sampled_case_is_right"
RUNTIME = (
    "tests/runtime/net/test_net.py",
    "tests/runtime/net/test_tuned.py",
    "tests/runtime/test_predictor.py",
)
EXPORT = (
    "tests/exporter/verifying/test_verify.py",
    "tests/end_to_end/test_export.py::test_the_manifest_holds_the_evidence",
    f"{RIGHT}[conv2d_valid-1-new]",
    f"{RIGHT}[gru-3-new]",
)

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.skipif(not cv2.__version__.startswith("5.0"), reason="OpenCV 5.0 plays the others"),
]


@pytest.mark.parametrize(
    ("like", "sample"),
    [("next", (*RUNTIME, *EXPORT)), ("renamed", RUNTIME)],
    ids=["one engine", "other names"],
)
def test_a_sample_passes(like: str, sample: tuple[str, ...]) -> None:
    """Without help from the classic engine; from names that nobody has yet."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--opencv-like", like, *sample],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-5000:]
