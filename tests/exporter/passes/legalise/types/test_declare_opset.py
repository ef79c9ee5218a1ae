"""Declaring the opset that has a graph's forms."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.types.declare_opset import declare_opset
from support.small_graphs import OPSET, graph_at

ONE = "(float[2,3] x) => (float[2,3] y) "


@pytest.mark.parametrize(
    ("text", "opset"),
    [
        ("{ y = Clip <min=0.5> (x) }", 10),
        ("{ s = ReduceSum <axes=[1], keepdims=1> (x)  y = Add (s, x) }", 12),
        ("{ y = LayerNormalization (x, v) }", 17),
        ("{ y = Relu (x) }", 13),
    ],
)
def test_the_file_is_valid(text: str, opset: int) -> None:
    """Another opset is declared where the one of before has no such form."""
    model = graph_at(opset, ONE + text, v=np.ones(3, np.float32))
    model.opset_imports[""] = OPSET
    assert declare_opset(model) == (opset != OPSET)
    assert model.opset_imports[""] == opset
    onnx.checker.check_model(ir.to_proto(model), full_check=True)
    assert declare_opset(model) == 0


def test_a_graph_of_no_opset_is_left_alone() -> None:
    """There is nothing to declare."""
    model = graph_at(10, ONE + "{ c = Clip <min=0.5> (x)  y = Concat <axis=-1> (c) }")
    assert declare_opset(model) == 0
    assert model.opset_imports[""] == 10
