"""Small ONNX models made by hand, in the forms of any opset, and ONNX Runtime's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx import helper, numpy_helper

Array = np.ndarray[Any, Any]
Shape = Sequence[int | str | None]
FLOAT = onnx.TensorProto.FLOAT


def node(op: str, inputs: str, outputs: str, domain: str = "", **attributes: Any) -> Any:
    """Return a node; names are separated by spaces, "-" is an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), domain=domain, **attributes)


def graph_of(
    nodes: Sequence[Any],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any] | Sequence[str],
    weights: Mapping[str, Array] | None = None,
    *,
    opset: int = 17,
) -> onnx.ModelProto:
    """Return a model; an input is a shape of float32, or (type, shape)."""
    named = outputs if isinstance(outputs, Mapping) else dict.fromkeys(outputs)
    domains = {one.domain for one in nodes} - {""}
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 3 if "ml" in domain else 1) for domain in domains]
    graph = helper.make_graph(
        list(nodes),
        "made",
        [_value(name, kind) for name, kind in inputs.items()],
        [_value(name, kind) for name, kind in named.items()],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    return helper.make_model(graph, opset_imports=opsets, ir_version=min(10, 3 + opset // 2))


def _value(name: str, kind: Any) -> Any:
    if kind is None:
        return helper.make_tensor_value_info(name, FLOAT, None)
    if isinstance(kind, tuple) and len(kind) == 2 and not isinstance(kind[1], int | str | None):
        return helper.make_tensor_value_info(name, *kind)
    return helper.make_tensor_value_info(name, FLOAT, list(kind))


def answers_of(model: onnx.ModelProto | ir.Model, inputs: Mapping[str, Array]) -> list[Array]:
    """Return ONNX Runtime's outputs."""
    import onnxruntime

    proto = ir.to_proto(model) if isinstance(model, ir.Model) else model
    for one in proto.graph.node if isinstance(model, ir.Model) else ():
        one.name = ""  # passes make them unlike each other in the end
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    results: list[Array] = session.run(None, dict(inputs))
    return results
