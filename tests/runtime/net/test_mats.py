"""Arrays of rank 3, with an OpenCV that came without its Python files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import helper

from keras2cv.net.mats import as_mat
from support.tiny_bundle import net

ROOT = Path(__file__).parents[3]
BARE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("cv2", sys.argv[1])
cv2 = sys.modules["cv2"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cv2)
assert not hasattr(cv2, "Mat")
import numpy as np
from keras2cv.net.mats import as_mat
net = cv2.dnn.readNetFromONNX(sys.argv[2])
for seed in (1, 2):
    x = np.random.default_rng(seed).normal(size=(2, 5, 3)).astype(np.float32)
    net.setInput(as_mat(x), "x")
    y = net.forward("y")
    assert y.shape == x.shape, y.shape
    np.testing.assert_array_equal(y, np.maximum(x, 0))
"""


def test_a_module_alone_sees_the_rank(tmp_path: Path) -> None:
    """Debian's python3-opencv is one: (2, 5, 3) is no image of two by five with three channels."""
    compiled = [p for end in ("*.so", "*.pyd") for p in Path(cv2.__file__).parent.glob(f"cv2{end}")]
    if not compiled:
        pytest.skip("this OpenCV has no compiled module beside its Python files")
    path = tmp_path / "net.onnx"
    relu = helper.make_node("Relu", ["x"], ["y"])
    path.write_bytes(net([relu], {"x": (2, 5, 3)}, {"y": (2, 5, 3)}))
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(compiled[0]), str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 2, 3, 4)])
def test_other_ranks_are_left_alone(shape: tuple[int, ...]) -> None:
    """Nothing is copied or wrapped."""
    blob = np.zeros(shape, np.float32)
    assert as_mat(blob) is blob
