"""Frozen TensorFlow graphs whose parts do not agree, made field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from support.hostile_nets import field


def shape(*sizes: int) -> bytes:
    """Return a TensorShapeProto."""
    return b"".join(field(2, 2, field(1, 0, size % 2**64)) for size in sizes)


def entry(key: str, value: bytes) -> bytes:
    """Return an attribute of a node."""
    return field(5, 2, field(1, 2, key.encode()) + field(2, 2, value))


def node(name: str, op: str, *inputs: str, more: bytes = b"") -> bytes:
    """Return a node of a graph; `more` are further fields of its own."""
    reads = b"".join(field(3, 2, source.encode()) for source in inputs)
    return field(1, 2, field(1, 2, name.encode()) + field(2, 2, op.encode()) + reads + more)


def constant(*fields: bytes, sizes: tuple[int, ...] = (2,), kind: int = 1) -> bytes:
    """Return a node "w" that holds a tensor with some fields of its own."""
    tensor = field(1, 0, kind) + field(2, 2, shape(*sizes)) + b"".join(fields)
    return node("w", "Const", more=entry("value", field(8, 2, tensor)))


INPUT: Final = node(
    "x",
    "Placeholder",
    more=entry("shape", field(7, 2, shape(1, 8))) + entry("dtype", field(6, 0, 1)),
)
END: Final = node("y", "Relu", "x")
_CONTENT: Final = field(4, 2, bytes(8))


def graph(*nodes: bytes) -> bytes:
    """Return a graph that computes relu of x, and has more nodes."""
    return INPUT + b"".join(nodes) + END


BROKEN: Final[Mapping[str, tuple[bytes, str]]] = {
    "too little content": (graph(constant(_CONTENT, sizes=(3,))), "8 bytes of data for it, not 12"),
    "16 times as large": (graph(constant(_CONTENT, sizes=(8, 4))), "8 bytes of data for it"),
    "content twice": (graph(constant(_CONTENT, _CONTENT)), "two fields tensor_content"),
    "two stores": (graph(constant(_CONTENT, field(5, 2, bytes(8)))), "in both tensor_content and"),
    "another store": (graph(constant(field(7, 2, b"\1\1"))), "data in int_val, not in float_val"),
    "one number for many": (graph(constant(field(5, 2, bytes(4)), sizes=(9,))), "1 numbers of"),
    "bytes for elements": (graph(constant(field(5, 2, bytes(8)), sizes=(8,))), "2 numbers of data"),
    "a shape twice": (graph(constant(_CONTENT, field(2, 2, shape(9)))), "two fields tensor_shape"),
    "a negative size": (graph(constant(_CONTENT, sizes=(-2,))), "of the shape [-2]"),
    "sizes that overflow": (graph(constant(_CONTENT, sizes=(2**31 - 1,) * 3)), "of the shape"),
    "an unknown rank": (
        graph(node("w", "Const", more=entry("value", field(8, 2, field(1, 0, 1) + field(
            2, 2, field(3, 0, 1)) + _CONTENT)))),
        "of an unknown shape",
    ),
    "strings": (graph(constant(field(8, 2, b"a") * 2, kind=7)), "data type 7"),
    "a variant": (graph(constant(kind=21)), "data type 21"),
    "no value": (graph(node("w", "Const")), "'w' without a value"),
    "an attribute twice": (
        graph(node("w", "Relu", "x", more=2 * entry("a", field(3, 0, 1)))),
        "two attributes 'a'",
    ),
    "two values": (
        graph(node("w", "Relu", "x", more=entry("a", field(3, 0, 1) + field(4, 5, bytes(4))))),
        "has 2 values",
    ),
    "a key twice": (
        graph(node("w", "Relu", "x", more=field(5, 2, field(1, 2, b"a") * 2))),
        "two fields key",
    ),
    "a circle": (graph(node("a", "Relu", "b"), node("b", "Relu", "a")), "not made before it"),
    "itself": (graph(node("a", "Relu", "a")), "not made before it"),
    "an input from nowhere": (graph(node("a", "Relu", "nowhere")), "not made before it"),
    "an output of a million": (graph(node("a", "Relu", "x:1000000")), "not made before it"),
    "two nodes of a name": (graph(node("x", "Relu", "x")), "two nodes 'x'"),
    "a layer of OpenCV's": (graph(node("a", "Crop", "x")), "of the op 'Crop'"),
    "an op that reads files": (graph(node("a", "ReadFile", "x")), "of the op 'ReadFile'"),
    "functions": (graph() + field(2, 2, field(1, 2, b"")), "has functions"),
    "no nodes": (b"", "has 0 nodes"),
    "a field of another kind": (graph() + field(1, 0, 1), "a field 1 of kind 0"),
    "a cut": (graph()[:-3], "is damaged"),
}  # fmt: skip
