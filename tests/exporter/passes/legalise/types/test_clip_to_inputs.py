"""Writing the bounds of a Clip as inputs."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.types.clip_to_inputs import clip_to_inputs
from support.pass_checks import assert_close, assert_left_alone, onnx_numbers
from support.small_graphs import OPSET, graph, graph_at

CLIP = "(float[2,3,5] x) => (float[2,3,5] y) { y = Clip %s }"


@pytest.mark.parametrize(
    ("bounds", "inputs"),
    [("min=-0.3, max=0.8", 3), ("min=-0.3", 2), ("max=0.8", 3)],
    ids=["both bounds", "the lower", "the upper"],
)
def test_bounds_become_inputs(bounds: str, inputs: int) -> None:
    """One that is left out stays left out; the numbers are the same."""
    model = graph_at(10, CLIP % f"<{bounds}> (x)")
    before = onnx_numbers(ir.to_proto(model))
    assert clip_to_inputs(model) == 1
    model.opset_imports[""] = OPSET
    after = ir.to_proto(model)
    (node,) = after.graph.node
    assert not node.attribute
    assert len(node.input) == inputs
    assert_close(onnx_numbers(after), before, 0, "onnxruntime")
    assert clip_to_inputs(model) == 0


def test_other_clips_stay() -> None:
    """Without bounds as attributes there is nothing to do."""
    assert_left_alone(by=clip_to_inputs, model=graph(CLIP % "(x)"))
