"""Which value is which layer: through replacements, rearrangements, other tools, and a file."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras2cv_export.graph.edit import drop, replace
from keras2cv_export.graph.layer_marks import layers_kept
from keras2cv_export.graph.origin import (
    METADATA_KEY,
    Mark,
    Origin,
    hand_back,
    mark,
    marks_of,
    read_origins,
    write_origins,
)

FLOAT = ir.TensorType(ir.DataType.FLOAT)


def chain() -> tuple[ir.Model, ir.Node, ir.Node, ir.Node]:
    """Return Relu (1, 5, 4, 3) -> Transpose (1, 4, 3, 5) -> Sigmoid, the last an output."""
    x = ir.Value(name="x", type=FLOAT, shape=ir.Shape([1, 5, 4, 3]))
    relu = ir.node("Relu", [x], name="a/Relu")
    turned = ir.node("Transpose", relu.outputs, {"perm": [0, 2, 3, 1]}, name="a/Transpose")
    last = ir.node("Sigmoid", turned.outputs, name="b/Sigmoid")
    relu.outputs[0].shape = ir.Shape([1, 5, 4, 3])
    for node, name in ((relu, "relu"), (turned, "turned"), (last, "last")):
        node.outputs[0].name, node.outputs[0].type = name, FLOAT
    turned.outputs[0].shape = last.outputs[0].shape = ir.Shape([1, 4, 3, 5])
    graph = ir.Graph([x], last.outputs, nodes=[relu, turned, last], opset_imports={"": 13})
    return ir.Model(graph, ir_version=8), relu, turned, last


def test_what_takes_a_values_place_takes_its_marks() -> None:
    """And the old value keeps none: it may be given another number next."""
    _, relu, turned, _ = chain()
    mark(turned.outputs[0], "conv")
    replace(turned.outputs[0], relu.outputs[0])
    assert marks_of(relu.outputs[0]) == (Mark("conv"),)
    assert marks_of(turned.outputs[0]) == ()


def test_a_transpose_that_goes_leaves_its_mark_before_it() -> None:
    """With itself as a step."""
    _, relu, turned, last = chain()
    mark(turned.outputs[0], "conv")
    last.replace_input_with(0, relu.outputs[0])
    drop(turned)
    assert marks_of(relu.outputs[0]) == (Mark("conv", (("transpose", (0, 2, 3, 1)),)),)


def test_a_transpose_that_stays_keeps_its_mark() -> None:
    """Drop removes only nodes that nothing reads."""
    _, relu, turned, _ = chain()
    mark(turned.outputs[0], "conv")
    drop(turned)
    assert marks_of(turned.outputs[0]) == (Mark("conv"),)
    assert marks_of(relu.outputs[0]) == ()


def test_what_computes_takes_its_mark_with_it() -> None:
    """A layer that was fused away has no value, and no other value takes its mark."""
    _, relu, turned, last = chain()
    mark(last.outputs[0], "act")
    hand_back(last)
    assert [marks_of(n.outputs[0]) for n in (relu, turned, last)] == [(), (), ()]


@pytest.mark.parametrize("same_name", [True, False], ids=["same name", "gone"])
def test_other_tools_may_rewrite_under_the_marks(same_name: bool) -> None:
    """A value of the same name takes them, or the one that it was a rearrangement of."""
    model, relu, turned, last = chain()
    mark(turned.outputs[0], "conv")
    with layers_kept(model):
        if same_name:
            value = ir.Value(name="turned", type=FLOAT, shape=ir.Shape([1, 4, 3, 5]))
            new = ir.node("Transpose", relu.outputs, {"perm": [0, 2, 3, 1]}, outputs=[value])
            last.prepend(new)
        last.replace_input_with(0, new.outputs[0] if same_name else relu.outputs[0])
        model.graph.remove(turned, safe=True)
    step = (("transpose", (0, 2, 3, 1)),)
    found = {v.name: marks_of(v) for n in model.graph for v in n.outputs if marks_of(v)}
    assert found == ({"turned": (Mark("conv"),)} if same_name else {"relu": (Mark("conv", step),)})


def test_a_file_carries_them() -> None:
    """In its metadata; a file without marks has no origins."""
    model, relu, turned, last = chain()
    mark(turned.outputs[0], "tower/conv#2")
    mark(last.outputs[0], "act")
    last.replace_input_with(0, relu.outputs[0])
    drop(turned)
    assert read_origins({}) == {}
    write_origins(model)
    assert read_origins({METADATA_KEY: model.metadata_props[METADATA_KEY]}) == {
        "tower/conv#2": Origin("tower/conv#2", "relu", (("transpose", (0, 2, 3, 1)),)),
        "act": Origin("act", "last", ()),
    }


@given(st.permutations(range(4)), st.permutations(range(3)))
def test_to_the_net_and_back_is_the_same(first: list[int], second: list[int]) -> None:
    """For any Transposes with a Reshape between them."""
    shape, array = (2, 3, 5, 4), np.random.default_rng(3).normal(size=(2, 3, 5, 4))
    moved = tuple(shape[a] for a in first)
    steps = (
        ("transpose", tuple(first)),
        ("reshape", (moved[0] * moved[1], *moved[2:])),
        ("transpose", tuple(second)),
    )
    origin = Origin("layer", "value", steps)
    assert np.array_equal(origin.to_net(origin.to_keras(array), shape), array)
