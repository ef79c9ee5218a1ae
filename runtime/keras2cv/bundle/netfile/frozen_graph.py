"""What a frozen TensorFlow graph holds: nodes and constants, each checked as it is read."""

from __future__ import annotations

from typing import Any, Final

from keras2cv.bundle.netfile import frozen_schema as frozen
from keras2cv.bundle.netfile.protobuf import (
    Message,
    NetFileError,
    View,
    count_of,
    read_message,
    shown,
)
from keras2cv.bundle.netfile.tensors import check_count, checked_shape, view_bytes

MAX_NODES: Final = 1_000_000
_WIDTH: Final = {"float_val": 4, "double_val": 8}
_FIELDS: Final = [
    "tensor_content",
    "float_val",
    "double_val",
    "int_val",
    "string_val",
    "int64_val",
    "bool_val",
    "half_val",
]


def check_nodes(data: View) -> None:
    """Check a frozen graph.

    Raises:
        NetFileError: It breaks a rule.
    """
    graph = read_message(data, frozen.GRAPH, "a graph")
    if "library" in graph and len(graph["library"]):
        raise NetFileError("has functions")
    if "versions" in graph:
        read_message(graph["versions"], frozen.VERSIONS, "versions")
    pieces = graph.get("node", ())
    if not 0 < len(pieces) <= MAX_NODES:
        raise NetFileError(f"has {len(pieces)} nodes")
    known: set[bytes] = set()
    for piece in pieces:
        message = read_message(piece, frozen.NODE, "a node")
        name, op = view_bytes(message.get("name")), view_bytes(message.get("op"))
        if not name or name in known:
            raise NetFileError(f"has two nodes {shown(name)}")
        if str(op, "ascii", "replace") not in frozen.OPS:
            raise NetFileError(f"has a node {shown(name)} of the op {shown(op)}")
        _check_inputs(name, message, known)
        _check_attributes(name, op, message.get("attr", ()))
        known.add(name)


def _check_inputs(name: bytes, message: Message, known: set[bytes]) -> None:
    for piece in message.get("input", ()):
        source, _, number = bytes(piece).partition(b":")
        if source not in known or not (number or b"0").isdigit() or len(number) > 4:
            raise NetFileError(
                f"has a node {shown(name)} that reads {shown(piece)}, which is not made before it"
            )


def _check_attributes(name: bytes, op: bytes, pieces: Any) -> None:
    keys: set[bytes] = set()
    for piece in pieces:
        entry = read_message(piece, frozen.ENTRY, "an attribute")
        key = view_bytes(entry.get("key"))
        if key in keys:
            raise NetFileError(f"has a node {shown(name)} with two attributes {shown(key)}")
        keys.add(key)
        value = read_message(entry.get("value", b""), frozen.ATTRIBUTE, "an attribute")
        if len(value) != 1:
            raise NetFileError(
                f"has a node {shown(name)} whose attribute {shown(key)} has {len(value)} values"
            )
        if "list" in value:
            _check_list(value["list"])
        if "shape" in value:
            _shape(value["shape"], f"a node {shown(name)}", known=False)
        if "tensor" in value:
            _check_tensor(name, value["tensor"])
    if op == b"Const" and b"value" not in keys:
        raise NetFileError(f"has a constant {shown(name)} without a value")


def _check_list(data: View) -> None:
    values = read_message(data, frozen.LIST, "a list")
    if len(values) > 1:
        raise NetFileError("has a list of several kinds")
    for piece in values.get("shape", ()):
        _shape(piece, "a list", known=False)


def _check_tensor(name: bytes, data: View) -> None:
    """Raise unless a tensor holds as much data as it declares, in one field."""
    message = read_message(data, frozen.TENSOR, "a tensor")
    called = f"a tensor {shown(name)}"
    kind = frozen.DATA_TYPES.get(message.get("dtype", 0))
    if kind is None:
        raise NetFileError(f"has {called} of the data type {message.get('dtype', 0)}")
    dtype, width, store = kind
    shape = _shape(message.get("tensor_shape", b""), called, known=True)
    count = 1
    for size in shape:
        count *= size
    fields = [field for field in _FIELDS if field in message]
    if len(fields) > 1 or "version_number" in message:
        raise NetFileError(f"has {called} with data in both {fields[0]} and {fields[-1]}")
    if fields == ["tensor_content"]:
        check_count(called, shape, len(message["tensor_content"]), count * width, "bytes")
    elif fields and fields != [store]:
        raise NetFileError(f"has {called} of {dtype} with data in {fields[0]}, not in {store}")
    else:
        found = count_of(message.get(store, []), _WIDTH.get(store))
        check_count(called, shape, found, count, "numbers")


def _shape(data: View, called: str, *, known: bool) -> tuple[int, ...]:
    """Return a shape; one that is not `known` may have sizes of -1."""
    message = read_message(data, frozen.SHAPE, "a shape")
    sizes = [
        read_message(piece, frozen.DIMENSION, "a dimension").get("size", 0)
        for piece in message.get("dim", ())
    ]
    if not known:
        sizes = [1 if size == 2**64 - 1 else size for size in sizes]
    elif message.get("unknown_rank"):
        raise NetFileError(f"has {called} of an unknown shape")
    return checked_shape(called, sizes)
