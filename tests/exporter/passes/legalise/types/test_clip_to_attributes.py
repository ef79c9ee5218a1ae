"""Writing the bounds of a Clip as attributes."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from keras2cv_export.passes.legalise.types.clip_to_attributes import clip_to_attributes
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made, named_apart
from support.small_graphs import graph

LOW, HIGH = np.array(-0.3, np.float32), np.array(0.8, np.float32)
CLIP = "(float[2,3,5] x) => (float[2,3,5] y) { y = Clip %s }"

FORMS = {
    "both bounds": (made(CLIP % "(x, l, h)", l=LOW, h=HIGH), {"min": -0.3, "max": 0.8}),
    "the lower": (made(CLIP % "(x, l)", l=LOW), {"min": -0.3}),
    "the upper": (made(CLIP % "(x, , h)", h=HIGH), {"max": 0.8}),
    "a list of one": (made(CLIP % "(x, l)", l=LOW.reshape(1)), {"min": -0.3}),
}


@pytest.mark.parametrize(("make", "bounds"), FORMS.values(), ids=FORMS)
def test_bounds_become_attributes(make: Make, bounds: dict[str, float]) -> None:
    """Those that are left out stay left out."""
    found = assert_rewritten(by=clip_to_attributes, model=make(), ops={"Clip": 1})
    (node,) = found.after.graph.node
    assert {a.name: a.f for a in node.attribute} == pytest.approx(bounds)
    assert list(node.input) == ["x"]


LEFT = {
    "a bound is computed": made(
        "(float[2,3] x, float[2] k) => (float[2,3] y) "
        "{ l = ReduceMin <keepdims=0> (k)  y = Clip (x, l, h) }",
        h=HIGH,
    ),
    "there are none": made(CLIP % "(x)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_clips_stay(make: Make) -> None:
    """An attribute is a number that is known."""
    assert_left_alone(by=clip_to_attributes, model=make())


BESIDE = "(float[2,3,5] x) => (float[2,3,5] y) { c = Clip %s  y = Concat <axis=-1> (c) }"
OTHERS = {
    "of both signs": (BESIDE % "(x, l, h)", ["Relu", "Neg", "Relu", *("Add", "Max", "Add", "Min")]),
    "the lower": (BESIDE % "(x, l)", ["Relu", "Neg", "Relu", "Add", "Max"]),
    "the upper": (BESIDE % "(x, , h)", ["Relu", "Neg", "Relu", "Add", "Min"]),
    "from zero": (BESIDE % "(x, z, h)", ["HardSigmoid", "Mul"]),
    "of what may be infinite": (
        "(float[2,3,5] x) => (float[2,3,5] y) "
        "{ r = Relu (x)  i = Log (r)  c = Clip (i, l, h)  y = Concat <axis=-1> (c) }",
        ["Relu", "Log", "Sign", "Shrink", *("Add", "Max", "Add", "Min")],
    ),
}


@pytest.mark.parametrize(("text", "ops"), OTHERS.values(), ids=OTHERS)
def test_beside_a_form_of_later_opsets_there_is_no_clip(text: str, ops: list[str]) -> None:
    """No opset has bounds as attributes and a negative axis."""
    model = graph(text, l=LOW, h=HIGH, z=np.array(0, np.float32))
    found = assert_rewritten(by=clip_to_attributes, model=model)
    assert [node.op_type for node in found.after.graph.node] == [*ops, "Concat"]


def test_the_other_ops_are_exact_and_keep_infinity() -> None:
    """Zeros that have the shape are made of any number; a product with 0 would not be."""
    x = np.array([[np.inf, -np.inf, 1e-30, 3e38, -0.4]], np.float32)
    model = graph(
        "(float[1,5] x) => (float[1,5] y) { c = Clip (x, l, h)  y = Concat <axis=-1> (c) }",
        l=LOW,
        h=HIGH,
    )
    clip_to_attributes(model)
    content = named_apart(ir.to_proto(model)).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": x})
    np.testing.assert_array_equal(found, np.clip(x, LOW, HIGH))
