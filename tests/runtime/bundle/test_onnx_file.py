"""An ONNX file is examined before OpenCV parses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv.bundle.onnx_file import MAX_DEPTH, OnnxError, check_onnx
from support.tiny_bundle import Classifier

HONEST = Classifier().onnx()


def changed(change: Callable[[Any], None]) -> bytes:
    """Return an honest file after a change."""
    model = onnx.load_from_string(HONEST)
    change(model)
    return bytes(model.SerializeToString())


def _external(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    tensor.ClearField("raw_data")


def _external_undeclared(model: Any) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="../../x")


def _external_in_an_attribute(model: Any) -> None:
    tensor = numpy_helper.from_array(np.arange(3.0, dtype=np.float32), "deep")
    tensor.data_location = TensorProto.EXTERNAL
    branch = helper.make_graph([helper.make_node("Constant", [], ["c"], value=tensor)], "b", [], [])
    model.graph.node.append(helper.make_node("If", ["logits"], ["z"], then_branch=branch))


def _absurd(model: Any) -> None:
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([10**6, 10**6])


def _negative(model: Any) -> None:
    model.graph.initializer[0].dims[0] = -1


def _short(model: Any) -> None:
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]


def _typed(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.float_data.extend([1.0])


def _circle(model: Any) -> None:
    model.graph.node[1].input[0] = "mean"


def _nowhere(model: Any) -> None:
    model.graph.node[1].input[0] = "conjured"


def _nested(model: Any) -> None:
    graph = helper.make_graph([helper.make_node("Relu", ["logits"], ["r"])], "g", [], [])
    for _ in range(MAX_DEPTH + 1):
        node = helper.make_node("If", ["logits"], ["z"], then_branch=graph)
        graph = helper.make_graph([node], "g", [], [])
    model.graph.node.append(graph.node[0])


def _empty(model: Any) -> None:
    del model.graph.node[:]


SAMPLES: dict[str, tuple[Callable[[Any], None], str]] = {
    "data at an absolute path": (_external, "a tensor 'kernel' that keeps its data in another"),
    "data elsewhere, half declared": (_external_undeclared, "keeps its data in another file"),
    "data elsewhere, deep inside": (_external_in_an_attribute, "keeps its data in another file"),
    "10^12 elements": (_absurd, "of the shape [1000000, 1000000]"),
    "a negative size": (_negative, "of the shape [-1, 3, 1, 1]"),
    "too little data": (_short, "of the shape [7, 3, 1, 1], and 80 bytes of data for it"),
    "too few numbers": (_typed, "and 1 numbers of data for it, not 21"),
    "a cycle": (_circle, "reads 'mean', which is only made later: it goes in circles"),
    "an input from nowhere": (_nowhere, "reads 'conjured', which is nowhere"),
    "graphs in graphs": (_nested, "nests graphs more than 16 levels deep"),
    "no nodes": (_empty, "has no graph, or one without nodes"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_opencv_should_not_see_is_refused(name: str) -> None:
    """Each error has the name of the tensor or the value."""
    change, message = SAMPLES[name]
    with pytest.raises(OnnxError) as caught:
        check_onnx(changed(change))
    assert message in str(caught.value)


def test_honest_files_pass() -> None:
    """All ways to store tensors pass, and branches that read outer names do too."""
    check_onnx(HONEST)
    rng = np.random.default_rng(3)
    kinds = ("float32", "float64", "int64", "int32", "uint8", "bool", "float16")
    weights = [
        numpy_helper.from_array(np.asarray(rng.normal(size=(3, 5)) * 9).astype(kind), kind)
        for kind in kinds
    ]
    weights += [
        helper.make_tensor("f", TensorProto.FLOAT, [2, 2], [1.0, 2.0, 3.0, 4.0]),
        helper.make_tensor("i", TensorProto.INT64, [3], [0, -1, 5]),
        helper.make_tensor("s", TensorProto.STRING, [2], [b"", b"b"]),
        helper.make_tensor("n", TensorProto.INT4, [5], [1, 2, 3, 4, 5]),
        numpy_helper.from_array(np.zeros((0, 7), np.float32), "none"),
        numpy_helper.from_array(np.float32(3), "scalar"),
    ]
    branch = helper.make_graph([helper.make_node("Relu", ["float32"], ["r"])], "b", [], [])
    nodes = [
        helper.make_node("If", ["bool"], ["z"], then_branch=branch, else_branch=branch),
        helper.make_node("Clip", ["z", "", "f"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [], [], weights)
    check_onnx(helper.make_model(graph).SerializeToString())


def test_the_inspected_may_keep_data_beside_them() -> None:
    """`inspect` reports such a file, and checks the place of the data."""
    check_onnx(changed(_external), external=True)


@pytest.mark.parametrize("length", range(0, len(HONEST), 17))
def test_a_cut_file_is_refused(length: int) -> None:
    """At any cut, except between two optional parts."""
    try:
        onnx.checker.check_model(HONEST[:length])
    except Exception:  # any exception of protobuf's
        with pytest.raises(OnnxError):
            check_onnx(HONEST[:length])


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 40, b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", b"\x3a\x80", b"\x0b\x0b", b"PK\x03"],
)
def test_bytes_that_are_no_protobuf_are_refused(data: bytes) -> None:
    """Nothing but an OnnxError comes out."""
    with pytest.raises(OnnxError):
        check_onnx(data)


def test_mutated_files_end_in_an_answer() -> None:
    """One byte or a few are another: it passes or it is an OnnxError, at once."""
    rng = np.random.default_rng(5)
    for _ in range(3000):
        data = bytearray(HONEST)
        for place in rng.integers(0, len(data), rng.integers(1, 5)):
            data[place] = rng.integers(256)
        try:
            check_onnx(bytes(data))
        except OnnxError:
            continue


def test_a_real_file_is_looked_through_in_no_time(tmp_path: Path) -> None:
    """Weights are skipped: 40 MB of them are not read."""
    weight = np.zeros((1000, 10_000), np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1000])],
        [],
        [numpy_helper.from_array(weight, "w")],
    )
    check_onnx(helper.make_model(graph).SerializeToString())
