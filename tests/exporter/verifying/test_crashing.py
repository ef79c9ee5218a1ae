"""The layer that makes OpenCV crash is found, and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv_export.targets.importer_support import layer_of
from keras2cv_export.verifying.crashing import crashing_node
from keras2cv_export.verifying.probing import crash_site


def chain(path: Path, length: int, odd: int | None = None) -> Path:
    """Write a chain of additions, in which the `odd`-th node is another one."""
    nodes = [
        helper.make_node(
            "Sub" if i == odd else "Add", [f"v{i}", "w"], [f"v{i + 1}"], name=f"net/layer_{i}/op"
        )
        for i in range(length)
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "chain",
        [value("v0", TensorProto.FLOAT, [1, 3])],
        [value(f"v{length}", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.arange(3, dtype=np.float32), "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)]), path)
    return path


def crashes(part: Path, _: float) -> bool:
    """Whether there is a subtraction, on which this OpenCV is supposed to crash."""
    return any(node.op_type == "Sub" for node in onnx.load(part).graph.node)


@pytest.mark.parametrize("odd", [0, 1, 6, 12])
def test_the_first_node_that_crashes_is_named(tmp_path: Path, odd: int) -> None:
    """Wherever it is in the graph."""
    path = chain(tmp_path / "x.onnx", 13, odd)
    assert crashing_node(path, crashes) == f", at Sub in {layer_of(f'net/layer_{odd}/op')}"


def test_what_takes_too_long_is_not_named(tmp_path: Path) -> None:
    """The crash is reported all the same."""
    assert crashing_node(chain(tmp_path / "x.onnx", 13, 3), crashes, patience_s=0) == ""


def test_a_real_process_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV is made to crash on files with a subtraction in them, in each engine."""
    hook = """
import cv2
real = cv2.dnn.readNetFromONNX
def read(path, **options):
    if b"Sub" in open(path, "rb").read():
        import ctypes
        ctypes.string_at(0)
    return real(path, **options)
cv2.dnn.readNetFromONNX = read
"""
    (tmp_path / "sitecustomize.py").write_text(hook, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = chain(tmp_path / "x.onnx", 5, 3)
    assert crash_site(path, {"v0": (1, 3)}, "classic") == ", at Sub in net/layer_3."
