"""Compute at export every value that does not depend on the inputs.

    Transpose(weight) -> weight'        Rsqrt(variance + epsilon) * gamma -> scale

OpenCV wants bare constants where a convolution, a Gemm or a Reshape has its weights and shapes,
and every other pass looks for constants. The conversion attached the weights as initializers
after tf2onnx, so all of their arithmetic is still there as nodes. ONNX's reference implementation
computes the nodes that onnxscript leaves (ConstantOfShape, EyeLike, a Split of the kernels of
recurrent layers). Exact: the same float32 arithmetic, done once.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator
from onnx_ir.passes import common
from onnxscript.optimizer import fold_constants_ir

from keras2cv_export.graph.edit import Array, constant, new_constant, replace
from keras2cv_export.graph.layer_marks import layers_kept

# No limit in practice: the transpose of a Dense kernel of a hundred million weights is folded too.
_LIMIT = 2**40


def fold_constants(model: ir.Model, worth: Callable[[ir.Node], bool] | None = None) -> int:
    """Fold in place; return how many nodes went.

    Args:
        model: The graph.
        worth: Whether a node of constants should be computed; None: each.
    """
    before = len(model.graph)
    with layers_kept(model):
        fold_constants_ir(
            model,
            onnx_shape_inference=True,
            input_size_limit=_LIMIT,
            output_size_limit=_LIMIT,
            should_fold=lambda node: None if worth is None or worth(node) else False,
        )
        for node in list(model.graph):
            if worth is None or worth(node):
                _fold_rest(model, node)
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
        common.RemoveUnusedNodesPass()(model)
    return before - len(model.graph)


def _fold_rest(model: ir.Model, node: ir.Node) -> None:
    arrays = [constant(value) for value in node.inputs]
    known = [a is not None or v is None for a, v in zip(arrays, node.inputs, strict=True)]
    if not arrays or not all(known) or not _is_plain_onnx(node):
        return
    results = _evaluate(model, node, arrays)
    for output, array in zip(node.outputs, results, strict=False):
        replace(output, new_constant(model, array, output))


def _is_plain_onnx(node: ir.Node) -> bool:
    """Whether ONNX defines the op, and its result is the same each time."""
    return (
        node.domain in ("", "ai.onnx")
        and bool(onnx.defs.has(node.op_type))
        and not node.op_type.startswith(("Random", "Bernoulli", "Multinomial"))
        and not any(a.type in (ir.AttributeType.GRAPH,) for a in node.attributes.values())
    )


def _evaluate(model: ir.Model, node: ir.Node, arrays: list[Array | None]) -> list[Array]:
    """Return a node's results; none where this opset's form of the op has no implementation."""
    inputs = {f"input_{k}": a for k, a in enumerate(arrays) if a is not None}
    outputs = [f"output_{k}" for k in range(len(node.outputs))]
    names = [f"input_{k}" if a is not None else "" for k, a in enumerate(arrays)]
    proto = onnx.NodeProto(op_type=node.op_type, input=names, output=outputs)
    proto.attribute.extend(ir.to_proto(a) for a in node.attributes.values())
    version = model.opset_imports.get("", 13)
    graph = onnx.helper.make_graph(
        [proto],
        "constant",
        [
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in inputs.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
    )
    whole = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", version)])
    try:
        evaluator = ReferenceEvaluator(whole)
    except RuntimeError:  # "No implementation for operator ... and version ..."
        return []
    return list(evaluator.run(None, inputs))
