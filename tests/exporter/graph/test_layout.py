"""The net's interface: float32 blobs, pictures channels first, Keras' names."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.graph.layout import NetTensor, blobs_in_and_out, settle, transposes
from keras2cv_export.passes import pipeline
from keras2cv_export.passes.fixpoint import rewrite
from support.small_graphs import Array, graph, inputs_for, opencv, random


def names(values: Iterable[ir.Value]) -> list[str | None]:
    """Return the names of values."""
    return [v.name for v in values]


def checked(model: ir.Model) -> onnx.ModelProto:
    """Return the model as it would be written."""
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def opencv_of(model: onnx.ModelProto, blob: Array) -> Array:
    """Return the only output for the only input."""
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(np.ascontiguousarray(blob))
    return np.asarray(net.forward())


def test_pictures_are_channels_first_on_both_sides() -> None:
    """An input of (2, 7, 9, 3) in Keras is channels first in the net, and so is the output."""
    model = graph("(float[2,7,9,3] x) => (float[2,7,9,3] y) { y = Mul (x, s) }", s=random(9, 3))
    blobs_in_and_out(model, ["image"], ["mask"])
    inputs, outputs = settle(model)
    assert inputs == [NetTensor("image", (2, 3, 7, 9), "NCHW")]
    assert outputs == [NetTensor("mask", (2, 3, 7, 9), "NCHW")]
    proto = checked(model)
    expected = inputs_for(proto)["image"].transpose(0, 2, 3, 1) * random(9, 3)
    for engine in ENGINES:
        found = opencv(proto, engine)["mask"].transpose(0, 2, 3, 1)
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("dims", ["2", "2,5", "2,5,7", "2,5,7,3,4", "2,5,3,4,6,7"])
def test_other_ranks_stay_as_keras_has_them(dims: str) -> None:
    """Tensors of all other ranks are the same in the net."""
    model = graph(f"(float[{dims}] x) => (float[{dims}] y) {{ y = Exp (x) }}")
    blobs_in_and_out(model, ["series"], ["scores"])
    shape = tuple(map(int, dims.split(",")))
    assert settle(model) == (
        [NetTensor("series", shape, "same")],
        [NetTensor("scores", shape, "same")],
    )
    assert names(model.graph.inputs) == ["series"]
    checked(model)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "bool", "float16"])
def test_every_input_and_output_is_float32(dtype: str) -> None:
    """OpenCV's blobs are float32; a Cast at each end gives the graph its own types."""
    model = graph(f"({dtype}[2,5,7,3] x) => ({dtype}[2,5,7,3] y) {{ y = Identity (x) }}")
    blobs_in_and_out(model, ["image"], ["same"])
    proto = checked(model)
    ends = [*proto.graph.input, *proto.graph.output]
    assert {v.type.tensor_type.elem_type for v in ends} == {onnx.TensorProto.FLOAT}
    assert [d.dim_value for d in ends[0].type.tensor_type.shape.dim] == [2, 3, 5, 7]


def test_an_output_called_like_an_input_gets_a_name_of_its_own() -> None:
    """ONNX has one name for one value."""
    model = graph("(float[2,3] a) => (float[2,3] b) { b = Exp (a) }")
    blobs_in_and_out(model, ["image"], ["image"])
    inputs, outputs = settle(model)
    assert (inputs[0].net_name, outputs[0].net_name) == ("image", "image_out")
    checked(model)


def test_that_name_is_nobody_elses() -> None:
    """Another output may have it already."""
    model = graph("(float[2,3] a) => (float[2,3] b, float[2,3] c) { b = Exp (a)  c = Abs (a) }")
    blobs_in_and_out(model, ["image"], ["image", "image_out"])
    assert names(model.graph.outputs) == ["image_out_", "image_out"]
    checked(model)


def test_an_output_that_is_an_input_goes_through_an_identity() -> None:
    """Otherwise the two would be one value with two names."""
    model = graph("(float[2,3] x) => (float[2,3] y) { y = Identity (x) }")
    model.graph.outputs[0] = model.graph.inputs[0]
    model.graph.remove(model.graph[0])
    blobs_in_and_out(model, ["vector"], ["copy"])
    proto = checked(model)
    assert [(n.op_type, list(n.input), list(n.output)) for n in proto.graph.node] == [
        ("Identity", ["vector"], ["copy"])
    ]


def test_an_output_that_is_a_weight_goes_through_an_identity() -> None:
    """Constant outputs, such as anchor boxes, keep their numbers under Keras' name."""
    model = graph("(float[2,3] x) => (float[2,3] y) { y = Mul (x, s) }", s=random(2, 3))
    model.graph.outputs.append(model.graph.initializers["s"])
    blobs_in_and_out(model, ["vector"], ["scores", "anchors"])
    found = opencv(checked(model), ENGINES[0])
    assert np.array_equal(found["anchors"], random(2, 3))


def test_one_tensor_given_under_two_names_is_given_twice() -> None:
    """Each output of the net has a node of its own."""
    model = graph("(float[2,3] x) => (float[2,3] y) { y = Exp (x) }")
    model.graph.outputs.append(model.graph.outputs[0])
    blobs_in_and_out(model, ["vector"], ["first", "second"])
    found = opencv(checked(model), ENGINES[0])
    assert set(found) == {"first", "second"}
    assert np.array_equal(found["first"], found["second"])


def test_a_volume_before_3d_convolutions_is_channels_first() -> None:
    """The Transpose in front of the convolution goes, and the blob is NCDHW."""
    text = """(float[1,4,6,7,2] x) => (float[1,3,5,6,5] y) {
        a = Transpose <perm=[0,4,1,2,3]> (x)
        c = Conv (a, w)
        y = Transpose <perm=[0,2,3,4,1]> (c)
    }"""
    model = graph(text, w=random(5, 2, 2, 2, 2))
    before = ir.to_proto(model)
    blobs_in_and_out(model, ["volume"], ["map"])
    inputs, outputs = settle(model)
    assert inputs == [NetTensor("volume", (1, 2, 4, 6, 7), "NCDHW")]
    assert outputs == [NetTensor("map", (1, 5, 3, 5, 6), "NCDHW")]
    assert transposes(model) == 0
    after = checked(model)
    (expected,) = opencv(before, ENGINES[0]).values()
    net = opencv_of(after, inputs_for(before)["x"].transpose(0, 4, 1, 2, 3))
    assert np.abs(net.transpose(0, 2, 3, 4, 1) - expected).max() < 1e-6 * np.abs(expected).max()


def test_a_clip_read_in_both_orders_stays_as_keras_has_it() -> None:
    """Where one reader wants channels last, turning the blob round would save nothing."""
    text = """(float[1,4,6,7,2] x) => (float[1,3,5,6,5] y, float[1,4,6,7,2] z) {
        a = Transpose <perm=[0,4,1,2,3]> (x)
        c = Conv (a, w)
        y = Transpose <perm=[0,2,3,4,1]> (c)
        z = Exp (x)
    }"""
    model = graph(text, w=random(5, 2, 2, 2, 2))
    blobs_in_and_out(model, ["clip"], ["map", "powers"])
    inputs, _ = settle(model)
    assert inputs == [NetTensor("clip", (1, 4, 6, 7, 2), "same")]


def test_a_volume_that_is_used_inside_as_well_is_not_turned_under_its_reader() -> None:
    """The output channels last is read by another node, which goes on reading it so."""
    text = """(float[1,2,4,6,7] x) => (float[1,4,6,7,2] y, float[1,2] z) {
        e = Exp (x)
        y = Transpose <perm=[0,2,3,4,1]> (e)
        z = ReduceMax <axes=[1,2,3], keepdims=0> (y)
    }"""
    model = graph(text)
    blobs_in_and_out(model, ["volume"], ["map", "peaks"])
    _, outputs = settle(model)
    assert outputs[0] == NetTensor("map", (1, 4, 6, 7, 2), "same")
    checked(model)


def test_a_volume_whose_source_is_an_output_too_stays() -> None:
    """One value cannot be two outputs under two names."""
    text = """(float[1,2,4,6,7] x) => (float[1,2,4,6,7] e, float[1,4,6,7,2] y) {
        e = Exp (x)
        y = Transpose <perm=[0,2,3,4,1]> (e)
    }"""
    model = graph(text)
    blobs_in_and_out(model, ["volume"], ["first", "last"])
    _, outputs = settle(model)
    assert [o.net_name for o in outputs] == ["first", "last"]
    assert names(model.graph.outputs) == ["first", "last"]
    checked(model)


def test_the_passes_cancel_what_the_blobs_added() -> None:
    """A convolution between the Transposes of Keras' layout needs none in the net."""
    text = """(float[2,7,9,3] x) => (float[2,6,8,5] y) {
        a = Transpose <perm=[0,3,1,2]> (x)
        c = Conv (a, w)
        y = Transpose <perm=[0,2,3,1]> (c)
    }"""
    model = graph(text, w=random(5, 3, 2, 2))
    blobs_in_and_out(model, ["image"], ["map"])
    assert transposes(model) == 4
    rewrite(model, pipeline())
    assert transposes(model) == 0
    assert names(model.graph.outputs) == ["map"]
    checked(model)


def test_vectors_of_integers_are_cast_after_the_blob() -> None:
    """An Embedding's indices come as float32 and are whole again before they are used."""
    model = graph("(int32[2,5] x) => (float[2,5,4] y) { y = Gather (t, x) }", t=random(11, 4))
    blobs_in_and_out(model, ["words"], ["vectors"])
    proto = checked(model)
    assert [n.op_type for n in proto.graph.node] == ["Cast", "Gather"]
    assert settle(model)[0] == [NetTensor("words", (2, 5), "same")]
