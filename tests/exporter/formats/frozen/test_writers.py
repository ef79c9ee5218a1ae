"""Each op in the form that OpenCV's TensorFlow importer computes right, on each engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv.errors import UnsupportedError
from keras2cv.net.engines import ENGINES
from keras2cv_export.formats.frozen import examine_frozen, write_nodes
from support.frozen_process import SEED, defined, in_process
from support.small_graphs import graph, inputs_for, integers, random

IMAGE = "(float[2,3,7,10] x)"


def number(value: float) -> Any:
    """Return one float32 number without axes."""
    return np.array(value, np.float32)


# Written nodes without constants; graph; constants.
FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "padding on both sides goes into the layer, from a Pad": (
        "Pad Conv2D BiasAdd",
        f"{IMAGE} => (float[2,5,9,8] y) {{ y = Conv <pads=[2,1,2,1]> (x, w, b) }}",
        {"w": random(5, 3, 3, 5), "b": random(5)},
    ),
    "padding that SAME means is said so": (
        "Conv2D BiasAdd",
        f"{IMAGE} => (float[2,5,4,5] y) "
        "{ y = Conv <pads=[1,0,1,1], strides=[2,2]> (x, w, b) }",
        {"w": random(5, 3, 3, 3), "b": random(5)},
    ),
    "uneven padding is a layer of its own": (
        "Pad Conv2D",
        f"{IMAGE} => (float[2,5,7,10] y) {{ y = Conv <pads=[2,1,0,3]> (x, w) }}",
        {"w": random(5, 3, 3, 5)},
    ),
    "dilation is said by a SpaceToBatchND": (
        "SpaceToBatchND Conv2D BiasAdd",
        f"{IMAGE} => (float[2,5,7,10] y) "
        "{ y = Conv <pads=[2,3,2,3], dilations=[2,3]> (x, w, b) }",
        {"w": random(5, 3, 3, 3), "b": random(5)},
    ),
    "groups are told by the kernel's size": (
        "Conv2D BiasAdd",
        "(float[2,6,7,10] x) => (float[2,9,5,8] y) { y = Conv <group=3> (x, w, b) }",
        {"w": random(9, 2, 3, 3), "b": random(9)},
    ),
    "a line is an image of one row": (
        "Reshape Squeeze Conv2D BiasAdd Reshape",
        "(float[2,3,11] x) => (float[2,5,5] y) "
        "{ y = Conv <strides=[2], pads=[0,0]> (x, w, b) }",
        {"w": random(5, 3, 3), "b": random(5)},
    ),
    "a volume keeps channels first whatever data_format says": (
        "Conv3D BiasAdd",
        "(float[2,3,5,6,7] x) => (float[2,4,3,3,4] y) "
        "{ y = Conv <strides=[2,2,2], pads=[1,0,1,1,1,1]> (x, w, b) }",
        {"w": random(4, 3, 3, 3, 3), "b": random(4)},
    ),
    "a dilated volume has a kernel with zeros in it": (
        "Conv3D BiasAdd",
        "(float[2,3,5,6,7] x) => (float[2,4,3,3,3] y) "
        "{ y = Conv <dilations=[1,3,2], kernel_shape=[3,2,3]> (x, w, b) }",
        {"w": random(4, 3, 3, 2, 3), "b": random(4)},
    ),
    "a cropped transposed convolution is a whole one and a Slice": (
        "Conv2DBackpropInput BiasAdd Slice",
        "(float[2,3,4,5] x) => (float[2,5,7,10] y) "
        "{ y = ConvTranspose <strides=[2,2], pads=[1,1,1,0]> (x, w, b) }",
        {"w": random(3, 5, 3, 3), "b": random(5)},
    ),
    "pooling with uneven padding is OpenCV's layer": (
        "Pooling",
        f"{IMAGE} => (float[2,3,4,4] y) "
        "{ y = MaxPool <kernel_shape=[3,3], strides=[2,3], pads=[2,1,0,1]> (x) }",
        {},
    ),
    "an average leaves the border out": (
        "AvgPool",
        f"{IMAGE} => (float[2,3,4,5] y) "
        "{ y = AveragePool <kernel_shape=[3,3], strides=[2,2], pads=[1,0,1,1]> (x) }",
        {},
    ),
    "a global mean of an image": (
        "Pooling",
        f"{IMAGE} => (float[2,3,1,1] y) {{ y = GlobalAveragePool (x) }}",
        {},
    ),
    "a dense layer has a bias always": (
        "MatMul BiasAdd",
        "(float[3,7] x) => (float[3,5] y) { y = Gemm <transB=1> (x, w) }",
        {"w": random(5, 7)},
    ),
    "a dense layer on the last of three axes": (
        "InnerProduct",
        "(float[2,4,7] x) => (float[2,4,5] y) { y = MatMul (x, w) }",
        {"w": random(7, 5)},
    ),
    "products of two batches": (
        "BatchMatMul",
        "(float[2,4,7] x, float[2,7,5] z) => (float[2,4,5] y) { y = MatMul (x, z) }",
        {},
    ),
    "a number is added by a Power": (
        "Power",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Add (x, a) }}",
        {"a": number(0.7)},
    ),
    "a constant minus what is computed": (
        "Power Power",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Sub (a, x) }}",
        {"a": number(0.7)},
    ),
    "a constant along the channels": (
        "Scale",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Mul (x, a) }}",
        {"a": random(3, 1, 1)},
    ),
    "a constant along the columns": (
        "Scale",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Add (x, a) }}",
        {"a": random(10)},
    ),
    "a constant along channels and columns is spread over the rows": (
        "Scale",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Div (x, a) }}",
        {"a": random(1, 3, 1, 10)},
    ),
    "a factor for each channel of an image": (
        "Reshape Reshape Eltwise Reshape Squeeze",
        "(float[2,3,7,10] x, float[2,3,1,1] z) => (float[2,3,7,10] y) { y = Mul (x, z) }",
        {},
    ),
    "a difference with one number for each row": (
        "Reshape Reshape Sub Reshape",
        "(float[4,6] x, float[4,1] z) => (float[4,6] y) { y = Sub (x, z) }",
        {},
    ),
    "operands that are repeated along first axes are resized": (
        "Reshape Squeeze ResizeNearestNeighbor Reshape Reshape Eltwise Reshape",
        "(float[4,10] x, float[1,10] z) => (float[4,10] y) { y = Mul (x, z) }",
        {},
    ),
    "both operands are repeated, each along other axes": (
        "Reshape Squeeze ResizeNearestNeighbor Reshape Squeeze ResizeNearestNeighbor "
        "Reshape Reshape AddV2 Reshape",
        "(float[4,1,3] x, float[5,1] z) => (float[4,5,3] y) { y = Add (x, z) }",
        {},
    ),
    "a Reshape to four axes goes through five": (
        "Reshape Squeeze",
        "(float[2,12] x) => (float[2,3,2,2] y) { y = Reshape (x, s) }",
        {"s": integers(2, 3, 2, 2)},
    ),
    "four axes of one each are no exception": (
        "Reshape Squeeze",
        "(float[1,12] x) => (float[1,1,3,4] y) { y = Reshape (x, s) }",
        {"s": integers(1, 1, 3, 4)},
    ),
    "channels last are a move of two axes": (
        "Reshape Transpose Reshape Squeeze",
        f"{IMAGE} => (float[2,7,10,3] y) {{ y = Transpose <perm=[0,2,3,1]> (x) }}",
        {},
    ),
    "four axes that really move are five": (
        "Reshape Transpose Squeeze",
        f"{IMAGE} => (float[7,2,10,3] y) {{ y = Transpose <perm=[2,0,3,1]> (x) }}",
        {},
    ),
    "a constant of four axes is joined as it is": (
        "ConcatV2",
        f"{IMAGE} => (float[2,5,7,10] y) {{ y = Concat <axis=1> (x, a) }}",
        {"a": random(2, 2, 7, 10)},
    ),
    "every other column": (
        "Slice Reshape Squeeze MaxPool Reshape Squeeze",
        f"{IMAGE} => (float[2,3,7,4] y) {{ y = Slice (x, s, e, a, t) }}",
        {"s": integers(1), "e": integers(9), "a": integers(3), "t": integers(2)},
    ),
    "rows from the end": (
        "Slice",
        f"{IMAGE} => (float[2,3,2,10] y) {{ y = Slice (x, s, e, a) }}",
        {"s": integers(-3), "e": integers(-1), "a": integers(2)},
    ),
    "padding with another number is joined to it": (
        "ConcatV2 ConcatV2",
        f"{IMAGE} => (float[2,3,9,12] y) {{ y = Pad (x, p, v) }}",
        {"p": integers(0, 0, 2, 1, 0, 0, 0, 1), "v": number(-3e38)},
    ),
    "depth to space without six axes": (
        "Reshape Transpose Reshape Transpose Reshape Squeeze",
        "(float[2,12,3,5] x) => (float[2,3,6,10] y) { y = DepthToSpace <blocksize=2> (x) }",
        {},
    ),
    "space to depth, the same backwards": (
        "Reshape Transpose Reshape Transpose Reshape Squeeze",
        "(float[2,3,6,10] x) => (float[2,12,3,5] y) { y = SpaceToDepth <blocksize=2> (x) }",
        {},
    ),
    "nearest pixels": (
        "ResizeNearestNeighbor",
        f"{IMAGE} => (float[2,3,14,30] y) "
        '{ y = Resize <mode="nearest", coordinate_transformation_mode="asymmetric", '
        'nearest_mode="floor"> (x, , , s) }',
        {"s": integers(2, 3, 14, 30)},
    ),
    "pixels between": (
        "ResizeBilinear",
        f"{IMAGE} => (float[2,3,11,6] y) "
        '{ y = Resize <mode="linear", coordinate_transformation_mode="half_pixel"> (x, , , s) }',
        {"s": integers(2, 3, 11, 6)},
    ),
    "softmax along the channels": (
        "Softmax",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Softmax <axis=1> (x) }}",
        {},
    ),
    "log of a softmax": (
        "SoftMax",
        "(float[3,7] x) => (float[3,7] y) { y = LogSoftmax <axis=1> (x) }",
        {},
    ),
    "relu6 has a name": (
        "Relu6",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Clip (x, a, b) }}",
        {"a": number(0), "b": number(6)},
    ),
    "other bounds, one of them open": (
        "ClipByValue",
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = Clip (x, , b) }}",
        {"b": number(0.5)},
    ),
    # As many channels as samples: onnx.reference takes one for the other.
    "local response normalisation": (
        "LRN",
        "(float[3,3,7,10] x) => (float[3,3,7,10] y) "
        "{ y = LRN <size=3, alpha=0.5, beta=0.6, bias=1.5> (x) }",
        {},
    ),
    "a comparison": (
        "Compare",
        "(float[3,7] x) => (float[3,7] y) { c = Greater (x, a)  y = Cast <to=1> (c) }",
        {"a": np.full((3, 7), 0.1, np.float32)},
    ),
    "an output of constants alone": (
        "Relu ConcatV2",
        "(float[2,3] x) => (float[2,3] y, float[4,5] z) { y = Relu (x)  z = Identity (a) }",
        {"a": random(4, 5)},
    ),
    "the larger of two": (
        "Eltwise",
        "(float[3,7] x, float[3,7] z) => (float[3,7] y) { y = Max (x, z) }",
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_an_op_has_one_right_form(name: str) -> None:
    """These nodes, and the numbers that ONNX defines."""
    ops, text, constants = FORMS[name]
    model = graph(text, **constants)
    written = [n.op for n in write_nodes(model) if n.op not in ("Const", "Placeholder", "Silence")]
    assert " ".join(written) == ops
    wanted = defined(model)
    for engine in ENGINES:
        found = in_process(model, engine)
        for key, array in wanted.items():
            largest = np.abs(array).max()
            assert largest > 0.1
            assert found[key].shape == array.shape
            assert np.abs(found[key] - array).max() <= 2e-6 * largest, (engine, key)


def test_a_batch_normalisation_is_one_layer() -> None:
    """With its four constants; onnx.reference computes them wrong, so the formula decides."""
    s, b, m, v = random(3), random(3) * 2, random(3) * 3, np.abs(random(3)) * 4
    text = "(x, s, b, m, v)"
    model = graph(
        f"{IMAGE} => (float[2,3,7,10] y) {{ y = BatchNormalization <epsilon=0.1> {text} }}",
        s=s, b=b, m=m, v=v,
    )  # fmt: skip
    assert [node.op for node in write_nodes(model)][-1] == "FusedBatchNormV3"
    x = inputs_for(ir.to_proto(model), SEED)["x"]
    s, b, m, v = (one[:, None, None] for one in (s, b, m, v))
    wanted = (x - m) / np.sqrt(v + 0.1) * s + b
    for engine in ENGINES:
        np.testing.assert_allclose(in_process(model, engine)["y"], wanted, atol=2e-6 * 10)


def test_an_output_that_is_read_inside_is_given_too() -> None:
    """Under its own name, as is the next node: 5.0's new engine returns only unread values."""
    text = f"{IMAGE} => (float[2,3,7,10] y, float[2,3,7,10] z) {{ y = Relu (x)  z = Tanh (y) }}"
    model = graph(text)
    assert [n.name for n in write_nodes(model) if n.op == "Silence"] == ["y"]
    wanted = defined(model)
    for engine in ENGINES:
        for key, array in in_process(model, engine).items():
            np.testing.assert_allclose(array, wanted[key], atol=1e-6)


def test_every_node_has_a_name_of_its_own() -> None:
    """Whatever the values are called, and however many constants there are."""
    text = f"{IMAGE} => (float[2,3,7,10] y) {{ h = Add (x, a)  y = Add (h, a) }}"
    nodes = write_nodes(graph(text, a=random(3, 1, 1)))
    assert len({node.name for node in nodes}) == len(nodes)


REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a kernel that is computed": (
        "its kernel is computed",
        "(float[2,3,7,10] x, float[5,3,3,3] w) => (float[2,5,5,8] y) { y = Conv (x, w) }",
        {},
    ),
    "groups of a transposed convolution": (
        "no groups of a transposed convolution",
        "(float[2,4,4,5] x) => (float[2,6,6,7] y) { y = ConvTranspose <group=2> (x, w) }",
        {"w": random(4, 3, 3, 3)},
    ),
    "reflected padding": (
        "'reflect' is computed wrongly",
        f'{IMAGE} => (float[2,3,9,10] y) {{ y = Pad <mode="reflect"> (x, p) }}',
        {"p": integers(0, 0, 1, 0, 0, 0, 1, 0)},
    ),
    "an average that counts its border": (
        "counts its border",
        f"{IMAGE} => (float[2,3,7,10] y) "
        "{ y = AveragePool <kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1> (x) }",
        {},
    ),
    "cubic interpolation": (
        "does not know the interpolation 'cubic'",
        f'{IMAGE} => (float[2,3,14,20] y) {{ y = Resize <mode="cubic"> (x, , , s) }}',
        {"s": integers(2, 3, 14, 20)},
    ),
    "an index that more is computed of": (
        "more is computed of the index",
        "(float[3,7] x) => (float[3,1] y) "
        "{ k = ArgMax <axis=1> (x)  f = Cast <to=1> (k)  y = Sqrt (f) }",
        {},
    ),
    "an op that it does not have": (
        "the importer has no op for it",
        "(float[3,7] x) => (float[3,7] y) { y = CumSum (x, a) }",
        {"a": np.array(1, np.int64)},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_right_form_is_refused(name: str) -> None:
    """By op and Keras layer, with the reason and advice."""
    reason, text, constants = REFUSED[name]
    (found,) = examine_frozen(graph(text, **constants))
    assert found.layer.startswith("layer_")
    assert found.hint == "Export it as ONNX (--format onnx), which OpenCV runs more of."
    with pytest.raises(UnsupportedError, match=reason):
        in_process(graph(text, **constants), ENGINES[0])
