"""The example that scores a folder equals the predictor, in each of its modes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from support.tiny_bundle import Classifier

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "score_folder.py"
NEEDS_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


@pytest.mark.parametrize("framework", ["processes", pytest.param("ray", marks=NEEDS_RAY)])
def test_every_image_has_its_own_answer(tmp_path: Path, framework: str) -> None:
    """Run as a program, with two workers: all of 37 images, exactly as one predictor answers."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(2)
    for number in range(37):
        image = rng.integers(0, 256, (20 + number, 33, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "photos" / f"{number}.png"), image)
    (tmp_path / "photos" / "broken.png").write_bytes(b"")
    arguments = [str(bundle), str(tmp_path / "photos"), "--workers", "2"]
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments, *(["--ray"] if framework == "ray" else [])],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    model = keras2cv.load(bundle)
    paths = sorted((tmp_path / "photos").resolve().iterdir())
    assert sorted(found) == [str(path) for path in paths]
    assert "is empty (0 bytes)" in found.pop(str(paths.pop()))
    for path in paths:
        assert found[str(path)] == json.dumps(model.predict(cv2.imread(str(path))).to_dict())
