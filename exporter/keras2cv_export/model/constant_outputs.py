"""The outputs of a model that no input reaches, such as the anchors that a detector gives along."""

from __future__ import annotations

from typing import Any, Final

from keras2cv_export.quiet.tensorflow import tf

from .concrete import concrete_function
from .load import LoadedModel
from .plain_ops import traceable

_BY_SHAPE: Final = ("OnesLike", "Rank", "Shape", "ShapeN", "Size", "ZerosLike")


def constant_outputs(loaded: LoadedModel) -> frozenset[str]:
    """Name them, by the model's own graph; none of a model that is not TensorFlow's.

    What a function or a loop inside the graph gives counts as reached by all that it is given.
    """
    if loaded.judge is not None:
        return frozenset()
    names: list[str] = []

    def outputs(*tensors: Any) -> list[Any]:
        pairs = loaded.call(*tensors)
        names[:] = [name for name, _ in pairs]
        return [tensor for _, tensor in pairs]

    specs = [tf.TensorSpec(s.shape, s.dtype) for s in loaded.inputs]
    with traceable():
        traced = concrete_function(outputs, specs)
    inputs = {tensor.op.name for tensor in traced.inputs[: len(specs)]}
    pairs = zip(names, traced.outputs, strict=True)
    return frozenset(name for name, tensor in pairs if not _is_reached(tensor, inputs))


def _is_reached(tensor: Any, inputs: set[str]) -> bool:
    stack, seen = [tensor.op], set()
    while stack:
        op = stack.pop()
        if op.name in inputs:
            return True
        if op.name not in seen and op.type not in _BY_SHAPE:
            seen.add(op.name)
            stack.extend(source.op for source in op.inputs)
    return False
