"""The cost for a process: little memory at once, and none that grows with loads or runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx.helper import make_node

from keras2cv.bundle.manifest import InputTensor, OutputTensor
from keras2cv.bundle.writing import write_bundle
from support.clips import write_clip
from support.tiny_bundle import manifest_of, net, npz

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what is counted lies in /proc"
)

COUNT = """
import gc, json, os, re, sys, threading
import cv2, numpy as np

def counted():
    gc.collect()
    status = open("/proc/self/status").read()
    pages = int(open("/proc/self/statm").read().split()[1])
    return {
        "files": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
        "python_threads": threading.active_count(),
        "peak": int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024,
        "megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    }
"""

LOADS = """
import keras2cv
image = np.zeros((30, 40, 3), np.uint8)
def load():
    keras2cv.load(sys.argv[1]).predict(image)
for _ in range(20):
    load()
before = counted()
for _ in range(int(sys.argv[2])):
    load()
print(json.dumps([before, counted()]))
"""

RUNS = """
import contextlib, io
from keras2cv.cli import main
def run():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["run", sys.argv[1], sys.argv[2], "--save", sys.argv[3]]) == 0
for _ in range(5):
    run()
before = counted()
for _ in range(20):
    run()
print(json.dumps([before, counted()]))
"""

IMPORTS = """
net = cv2.dnn.readNet(sys.argv[1] + "/model.onnx")
net.setInput(np.zeros((1, 3, 9, 12), np.float32))
net.forward()
before = counted()
import keras2cv
keras2cv.load(sys.argv[1]).predict(np.zeros((30, 40, 3), np.uint8))
print(json.dumps([before, counted()]))
"""

PLAIN = """
net = cv2.dnn.readNet(sys.argv[1] + "/model.onnx")
net.setInput(np.ones((1, 1000), np.float32), "x")
net.forward()
print(json.dumps([counted(), counted()]))
"""

LARGE = """
import keras2cv
model = keras2cv.load(sys.argv[1])
model.infer(np.ones((1, 1000), np.float32))
print(json.dumps([counted(), counted()]))
"""


def measured(program: str, *arguments: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the counts of a fresh process before and after."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT + program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout.splitlines()[-1])
    return before, after


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_loading_again_and_again_leaves_nothing_behind(cat_cv: Path, count: int) -> None:
    """No file, no thread, and no more memory than a few pages for a thousand loads."""
    before, after = measured(LOADS, cat_cv, count)
    for what in ("files", "threads", "python_threads"):
        assert after[what] == before[what], what
    assert after["megabytes"] - before["megabytes"] < 4


def test_runs_leave_nothing_behind(cat_cv: Path, tmp_path: Path) -> None:
    """Twenty videos, read and written by a pipeline of threads each: all of it is gone."""
    write_clip(tmp_path / "clip.avi", 12)
    before, after = measured(RUNS, cat_cv, tmp_path / "clip.avi", tmp_path / "out.mp4")
    assert after["python_threads"] == before["python_threads"] == 1
    assert after["files"] == before["files"]
    assert after["threads"] <= before["threads"] + 1  # OpenCV's and FFmpeg's own pools come and go


def test_the_runtime_is_small(cat_cv: Path) -> None:
    """`import keras2cv` and `load` add at most 25 MB to cv2's memory for the same net."""
    before, after = measured(IMPORTS, cat_cv)
    assert after["megabytes"] - before["megabytes"] < 25


def test_a_large_model_costs_what_it_costs_opencv(tmp_path: Path) -> None:
    """With 40 MB of weights the process peaks at most 25 MB above one of cv2 and the same net."""
    weights = {"w": np.random.default_rng(1).normal(size=(1000, 10_000)).astype(np.float32)}
    nodes = [make_node("MatMul", ["x", "w"], ["y"])]
    model = net(nodes, {"x": (1, 1000)}, {"y": (1, 10_000)}, weights)
    manifest = manifest_of(
        model,
        inputs=(InputTensor("x", "x", (1, 1000), (1, 1000), "same", "float32"),),
        outputs=(OutputTensor("y", "y", (1, 10_000), (1, 10_000), "same", "float32", True),),
    )
    write_bundle(tmp_path / "large.cv", manifest, {"model.onnx": model, "selftest.npz": npz({})})
    plain, _ = measured(PLAIN, tmp_path / "large.cv")
    ours, _ = measured(LARGE, tmp_path / "large.cv")
    assert ours["peak"] - plain["peak"] < 25
    assert ours["megabytes"] - plain["megabytes"] < 25
