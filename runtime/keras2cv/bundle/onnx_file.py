"""Check an ONNX file before OpenCV parses it, with the standard library alone.

OpenCV trusts an ONNX file: 5.0 opens any other file that a tensor names as its data (`../../` and
all), and every version takes a tensor's shape for the size of its data. So the protobuf is walked
here first, without the weights. Tensors must hold as much data as they declare, inside the file;
nodes must come in an order in which they can run, so that there is no cycle; graphs must not be
nested without end. Field numbers are those of onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Final

MAX_DEPTH: Final = 16  # graphs inside graphs: the branches of If, the bodies of Loop
MAX_NODES: Final = 1_000_000
MAX_RANK: Final = 16
MAX_ELEMENTS: Final = 2**31 - 1  # of a tensor, as of a cv::Mat

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Bytes per element of TensorProto.DataType in raw_data; others are packed (int4) or text.
_ITEM: Final = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
_EXTERNAL: Final = "keeps its data in another file"

Field = tuple[int, int, memoryview]
"""Number, value (of a varint, or the length), content (of what has a length)."""


class OnnxError(ValueError):
    """A fault of the file, as the end of a sentence."""


def check_onnx(data: bytes | memoryview, *, external: bool = False) -> None:
    """Check the bytes of an ONNX file.

    Args:
        data: The file.
        external: Allow tensors in other files; the caller checks which.

    Raises:
        OnnxError: OpenCV should not see it.
    """
    walk = _Walk(external)
    for number, _, content in _fields(memoryview(data)):
        if number == 7:
            walk.graph(content, frozenset(), 1)
        elif number == 25:
            walk.function(content)
    if walk.nodes == 0:
        raise OnnxError("has no graph, or one without nodes")


class _Walk:
    """One walk through a file, with a count of the messages."""

    def __init__(self, external: bool) -> None:
        self.nodes = 0
        self.external = external

    def graph(self, data: memoryview, outside: frozenset[str], depth: int) -> None:
        """Check a graph; `outside` are the names of the graphs around it."""
        if depth > MAX_DEPTH:
            raise OnnxError(f"nests graphs more than {MAX_DEPTH} levels deep")
        nodes, known = [], set(outside)
        for number, _, content in _fields(data):
            if number == 1:
                nodes.append(content)
            elif number == 5:
                known.add(self.tensor(content))
            elif number == 11:
                known.add(_name(content, 1))
            elif number == 15:
                known.add(self.sparse(content))
        self.in_order(nodes, known, depth)

    def function(self, data: memoryview) -> None:
        """Check a function that the model defines."""
        nodes, known = [], set()
        for number, _, content in _fields(data):
            if number == 4:
                known.add(_text(content))
            elif number == 7:
                nodes.append(content)
        self.in_order(nodes, known, 1)

    def in_order(self, nodes: list[memoryview], known: set[str], depth: int) -> None:
        """Check nodes: each may read only names that exist already."""
        self.nodes += len(nodes)
        if self.nodes > MAX_NODES:
            raise OnnxError(f"has more than {MAX_NODES} nodes")
        made_later = {_text(c) for node in nodes for n, _, c in _fields(node) if n == 2}
        for node in nodes:
            outputs, attributes = [], []
            for number, _, content in _fields(node):
                if number == 1 and (name := _text(content)) and name not in known:
                    why = "only made later: it goes in circles" if name in made_later else "nowhere"
                    raise OnnxError(f"has a node that reads {_shown(name)}, which is {why}")
                if number == 2:
                    outputs.append(_text(content))
                elif number == 5:
                    attributes.append(content)
            for attribute in attributes:
                self.attribute(attribute, known, depth)
            known.update(outputs)

    def attribute(self, data: memoryview, known: set[str], depth: int) -> None:
        """Check the tensors and graphs in an attribute."""
        for number, _, content in _fields(data):
            if number in (5, 10):
                self.tensor(content)
            elif number in (6, 11):
                self.graph(content, frozenset(known), depth + 1)
            elif number in (22, 23):
                self.sparse(content)

    def tensor(self, data: memoryview) -> str:
        """Check that a tensor holds as much data as it declares; return its name."""
        name, kind, raw, typed = "", 0, None, 0
        dims: list[int] = []
        elsewhere = False
        for number, value, content in _fields(data):
            if number == 1:
                dims += list(_varints(content)) if content else [value]
            elif number == 2:
                kind = value
            elif number == 8:
                name = _text(content)
            elif number == 9:
                raw = len(content)
            elif number == 13 or (number == 14 and value == 1):
                elsewhere = True
                if self.external:
                    continue
                raise OnnxError(f"has a tensor {_shown(name)} that {_EXTERNAL}")
            elif number in (4, 5, 7, 10, 11):
                typed += len(content) or 1
            elif number == 6:
                typed += 1  # a string each, which may be empty
        if not elsewhere:
            _check_size(name, dims, kind, raw, typed)
        return name

    def sparse(self, data: memoryview) -> str:
        """Check a sparse tensor; return its name, which is that of its values."""
        name = ""
        for number, _, content in _fields(data):
            if number in (1, 2):
                name = name or self.tensor(content)
        return name


def _check_size(name: str, dims: list[int], kind: int, raw: int | None, typed: int) -> None:
    if len(dims) > MAX_RANK or any(not 0 <= d <= MAX_ELEMENTS for d in dims):
        raise OnnxError(f"has a tensor {_shown(name)} of the shape {dims[:MAX_RANK]}")
    count = prod(dims)
    stored = raw if raw is not None else typed
    wanted = count * _ITEM[kind] if raw is not None and kind in _ITEM else None
    # Not raw: a number takes a byte or more. Packed int4: half a byte.
    honest = stored == wanted if wanted is not None else count <= 2 * stored
    if count > MAX_ELEMENTS or not honest:
        raise OnnxError(
            f"has a tensor {_shown(name)} of the shape {dims}, and {stored} bytes of data for it"
        )


def _fields(data: memoryview) -> Iterator[Field]:
    """Yield the fields of a message, not decoded."""
    at, end = 0, len(data)
    nothing = data[:0]
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value, nothing
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if size < 0 or size > end - at or number == 0:
            raise OnnxError(f"is damaged at a field {number} of kind {kind}")
        yield number, size, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return a number of 64 bits at most, and where it ends; negative ones come back large."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise OnnxError("ends in the middle of a number")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise OnnxError("has a number of more than 64 bits")


def _varints(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _name(data: memoryview, field: int) -> str:
    return next((_text(content) for number, _, content in _fields(data) if number == field), "")


def _text(data: memoryview) -> str:
    return str(data, "utf-8", "replace")


def _shown(name: str) -> str:
    return ascii(name) if len(name) <= 80 else f"{ascii(name[:77])[:-1]}...'"
