"""What an ONNX file holds: nodes, tensors and the shapes of inputs, each checked as it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from keras2cv.bundle.netfile import onnx_schema as onnx
from keras2cv.bundle.netfile.protobuf import (
    Message,
    NetFileError,
    Schema,
    View,
    count_of,
    read_message,
    shown,
    signed,
)
from keras2cv.bundle.netfile.tensors import Tensor, check_count, checked_shape, view_bytes

MAX_DEPTH: Final = 16  # graphs inside graphs: the branches of If, the bodies of Loop
MAX_NODES: Final = 1_000_000
_STORES: Final = ("float_data", "int32_data", "string_data", "int64_data", "double_data")
_STORES_ALL: Final = (*_STORES, "uint64_data", "raw_data")
_WIDTH: Final = {"float_data": 4, "double_data": 8, "string_data": 0}
_HOLDERS: Final = frozenset(
    ["t", "tensors", "g", "graphs", "sparse_tensor", "sparse_tensors", "tp", "type_protos"]
)
_EXTERNAL: Final = "keeps its data in another file"
_TYPES: Final = ("tensor_type", "sequence_type", "map_type", "opaque_type", "sparse_tensor_type")


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a graph.

    Attributes:
        op: Its operation, after its domain if that is not ONNX' own.
        inputs: Names; an optional one that is left out is empty.
        outputs: Names.
        attributes: Name -> a message of `onnx_schema.ATTRIBUTE`, or `Tensor`.
    """

    op: str
    inputs: tuple[bytes, ...]
    outputs: tuple[bytes, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph.

    Attributes:
        nodes: In an order in which they can run.
        tensors: Its initializers, by name.
        inputs: Name -> dtype and shape, where they are declared.
        outputs: The names of its outputs.
    """

    nodes: list[Node] = field(default_factory=list)
    tensors: dict[bytes, Tensor] = field(default_factory=dict)
    inputs: dict[bytes, tuple[int, tuple[int | None, ...]] | None] = field(default_factory=dict)
    outputs: list[bytes] = field(default_factory=list)


class Reader:
    """One reading of a file, with a count of its nodes.

    Attributes:
        tolerant: Allow what other exporters write, too: sparse tensors, functions, tensors in
            other files, fields that are new in ONNX.
        opset: The version of ONNX' operators.
    """

    def __init__(self, tolerant: bool) -> None:
        self.tolerant = tolerant
        self.nodes = 0
        self.opset = 0
        self._plain: dict[bytes, tuple[str, Message]] = {}
        self._types: dict[bytes, Any] = {}

    def model(self, data: View) -> Graph:
        """Return the main graph of a file.

        Raises:
            NetFileError: It breaks a rule.
        """
        model = self._read(data, onnx.MODEL, "a model")
        for piece in model.get("opset_import", ()):
            opset = self._read(piece, onnx.OPSET, "an operator set")
            if view_bytes(opset.get("domain")) in (b"", b"ai.onnx"):
                self.opset = opset.get("version", 0)
        for name in ("functions", "training_info"):
            if name in model and not self.tolerant:
                raise NetFileError(f"has {name}")
        for piece in model.get("functions", ()):
            self._function(piece)
        graph = self.graph(model["graph"], [], 1) if "graph" in model else Graph()
        if self.nodes == 0:
            raise NetFileError("has no graph, or one without nodes")
        return graph

    def graph(self, data: View, around: list[set[bytes]], depth: int) -> Graph:
        """Return a graph; `around` holds the names of each graph around it.

        Raises:
            NetFileError: It breaks a rule.
        """
        if depth > MAX_DEPTH:
            raise NetFileError(f"nests graphs more than {MAX_DEPTH} levels deep")
        message = self._read(data, onnx.GRAPH, "a graph")
        graph = Graph()
        for piece in message.get("initializer", ()):
            tensor = self.tensor(piece)
            if tensor.name in graph.tensors:
                raise NetFileError(f"has two tensors {shown(tensor.name)}")
            graph.tensors[tensor.name] = tensor
        known = set(graph.tensors)
        for piece in message.get("sparse_initializer", ()):
            known.add(self.sparse(piece))
        for piece in message.get("input", ()):
            name, declared = self.value(piece)
            if name in graph.inputs:
                raise NetFileError(f"has two inputs {shown(name)}")
            graph.inputs[name] = declared
        known.update(graph.inputs)
        self.in_order(message.get("node", ()), [*around, known], depth, graph.nodes)
        for piece in message.get("value_info", ()):
            self.value(piece)
        scopes = [*around, known]
        for piece in message.get("output", ()):
            name, _ = self.value(piece)
            if self.nodes and not any(name in scope for scope in scopes):
                raise NetFileError(f"has an output {shown(name)} that no node makes")
            if name in graph.outputs:
                raise NetFileError(f"has two outputs {shown(name)}")
            graph.outputs.append(name)
        return graph

    def _function(self, data: View) -> None:
        """Check a function that the model defines."""
        message = self._read(data, onnx.FUNCTION, "a function")
        known = {bytes(name) for name in message.get("input", ())}
        self.in_order(message.get("node", ()), [known], 1, [])

    def in_order(
        self, pieces: list[View], scopes: list[set[bytes]], depth: int, nodes: list[Node]
    ) -> None:
        """Read nodes: each may read only names that exist already, and makes new ones.

        Args:
            pieces: The nodes.
            scopes: The names in each graph around them, and in their own, which grows.
            depth: How many graphs lie around them.
            nodes: Gets the nodes.

        Raises:
            NetFileError: One does not.
        """
        self.nodes += len(pieces)
        if self.nodes > MAX_NODES:
            raise NetFileError(f"has more than {MAX_NODES} nodes")
        known = scopes[-1]
        for number, piece in enumerate(pieces):
            message = self._read(piece, onnx.NODE, "a node")
            inputs = tuple(map(bytes, message.get("input", ())))
            for name in inputs:
                if name and name not in known and not any(name in s for s in scopes):
                    why = _missing(name, pieces[number:], self)
                    raise NetFileError(f"has a node that reads {shown(name)}, which is {why}")
            attributes = self.attributes(message.get("attribute", ()), scopes, depth)
            outputs = tuple(map(bytes, message.get("output", ())))
            for name in outputs:
                if name and name in known:
                    raise NetFileError(f"has a node that makes {shown(name)} a second time")
                known.add(name)
            domain = view_bytes(message.get("domain"))
            op = str(view_bytes(message.get("op_type")), "utf-8", "replace")
            if domain not in (b"", b"ai.onnx"):
                op = f"{str(domain, 'utf-8', 'replace')}.{op}"
            nodes.append(Node(op, inputs, outputs, attributes))
        known.discard(b"")

    def attributes(
        self, pieces: list[View], scopes: list[set[bytes]], depth: int
    ) -> dict[str, Any]:
        """Return a node's attributes by name.

        Raises:
            NetFileError: One breaks a rule.
        """
        found: dict[str, Any] = {}
        for piece in pieces:
            seen = self._plain.get(piece) if isinstance(piece, bytes) else None
            name, message = seen or self._attribute(piece, scopes, depth)
            if name in found:
                raise NetFileError(f"has a node with two attributes {shown(name)}")
            found[name] = message
        return found

    def _attribute(self, piece: View, scopes: list[set[bytes]], depth: int) -> tuple[str, Message]:
        message = self._read(piece, onnx.ATTRIBUTE, "an attribute")
        name = str(view_bytes(message.pop("name", None)), "utf-8", "replace")
        _check_value(name, message)
        if _HOLDERS.isdisjoint(message):
            if isinstance(piece, bytes):
                self._plain[piece] = name, message  # nodes have many alike
        else:
            self._check_inside(message, scopes, depth)
        return name, message

    def _check_inside(self, message: Message, scopes: list[set[bytes]], depth: int) -> None:
        """Read the tensors and graphs of an attribute; a tensor takes the place of its bytes."""
        if "t" in message:
            message["t"] = self.tensor(message["t"])
        for piece in message.get("tensors", ()):
            self.tensor(piece)
        for piece in (*_one(message, "g"), *message.get("graphs", ())):
            self.graph(piece, scopes, depth + 1)
        for piece in (*_one(message, "sparse_tensor"), *message.get("sparse_tensors", ())):
            self.sparse(piece)
        for piece in (*_one(message, "tp"), *message.get("type_protos", ())):
            self.type(piece, 1)

    def tensor(self, data: View) -> Tensor:
        """Return a tensor, which holds as much data as it declares, in one field.

        Raises:
            NetFileError: It does not.
        """
        message = self._read(data, onnx.TENSOR, "a tensor")
        name = view_bytes(message.get("name"))
        called = f"a tensor {shown(name)}"
        shape = checked_shape(called, message.get("dims", []))
        if "external_data" in message or message.get("data_location") == 1:
            if not self.tolerant:
                raise NetFileError(f"has {called} that {_EXTERNAL}")
            return Tensor(name, "", shape, ())
        if "segment" in message or message.get("data_location", 0) != 0:
            raise NetFileError(f"has {called} that is a part of another one")
        return _stored(name, called, shape, message)

    def sparse(self, data: View) -> bytes:
        """Check a sparse tensor; return its name, which is that of its values.

        Raises:
            NetFileError: It breaks a rule.
        """
        if not self.tolerant:
            raise NetFileError("has a sparse tensor")
        message = self._read(data, onnx.SPARSE, "a sparse tensor")
        checked_shape("a sparse tensor", message.get("dims", []))
        found = [self.tensor(message[key]).name for key in ("values", "indices") if key in message]
        return found[0] if found else b""

    def value(self, data: View) -> tuple[bytes, tuple[int, tuple[int | None, ...]] | None]:
        """Return the name of a value, and the dtype and shape that are declared for it.

        Raises:
            NetFileError: It breaks a rule.
        """
        message = self._read(data, onnx.VALUE, "a value")
        name = view_bytes(message.get("name"))
        if "type" not in message:
            return name, None
        kind = bytes(message["type"])
        if kind not in self._types:  # many are alike
            self._types[kind] = self.type(kind, 1)
        return name, self._types[kind]

    def type(self, data: View, depth: int) -> tuple[int, tuple[int | None, ...]] | None:
        """Return the dtype and shape that a type declares; None if it is not that of a tensor.

        Raises:
            NetFileError: It breaks a rule.
        """
        if depth > 4:
            raise NetFileError("nests types more than 4 levels deep")
        message = self._read(data, onnx.TYPE, "a type")
        kinds = [kind for kind in (*_TYPES, "optional_type") if kind in message]
        if len(kinds) > 1:
            raise NetFileError(f"has a type that is a {kinds[0]} and a {kinds[1]}")
        for kind in ("sequence_type", "optional_type"):
            if kind in message:
                inner = self._read(message[kind], onnx.WRAPPED, "a type")
                if "elem_type" in inner:
                    self.type(inner["elem_type"], depth + 1)
        if kinds != ["tensor_type"]:
            return None
        tensor = self._read(message["tensor_type"], onnx.TENSOR_TYPE, "a type")
        if "shape" not in tensor:
            return None
        dims = self._read(tensor["shape"], onnx.SHAPE, "a shape").get("dim", ())
        return tensor.get("elem_type", 0), tuple(map(self._dimension, dims))

    def _dimension(self, data: View) -> int | None:
        message = self._read(data, onnx.DIMENSION, "a dimension")
        if "dim_value" in message and "dim_param" in message:
            raise NetFileError("has a dimension with a number and a name")
        return signed(message["dim_value"]) if "dim_value" in message else None

    def _read(self, data: View, rules: Schema, what: str) -> Message:
        return read_message(data, rules, what, tolerant=self.tolerant)


def _stored(name: bytes, called: str, shape: tuple[int, ...], message: Message) -> Tensor:
    """Return the tensor whose data lies in the file."""
    fields = [key for key in _STORES_ALL if key in message]
    if len(fields) > 1:
        raise NetFileError(f"has {called} with data in both {fields[0]} and {fields[1]}")
    known = onnx.DATA_TYPES.get(message.get("data_type", 0))
    if known is None:
        raise NetFileError(f"has {called} of the data type {message.get('data_type', 0)}")
    dtype, bits, store, ratio = known
    count = 1
    for size in shape:
        count *= size
    if fields == ["raw_data"]:
        raw = message["raw_data"]
        check_count(called, shape, len(raw), (count * bits + 7) // 8, "bytes")
        if not bits:
            raise NetFileError(f"has {called} of strings in raw_data")
        return Tensor(name, dtype, shape, (raw,))
    if fields and fields != [store]:
        raise NetFileError(f"has {called} of {dtype} with data in {fields[0]}, not in {store}")
    values = message.get(store, [])
    found = len(values) if store == "string_data" else count_of(values, _WIDTH.get(store))
    check_count(called, shape, found, -(-int(count * 4 * ratio) // 4), "numbers")
    return Tensor(name, dtype, shape, tuple(values), packed=store not in _WIDTH)


def _check_value(name: str, message: Message) -> None:
    """Raise unless an attribute holds one value, of the type that it declares."""
    values = [key for key in message if key not in ("type", "doc_string", "ref_attr_name")]
    kind = message.get("type", 0)
    allowed = [onnx.VALUE_OF[kind]] if kind in onnx.VALUE_OF else values[:1]
    if any(key not in allowed for key in values) or (kind and not allowed):
        raise NetFileError(
            f"has an attribute {shown(name)} of the type {kind} with data in {', '.join(values)}"
        )


def _missing(name: bytes, pieces: list[View], reader: Reader) -> str:
    """Return why a name does not exist yet."""
    later = (reader._read(piece, onnx.NODE, "a node") for piece in pieces)
    made = any(name in map(bytes, node.get("output", ())) for node in later)
    return "only made later: it goes in circles" if made else "nowhere"


def _one(message: Message, key: str) -> tuple[View, ...]:
    return (message[key],) if key in message else ()
