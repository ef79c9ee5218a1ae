"""Compute an ONNX model in float64, where float32 cannot tell rounding from an error.

ONNX' own reference implementation computes in whatever type its arrays have. So every number of
the graph becomes float64, those of the graphs inside its nodes too; weights keep their values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

Array = np.ndarray[Any, Any]

_WIDE: Final = TensorProto.DOUBLE
_FLOATS: Final = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)
_TYPES: Final = ("to", "dtype", "output_dtype")  # attributes that hold a type


class ExactSession:
    """A model in float64, with the part of ONNX Runtime's interface that a child uses."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Widen a model in place."""
        from onnx.reference import ReferenceEvaluator

        widen(model.graph)
        self._names = [output.name for output in model.graph.output]
        self._evaluator = ReferenceEvaluator(model)

    def get_outputs(self) -> Sequence[Any]:
        """Return what has the outputs' names."""
        return [onnx.helper.make_empty_tensor_value_info(name) for name in self._names]

    def run(self, names: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """Return the outputs of these names."""
        wide = {n: a.astype(np.float64) if a.dtype.kind == "f" else a for n, a in feeds.items()}
        return list(self._evaluator.run(list(names), wide))


def widen(graph: Any) -> None:
    """Make every floating-point number of a graph float64, in place."""
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        kind = value.type.tensor_type
        if kind.elem_type in _FLOATS:
            kind.elem_type = _WIDE
    for tensor in graph.initializer:
        _widen_tensor(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            _widen_attribute(attribute)


def _widen_attribute(attribute: Any) -> None:
    if attribute.name in _TYPES and attribute.i in _FLOATS:
        attribute.i = _WIDE
    for tensor in _tensors_of(attribute):
        _widen_tensor(tensor)
    if attribute.type == AttributeProto.GRAPH:
        widen(attribute.g)
    for graph in attribute.graphs:
        widen(graph)


def _tensors_of(attribute: Any) -> Iterator[Any]:
    if attribute.type == AttributeProto.TENSOR:
        yield attribute.t
    yield from attribute.tensors


def _widen_tensor(tensor: Any) -> None:
    if tensor.data_type in _FLOATS:
        values = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
