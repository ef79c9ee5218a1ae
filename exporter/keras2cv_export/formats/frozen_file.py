"""Read a frozen graph as a graph of the same nodes, to count them and to find its inputs."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

_FLOAT = ir.TensorType(ir.DataType.FLOAT)


def read_frozen(path: Path) -> ir.Model:
    """Return the nodes of a .pb file, under TensorFlow's names; constants are left out.

    Raises:
        ModelError: The file is no TensorFlow graph.
    """
    from .to_frozen import decode  # TensorFlow, which files in ONNX do without

    values: dict[str, ir.Value] = {}
    inputs, nodes = [], []
    for found in decode(path.read_bytes()):
        values[found.name] = value = ir.Value(name=found.name, type=_FLOAT)
        if found.op == "Placeholder":
            shape = found.attributes["shape"]
            value.shape = ir.Shape(shape if isinstance(shape, tuple) else ())
            inputs.append(value)
        elif found.op != "Const":
            read = [values[name] for name in found.inputs if name in values]
            nodes.append(ir.Node("", found.op, read, outputs=[value], name=found.name))
    outputs = [node.outputs[0] for node in nodes if not node.outputs[0].uses()]
    return ir.Model(ir.Graph(inputs, outputs, nodes=nodes), ir_version=10)
