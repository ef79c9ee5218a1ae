"""Turning a bias to the second axis where it fits no other."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.shapes.match_bias_axis import match_bias_axis
from support.pass_checks import Make, assert_close, assert_left_alone, made, onnx_numbers
from support.small_graphs import random


def added(shape: str, bias: tuple[int, ...]) -> Make:
    """Return a maker of x plus a constant."""
    return made(f"(float[{shape}] x) => (float[{shape}] y) {{ y = Add (x, b) }}", b=random(*bias))


FORMS: dict[str, tuple[str, tuple[int, ...]]] = {
    "a series": ("2,5,7", (5, 1)),
    "a picture": ("2,5,4,7", (5, 1, 1)),
    "a volume": ("2,5,3,4,7", (5, 1, 1, 1)),
}


@pytest.mark.parametrize(("shape", "tall"), FORMS.values(), ids=FORMS)
def test_a_bias_of_channels_is_turned(shape: str, tall: tuple[int, ...]) -> None:
    """tf2onnx writes it flat, which no ONNX reads so."""
    right = ir.to_proto(added(shape, tall)())
    model = added(shape, tall)()
    (node,) = model.graph
    flat = ir.Value(name="flat", shape=ir.Shape([5]), type=ir.TensorType(ir.DataType.FLOAT))
    flat.const_value = ir.tensor(random(*tall).reshape(5), name="flat")
    model.graph.register_initializer(flat)
    node.replace_input_with(1, flat)
    assert match_bias_axis(model) == 1
    assert [n.op_type for n in model.graph] == ["Reshape", "Add"]
    assert match_bias_axis(model) == 0
    assert_close(onnx_numbers(ir.to_proto(model)), onnx_numbers(right), 0, "onnxruntime")


LEFT = {
    "it fits the last axis": added("2,5,7", (7,)),
    "it fits both": added("2,5,5", (5,)),
    "one number": added("2,5,7", (1,)),
    "a matrix": added("2,5", (5,)),
    "turned already": added("2,5,7", (5, 1)),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_a_bias_that_fits_stays(make: Make) -> None:
    """ONNX's own reading comes first."""
    assert_left_alone(by=match_bias_axis, model=make())
