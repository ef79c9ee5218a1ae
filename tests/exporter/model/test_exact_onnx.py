"""An ONNX model in float64, by ONNX' own reference implementation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv_export.model.exact import NoExactAnswerError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.reference import exact_reference, reference

Array = np.ndarray[Any, Any]
WEIGHTS = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)


def written(folder: Path, *nodes: Any, opset: int = 17) -> Path:
    """Write a model of these nodes from x (1, 3, 8, 8) to y."""
    weights = numpy_helper.from_array(WEIGHTS, "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 8, 8))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(list(nodes), "g", [x], [y], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, folder / "m.onnx")
    return folder / "m.onnx"


def exactly(x: Array) -> Array:
    """Return 1000 + the convolution, in float64."""
    wide = np.zeros((1, 4, 6, 6))
    for i in range(6):
        for j in range(6):
            wide[0, :, i, j] = (WEIGHTS.astype(np.float64) * x[0, :, i : i + 3, j : j + 3]).sum(
                axis=(1, 2, 3)
            )
    return wide + 1000.0


def test_it_is_nearer_than_onnx_runtime(tmp_path: Path) -> None:
    """Constants, casts and weights are wide; of pictures channels last, outputs are so too."""
    pytest.importorskip("onnxruntime")
    thousand = helper.make_tensor("t", TensorProto.FLOAT, (), [1000.0])
    path = written(
        tmp_path,
        helper.make_node("Constant", [], ["t"], value=thousand),
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Cast", ["c"], ["d"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["d", "t"], ["y"]),
    )
    loaded = load_model(path)
    x = np.random.default_rng(2).normal(size=(1, 3, 8, 8)).astype(np.float32)
    exact = exactly(x)
    found = exact_reference(loaded)({"x": x})["y"]
    assert found.dtype == np.float64
    assert np.abs(found - exact).max() < 1e-11
    assert np.abs(reference(loaded)({"x": x})["y"] - exact).max() > 1e-6
    moved = exact_reference(loaded.with_pictures_out())({"x": x})["y"]
    np.testing.assert_array_equal(moved, found.transpose(0, 2, 3, 1))


def test_what_cannot_be_computed_so_is_said(tmp_path: Path) -> None:
    """An op that ONNX' reference does not know; the comparison stays in float32."""
    pytest.importorskip("onnxruntime")
    node = helper.make_node("FusedConv", ["x", "w"], ["y"], domain="com.microsoft")
    path = written(tmp_path, node)
    model = onnx.load(path)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)
    with pytest.raises(NoExactAnswerError, match="cannot be computed in float64"):
        exact_reference(load_model(path))({"x": np.ones((1, 3, 8, 8), np.float32)})
