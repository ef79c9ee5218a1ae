"""Give the nodes and values of an ONNX model names that follow from their order alone."""

from __future__ import annotations

import onnx

Names = dict[str, str]  # new name -> old name


def renamed_by_order(model: onnx.ModelProto) -> tuple[onnx.ModelProto, Names]:
    """Return a copy whose inner names are numbered, and the name that each number stands for.

    The model's inputs and outputs keep their names: a program that loads the file uses them.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    renaming = _Renaming(copy.graph)
    renaming.apply_to(copy.graph)
    return copy, {new: old for old, new in renaming.given.items()}


class _Renaming:
    """Numbers names in the order in which they are met."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        fixed = [value.name for value in (*graph.input, *graph.output)]
        self.given: Names = {name: name for name in ["", *fixed]}

    def value(self, name: str) -> str:
        """Return the new name of a value."""
        return self.given.setdefault(name, f"value_{len(self.given)}")

    def node(self, name: str) -> str:
        """Return the new name of a node; a node may be called like a value."""
        return self.given.setdefault(f"node {name}", f"node_{len(self.given)}")

    def apply_to(self, graph: onnx.GraphProto) -> None:
        """Rename nodes and values, subgraphs included."""
        for node in graph.node:
            self._apply_to_node(node)
        for value in (*graph.initializer, *graph.value_info, *graph.input, *graph.output):
            value.name = self.value(value.name)
        for annotation in graph.quantization_annotation:
            annotation.tensor_name = self.value(annotation.tensor_name)
        for unordered in (graph.initializer, graph.value_info):
            unordered.sort(key=lambda value: value.name)

    def _apply_to_node(self, node: onnx.NodeProto) -> None:
        node.name = self.node(node.name)
        node.input[:] = [self.value(name) for name in node.input]
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                if graph.node:
                    self.apply_to(graph)
        node.output[:] = [self.value(name) for name in node.output]
