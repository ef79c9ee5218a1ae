"""One graph of a SavedModel, and what of it runs: when TensorFlow loads it, and when it is called.

TensorFlow loads a SavedModel in one of two ways. With objects (TensorFlow 2), it restores the
variables itself, and runs the functions that create and fill tables. Without (TensorFlow 1), it
runs the graph's own restoring and initial nodes, with all that leads to them, by control inputs
too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from google.protobuf.message import DecodeError
from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import meta_graph_pb2

_RESOURCE_FUNCTIONS: Final = ("_create_resource", "_initialize", "_destroy_resource")
_INIT_OPS: Final = ("saved_model_main_op", "legacy_init_op", "saved_model_init_op")
_ASSETS: Final = "saved_model_assets"
_INIT_SIGNATURE: Final = "__saved_model_init_op"


@dataclass(frozen=True)
class MetaGraph:
    """A graph with its functions.

    Attributes:
        proto: tensorflow.MetaGraphDef.
        has_objects: Whether TensorFlow loads it by its objects.
    """

    proto: Any
    has_objects: bool

    @property
    def nodes(self) -> Any:
        """The main graph's nodes."""
        return self.proto.graph_def.node

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The functions by name."""
        return {f.signature.name: f for f in self.proto.graph_def.library.function}

    @cached_property
    def by_name(self) -> dict[str, Any]:
        """The main graph's nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def run(self) -> set[str]:
        """The main graph's nodes that anything may ask TensorFlow to run."""
        return self.run_by_loading | self.run_by_calls

    @cached_property
    def run_by_loading(self) -> set[str]:
        """The main graph's nodes that run while TensorFlow loads it."""
        return self.ancestors(self._loading_ends())

    @cached_property
    def run_by_calls(self) -> set[str]:
        """The main graph's nodes that run when a signature is called."""
        signatures = self.proto.signature_def
        ends = (_outputs(signatures[key]) for key in signatures if key != _INIT_SIGNATURE)
        return self.ancestors(plain(end) for names in ends for end in names)

    @cached_property
    def called_functions(self) -> set[str]:
        """The functions that other functions, running nodes or objects call."""
        callers = [node for f in self.functions.values() for node in f.node_def]
        callers += [node for node in self.nodes if node.name in self.run]
        objects = set(self.proto.object_graph_def.concrete_functions)
        return objects.union(*map(callees, callers))

    @cached_property
    def functions_run_by_loading(self) -> set[str]:
        """The functions that run while TensorFlow loads the graph."""
        nodes = [node for node in self.nodes if node.name in self.run_by_loading]
        found: set[str] = set()
        stack = [
            *self._functions_of_resources(),
            *(name for node in nodes for name in callees(node)),
        ]
        while stack:
            name = stack.pop()
            if name in self.functions and name not in found:
                found.add(name)
                stack.extend(c for node in self.functions[name].node_def for c in callees(node))
        return found

    def ancestors(self, ends: Iterable[str]) -> set[str]:
        """Return the main graph's nodes that lead to any of `ends`."""
        found: set[str] = set()
        stack = list(ends)
        while stack:
            name = stack.pop()
            if name in found or name not in self.by_name:
                continue
            found.add(name)
            stack.extend(plain(source) for source in self.by_name[name].input)
        return found

    def _loading_ends(self) -> Iterator[str]:
        collections, signatures = self.proto.collection_def, self.proto.signature_def
        if _INIT_SIGNATURE in signatures:
            yield from map(plain, _outputs(signatures[_INIT_SIGNATURE]))
        for key in collections:
            if key in _INIT_OPS or not self.has_objects:
                yield from map(plain, collections[key].node_list.value)
        if not self.has_objects:  # TensorFlow runs the graph's own nodes
            yield plain(self.proto.saver_def.restore_op_name)
            yield plain(self.proto.saver_def.filename_tensor_name)
            for collection in collections.values():
                yield from _initial_ops(collection.bytes_list.value)

    def _functions_of_resources(self) -> Iterator[str]:
        """Yield the concrete functions of the objects that run while loading."""
        nodes = self.proto.object_graph_def.nodes
        wanted = [
            child.node_id
            for node in nodes
            for child in node.children
            if child.local_name in _RESOURCE_FUNCTIONS
        ]
        for node in nodes:
            for saveable in node.saveable_objects.values():
                wanted += [saveable.save_function, saveable.restore_function]
        for number in wanted:
            if 0 <= number < len(nodes):
                yield from nodes[number].function.concrete_functions
                yield nodes[number].bare_concrete_function.concrete_function_name


def assets_of(proto: Any) -> list[Any]:
    """Return a graph's tensorflow.AssetFileDefs, from the place where TensorFlow reads them."""
    if proto.asset_file_def or _ASSETS not in proto.collection_def:
        return list(proto.asset_file_def)
    found = []
    for packed in proto.collection_def[_ASSETS].any_list.value:
        asset = meta_graph_pb2.AssetFileDef()
        packed.Unpack(asset)
        found.append(asset)
    return found


def callees(node: Any) -> Iterator[str]:
    """Yield the functions that a node may call."""
    yield node.op  # a call may also be spelled as an operation of the function's name
    for value in node.attr.values():
        yield from _functions_in(value)


def plain(tensor: str) -> str:
    """Return the node of "^node", "node:0" or "node:output:0"."""
    return tensor.removeprefix("^").partition(":")[0]


def _functions_in(value: Any) -> Iterator[str]:
    """Yield the functions of an attribute, and of the attributes that a function carries."""
    stack = [value]
    while stack:
        value = stack.pop()
        for function in (*([value.func] if value.HasField("func") else ()), *value.list.func):
            yield function.name
            stack.extend(function.attr.values())


def _outputs(signature: Any) -> Iterator[str]:
    """Yield the tensors of a signature's outputs, in every encoding."""
    stack = list(signature.outputs.values())
    while stack:
        info = stack.pop()
        yield info.name
        yield info.coo_sparse.values_tensor_name
        yield info.coo_sparse.indices_tensor_name
        yield info.coo_sparse.dense_shape_tensor_name
        stack.extend(info.composite_tensor.components)


def _initial_ops(records: Iterable[bytes]) -> Iterator[str]:
    """Yield the initial nodes of a collection's variables; other records hold none."""
    for record in records:
        variable = variable_pb2.VariableDef()
        try:
            variable.ParseFromString(record)
        except DecodeError:
            continue
        yield from map(plain, (variable.initializer_name, variable.initial_value_name))
