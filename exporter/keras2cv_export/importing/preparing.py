"""Give a stranger's ONNX graph its sizes and the forms of opset 13: all that runs in the child.

ONNX's shape inference and the arithmetic of constants run here, on whatever the file says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv_export.graph.edit import shape_of
from keras2cv_export.graph.origin import mark
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.passes.legalise.shapes.fold_constants import fold_constants
from keras2cv_export.passes.legalise.shapes.remove_identity import remove_identity

from .adapting import adapt, require_known_ops
from .constant_cost import is_worth_folding, require_cheap_constants
from .sizes import fix_inputs, forget_sizes, infer

_ROUNDS: Final = 16  # each makes at least one more size known


def prepare(model: ir.Model, inputs: Sequence[TensorSpec], file: str) -> None:
    """Change a graph in place: every size that can be is known, and every op is of opset 13.

    Args:
        model: The file's graph.
        inputs: The sizes of its inputs.
        file: The file's name, for messages.

    Raises:
        ModelError: It breaks ONNX's rules, or asks for more than a model needs.
        UnsupportedOpsError: It has ops that nothing converts, all of them named.
    """
    try:
        _prepare(model, inputs)
    except ModelError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        raise ModelError(
            f"{file} breaks ONNX's rules ({reason or type(error).__name__}). Export it again."
        ) from error


def _prepare(model: ir.Model, inputs: Sequence[TensorSpec]) -> None:
    _name_nodes(model)
    fix_inputs(model, inputs)
    forget_sizes(model)
    _settle_sizes(model)
    _mark(model)
    require_known_ops(model)
    adapt(model)
    remove_identity(model)
    _fold(model)


def _mark(model: ir.Model) -> None:
    """Mark what each node of the file computes by its name, so that it can be found again."""
    for node in model.graph:
        for output in node.outputs:
            if output.name and output.dtype in (None, ir.DataType.FLOAT):
                mark(output, output.name)


def _settle_sizes(model: ir.Model) -> None:
    """Compute sizes from sizes, as a shape is read, changed and reshaped to."""
    known = -1
    for _ in range(_ROUNDS):
        infer(model)
        _fold(model)
        values = [output for node in model.graph for output in node.outputs]
        before, known = known, sum(shape_of(value) is not None for value in values)
        if known in (before, len(values)):
            return


def _fold(model: ir.Model) -> None:
    require_cheap_constants(model)
    fold_constants(model, is_worth_folding)


def _name_nodes(model: ir.Model) -> None:
    """Give every node a name, by which it is told to the user."""
    for node in model.graph:
        if not node.name:
            outputs = [str(output.name) for output in node.outputs if output.name]
            node.name = f"{outputs[0] if outputs else 'node'}/{node.op_type}"
