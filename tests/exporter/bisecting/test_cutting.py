"""Parts of an ONNX file, as files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv_export.bisecting.cutting import GraphFile, as_standard, renamed
from keras2cv_export.bisecting.report import spoken

KERNEL = np.random.default_rng(4).normal(size=(5, 3, 2, 2)).astype(np.float32)


def fork(folder: Path) -> GraphFile:
    """Return x -> conv -> relu -> a; conv -> neg -> b; a + b -> y; an integer beside them."""
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"], name="conv"),
        helper.make_node("Relu", ["c"], ["a"], name="relu"),
        helper.make_node("Neg", ["c"], ["b"], name="neg"),
        helper.make_node("Add", ["a", "b"], ["y"], name="add"),
        helper.make_node("Shape", ["c"], ["size"], name="shape"),
    ]
    typed = {
        "x": (TensorProto.FLOAT, [1, 3, 6, 7]),
        "size": (TensorProto.INT64, [4]),
        **{name: (TensorProto.FLOAT, [1, 5, 5, 6]) for name in "caby"},
    }
    info = {n: helper.make_tensor_value_info(n, t, s) for n, (t, s) in typed.items()}
    graph = helper.make_graph(
        nodes,
        "fork",
        [info["x"]],
        [info["y"]],
        [numpy_helper.from_array(KERNEL, "kernel")],
        value_info=[info[n] for n in ("c", "a", "b", "size")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(folder / "fork.onnx"))
    return GraphFile(folder / "fork.onnx")


def test_only_computed_floats_can_be_read(tmp_path: Path) -> None:
    """No input, no weight, no integer, nothing unknown."""
    graph = fork(tmp_path)
    names = ("x", "kernel", "c", "a", "b", "y", "size", "z")
    assert [n for n in names if graph.readable(n)] == ["c", "a", "b", "y"]


def test_a_cut_stops_at_the_values_that_are_known(tmp_path: Path) -> None:
    """Those become its inputs; weights come along, and nothing else."""
    graph = fork(tmp_path)
    nodes = graph.nodes_to("y", lambda name: name in ("a", "c"))
    assert [n.name for n in nodes] == ["neg", "add"]
    assert graph.sources_of(nodes) == ("c", "a")
    part = graph.cut(nodes, ["y"])
    onnx.checker.check_model(part, full_check=True)
    assert [v.name for v in part.graph.input] == ["c", "a"]
    assert not part.graph.initializer


def test_a_cut_from_the_input_takes_its_weights(tmp_path: Path) -> None:
    """Of the nodes in it."""
    graph = fork(tmp_path)
    part = graph.cut(graph.nodes_to("b", lambda _: False), ["b"])
    onnx.checker.check_model(part, full_check=True)
    assert [n.name for n in part.graph.node] == ["conv", "neg"]
    assert [t.name for t in part.graph.initializer] == ["kernel"]


def test_a_tapped_file_has_more_outputs_and_is_otherwise_the_same(tmp_path: Path) -> None:
    """An output that is there already is not repeated."""
    graph = fork(tmp_path)
    tapped = graph.tapped(["y", "a", "a"])
    assert [v.name for v in tapped.graph.output] == ["y", "a"]
    assert list(tapped.graph.node) == list(graph.model.graph.node)
    assert [v.name for v in graph.model.graph.output] == ["y"]


def test_values_are_renamed_everywhere(tmp_path: Path) -> None:
    """In nodes, inputs and outputs."""
    made = renamed(fork(tmp_path).model, {"x": "input", "y": "output", "c": "middle"})
    onnx.checker.check_model(made, full_check=True)
    assert (made.graph.input[0].name, made.graph.output[0].name) == ("input", "output")
    assert made.graph.node[1].input[0] == "middle"


@pytest.mark.parametrize(
    ("op", "attributes", "constants"),
    [
        ("Clip", {"min": -0.5, "max": 0.7}, [-0.5, 0.7]),
        ("Clip", {"max": 0.7}, [0.7]),
        ("ReduceSum", {"axes": [1, 2], "keepdims": 1}, [[1, 2]]),
    ],
)
def test_old_forms_become_those_of_the_opset(
    op: str, attributes: dict[str, Any], constants: list[Any]
) -> None:
    """With the same meaning; nodes in their opset's form are not changed."""
    shape = [2, 3, 4] if op == "Clip" else [2, 1, 1]
    typed = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
        for n, s in (("x", [2, 3, 4]), ("y", shape))
    ]
    node = helper.make_node(op, ["x"], ["y"], **attributes)
    graph = helper.make_graph([node], "old", typed[:1], typed[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made = as_standard(model)
    onnx.checker.check_model(made, full_check=True)
    found = [numpy_helper.to_array(t).tolist() for t in made.graph.initializer]
    assert [pytest.approx(c) for c in constants] == found
    assert as_standard(made) == made


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("conv", "conv"),
        ("tower/conv#2", "tower/conv, call 2"),
        ("split:1", "split, output 1"),
        ("lstm#3:2", "lstm, call 3, output 2"),
        ("<output> maps/0", "the output maps/0"),
    ],
)
def test_keys_are_spoken(key: str, words: str) -> None:
    """For people."""
    assert spoken(key) == words
