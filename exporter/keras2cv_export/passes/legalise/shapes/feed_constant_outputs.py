"""Let an output that no input reaches, such as a detector's anchors, depend on one.

    output = c  ->  output = zero + c,    zero = Relu(-Relu(x0)), x0 the first number of an input

Importers but 5.0's new engine drop what is no layer, and the output is missing; onnxruntime takes
no constant for an output. Exact: adding 0 leaves a number as it is, but for -0, which becomes 0.

Left alone: whole numbers.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, replace, reshape, shape_of

_FLOAT = ir.DataType.FLOAT


def feed_constant_outputs(model: ir.Model) -> int:
    """Rewrite in place; return how many outputs changed."""
    sources = [v for v in model.graph.inputs if v.dtype == _FLOAT and shape_of(v)]
    still = [v for v in model.graph.outputs if v.is_initializer() and v.dtype == _FLOAT]
    first = next(iter(model.graph), None)
    if first is None or not sources:
        return 0
    return sum(_feed(model, first, sources[0], output) for output in still)


def _feed(model: ir.Model, first: ir.Node, source: ir.Value, output: ir.Value) -> int:
    array, shape = constant(output), shape_of(source) or ()
    if array is None or array.ndim == 0:
        return 0
    bounds = [np.zeros(len(shape), np.int64), np.ones(len(shape), np.int64)]
    limits = [new_constant(model, bound, output) for bound in bounds]
    one = [1] * len(shape)
    number = new_node(first, "Slice", [source, *limits], like=output, shape=one)
    positive = new_node(first, "Relu", [number], like=output, shape=one)
    negative = new_node(first, "Neg", [positive], like=output, shape=one)
    zero = new_node(first, "Relu", [negative], like=output, shape=one)
    flat = reshape(model, first, zero, [1] * array.ndim, like=output)
    known = new_constant(model, array, output)
    replace(output, new_node(first, "Add", [flat, known], like=output))
    model.graph.initializers.pop(str(output.name), None)
    return 1
