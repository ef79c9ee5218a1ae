"""Find the layer that makes OpenCV crash, by giving it ever shorter beginnings of the graph."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import onnx
from onnx import ModelProto, NodeProto, helper

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv_export.targets.importer_support import layer_of

PATIENCE_S: Final = 60.0  # for all beginnings together
Crashes = Callable[[Path, float], bool]


def crashing_node(file: Path, crashes: Crashes, *, patience_s: float = PATIENCE_S) -> str:
    """Return the words ", at Conv in block/conv" for the first node with which OpenCV crashes.

    Args:
        file: An ONNX file that crashes it.
        crashes: Whether OpenCV crashes on a file, within so many seconds.
        patience_s: How long the search may take; "" is returned if it takes longer.
    """
    deadline = time.monotonic() + patience_s
    model = onnx.load(file)
    nodes = list(model.graph.node)
    low, high = 0, len(nodes)  # crashes with `high` nodes, and not with `low`
    with temporary_folder() as folder:
        part = folder / "part.onnx"
        while high - low > 1:
            if (left := deadline - time.monotonic()) < 1:
                return ""
            middle = (low + high) // 2
            onnx.save(_beginning(model, nodes[:middle]), part)
            low, high = (low, middle) if crashes(part, left) else (middle, high)
    if not nodes:
        return ""
    node = nodes[high - 1]
    return f", at {node.op_type} in {layer_of(node.name or node.output[0])}"


def _beginning(model: ModelProto, nodes: Sequence[NodeProto]) -> ModelProto:
    """Return the first nodes as a file of their own; values that nothing reads are its outputs."""
    read = {name for node in nodes for name in node.input}
    made = [name for node in nodes for name in node.output if name]
    shapes = {v.name: v for v in (*model.graph.value_info, *model.graph.output)}
    ends = [name for name in made if name not in read]
    outputs = [shapes.get(name, helper.make_empty_tensor_value_info(name)) for name in ends]
    weights = [tensor for tensor in model.graph.initializer if tensor.name in read]
    inputs = [value for value in model.graph.input if value.name in read]
    graph = helper.make_graph(list(nodes), "beginning", inputs, outputs, weights)
    part = helper.make_model(graph, opset_imports=list(model.opset_import))
    part.ir_version = model.ir_version
    return part
