"""Put an op's body in its place, where ONNX itself defines the op by simpler ones."""

from __future__ import annotations

from typing import Any

import onnx
import onnx_ir as ir

from keras2cv_export.graph.edit import free_name, replace, shape_of
from keras2cv_export.targets.importer_support.measured import OPS


def body_of(node: ir.Node, opset: int) -> ir.Model | None:
    """Return the graph that ONNX defines a node by; None for one that needs none.

    Its inputs and outputs are the node's, in order, with the sizes that are known of them.
    """
    if node.domain not in ("", "ai.onnx") or (node.op_type in OPS and not OPS[node.op_type]):
        return None
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, "")
    except onnx.defs.SchemaError:
        return None
    function = _function(schema, node)
    return None if function is None else _graph_of(function, node, schema)


def _function(schema: Any, node: ir.Node) -> onnx.FunctionProto | None:
    if schema.has_function:
        return _parsed(schema.function_body.SerializeToString())
    if not schema.has_context_dependent_function:
        return None
    proto = ir.to_proto(node)
    types = [_type_of(value) for value in node.inputs]
    found = schema.get_context_dependent_function(
        proto.SerializeToString(), [one.SerializeToString() for one in types]
    )
    return _parsed(found)


def _parsed(data: bytes) -> onnx.FunctionProto:
    function = onnx.FunctionProto()
    function.ParseFromString(data)
    return function


def _type_of(value: ir.Value | None) -> onnx.TypeProto:
    if value is None or value.dtype is None:
        return onnx.TypeProto()
    return onnx.helper.make_tensor_type_proto(int(value.dtype), shape_of(value))


def _graph_of(function: onnx.FunctionProto, node: ir.Node, schema: Any) -> ir.Model:
    _put_attributes(function, node, schema)
    given = [value for value in node.inputs if value is not None]
    names = [n for n, v in zip(function.input, node.inputs, strict=False) if v is not None]
    left_out = set(function.input) - set(names)
    for one in function.node:
        one.input[:] = ["" if name in left_out else name for name in one.input]
    inputs = [
        onnx.helper.make_value_info(name, _type_of(value))
        for name, value in zip(names, given, strict=True)
    ]
    outputs = [onnx.ValueInfoProto(name=n) for n in function.output[: len(node.outputs)]]
    graph = onnx.helper.make_graph(list(function.node), "body", inputs, outputs)
    model: ir.Model = ir.from_proto(
        onnx.helper.make_model(graph, opset_imports=list(function.opset_import))
    )
    return model


def _put_attributes(function: onnx.FunctionProto, node: ir.Node, schema: Any) -> None:
    """Give the nodes of a body the attributes that they take from their caller."""
    for one in function.node:
        kept = []
        for attribute in one.attribute:
            name = attribute.ref_attr_name
            if not name:
                kept.append(attribute)
                continue
            own = node.attributes.get(name)
            default = schema.attributes[name].default_value if name in schema.attributes else None
            value = ir.to_proto(own) if own is not None else default
            if value is not None and value.type:
                copy = onnx.AttributeProto()
                copy.CopyFrom(value)
                copy.name = attribute.name
                kept.append(copy)
        del one.attribute[:]
        one.attribute.extend(kept)


def put_body(model: ir.Model, node: ir.Node, body: ir.Model) -> None:
    """Put the nodes of a body in the place of a node, under the node's name."""
    given = [value for value in node.inputs if value is not None]
    for inner, value in zip(list(body.graph.inputs), given, strict=True):
        inner.replace_all_uses_with(value, replace_graph_outputs=True)
    for name, value in list(body.graph.initializers.items()):
        body.graph.initializers.pop(name)
        value.name = free_name(model, f"{node.name}/{name}")
        model.graph.register_initializer(value)
    results = list(body.graph.outputs)
    body.graph.outputs.clear()
    moved = list(body.graph)
    for one in moved:
        body.graph.remove(one)
        one.name = f"{node.name}/{one.op_type}"
        for output in one.outputs:
            output.name = None
        model.graph.insert_before(node, one)
    for old, new in zip(node.outputs, results, strict=False):
        replace(old, new)
    model.graph.remove(node, safe=True)
