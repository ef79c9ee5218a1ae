"""Whether a function's answers depend on what its earlier calls left in variables.

A function may change variables that its outputs never read: batch normalization that was saved in
training mode moves its averages at each call, and normalizes by the batch at hand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import tensorflow as tf

_CHANGES: Final = re.compile(r"Assign(Add|Sub)?VariableOp|Resource\w*Update\w*")
_CALLS: Final = ("PartitionedCall", "StatefulPartitionedCall")
# Layers that draw random numbers in training count their seeds, and nothing reads the count.
_SEEDS: Final = (tf.int64.as_datatype_enum, tf.uint32.as_datatype_enum)


def changed_variables(graph: Any, outputs: Iterable[str]) -> tuple[bool, bool]:
    """Return whether the function changes variables, and whether an output reads one of them.

    Args:
        graph: The function's GraphDef, with the functions that it calls.
        outputs: The names of the nodes that give its outputs.
    """
    found = _Functions({f.signature.name: f for f in graph.library.function})
    nodes = {node.name: node for node in graph.node}
    changed = found.changed(nodes)
    return bool(changed), bool(changed & found.read(nodes, outputs))


class _Functions:
    """The functions of a graph, each looked through once."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self._changed: dict[str, set[int]] = {}
        self._read: dict[str, set[int]] = {}

    def changed(self, nodes: Mapping[str, Any]) -> set[str]:
        """Return the sources, nodes or arguments, of what `nodes` change."""
        found: set[str] = set()
        for node in nodes.values():
            inputs = _data_inputs(node)
            if _CHANGES.fullmatch(node.op) and node.attr["dtype"].type not in _SEEDS:
                found.add(_source(nodes, inputs[0]))
            for name in self._called(node):
                places = self._changed_arguments(name)
                found |= {_source(nodes, inputs[i]) for i in _shown(node, places, len(inputs))}
        return found

    def read(self, nodes: Mapping[str, Any], outputs: Iterable[str]) -> set[str]:
        """Return all nodes and arguments on which `outputs` depend."""
        found: set[str] = set()
        waiting = list(outputs)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            waiting += self._needed(nodes[name]) if name in nodes else ()
        return found

    def _needed(self, node: Any) -> list[str]:
        inputs = _data_inputs(node)
        if node.op in _CALLS:
            (name,) = self._called(node)
            return [inputs[i] for i in sorted(self._read_arguments(name))]
        return inputs

    def _called(self, node: Any) -> list[str]:
        attributes = node.attr.values()
        named = [f.name for a in attributes for f in (a.func, *a.list.func) if f.name]
        return [name for name in named if name in self._functions]

    def _changed_arguments(self, name: str) -> set[int]:
        if name not in self._changed:
            self._changed[name] = set()  # a function that calls itself has nothing more to add
            nodes, arguments = self._body(name)
            self._changed[name] = _places(arguments, self.changed(nodes))
        return self._changed[name]

    def _read_arguments(self, name: str) -> set[int]:
        if name not in self._read:
            nodes, arguments = self._body(name)
            self._read[name] = set(range(len(arguments)))
            results = [_node_of(tensor) for tensor in self._functions[name].ret.values()]
            self._read[name] = _places(arguments, self.read(nodes, results))
        return self._read[name]

    def _body(self, name: str) -> tuple[dict[str, Any], list[str]]:
        function = self._functions[name]
        nodes = {node.name: node for node in function.node_def}
        return nodes, [argument.name for argument in function.signature.input_arg]


def _shown(node: Any, places: Iterable[int], count: int) -> Iterable[int]:
    """Return the inputs of a node that are the arguments at `places` of its function.

    Only calls hand their inputs on as they are; for branches and loops it is any of them.
    """
    places = list(places)
    return places if node.op in _CALLS or not places else range(count)


def _places(names: list[str], found: Collection[str]) -> set[int]:
    return {place for place, name in enumerate(names) if name in found}


def _source(nodes: Mapping[str, Any], name: str) -> str:
    """Return where a handle comes from, behind nodes that hand it on."""
    while name in nodes and nodes[name].op == "Identity":
        name = _data_inputs(nodes[name])[0]
    return name


def _data_inputs(node: Any) -> list[str]:
    return [_node_of(tensor) for tensor in node.input if not tensor.startswith("^")]


def _node_of(tensor: str) -> str:
    return tensor.partition(":")[0]
