"""Give every value of a graph its size, from those of the inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import onnx_ir as ir
from onnx_ir.passes import common

from keras2cv.errors import ModelError
from keras2cv_export.graph.edit import shape_of
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.targets.importer_support import layer_of

_LARGEST: Final = 2**28  # numbers: 1 GiB as float32


def fix_inputs(model: ir.Model, inputs: Sequence[TensorSpec]) -> None:
    """Give the inputs the sizes that the model was loaded with."""
    for value, spec in zip(model.graph.inputs, inputs, strict=True):
        value.shape = ir.Shape([int(size or 0) for size in spec.shape])


def forget_sizes(model: ir.Model) -> None:
    """Drop what the file says of the values in between: it was written for open sizes."""
    for graph in model.graphs():
        for node in graph:
            for output in node.outputs:
                output.shape = None


def infer(model: ir.Model) -> None:
    """Infer the sizes that need no arithmetic, and refuse values that are too large.

    Raises:
        ModelError: A value is larger than a net's can be.
    """
    common.ShapeInferencePass(check_type=False, strict_mode=False, data_prop=False)(model)
    for node in model.graph:
        for output in node.outputs:
            count = math.prod(shape_of(output) or ())
            if count > _LARGEST:
                raise ModelError(
                    f"{layer_of(str(node.name))} makes {count} numbers, and {_LARGEST} are the most"
                    " that one value may have. Make the input smaller, with --input-shape."
                )


def require_sizes(model: ir.Model, outputs: Sequence[str]) -> None:
    """Refuse a graph in which a size depends on values.

    Raises:
        ModelError: The output is named, and the first node behind which nothing is known.
    """
    for name, value in zip(outputs, model.graph.outputs, strict=True):
        if shape_of(value) is None:
            raise ModelError(
                f"The output {name!r} has a size that depends on values, from "
                f"{_first_unknown(model)} on. OpenCV needs sizes that are known: end the model "
                "before it."
            )


def _first_unknown(model: ir.Model) -> str:
    for node in model.graph:
        if any(shape_of(output) is None for output in node.outputs if output.uses()):
            return f"{node.op_type} in {layer_of(str(node.name))}"
    return "its end"
