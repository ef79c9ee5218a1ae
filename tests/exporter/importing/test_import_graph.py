"""The graph that the passes take computes what the file computes, whatever its opset and ops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv.net.engines import ENGINES
from keras2cv_export.convert import convert
from keras2cv_export.importing.import_graph import import_graph
from keras2cv_export.model.load.from_onnx import onnx_model
from keras2cv_export.targets.importer_support import RULES, UnsupportedOpsError
from support.onnx_graphs import answers_of, graph_of, node
from support.small_graphs import opencv

RNG = np.random.default_rng(4)


def drawn(*shape: int) -> Any:
    """Return float32 numbers around 0."""
    return RNG.normal(size=shape).astype(np.float32)


def whole(*numbers: int) -> Any:
    """Return an int64 vector."""
    return np.array(numbers, np.int64)


def imported(path: Path, model: onnx.ModelProto, shapes: Any = None) -> Any:
    """Return the imported graph of a model that is saved at `path`."""
    onnx.save(model, path)
    return import_graph(onnx_model(path, ModelSource(path.name, "onnx"), shapes, 1, None))


def agree(tmp_path: Path, model: onnx.ModelProto, *arrays: Any, shapes: Any = None) -> Any:
    """Assert that both graphs give the same; return the imported one."""
    found = imported(tmp_path / "made.onnx", model, shapes)
    names = [value.name for value in model.graph.input]
    given = dict(zip(names, arrays, strict=False))
    for ours, theirs in zip(answers_of(found.model, given), answers_of(model, given), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    assert found.model.opset_imports == {"": 13}
    return found.model


def ops(model: Any) -> set[str]:
    """Return the op types of a graph."""
    return {one.op_type for one in model.graph}


X = (2, 4, 6, 5)
OLD: dict[str, Callable[[], onnx.ModelProto]] = {
    "softmax of all axes behind the first": lambda: graph_of(
        [node("Softmax", "x", "y")], {"x": X}, ["y"], opset=11
    ),
    "clip by attributes": lambda: graph_of(
        [node("Clip", "x", "y", min=-0.5, max=0.7)], {"x": X}, ["y"], opset=7
    ),
    "pad by attributes": lambda: graph_of(
        [node("Pad", "x", "y", pads=[0, 0, 1, 2, 0, 0, 0, 1], value=2.0)],
        {"x": X}, ["y"], opset=9,
    ),
    "slice by attributes": lambda: graph_of(
        [node("Slice", "x", "y", starts=[1, 0], ends=[-1, 3], axes=[2, 3])],
        {"x": X}, ["y"], opset=9,
    ),
    "squeeze and unsqueeze by attributes": lambda: graph_of(
        [node("Unsqueeze", "x", "a", axes=[1]), node("Squeeze", "a", "y", axes=[1])],
        {"x": X}, ["y"], opset=11,
    ),
    "upsample by attributes": lambda: graph_of(
        [node("Upsample", "x", "y", scales=[1.0, 1.0, 2.0, 3.0])], {"x": X}, ["y"], opset=7
    ),
    "upsample linearly": lambda: graph_of(
        [node("Upsample", "x s", "y", mode="linear")], {"x": X}, ["y"],
        {"s": np.array([1, 1, 2, 2], np.float32)}, opset=9,
    ),
    "resize of opset 10": lambda: graph_of(
        [node("Resize", "x s", "y", mode="nearest")], {"x": X}, ["y"],
        {"s": np.array([1, 1, 2, 2], np.float32)}, opset=10,
    ),
    "top k by attribute": lambda: graph_of(
        [node("TopK", "x", "y i", axis=-1, k=2)], {"x": X}, ["y"], opset=9
    ),
    "split by attribute": lambda: graph_of(
        [node("Split", "x", "a b", axis=1, split=[1, 3]), node("Neg", "b", "c"),
         node("Concat", "a c", "y", axis=1)],
        {"x": X}, ["y"], opset=11,
    ),
    "sum by attribute": lambda: graph_of(
        [node("ReduceSum", "x", "y", axes=[1, -1], keepdims=0)], {"x": X}, ["y"], opset=11
    ),
    "dropout with its mask": lambda: graph_of(
        [node("Dropout", "x", "y")], {"x": X}, ["y"], opset=9
    ),
}  # fmt: skip
NEW: dict[str, Callable[[], onnx.ModelProto]] = {
    "mean by input": lambda: graph_of(
        [node("ReduceMean", "x axes", "y", keepdims=0)], {"x": X}, ["y"],
        {"axes": whole(2, 3)}, opset=18,
    ),
    "reduction of nothing": lambda: graph_of(
        [node("ReduceMax", "x", "y", noop_with_empty_axes=1)], {"x": X}, ["y"], opset=18
    ),
    "split into parts": lambda: graph_of(
        [node("Split", "x", "a b c", axis=3, num_outputs=3), node("Concat", "c a b", "y", axis=3)],
        {"x": X}, ["y"], opset=18,
    ),
    "pad of some axes": lambda: graph_of(
        [node("Pad", "x pads - axes", "y", mode="reflect")], {"x": X}, ["y"],
        {"pads": whole(1, 2, 2, 1), "axes": whole(2, 3)}, opset=18,
    ),
    "resize of some axes": lambda: graph_of(
        [node("Resize", "x - - sizes", "y", mode="linear", axes=[2, 3],
              coordinate_transformation_mode="half_pixel")],
        {"x": X}, ["y"], {"sizes": whole(9, 8)}, opset=18,
    ),
    "resize that keeps the ratio": lambda: graph_of(
        [node("Resize", "x - - sizes", "y", mode="linear", axes=[2, 3],
              keep_aspect_ratio_policy="not_larger")],
        {"x": X}, ["y"], {"sizes": whole(12, 10)}, opset=18,
    ),
    "layer normalisation": lambda: graph_of(
        [node("LayerNormalization", "x g b", "y", axis=-1)], {"x": X}, ["y"],
        {"g": drawn(5), "b": drawn(5)}, opset=17,
    ),
    "instance normalisation": lambda: graph_of(
        [node("InstanceNormalization", "x g b", "y")], {"x": X}, ["y"],
        {"g": drawn(4), "b": drawn(4)}, opset=17,
    ),
    "group normalisation by groups": lambda: graph_of(
        [node("GroupNormalization", "x g b", "y", num_groups=2)], {"x": X}, ["y"],
        {"g": drawn(2), "b": drawn(2)}, opset=18,
    ),
    "group normalisation by channels": lambda: graph_of(
        [node("GroupNormalization", "x g b", "y", num_groups=2)], {"x": X}, ["y"],
        {"g": drawn(4), "b": drawn(4)}, opset=21,
    ),
    "length of lines": lambda: graph_of(
        [node("LpNormalization", "x", "y", axis=1, p=2)], {"x": X}, ["y"], opset=17
    ),
    "activations": lambda: graph_of(
        [node("HardSwish", "x", "a"), node("Mish", "a", "b"), node("Gelu", "b", "c"),
         node("Gelu", "c", "y", approximate="tanh")],
        {"x": X}, ["y"], opset=20,
    ),
    "a triangle": lambda: graph_of(
        [node("Trilu", "x k", "y", upper=0)], {"x": X}, ["y"],
        {"k": np.array(1, np.int64)}, opset=17,
    ),
    "a body that ONNX gives": lambda: graph_of(
        [node("MeanVarianceNormalization", "x", "y", axes=[0, 2, 3])], {"x": X}, ["y"], opset=17
    ),
    "a pool that rounds up": lambda: graph_of(
        [node("MaxPool", "x", "a", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
         node("AveragePool", "a", "y", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)],
        {"x": X}, ["y"],
    ),
    "slopes with a batch": lambda: graph_of(
        [node("PRelu", "x s", "y")], {"x": X}, ["y"], {"s": drawn(1, 4, 1, 1)}
    ),
    "pools of lines": lambda: graph_of(
        [node("Reshape", "x lines", "l"),
         node("AveragePool", "l", "a", kernel_shape=[3], strides=[2], pads=[1, 0],
              count_include_pad=1),
         node("MaxPool", "a", "m", kernel_shape=[2], auto_pad="SAME_UPPER", strides=[2]),
         node("GlobalMaxPool", "m", "y")],
        {"x": X}, ["y"], {"lines": whole(2, 4, 30)},
    ),
    "automatic padding": lambda: graph_of(
        [node("Conv", "x w", "y", auto_pad="SAME_UPPER", strides=[2, 2])], {"x": X}, ["y"],
        {"w": drawn(3, 4, 3, 3)},
    ),
    "numbers on a grid": lambda: graph_of(
        [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "y")],
        {"x": X}, ["y"], {"s": np.float32(0.05), "z": np.uint8(120)},
    ),
    "channels on grids": lambda: graph_of(
        [node("QuantizeLinear", "x s z", "q", axis=1),
         node("DequantizeLinear", "q s z", "y", axis=1)],
        {"x": X}, ["y"],
        {"s": np.array([0.1, 0.05, 0.2, 0.3], np.float32), "z": np.zeros(4, np.int8)},
    ),
    "a quantised kernel": lambda: graph_of(
        [node("DequantizeLinear", "w s z", "k", axis=0), node("Conv", "x k", "y")],
        {"x": X}, ["y"],
        {"w": RNG.integers(-99, 99, (3, 4, 1, 1)).astype(np.int8),
         "s": np.array([0.1, 0.2, 0.3], np.float32), "z": np.zeros(3, np.int8)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*OLD, *NEW])
def test_a_form_of_another_opset_computes_the_same(tmp_path: Path, name: str) -> None:
    """It has the form of opset 13, and ONNX Runtime gives the same for both."""
    agree(tmp_path, {**OLD, **NEW}[name](), drawn(*X))


def test_shapes_that_are_computed_become_numbers(tmp_path: Path) -> None:
    """PyTorch flattens by Shape, Gather, Unsqueeze and Concat; nothing of that is left."""
    model = graph_of(
        [
            node("Shape", "x", "shape"),
            node("Gather", "shape zero", "n", axis=0),
            node("Unsqueeze", "n axes", "one"),
            node("Concat", "one rest", "target", axis=0),
            node("Reshape", "x target", "y"),
        ],
        {"x": ["batch", 4, "h", "w"]},
        {"y": ["batch", None]},
        {"zero": np.array(0, np.int64), "axes": whole(0), "rest": whole(-1)},
    )
    found = agree(tmp_path, model, drawn(1, 4, 6, 5), shapes={"x": (1, 4, 6, 5)})
    assert ops(found) == {"Reshape"}


def test_a_branch_of_known_sizes_is_taken(tmp_path: Path) -> None:
    """PyTorch writes an If for a squeeze of an axis whose size it does not know."""
    branches = [
        helper.make_graph(
            [node(op, "x", "z")], op, [], [helper.make_tensor_value_info("z", 1, None)]
        )
        for op in ("Neg", "Abs")
    ]
    model = graph_of(
        [
            node("Shape", "x", "shape"),
            node("Gather", "shape place", "size", axis=0),
            node("Equal", "size one", "is_one"),
            node("If", "is_one", "y", then_branch=branches[0], else_branch=branches[1]),
        ],
        {"x": ["batch", 4]},
        ["y"],
        {"place": np.array(1, np.int64), "one": np.array(1, np.int64)},
    )
    assert ops(agree(tmp_path, model, drawn(1, 4))) == {"Abs"}


def test_functions_of_the_model_are_put_in_their_place(tmp_path: Path) -> None:
    """PyTorch's newer exporter writes modules as functions."""
    model = graph_of([node("twice", "x", "y", domain="mine")], {"x": [1, 3]}, ["y"])
    body = [node("Add", "a a", "b")]
    model.functions.append(
        helper.make_function("mine", "twice", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    )
    assert ops(agree(tmp_path, model, drawn(1, 3))) == {"Add"}


def test_an_initialiser_that_is_an_input_is_a_weight(tmp_path: Path) -> None:
    """Files of ONNX before 1.4 list all weights among the inputs."""
    model = graph_of(
        [node("MatMul", "x w", "y")], {"x": [1, 3], "w": [3, 2]}, ["y"], {"w": drawn(3, 2)}, opset=8
    )
    onnx.save(model, tmp_path / "m.onnx")
    loaded = onnx_model(tmp_path / "m.onnx", ModelSource("m.onnx", "onnx"), None, 1, None)
    assert [spec.name for spec in loaded.inputs] == ["x"]


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floats_are_computed_in_float32(tmp_path: Path, dtype: Any) -> None:
    """The input, the weights and the casts; a note says so."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    model = graph_of(
        [node("MatMul", "x w", "a"), node("Cast", "a", "b", to=kind), node("Relu", "b", "y")],
        {"x": (kind, [1, 3])},
        {"y": (kind, [1, 2])},
        {"w": drawn(3, 2).astype(dtype)},
    )
    onnx.save(model, tmp_path / "m.onnx")
    loaded = onnx_model(tmp_path / "m.onnx", ModelSource("m.onnx", "onnx"), None, 1, None)
    assert [spec.dtype for spec in loaded.inputs] == ["float32"]
    assert np.dtype(dtype).name in loaded.notes[0].replace("double", "float64")
    found = import_graph(loaded)
    x = drawn(1, 3)
    (ours,), (theirs,) = (
        answers_of(found.model, {"x": x}),
        answers_of(model, {"x": x.astype(dtype)}),
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("reset", [0, 1])
def test_recurrent_layers_are_one_op_or_written_step_by_step(
    tmp_path: Path, kind: str, direction: str, reset: int
) -> None:
    """All states, the last one, a first one that is given, and both forms of a GRU's reset."""
    steps, batch, features, units = 4, 1, 3, 5
    count, gates = 1 + (direction == "bidirectional"), 3 if kind == "GRU" else 1
    more = {"linear_before_reset": reset} if kind == "GRU" else {}
    layer = node(kind, "x w r b - h", "y last", hidden_size=units, direction=direction, **more)
    model = graph_of(
        [layer],
        {"x": [steps, batch, features], "h": [count, batch, units]},
        ["y", "last"],
        {
            "w": drawn(count, gates * units, features),
            "r": drawn(count, gates * units, units),
            "b": drawn(count, 2 * gates * units),
        },
    )
    shapes = {"x": (steps, batch, features), "h": (count, batch, units)}
    if count != steps:  # the inputs of a bundle begin with one batch
        onnx.save(model, tmp_path / "made.onnx")
    first = drawn(count, batch, units)
    model.graph.input.pop()
    model.graph.initializer.append(numpy_helper.from_array(first, "h"))
    found = agree(tmp_path, model, drawn(steps, batch, features), shapes={"x": shapes["x"]})
    assert "RNN" not in ops(found)
    assert ("GRU" in ops(found)) == (kind == "RNN" or reset == 1)
    assert ("Tanh" in ops(found)) == (kind == "GRU" and reset == 0)


LSTM_FORMS: dict[str, tuple[list[str], bool]] = {
    "usual": (["Sigmoid", "Tanh", "Tanh"], False),
    "in lower case": (["sigmoid", "tanh", "tanh"], False),
    "usual, both ways": (["Sigmoid", "Tanh", "Tanh"] * 2, True),
    "others": (["tanh", "Sigmoid", "sigmoid"], False),
}


@pytest.mark.parametrize(("functions", "both"), LSTM_FORMS.values(), ids=LSTM_FORMS)
def test_the_activations_of_an_lstm_are_those_that_opencv_takes(
    tmp_path: Path, functions: list[str], both: bool
) -> None:
    """As tf2onnx states them; lengths that are all of the steps are left out."""
    steps, features, units, count = 4, 3, 5, 1 + both
    way = "bidirectional" if both else "forward"
    off = {"layout": 0, "input_forget": 0}  # as PyTorch states them
    layer = node(
        "LSTM", "x w r b n", "y", hidden_size=units, direction=way, activations=functions, **off
    )
    weights = {
        "w": drawn(count, 4 * units, features),
        "r": drawn(count, 4 * units, units),
        "b": drawn(count, 8 * units),
        "n": np.array([steps], np.int32),
    }
    model = graph_of([layer], {"x": [steps, 1, features]}, ["y"], weights)
    found = agree(tmp_path, model, drawn(steps, 1, features), shapes={"x": (steps, 1, features)})
    (lstm,) = (one for one in found.graph if one.op_type == "LSTM")
    assert lstm.attributes.keys() <= {"hidden_size", "direction", "activations"}
    assert not any(rule.fits(lstm) for rule in RULES)


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("joined", [False, True])
def test_recurrent_layers_of_imported_files_run_on_both_engines(
    tmp_path: Path, kind: str, direction: str, joined: bool
) -> None:
    """The classic one has another order of the states that go both ways."""
    steps, batch, features, units = 4, 3, 3, 5
    count, gates = 1 + (direction == "bidirectional"), 3 if kind == "GRU" else 1
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    layers = [node(kind, "x w r b", "a last", hidden_size=units, direction=direction, **more)]
    if joined:  # as PyTorch's exporters do
        layers.append(node("Transpose", "a", "t", perm=[0, 2, 1, 3]))
        layers.append(node("Reshape", "t s", "y"))
    else:
        layers.append(node("Add", "a o", "y"))
    weights = {
        "w": drawn(count, gates * units, features),
        "r": drawn(count, gates * units, units),
        "b": drawn(count, 2 * gates * units),
        "s": np.array([steps, batch, count * units]),
        "o": drawn(count, 1, units),
    }
    layers.append(node("Exp", "last", "e"))
    model = graph_of(layers, {"x": [steps, batch, features]}, ["y", "e"], weights)
    onnx.save(model, tmp_path / "m.onnx")
    shapes = {"x": (steps, batch, features)}
    loaded = onnx_model(tmp_path / "m.onnx", ModelSource("m.onnx", "onnx"), shapes, 1, None)
    proto = ir.to_proto(convert(loaded).model)
    (name,) = (one.name for one in proto.graph.input)
    given = drawn(*shapes["x"])
    expected = answers_of(model, {"x": given})
    for engine in ENGINES:
        found = opencv(proto, engine, given={name: given})
        for output, right in zip(proto.graph.output, expected, strict=True):
            ours = found[output.name].reshape(right.shape)
            np.testing.assert_allclose(ours, right, atol=2e-6, err_msg=engine)


def _lstm(lengths: Any = None, **attributes: Any) -> onnx.ModelProto:
    """Return a graph of an LSTM of 4 steps and 2 samples."""
    count = 1 + ("direction" in attributes)
    layer = node("LSTM", "x w r b" + " n" * (lengths is not None), "y", hidden_size=5, **attributes)
    weights = {"w": drawn(count, 20, 3), "r": drawn(count, 20, 5), "b": drawn(count, 40)}
    weights |= {} if lengths is None else {"n": lengths}
    return graph_of([layer], {"x": [4, 2, 3]}, ["y"], weights)


REFUSED: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "an op of another domain": (
        lambda: graph_of([node("FusedConv", "x", "y", domain="com.microsoft")], {"x": X}, ["y"]),
        "FusedConv in y: it is no op of ONNX' own, but one of com.microsoft",
    ),
    "an LSTM of relu": (lambda: _lstm(activations=["Sigmoid", "Relu", "Tanh"]),
                        "LSTM in y: it has the activations Sigmoid, Relu, Tanh"),
    "an LSTM of other functions both ways": (
        lambda: _lstm(direction="bidirectional", activations=["Tanh"] * 6),
        "LSTM in y: it has the activations Tanh, Tanh, Tanh, Tanh, Tanh, Tanh of both ways",
    ),
    "an LSTM that cuts its values off": (
        lambda: _lstm(clip=2.0), "LSTM in y: it cuts its values off, or has one gate for two"
    ),
    "an LSTM of samples apart": (
        lambda: _lstm(np.array([3, 4], np.int32)),
        "LSTM in y: its samples have lengths of their own",
    ),
    "an op that there is not": (
        lambda: graph_of([node("Erfc", "x", "y")], {"x": X}, ["y"]),
        "Erfc in y: ONNX has no such op",
    ),
    "statistics of the batch": (
        lambda: graph_of(
            [node("BatchNormalization", "x g g g g", "y", training_mode=1)],
            {"x": X}, ["y"], {"g": np.ones(4, np.float32)},
        ),
        "BatchNormalization in y: it normalises by the statistics of the batch",
    ),
    "a size that depends on values": (
        lambda: graph_of([node("NonZero", "x", "y")], {"x": X}, {"y": (TensorProto.INT64, None)}),
        "NonZero in y: a result without a fixed size",
    ),
    "factors that make parts of pixels": (
        lambda: graph_of(
            [node("Resize", "x - s", "y", mode="linear")], {"x": X}, ["y"],
            {"s": np.array([1, 1, 1.3, 1.3], np.float32)},
        ),
        "Resize in y: its factors make a picture of 2, 4, 7.8, 6.5 pixels",
    ),
    "smaller with antialiasing": (
        lambda: graph_of(
            [node("Resize", "x - - s", "y", mode="linear", antialias=1)], {"x": X}, ["y"],
            {"s": whole(2, 4, 3, 2)}, opset=18,
        ),
        "Resize in y: it makes pictures smaller with antialiasing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_op_computes_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    """The op, the node and the reason."""
    build, words = REFUSED[name]
    with pytest.raises((UnsupportedOpsError, ModelError)) as caught:
        imported(tmp_path / "made.onnx", build())
    assert words in str(caught.value)


def test_all_refused_ops_are_named_at_once(tmp_path: Path) -> None:
    """Not only the first."""
    model = graph_of(
        [node("One", "x", "a", domain="mine"), node("Two", "a", "y", domain="mine")],
        {"x": X},
        ["y"],
    )
    with pytest.raises(UnsupportedOpsError) as caught:
        imported(tmp_path / "made.onnx", model)
    assert [one.op for one in caught.value.found] == ["One", "Two"]
