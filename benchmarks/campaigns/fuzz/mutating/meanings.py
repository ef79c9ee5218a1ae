"""ONNX files and GraphDefs that stay well-formed, and mean something else.

A size, an axis or an index at the edge of a range; a weight of another shape with as much data as
it declares; an op that reads, repeats or scatters beyond; a field that comes twice, so that a
parser merges; a store that does not fit its shape; graphs inside graphs.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

_EDGES: Final = (0, 1, -1, 2, 3, 5, 7, 8, 16, 1000, 10**5, 2**27, 2**31 - 1, 2**40, -(2**31))
_SIZES: Final = (0, 1, 1, 2, 3, 4, 5, 7, 16, 64)
_COUNTED: Final = (
    *("Tile", "Expand", "Reshape", "Gather", "GatherElements", "GatherND", "Squeeze", "Unsqueeze"),
    *("TopK", "CumSum", "Split", "ConstantOfShape", "OneHot", "Pad", "Slice", "ScatterElements"),
)
_NAMED: Final[dict[str, tuple[str, ...]]] = {
    "Softmax": ("axis",),
    "Flatten": ("axis",),
    "Concat": ("axis",),
    "ArgMax": ("axis",),
    "DepthToSpace": ("blocksize",),
    "SpaceToDepth": ("blocksize",),
    "LRN": ("size",),
    "Transpose": ("perm",),
    "ReduceMean": ("axes",),
    "MaxPool": ("kernel_shape", "strides", "pads"),
    "AveragePool": ("kernel_shape", "strides", "pads"),
}


def mean_onnx(rng: random.Random, data: bytes) -> bytes:
    """Return the ONNX file `data` with one to three changes of meaning."""
    model = onnx.load_from_string(data)
    if rng.random() < 0.2:
        return _merged(rng, model)
    for _ in range(rng.choice((1, 1, 2, 3))):
        # An earlier change broke what this one reads, or is nested too deep to be copied.
        with contextlib.suppress(ValueError, DecodeError):
            rng.choice(_CHANGES)(rng, model.graph)
    return bytes(model.SerializeToString())


def mean_graph(rng: random.Random, data: bytes) -> bytes:
    """Return the GraphDef `data` with one to three changes of meaning."""
    from tensorflow.core.framework.graph_pb2 import GraphDef

    graph = GraphDef()
    graph.ParseFromString(data)
    if rng.random() < 0.2:
        return _merged(rng, graph)
    for _ in range(rng.choice((1, 1, 2, 3))):
        node = rng.choice(graph.node)
        if node.op == "Const":
            _reshape_constant(rng, node.attr["value"].tensor)
        elif node.attr and rng.random() < 0.8:
            _edge_attribute(rng, node.attr[rng.choice(sorted(node.attr))])
        elif node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(graph.node).name
    return bytes(graph.SerializeToString())


def _edge(rng: random.Random, near: int = 0) -> int:
    return rng.choice((near + 1, near - 1, near * 2, -near, rng.choice(_EDGES)))


def _numbers(rng: random.Random, graph: Any) -> None:
    """Set an integer of an attribute or of a constant to the edge of a range."""
    constants = [t for t in graph.initializer if t.data_type in (6, 7) and t.dims]
    attributes = [a for n in graph.node for a in n.attribute if a.type in (2, 7)]
    if constants and (not attributes or rng.random() < 0.5):
        tensor = rng.choice(constants)
        array = numpy_helper.to_array(tensor).copy().ravel()
        if array.size:
            place = rng.randrange(array.size)
            low, high = np.iinfo(array.dtype).min, np.iinfo(array.dtype).max
            array[place] = min(max(_edge(rng, int(array[place])), low), high)
        _replace(tensor, array.reshape(list(tensor.dims)))
    elif attributes:
        attribute = rng.choice(attributes)
        if attribute.type == 2:
            attribute.i = _edge(rng, attribute.i)
        elif attribute.ints and rng.random() < 0.7:
            place = rng.randrange(len(attribute.ints))
            attribute.ints[place] = _edge(rng, attribute.ints[place])
        else:
            attribute.ints.append(rng.choice(_SIZES))


def _weight(rng: random.Random, graph: Any) -> None:
    """Give a weight another shape or type, and as much data as that needs."""
    if not graph.initializer:
        return
    tensor = rng.choice(graph.initializer)
    sizes = list(tensor.dims) or [1]
    match rng.randrange(4):
        case 0:
            sizes[rng.randrange(len(sizes))] = rng.choice(_SIZES)
        case 1:
            rng.shuffle(sizes)
        case 2:
            sizes.append(1)
        case _:
            del sizes[rng.randrange(len(sizes))]
    if np.prod(sizes) > 2**20:
        return
    dtype = rng.choice(("f4", "f4", "f4", "i8", "i1", "f2", "f8", "u1", "?"))
    _replace(tensor, np.resize(numpy_helper.to_array(tensor).ravel(), sizes).astype(dtype))


def _replace(tensor: Any, array: Any) -> None:
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))


def _insert(rng: random.Random, graph: Any) -> None:
    """Put an op with numbers of its own between two nodes."""
    place = rng.randrange(len(graph.node))
    readers = [i for i, name in enumerate(graph.node[place].input) if name]
    if not readers:
        return
    at = rng.choice(readers)
    source, made = graph.node[place].input[at], f"inserted{rng.randrange(10**9)}"
    if rng.random() < 0.5:
        op = rng.choice(sorted(_NAMED))
        values: dict[str, Any] = {}
        for name in _NAMED[op]:
            listed = name in ("perm", "axes", "kernel_shape", "strides", "pads")
            count = 4 if name in ("perm", "pads") else 2
            values[name] = [_edge(rng, 1) for _ in range(count)] if listed else _edge(rng, 1)
        node = helper.make_node(op, [source], [made], **values)
    else:
        node = _counted(rng, graph, source, made)
    graph.node[place].input[at] = made
    graph.node.insert(place, node)


def _counted(rng: random.Random, graph: Any, source: str, made: str) -> Any:
    op = rng.choice(_COUNTED)
    names = []
    for _ in range({"Slice": 4, "OneHot": 2, "ScatterElements": 2}.get(op, 1)):
        sizes = rng.choice(((1,), (2,), (4,), (8,), (1, 1), (1, 2), ()))
        numbers = np.array([_edge(rng, 1) for _ in range(int(np.prod(sizes)))], np.int64)
        names.append(f"numbers{rng.randrange(10**9)}")
        graph.initializer.append(numpy_helper.from_array(numbers.reshape(sizes), names[-1]))
    inputs = names if op == "ConstantOfShape" else [source, *names]
    outputs = [made, f"{made}b"] if op in ("TopK", "Split") else [made]
    return helper.make_node(op, inputs, outputs)


def _store(rng: random.Random, graph: Any) -> None:
    """Let a weight's shape and its store disagree."""
    if not graph.initializer:
        return
    tensor = rng.choice(graph.initializer)
    match rng.randrange(5):
        case 0:
            tensor.dims.append(rng.choice((0, 2, 4, 16)))
        case 1:
            tensor.float_data.extend([1.0] * rng.choice((1, 2, 100)))
        case 2:
            tensor.data_type = rng.choice((1, 2, 3, 6, 7, 9, 10, 11, 16, 22))
        case 3:
            tensor.ClearField("raw_data")
            tensor.int64_data.extend([2**62] * rng.choice((1, 8)))
        case _:
            tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)]


def _nest(rng: random.Random, graph: Any) -> None:
    """Put a node into a branch, several levels deep."""
    place = rng.randrange(len(graph.node))
    node = graph.node[place]
    for depth in range(rng.choice((1, 2, 17))):
        outputs = [helper.make_tensor_value_info(name, 1, None) for name in node.output]
        body = helper.make_graph([node], f"b{depth}", [], outputs)
        op = rng.choice(("If", "Loop", "Scan"))
        node = helper.make_node(op, [graph.input[0].name], list(node.output), then_branch=body)
    graph.node[place].CopyFrom(node)


def _merged(rng: random.Random, message: Any) -> bytes:
    """Return the file with fields of a message in it written a second time, so that they merge."""
    found = [message]
    for inner in found:
        for field, value in inner.ListFields():
            if field.type == field.TYPE_MESSAGE and len(found) < 3000:
                found += _messages(value) if _repeated(value) else [value]
    inner = rng.choice(found)
    fields = [(f, v) for f, v in inner.ListFields() if not _repeated(v)]
    if not fields:
        return bytes(message.SerializeToString())
    field, value = rng.choice(fields)
    other = type(inner)()
    if field.type == field.TYPE_MESSAGE:
        getattr(other, field.name).SetInParent()
        getattr(other, field.name).CopyFrom(value)
    else:
        setattr(other, field.name, value)
    data, before = message.SerializeToString(), inner.SerializeToString()
    if data.count(before) != 1 or inner is message:
        return bytes(data + other.SerializeToString())
    return _longer(bytes(data), bytes(before), bytes(other.SerializeToString()))


def _longer(data: bytes, inner: bytes, more: bytes) -> bytes:
    """Append `more` to a message; the lengths around it stay, so that its tail is cut elsewhere."""
    at = data.index(inner)
    length = len(inner)
    if length < 120 and data[at - 1] == length:
        return (
            data[: at - 1] + bytes([length + len(more) & 127]) + inner + more + data[at + length :]
        )
    return data + more


def _messages(value: Any) -> list[Any]:
    """Return the messages in a repeated field, which may be a map."""
    return list(value.values()) if hasattr(value, "values") else list(value)


def _repeated(value: Any) -> bool:
    return hasattr(value, "extend") or hasattr(value, "values")


def _reshape_constant(rng: random.Random, tensor: Any) -> None:
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    if not sizes or rng.random() < 0.3:
        tensor.tensor_content = tensor.tensor_content[
            : rng.randrange(2 + len(tensor.tensor_content))
        ]
        return
    place = rng.randrange(len(sizes))
    sizes[place] = rng.choice(_SIZES)
    tensor.tensor_shape.dim[place].size = sizes[place]
    if np.prod(sizes) < 2**20 and tensor.tensor_content:
        old = np.frombuffer(tensor.tensor_content, np.uint8)
        tensor.tensor_content = np.resize(old, int(np.prod(sizes)) * 4).tobytes()


def _edge_attribute(rng: random.Random, value: Any) -> None:
    kind = value.WhichOneof("value")
    if kind == "list" and value.list.i:
        place = rng.randrange(len(value.list.i))
        value.list.i[place] = _edge(rng, value.list.i[place])
    elif kind == "i":
        value.i = _edge(rng, value.i)
    elif kind == "s":
        value.s = rng.choice((b"SAME", b"VALID", b"EXPLICIT", b"NHWC", b"NCHW", b"max", b""))
    elif kind == "b":
        value.b = not value.b


_CHANGES: Final[tuple[Callable[[random.Random, Any], None], ...]] = (
    *(_numbers, _numbers, _weight, _weight, _insert, _insert, _insert, _store, _nest),
)
