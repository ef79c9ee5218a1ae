"""Write an ONNX file one weight after the other.

A protobuf message in memory holds a copy of every weight, and its bytes hold another. But a message
is its fields, in any order, each with its length before it. So the graph without its weights is
serialised first, and the weights follow, read from where they are.
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

_LARGE: Final = 4096  # bytes; smaller tensors stay in the message
# (field number << 3) | 2 marks a field with a length: onnx.proto's ModelProto.graph,
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
    """A file that is hashed while it is written, which takes half a second for VGG16.

    When the bundle is finished, the file on the disk is compared with this hash.
    """

    file: BinaryIO
    other_core: ThreadPoolExecutor
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, part: bytes | memoryview) -> None:
        """Write and hash a part; return when both are done, since the part may be a copy."""
        hashed = self.other_core.submit(self.digest.update, part)
        self.file.write(part)
        hashed.result()


@contextmanager
def _without_large(model: ir.Model) -> Iterator[dict[str, ir.TensorProtocol]]:
    """Take the large weights out, and restore them afterwards."""
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
    """Return how many bytes a field takes: its tag, its length, and the `size` bytes counted."""
    return 1 + len(_varint(size)) + size


def _varint(number: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first (protobuf's encoding guide)."""
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])
