"""From an ONNX file's graph to the graph that the passes take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv_export.graph.edit import shape_of
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.passes.legalise.shapes.fold_constants import fold_constants
from keras2cv_export.passes.legalise.shapes.remove_identity import remove_identity

from .adapting import adapt, require_known_ops
from .picture_outputs import give_channels_last
from .sizes import fix_inputs, forget_sizes, infer, require_sizes

_ROUNDS: Final = 16  # each makes at least one more size known


@dataclass(frozen=True)
class ImportedGraph:
    """A graph as the tracing of a Keras model gives it.

    Attributes:
        model: The graph, in opset 13, every size known.
        output_specs: Its outputs.
    """

    model: ir.Model
    output_specs: tuple[TensorSpec, ...]

    @property
    def model_specs(self) -> tuple[TensorSpec, ...]:
        """All outputs of the model: no tail is cut off."""
        return self.output_specs

    @property
    def tail(self) -> None:
        """Nothing is cut off."""
        return


def import_graph(loaded: LoadedModel) -> ImportedGraph:
    """Return a loaded ONNX file's graph as the passes take it; the file's own is not changed.

    Raises:
        ModelError: It breaks ONNX's rules, or a size depends on values.
        UnsupportedOpsError: It has ops that nothing converts, all of them named.
    """
    model: ir.Model = loaded.graph.clone()
    names = [str(value.name) for value in model.graph.outputs]
    try:
        _prepare(model, loaded.inputs)
    except ModelError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        raise ModelError(
            f"{loaded.source.file} breaks ONNX's rules ({reason or type(error).__name__}). "
            "Export it again."
        ) from error
    require_sizes(model, names)
    if loaded.pictures_out:
        give_channels_last(model)
    specs = [_spec(n, v) for n, v in zip(names, model.graph.outputs, strict=True)]
    return ImportedGraph(model, tuple(specs))


def _prepare(model: ir.Model, inputs: tuple[TensorSpec, ...]) -> None:
    _name_nodes(model)
    fix_inputs(model, inputs)
    forget_sizes(model)
    _settle_sizes(model)
    require_known_ops(model)
    adapt(model)
    remove_identity(model)
    fold_constants(model)


def _settle_sizes(model: ir.Model) -> None:
    """Compute sizes from sizes, as a shape is read, changed and reshaped to."""
    known = -1
    for _ in range(_ROUNDS):
        infer(model)
        fold_constants(model)
        values = [output for node in model.graph for output in node.outputs]
        before, known = known, sum(shape_of(value) is not None for value in values)
        if known in (before, len(values)):
            return


def _name_nodes(model: ir.Model) -> None:
    """Give every node a name, by which it is told to the user."""
    for node in model.graph:
        if not node.name:
            outputs = [str(output.name) for output in node.outputs if output.name]
            node.name = f"{outputs[0] if outputs else 'node'}/{node.op_type}"


def _spec(name: str, value: ir.Value) -> TensorSpec:
    dtype: Any = value.dtype or ir.DataType.FLOAT
    return TensorSpec(name, cast("tuple[int, ...]", shape_of(value)), str(dtype.numpy()))
