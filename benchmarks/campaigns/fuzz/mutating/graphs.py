"""ONNX files and TensorFlow's GraphDefs, field by field.

Both are protobuf messages, so one mutation works on either: any field of any message inside is set,
cleared, repeated, reordered, or filled from elsewhere. Exchanged names of outputs make cycles,
missing inputs and wrong shapes that a parser accepts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import onnx

from .raw import mutate_bytes

_INTEGERS: Final = (0, 1, -1, 2, 3, 7, 16, 1000, 65_536, 2**31 - 1, -(2**31), 2**40, 2**62)
_FLOATS: Final = (0.0, -1.0, 1e30, -1e30, float("nan"), float("inf"), 1e-40)
_TEXTS: Final = ("", "x", "/etc/passwd", "../x", "a" * 3000, "Conv", "Reshape", "Concat", "Gemm")
_OPS: Final = (
    *("Conv", "Add", "Reshape", "Concat", "Slice", "Gather", "MaxPool", "Gemm", "LSTM", "Resize"),
    *("Softmax", "Transpose", "Pad", "ConvTranspose", "BatchNormalization", "Expand", "TopK"),
    *("MatMul", "Split", "If", "Loop", "Einsum", "ScatterND", "NonMaxSuppression", "Tile", "Range"),
)


def mutate_onnx(rng: random.Random, data: bytes) -> bytes:
    """Return the ONNX file `data`, changed."""
    return _mutated(rng, data, onnx.ModelProto())


def mutate_graph(rng: random.Random, data: bytes) -> bytes:
    """Return the GraphDef `data`, changed."""
    from tensorflow.core.framework.graph_pb2 import GraphDef

    return _mutated(rng, data, GraphDef())


def _mutated(rng: random.Random, data: bytes, message: Any) -> bytes:
    if rng.random() < 0.2:
        return mutate_bytes(rng, data)
    message.ParseFromString(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(rng, list(_messages(message)))
    return bytes(message.SerializeToString())


def _messages(message: Any) -> Iterator[Any]:
    """Yield `message` and every message inside it."""
    stack = [message]
    while stack:
        here = stack.pop()
        yield here
        for field, value in here.ListFields():
            if field.type == field.TYPE_MESSAGE:
                stack += _values(value) if _is_repeated(field) else [value]


def _values(value: Any) -> list[Any]:
    """Return the messages in a repeated field, which may be a map."""
    return list(value.values()) if hasattr(value, "values") else list(value)


def _is_repeated(field: Any) -> bool:
    found = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if found is None else found)


def _change(rng: random.Random, messages: list[Any]) -> None:
    message = rng.choice(messages)
    fields = [field for field, _ in message.ListFields()]
    if rng.random() < 0.15 or not fields:
        fields = list(message.DESCRIPTOR.fields)
    if not fields:
        return
    field = rng.choice(fields)
    kind = _map_or(field, "repeated") if _is_repeated(field) else "single"
    _WAYS[kind](rng, message, field, messages)


def _map_or(field: Any, other: str) -> str:
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    return "map" if is_map else other


def _change_single(rng: random.Random, message: Any, field: Any, messages: list[Any]) -> None:
    if rng.random() < 0.15:
        message.ClearField(field.name)
    elif field.type != field.TYPE_MESSAGE:
        setattr(message, field.name, _scalar(rng, field, getattr(message, field.name), messages))
    elif others := _alike(field.message_type, messages):
        getattr(message, field.name).CopyFrom(_copied(rng.choice(others)))


def _change_repeated(rng: random.Random, message: Any, field: Any, messages: list[Any]) -> None:
    values = getattr(message, field.name)
    items = list(values)
    match rng.randrange(6):
        case 0 if items:
            del items[rng.randrange(len(items))]
        case 1 if items:
            items *= rng.choice((2, 2, 40))
        case 2:
            rng.shuffle(items)
        case _ if field.type != field.TYPE_MESSAGE:
            old = items.pop(rng.randrange(len(items))) if items else None
            items.insert(rng.randrange(len(items) + 1), _scalar(rng, field, old, messages))
        case _ if others := _alike(field.message_type, messages):
            items.append(rng.choice(others))
    copies = [_copied(item) for item in items[:5000]]
    message.ClearField(field.name)
    getattr(message, field.name).extend(copies)


def _change_map(rng: random.Random, message: Any, field: Any, messages: list[Any]) -> None:
    """Change a map, such as the attributes of a TensorFlow node."""
    values = getattr(message, field.name)
    if not values:
        return
    key = rng.choice(sorted(values))
    others = _alike(field.message_type.fields_by_name["value"].message_type, messages)
    if rng.random() < 0.5 or not others:
        del values[key]
    else:
        values[key].CopyFrom(_copied(rng.choice(others)))


def _alike(descriptor: Any, messages: list[Any]) -> list[Any]:
    return [m for m in messages if descriptor is not None and m.DESCRIPTOR is descriptor]


def _copied(item: Any) -> Any:
    if not hasattr(item, "CopyFrom"):
        return item
    copy = type(item)()
    copy.CopyFrom(item)
    return copy


def _scalar(rng: random.Random, field: Any, old: Any, messages: list[Any]) -> Any:
    """Return a value that the field may hold."""
    if field.type == field.TYPE_STRING:
        return _text(rng, field.name, messages)
    if field.type == field.TYPE_BYTES:
        return mutate_bytes(rng, bytes(old or b"\0" * 8))
    if field.type == field.TYPE_BOOL:
        return not old
    if field.type == field.TYPE_ENUM:
        return rng.choice(field.enum_type.values).number
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return rng.choice((*_FLOATS, (old or 0.0) * 2))
    limit = 2**31 if field.type in (field.TYPE_INT32, field.TYPE_UINT32) else 2**63
    lowest = 0 if field.type in (field.TYPE_UINT32, field.TYPE_UINT64) else -limit
    value = rng.choice((*_INTEGERS, (old or 0) + 1, (old or 0) - 1))
    return min(max(value, lowest), limit - 1)


def _text(rng: random.Random, name: str, messages: list[Any]) -> str:
    """Return a name from elsewhere in the graph most of the time: a cycle, or a wrong operand."""
    if name in ("op_type", "op") and rng.random() < 0.8:
        return rng.choice(_OPS)
    names = [n for m in messages if isinstance(n := getattr(m, "name", None), str) and n]
    names += [n for m in messages for n in getattr(m, "output", ()) if isinstance(n, str)]
    return rng.choice(names if names and rng.random() < 0.75 else _TEXTS)


_WAYS: Final[dict[str, Callable[[random.Random, Any, Any, list[Any]], None]]] = {
    "single": _change_single,
    "repeated": _change_repeated,
    "map": _change_map,
}
