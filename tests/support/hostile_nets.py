"""ONNX files with a meaning that no mutation finds: sizes, stores and fields that do not agree.

Each is small and made here, so that the tests keep no binary files. `STORED` break the file's own
rules, and `FOLLOWED` are whole files whose nodes ask OpenCV for what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
_F, _I = np.float32, np.int64
_ROW, _IMAGE = (1, 8), (1, 3, 8, 8)


def field(number: int, wire: int, content: bytes | int) -> bytes:
    """Return one field of a protobuf message."""
    start = _varint(number << 3 | wire)
    if isinstance(content, int):
        return start + _varint(content)
    return start + (_varint(len(content)) if wire == 2 else b"") + content


def _varint(value: int) -> bytes:
    pieces = bytearray()
    while value > 127:
        pieces.append(value & 127 | 128)
        value >>= 7
    return bytes([*pieces, value])


def tensor(*fields: bytes, dims: tuple[int, ...] = (2,), kind: int = 1) -> bytes:
    """Return a TensorProto called "w" with some fields of its own."""
    sizes = b"".join(field(1, 0, n) for n in dims)
    return sizes + field(2, 0, kind) + field(8, 2, b"w") + b"".join(fields)


def with_tensor(data: bytes) -> bytes:
    """Return a model, relu of x, that holds a tensor."""
    return _model(field(5, 2, data))


def _model(more_of_graph: bytes = b"", more_of_node: bytes = b"", more: bytes = b"") -> bytes:
    node = field(1, 2, b"x") + field(2, 2, b"y") + field(4, 2, b"Relu") + more_of_node
    shape = b"".join(field(1, 2, field(1, 0, n)) for n in _ROW)
    kind = field(1, 2, field(1, 0, 1) + field(2, 2, shape))
    value = field(2, 2, kind)
    graph = field(1, 2, node) + field(11, 2, field(1, 2, b"x") + value)
    graph += field(12, 2, field(1, 2, b"y") + value) + more_of_graph
    return field(1, 0, 7) + field(8, 2, field(2, 0, 13)) + field(7, 2, graph) + more


def _nested(depth: int) -> bytes:
    """Return a type: a sequence of sequences."""
    return field(4, 2, field(1, 2, _nested(depth - 1))) if depth else b""


_RAW: Final = field(9, 2, bytes(8))
_EMPTY_RELU: Final = field(4, 2, b"Relu")
STORED: Final[Mapping[str, tuple[bytes, str]]] = {
    "a graph twice": (_model(more=field(7, 2, b"")), "two fields graph"),
    "an op twice": (_model(more_of_node=_EMPTY_RELU), "two fields op_type"),
    "raw data twice": (with_tensor(tensor(_RAW, _RAW)), "two fields raw_data"),
    "a data type twice": (with_tensor(tensor(_RAW, field(2, 0, 11))), "two fields data_type"),
    "more dims behind the data": (with_tensor(tensor(_RAW, field(1, 0, 9))), "8 bytes of data"),
    "packed dims behind the data": (with_tensor(tensor(_RAW, field(1, 2, b"\x09"))), "8 bytes of"),
    "two stores": (with_tensor(tensor(_RAW, field(4, 2, bytes(8)))), "in both float_data and raw"),
    "a store of another type": (with_tensor(tensor(field(5, 2, b"\1\1"))), "data in int32_data"),
    "bytes for elements": (with_tensor(tensor(field(4, 2, bytes(8)), dims=(8,))), "2 numbers of"),
    "bytes for int64": (with_tensor(tensor(field(7, 2, b"\1"), dims=(2,), kind=7)), "1 numbers of"),
    "long varints": (
        with_tensor(tensor(field(7, 2, b"\xff" * 9 + b"\1"), dims=(10,), kind=7)),
        "1 numbers of",
    ),
    "half of a float16": (with_tensor(tensor(field(9, 2, bytes(2)), kind=10)), "2 bytes of data"),
    "strings in raw data": (with_tensor(tensor(field(9, 2, b""), dims=(1,), kind=8)), "of strings"),
    "a data type of 33 bits": (with_tensor(tensor(_RAW, kind=2**32 + 1)), "more than 31 bits"),
    "an unknown data type": (with_tensor(tensor(_RAW, kind=99)), "data type 99"),
    "a segment": (with_tensor(tensor(_RAW, field(3, 2, b""))), "a part of another one"),
    "dims that overflow": (with_tensor(tensor(_RAW, dims=(2**31 - 1,) * 3)), "of the shape"),
    "two tensors of a name": (
        _model(field(5, 2, tensor(_RAW)) + field(5, 2, tensor(_RAW))),
        "two tensors 'w'",
    ),
    "a tensor that is the input": (
        _model(field(5, 2, field(1, 0, 2) + field(2, 0, 1) + field(8, 2, b"y") + _RAW)),
        "makes 'y' a second time",
    ),
    "an attribute of two kinds": (
        _model(
            more_of_node=field(5, 2, field(1, 2, b"a") + field(3, 0, 1) + field(8, 0, 1))
        ),
        "with data in i, ints",
    ),
    "an attribute of another kind": (
        _model(more_of_node=field(5, 2, field(1, 2, b"a") + field(3, 0, 1) + field(20, 0, 7))),
        "of the type 7 with data in i",
    ),
    "an attribute twice": (
        _model(more_of_node=2 * field(5, 2, field(1, 2, b"a") + field(3, 0, 1))),
        "two attributes 'a'",
    ),
    "a dimension of two kinds": (
        _model(
            field(
                13, 2,
                field(1, 2, b"v") + field(2, 2, field(1, 2, field(2, 2, field(
                    1, 2, field(1, 0, 1) + field(2, 2, b"n"))))),
            )
        ),
        "a number and a name",
    ),
    "a group": (_model(more_of_node=field(3, 3, b"") + field(3, 4, b"")), "field 3 of kind 3"),
    "another wire type": (_model(more_of_node=field(4, 0, 1)), "field 4 of kind 0"),
    "a field of no schema": (_model(more=field(99, 0, 1)), "field 99 of kind 0"),
    "functions": (_model(more=field(25, 2, b"")), "has functions"),
    "a sparse tensor": (_model(field(15, 2, b"")), "a sparse tensor"),
    "an output of nothing": (_model(field(12, 2, field(1, 2, b"z"))), "no node makes"),
    "a node that makes a name twice": (_model(more_of_node=field(2, 2, b"y")), "a second time"),
    "a type in itself": (
        _model(field(13, 2, field(1, 2, b"v") + field(2, 2, _nested(9)))),
        "nests types",
    ),
}  # fmt: skip


def _file(
    nodes: list[Any], weights: Mapping[str, Any], shape: tuple[int, ...], opset: int
) -> bytes:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.FLOAT, shape)],
        [value("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 7
    return bytes(model.SerializeToString())


def one(
    op: str,
    weights: Mapping[str, Any] = {},
    shape: tuple[int, ...] = _IMAGE,
    opset: int = 13,
    **attributes: Any,
) -> bytes:
    """Return a model of one node: x and the weights -> y.

    Args:
        op: Its op.
        weights: Its other inputs; a name that begins with "-" is left out.
        shape: Of x.
        opset: The version of the operators.
        attributes: Of the node.
    """
    names = ["" if name.startswith("-") else name for name in weights]
    kept = {name: array for name, array in weights.items() if not name.startswith("-")}
    return _file([helper.make_node(op, ["x", *names], ["y"], **attributes)], kept, shape, opset)


def computed_index(op: str) -> bytes:
    """Return a model that reads at an index that it computes of x, without a bound."""
    nodes = [
        helper.make_node("Mul", ["x", "k"], ["s"]),
        helper.make_node("Cast", ["s"], ["i"], to=TensorProto.INT64),
        helper.make_node(op, ["d", "i"], ["y"], axis=1),
    ]
    weights = {"k": _F(100_000), "d": np.ones(_ROW, _F)}
    return _file(nodes, weights, _ROW, 13)


def of_integers(op: str, divisor: Array | None = None) -> bytes:
    """Return a model that divides integers by a constant, or by each other."""
    nodes = [
        helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT64),
        helper.make_node(op, ["i", "i" if divisor is None else "d"], ["q"]),
        helper.make_node("Cast", ["q"], ["y"], to=TensorProto.FLOAT),
    ]
    return _file(nodes, {} if divisor is None else {"d": divisor}, _ROW, 13)


def _kernel(*shape: int) -> dict[str, Array]:
    return {"w": np.ones(shape, _F)}


def _ints(**values: list[int]) -> dict[str, Array]:
    return {name: np.array(numbers, _I) for name, numbers in values.items()}


def _sizes(*sizes: int) -> dict[str, Array]:
    return {"-roi": np.empty(0), "-scales": np.empty(0), "s": np.array(sizes, _I)}


def _scales(*scales: float) -> dict[str, Array]:
    return {"-roi": np.empty(0), "s": np.array(scales, _F)}


def _recurrent(op: str, **changes: Array) -> bytes:
    """Return a recurrent node on (1, 2, 3), whose weights fit but for `changes`."""
    rows = 16 if op == "LSTM" else 12
    weights: dict[str, Any] = {"w": np.ones((1, rows, 3), _F), "r": np.ones((1, rows, 4), _F)}
    weights |= {"b": np.ones((1, 2 * rows), _F), "-lengths": None, "h": np.zeros((1, 2, 4), _F)}
    return one(op, {**weights, **changes}, (1, 2, 3), hidden_size=4)


FOLLOWED: Final[Mapping[str, Callable[[], bytes]]] = {
    "LSTM: channels": lambda: _recurrent("LSTM", w=np.ones((1, 16, 9), _F)),
    "LSTM: gates": lambda: _recurrent("LSTM", w=np.ones((1, 12, 3), _F)),
    "LSTM: a wide state": lambda: _recurrent("LSTM", r=np.ones((1, 16, 5), _F)),
    "LSTM: short biases": lambda: _recurrent("LSTM", b=np.ones((1, 16), _F)),
    "LSTM: two directions": lambda: _recurrent("LSTM", w=np.ones((2, 16, 3), _F)),
    "GRU: gates": lambda: _recurrent("GRU", w=np.ones((1, 16, 3), _F)),
    "GRU: another first state": lambda: _recurrent("GRU", h=np.zeros((1, 9, 4), _F)),
    "GRU: a picture": lambda: one(
        "GRU", {"w": np.ones((1, 12, 3), _F), "r": np.ones((1, 12, 4), _F)}, hidden_size=4
    ),
    "Conv: channels": lambda: one("Conv", _kernel(4, 5, 3, 3)),
    "Conv: a short bias": lambda: one("Conv", {**_kernel(4, 3, 3, 3), "b": np.ones(2, _F)}),
    "Conv: another kernel_shape": lambda: one("Conv", _kernel(4, 3, 3, 3), kernel_shape=[7, 7]),
    "Conv: groups": lambda: one("Conv", _kernel(4, 3, 3, 3), group=3),
    "Conv: no groups": lambda: one("Conv", _kernel(4, 3, 3, 3), group=0),
    "Conv: no steps": lambda: one("Conv", _kernel(4, 3, 3, 3), strides=[0, 0]),
    "Conv: three steps": lambda: one("Conv", _kernel(4, 3, 3, 3), strides=[1, 1, 1]),
    "Conv: negative pads": lambda: one("Conv", _kernel(4, 3, 3, 3), pads=[-1] * 4),
    "Conv: huge pads": lambda: one("Conv", _kernel(4, 3, 3, 3), pads=[10**4] * 4),
    "Conv: two pads": lambda: one("Conv", _kernel(4, 3, 3, 3), pads=[1, 1]),
    "Conv: no dilation": lambda: one("Conv", _kernel(4, 3, 3, 3), dilations=[0, 0]),
    "Conv: a large kernel": lambda: one("Conv", _kernel(4, 3, 9, 9)),
    "ConvTranspose: channels": lambda: one("ConvTranspose", _kernel(9, 4, 3, 3)),
    "ConvTranspose: a short bias": lambda: one(
        "ConvTranspose", {**_kernel(3, 4, 3, 3), "b": np.ones(1, _F)}
    ),
    "ConvTranspose: output_padding": lambda: one(
        "ConvTranspose", _kernel(3, 4, 3, 3), output_padding=[50, 50]
    ),
    "ConvTranspose: a huge output": lambda: one(
        "ConvTranspose", _kernel(3, 4, 3, 3), strides=[2000, 2000]
    ),
    "MaxPool: a large window": lambda: one("MaxPool", kernel_shape=[20, 20]),
    "MaxPool: no steps": lambda: one("MaxPool", kernel_shape=[2, 2], strides=[0, 0]),
    "MaxPool: nothing": lambda: one("MaxPool", kernel_shape=[0, 0]),
    "MaxPool: pads only": lambda: one("MaxPool", kernel_shape=[2, 2], pads=[5] * 4),
    "AveragePool: pads only": lambda: one("AveragePool", kernel_shape=[2, 2], pads=[5] * 4),
    "Gemm: a short offset": lambda: one(
        "Gemm", {"w": np.ones((5, 8), _F), "b": np.ones(2, _F)}, _ROW, transB=1
    ),
    "Gemm: a matrix": lambda: one("Gemm", _kernel(5, 80), _ROW, transB=1),
    "MatMul: a matrix": lambda: one("MatMul", _kernel(80, 5), _ROW),
    "BatchNormalization: short": lambda: one(
        "BatchNormalization", {k: np.ones(1, _F) for k in "sbmv"}
    ),
    "InstanceNormalization: short": lambda: one(
        "InstanceNormalization", {k: np.ones(1, _F) for k in "sb"}
    ),
    "LayerNormalization: short": lambda: one(
        "LayerNormalization", {k: np.ones(2, _F) for k in "sb"}, opset=17
    ),
    "PRelu: slopes": lambda: one("PRelu", _kernel(2, 1, 1)),
    "Add: channels": lambda: one("Add", _kernel(2, 1, 1)),
    "Div: by 0": lambda: of_integers("Div", np.array([0])),
    "Div: by -1": lambda: of_integers("Div", np.array([-1])),
    "Div: by a computed number": lambda: of_integers("Div"),
    "Mod: by 0": lambda: of_integers("Mod", np.array([3, 0, 1, 1, 1, 1, 1, 1])),
    "Mod: by a computed number": lambda: of_integers("Mod"),
    "Mul: a row": lambda: one("Mul", _kernel(5)),
    "LRN: nothing": lambda: one("LRN", size=0),
    "LRN: a thousand": lambda: one("LRN", size=1001),
    "Softmax: axis 9": lambda: one("Softmax", axis=9),
    "ReduceMean: axis 9": lambda: one("ReduceMean", axes=[9]),
    "Flatten: axis 9": lambda: one("Flatten", axis=9),
    "Squeeze: not of 1": lambda: one("Squeeze", _ints(a=[1])),
    "Unsqueeze: axis 50": lambda: one("Unsqueeze", _ints(a=[50])),
    "Transpose: an axis twice": lambda: one("Transpose", perm=[0, 1, 1, 1]),
    "Transpose: axis 9": lambda: one("Transpose", perm=[0, 1, 2, 9]),
    "Transpose: two axes": lambda: one("Transpose", perm=[1, 0]),
    "Reshape: more": lambda: one("Reshape", _ints(s=[1, 1000])),
    "Reshape: two unknown": lambda: one("Reshape", _ints(s=[-1, -1])),
    "Reshape: an axis that is not there": lambda: one("Reshape", _ints(s=[0] * 6)),
    "Reshape: overflow": lambda: one("Reshape", _ints(s=[2**32, 2**32])),
    "Expand: channels": lambda: one("Expand", _ints(s=[1, 4, 8, 8])),
    "Expand: huge": lambda: one("Expand", _ints(s=[1, 2**28]), (1, 1)),
    "Tile: huge": lambda: one("Tile", _ints(s=[1, 2**15, 2**10, 1])),
    "Tile: negative": lambda: one("Tile", _ints(s=[1, -1, 1, 1])),
    "Resize: huge": lambda: one("Resize", _sizes(1, 3, 60_000, 60_000), mode="nearest"),
    "Resize: channels": lambda: one("Resize", _sizes(1, 9, 8, 8), mode="nearest"),
    "Resize: nothing": lambda: one("Resize", _sizes(1, 3, 0, 0), mode="nearest"),
    "Resize: a negative scale": lambda: one("Resize", _scales(1, 1, -1, 1e9), mode="nearest"),
    "Resize: a scale": lambda: one("Resize", _scales(1), mode="nearest"),
    "Resize: NaN": lambda: one("Resize", _scales(1, 1, float("nan"), 1), mode="nearest"),
    "Pad: short": lambda: one("Pad", _ints(p=[0, 0, 1])),
    "Pad: more than there is": lambda: one(
        "Pad", _ints(p=[0, 0, 100, 0, 0, 0, 100, 0]), mode="reflect"
    ),
    "Pad: huge": lambda: one("Pad", _ints(p=[0, 0, 2**15, 0, 0, 0, 0, 2**15])),
    "Slice: no steps": lambda: one("Slice", _ints(s=[0], e=[4], a=[1], t=[0])),
    "Slice: nothing": lambda: one("Slice", _ints(s=[3], e=[3], a=[1])),
    "Slice: axis 9": lambda: one("Slice", _ints(s=[0], e=[4], a=[9])),
    "Split: more": lambda: _file(
        [helper.make_node("Split", ["x", "s"], ["y", "z"], axis=1)],
        {"s": np.array([4, 100], _I)},
        _ROW,
        13,
    ),
    "Concat: sizes": lambda: one("Concat", {"s": np.ones((1, 1, 4, 4), _F)}, axis=1),
    "Concat: axis 9": lambda: one("Concat", {"s": np.ones(_IMAGE, _F)}, axis=9),
    "Gather: far": lambda: one("Gather", _ints(i=[100_000]), _ROW, axis=1),
    "Gather: one too far": lambda: one("Gather", _ints(i=[8]), _ROW, axis=1),
    "Gather: negative": lambda: one("Gather", _ints(i=[-9]), _ROW, axis=1),
    "Gather: 2^40": lambda: one("Gather", _ints(i=[2**40]), _ROW, axis=1),
    "GatherElements: far": lambda: one("GatherElements", _ints(i=[[100_000]]), _ROW, axis=1),
    "GatherElements: computed": lambda: computed_index("GatherElements"),
    "GatherND: far": lambda: one("GatherND", _ints(i=[[0, 100_000]]), _ROW),
    "ScatterND: far": lambda: one(
        "ScatterND", {**_ints(i=[[0, 100_000]]), "u": np.ones(1, _F)}, _ROW
    ),
    "ScatterElements: far": lambda: one(
        "ScatterElements", {**_ints(i=[[100_000]]), "u": np.ones((1, 1), _F)}, _ROW, axis=1
    ),
    "TopK: more": lambda: _file(
        [helper.make_node("TopK", ["x", "k"], ["y", "z"], axis=1)],
        {"k": np.array([100], _I)},
        _ROW,
        13,
    ),
    "DepthToSpace: channels": lambda: one("DepthToSpace", blocksize=2),
    "DepthToSpace: nothing": lambda: one("DepthToSpace", blocksize=0),
    "SpaceToDepth: sizes": lambda: one("SpaceToDepth", blocksize=3),
    "CumSum: axis 9": lambda: one("CumSum", {"a": np.array(9, _I)}),
    "DequantizeLinear: scales": lambda: _file(
        [
            helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=0),
            helper.make_node("Conv", ["x", "d"], ["y"]),
        ],
        {"w": np.ones((4, 3, 3, 3), np.int8), "s": np.ones(2, _F)},
        _IMAGE,
        13,
    ),
    "ConstantOfShape: huge": lambda: _file(
        [
            helper.make_node("ConstantOfShape", ["s"], ["c"]),
            helper.make_node("Add", ["c", "x"], ["y"]),
        ],
        {"s": np.array([2**27, 8], _I)},
        _ROW,
        13,
    ),
    "Range: huge": lambda: _file(
        [
            helper.make_node("Range", ["a", "b", "c"], ["r"]),
            helper.make_node("Add", ["r", "x"], ["y"]),
        ],
        {"a": _F(0), "b": _F(2**30), "c": _F(1)},
        _ROW,
        13,
    ),
    "NonZero": lambda: one("NonZero"),
    "many copies": lambda: _file(
        [
            helper.make_node("Tile", ["x", "s"], ["a0"]),
            *(helper.make_node("Relu", [f"a{i}"], [f"a{i + 1}"]) for i in range(20)),
            helper.make_node("Sum", [f"a{i}" for i in range(21)], ["y"]),
        ],
        {"s": np.array([1, 2**23], _I)},
        _ROW,
        13,
    ),
    "If": lambda: _file(
        [
            helper.make_node(
                "If",
                ["c"],
                ["y"],
                then_branch=(
                    branch := helper.make_graph(
                        [helper.make_node("Relu", ["x"], ["r"])],
                        "b",
                        [],
                        [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)],
                    )
                ),
                else_branch=branch,
            )
        ],
        {"c": np.array(True)},
        _ROW,
        13,
    ),
}


def shape_of_x(data: bytes) -> tuple[int, ...]:
    """Return the shape of the input of such a model."""
    kind = onnx.load_from_string(data).graph.input[0].type.tensor_type
    return tuple(dim.dim_value for dim in kind.shape.dim)
