"""A net whose parts do not agree is refused, by its name, before OpenCV sees it."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from onnx import TensorProto, helper

from keras2cv.bundle.netfile.following import MAX_NODES
from keras2cv.bundle.onnx_file import OnnxError, check_onnx, follow_onnx
from support.hostile_nets import (
    FOLLOWED,
    STORED,
    field,
    of_integers,
    one,
    shape_of_x,
    tensor,
    with_tensor,
)


@pytest.mark.parametrize("name", STORED)
def test_a_file_that_breaks_its_own_rules_is_refused(name: str) -> None:
    """The message names the field."""
    data, message = STORED[name]
    with pytest.raises(OnnxError) as caught:
        check_onnx(data)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_net_that_asks_for_what_is_not_there_is_refused(name: str) -> None:
    """The message names the op."""
    data = FOLLOWED[name]()
    with pytest.raises(OnnxError) as caught:
        follow_onnx(data, {"x": shape_of_x(data)})
    text = str(caught.value)
    assert "node of" in text
    assert text.isprintable()
    assert len(text) < 400


@pytest.mark.parametrize(
    ("kind", "store"),
    [
        (1, field(4, 2, bytes(8))),
        (1, field(4, 5, bytes(4)) * 2),
        (7, field(7, 2, b"\x80\x01\x05")),
        (7, field(7, 0, 1) + field(7, 0, 2)),
        (10, field(5, 2, b"\x80\x78\x01")),
        (9, field(5, 2, b"\x01\x00")),
        (11, field(10, 2, bytes(16))),
        (13, field(11, 2, b"\x01\x02")),
        (14, field(4, 2, bytes(16))),
        (22, field(5, 2, b"\x11")),
        (22, field(9, 2, b"\x11")),
        (8, field(6, 2, b"") + field(6, 2, b"b")),
    ],
)
def test_each_type_has_its_store(kind: int, store: bytes) -> None:
    """Two elements, in each way that ONNX allows."""
    check_onnx(with_tensor(tensor(store, kind=kind)))
    with pytest.raises(OnnxError):
        check_onnx(with_tensor(tensor(store, kind=kind, dims=(3 if kind != 22 else 5,))))


def test_a_net_of_another_form_is_not_refused() -> None:
    """It is for OpenCV to say, in a process of its own."""
    data = one("Einsum", {"w": np.ones((8, 8), np.float32)}, (1, 8), equation="ij,jk->ik")
    assert follow_onnx(data, {"x": (1, 8)}).unknown == "an op Einsum"
    assert follow_onnx(one("Relu"), {"x": (1, 3, 8, 8)}).unknown is None


def test_integers_may_be_divided_by_what_is_not_zero() -> None:
    """A processor has an answer to it."""
    assert follow_onnx(of_integers("Div", np.array([7])), {"x": (1, 8)}).unknown is None
    assert follow_onnx(of_integers("Mod", np.array([7])), {"x": (1, 8)}).unknown == "an op Mod"


def test_a_size_that_resize_leaves_open_is_the_inputs() -> None:
    """As tf2onnx writes it behind a slice."""
    sizes = {"-roi": np.empty(0), "-scales": np.empty(0), "s": np.array([-1, -1, 4, 6])}
    data = one("Resize", sizes, mode="nearest")
    assert follow_onnx(data, {"x": (1, 3, 8, 8)}).unknown is None


def test_very_many_nodes_are_tried_elsewhere() -> None:
    """OpenCV loads 20,000 in 20 seconds."""
    names = ["x", *(f"n{k}" for k in range(MAX_NODES)), "y"]
    pairs = itertools.pairwise(names)
    nodes = [helper.make_node("Relu", [before], [after]) for before, after in pairs]
    shape = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 8))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 8))
    data = helper.make_model(helper.make_graph(nodes, "g", [shape], [out])).SerializeToString()
    assert follow_onnx(data, {"x": (1, 8)}).unknown == f"{MAX_NODES + 1} nodes"


def test_the_batch_of_the_manifest_counts() -> None:
    """A lie about it asks for memory."""
    assert follow_onnx(one("Relu"), {"x": (2, 3, 8, 8)}).unknown is None
    with pytest.raises(OnnxError, match="needs memory for more than"):
        follow_onnx(one("Relu"), {"x": (2**20, 3, 8, 8)})
    with pytest.raises(OnnxError, match=r"an input 'x' of the shape \[1, 3, 8, 8\]"):
        follow_onnx(one("Relu"), {"x": (1, 3, 8, 9)})


def test_the_work_is_linear_in_the_file() -> None:
    """Deep graphs with many names, and a thousand nodes that read them, take no minute."""
    nodes = [helper.make_node("Relu", ["x"], [f"n{i}"]) for i in range(3000)]
    branch = helper.make_graph([helper.make_node("Relu", ["n1"], ["r"])], "b", [], [])
    for depth in range(12):
        inner = [
            helper.make_node("If", ["x"], [f"d{depth}-{i}"], then_branch=branch) for i in range(1)
        ]
        branch = helper.make_graph(inner, "b", [], [])
    nodes += [helper.make_node("If", ["x"], [f"i{i}"], then_branch=branch) for i in range(300)]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    data = helper.make_model(helper.make_graph(nodes, "g", [value], [])).SerializeToString()
    start = time.process_time()
    check_onnx(data)
    assert time.process_time() - start < 5
