"""Look into an ONNX file: the nodes that a value is computed from, and parts of it as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

_FLOAT = TensorProto.FLOAT


class GraphFile:
    """An exported graph.

    Attributes:
        model: The whole file.
        inputs: The names of its inputs.
        outputs: The names of its outputs.
        shapes: The static shape of every float32 value that has one.
    """

    def __init__(self, path: Path) -> None:
        """Read the file at `path`."""
        self.model: ModelProto = onnx.load(str(path))
        graph = self.model.graph
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output if name}
        self.inputs = tuple(v.name for v in graph.input if v.name not in self._weights)
        self.outputs = tuple(v.name for v in graph.output)
        typed = (*graph.input, *graph.output, *graph.value_info)
        found = ((v.name, _shape(v)) for v in typed)
        self.shapes = {name: shape for name, shape in found if shape is not None}

    @property
    def metadata(self) -> dict[str, str]:
        """The notes that the exporter left in the file."""
        return {entry.key: entry.value for entry in self.model.metadata_props}

    def readable(self, name: str) -> bool:
        """Whether a value is computed, in float32, of a known shape."""
        return name in self._makers and name in self.shapes

    def nodes_to(self, name: str, stop: Callable[[str], bool]) -> list[NodeProto]:
        """Return the nodes between a value and those for which `stop` is true, in file order."""
        needed: set[int] = set()
        seen, stack = {name}, [name]
        while stack:
            node = self._makers.get(stack.pop())
            if node is None or id(node) in needed:
                continue
            needed.add(id(node))
            further = [i for i in node.input if i and i not in seen and not stop(i)]
            seen.update(further)
            stack.extend(further)
        return [node for node in self.model.graph.node if id(node) in needed]

    def sources_of(self, nodes: Sequence[NodeProto]) -> tuple[str, ...]:
        """Return the computed values and inputs that some nodes read from outside of them."""
        made = {name for node in nodes for name in node.output}
        read = dict.fromkeys(name for node in nodes for name in node.input)
        return tuple(n for n in read if n and n not in made and n not in self._weights)

    def tapped(self, names: Iterable[str]) -> ModelProto:
        """Return the file with further outputs."""
        extra = [n for n in dict.fromkeys(names) if n not in self.outputs]
        part = ModelProto()
        part.CopyFrom(self.model)
        part.graph.output.extend(self._typed(name) for name in extra)
        return part

    def cut(self, nodes: Sequence[NodeProto], outputs: Sequence[str]) -> ModelProto:
        """Return some nodes as a file of their own."""
        read = {name for node in nodes for name in node.input}
        graph = helper.make_graph(
            list(nodes),
            "cut",
            [self._typed(name) for name in self.sources_of(nodes)],
            [self._typed(name) for name in outputs],
            [tensor for name, tensor in self._weights.items() if name in read],
        )
        made = helper.make_model(graph, opset_imports=list(self.model.opset_import))
        made.ir_version = self.model.ir_version
        return made

    def _typed(self, name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, _FLOAT, self.shapes[name])


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...] | None:
    """Return the static shape of a float32 value; None for any other."""
    tensor = value.type.tensor_type
    if tensor.elem_type != _FLOAT or not tensor.HasField("shape"):
        return None
    if any(not d.HasField("dim_value") for d in tensor.shape.dim):
        return None
    return tuple(int(d.dim_value) for d in tensor.shape.dim)


def renamed(model: ModelProto, names: Mapping[str, str]) -> ModelProto:
    """Return a copy whose values have other names."""
    made = ModelProto()
    made.CopyFrom(model)
    for node in made.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*made.graph.input, *made.graph.output):
        value.name = names.get(value.name, value.name)
    return made


def as_standard(model: ModelProto) -> ModelProto:
    """Return a copy in the node forms of its own opset, for readers stricter than OpenCV.

    Files that earlier versions wrote may have others: a Clip's bounds and a ReduceSum's axes as
    attributes, the only place where old OpenCVs read them, in opsets that have them as inputs.
    """
    made = ModelProto()
    made.CopyFrom(model)
    opset = next((o.version for o in model.opset_import if o.domain == ""), 1)
    for k, node in enumerate(made.graph.node):
        if node.op_type == "Clip" and opset >= 11:
            _to_inputs(made.graph, node, k, {"min": "float32", "max": "float32"})
        if node.op_type == "ReduceSum" and opset >= 13:
            _to_inputs(made.graph, node, k, {"axes": "int64"})
    return made


def _to_inputs(graph: GraphProto, node: NodeProto, k: int, kinds: Mapping[str, str]) -> None:
    import numpy as np

    moved = {a.name: helper.get_attribute_value(a) for a in node.attribute if a.name in kinds}
    if not moved:
        return
    kept = [a for a in node.attribute if a.name not in kinds]
    del node.attribute[:]
    node.attribute.extend(kept)
    del node.input[1:]
    for name, kind in kinds.items():
        if name in moved:
            label = f"node_{k}/{name}"
            graph.initializer.append(numpy_helper.from_array(np.array(moved[name], kind), label))
            node.input.append(label)
        else:
            node.input.append("")
