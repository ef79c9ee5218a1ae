"""An ONNX file, written one weight after the other.

A protobuf message in memory holds a copy of every weight, and its bytes hold another. But a message
is its fields, in any order, each with its length before it: here all of the graph but the weights
is serialised, and the weights follow from where they lie.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import onnx
import onnx_ir as ir

_LARGE: Final = 4096  # bytes; smaller tensors stay where they are
# (field number << 3) | 2, what follows has a length: onnx.proto's ModelProto.graph,
# GraphProto.initializer, TensorProto.raw_data.
_GRAPH, _INITIALIZER, _RAW_DATA = (bytes([number << 3 | 2]) for number in (7, 5, 9))


def write_onnx(model: ir.Model, path: Path) -> str:
    """Write a model, with no more than one weight copied at a time; return the file's sha256."""
    with _without_large(model) as large:
        proto = ir.to_proto(model)
    small = [tensor for tensor in proto.graph.initializer if tensor.name not in large]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(small)
    graph = proto.graph.SerializeToString()
    proto.ClearField("graph")
    heads = [_head(name, tensor) for name, tensor in large.items()]
    pairs = list(zip(heads, large.values(), strict=True))
    size = len(graph) + sum(_framed(_size(head, tensor)) for head, tensor in pairs)
    with path.open("wb") as file, ThreadPoolExecutor(max_workers=1) as other_core:
        hashed = _Hashed(file, other_core)
        hashed.write(proto.SerializeToString() + _GRAPH + _varint(size) + graph)
        for head, tensor in pairs:
            framed = _INITIALIZER + _varint(_size(head, tensor)) + head
            hashed.write(framed + _RAW_DATA + _varint(tensor.nbytes))
            hashed.write(np.ascontiguousarray(tensor.numpy()).reshape(-1).view(np.uint8).data)
    return str(hashed.digest.hexdigest())


@dataclass(frozen=True)
class _Hashed:
    """Writes into a file, and hashes meanwhile what it writes: half a second for VGG16.

    What the disk has made of it is held against this hash when the bundle is finished.
    """

    file: BinaryIO
    other_core: ThreadPoolExecutor
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, part: bytes | memoryview) -> None:
        """Return when both are done: one weight at a time may be a copy."""
        hashed = self.other_core.submit(self.digest.update, part)
        self.file.write(part)
        hashed.result()


@contextmanager
def _without_large(model: ir.Model) -> Iterator[dict[str, ir.TensorProtocol]]:
    """Take the large weights out, and put them back."""
    initializers = model.graph.initializers
    taken = {
        name: value.const_value
        for name, value in initializers.items()
        if value.const_value is not None and value.const_value.nbytes >= _LARGE
    }
    try:
        for name in taken:
            initializers[name].const_value = ir.tensor(np.zeros(0, np.float32), name=name)
        yield taken
    finally:
        for name, tensor in taken.items():
            initializers[name].const_value = tensor


def _head(name: str, tensor: ir.TensorProtocol) -> bytes:
    dims = [int(str(n)) for n in tensor.shape]
    proto = onnx.TensorProto(name=name, dims=dims, data_type=int(tensor.dtype))
    return bytes(proto.SerializeToString())


def _size(head: bytes, tensor: ir.TensorProtocol) -> int:
    return len(head) + _framed(tensor.nbytes)


def _framed(size: int) -> int:
    """Return the bytes of a field of that length: a tag, the length, and what it counts."""
    return 1 + len(_varint(size)) + size


def _varint(number: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first (protobuf's encoding guide)."""
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])
