"""Write nodes as a GraphDef, the protobuf of a frozen TensorFlow graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv_export.quiet.tensorflow import tf

from .frozen import FrozenNode, write_nodes
from .frozen.node import Array, Attribute

_PRODUCER = 27  # TensorFlow 1.15, the newest that OpenCV's importer was made for


def to_frozen(model: ir.Model) -> bytes:
    """Return a compiled graph as a serialized GraphDef.

    Args:
        model: A model that `require_writable` accepts.
    """
    return encode(write_nodes(model))


def encode(nodes: Sequence[FrozenNode]) -> bytes:
    """Return nodes as a serialized GraphDef."""
    graph = tf.compat.v1.GraphDef()
    graph.versions.producer = _PRODUCER
    for node in nodes:
        made = graph.node.add(name=node.name, op=node.op, input=node.inputs)
        for name, value in node.attributes.items():
            _put(made.attr[name], value)
    return bytes(graph.SerializeToString(deterministic=True))


def decode(content: bytes) -> list[FrozenNode]:
    """Return the nodes of a serialized GraphDef, each with its shape as its only attribute.

    Raises:
        ModelError: The bytes are no GraphDef.
    """
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
    except Exception as error:  # protobuf's own
        raise ModelError("It is no TensorFlow graph. Export it again.") from error
    return [
        FrozenNode(
            node.name,
            node.op,
            tuple(name for name in node.input),
            {"shape": tuple(d.size for d in node.attr["shape"].shape.dim)},
        )
        for node in graph.node
    ]


def _put(attribute: Any, value: Attribute) -> None:
    """Fill a protobuf AttrValue."""
    if isinstance(value, np.ndarray):
        _put_tensor(attribute.tensor, value)
    elif isinstance(value, np.dtype):
        attribute.type = tf.as_dtype(value).as_datatype_enum
    elif isinstance(value, tuple):
        for size in value:
            attribute.shape.dim.add(size=size)
    elif isinstance(value, list):
        attribute.list.i.extend(value)
    elif isinstance(value, str):
        attribute.s = value.encode()
    elif isinstance(value, bool):  # before int, since a bool is one
        attribute.b = value
    elif isinstance(value, int):
        attribute.i = value
    else:
        attribute.f = value


def _put_tensor(tensor: Any, array: Array) -> None:
    """Fill a TensorProto: the importer takes weights as bytes, and whole numbers as a list."""
    tensor.dtype = tf.as_dtype(array.dtype).as_datatype_enum
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    if array.dtype.kind == "i":
        tensor.int_val.extend(array.reshape(-1).tolist())
    else:
        tensor.tensor_content = array.tobytes()
