"""From an ONNX file's graph to the graph that the passes take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import onnx_ir as ir

from keras2cv_export.graph.edit import shape_of
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec

from .picture_outputs import give_channels_last
from .preparing import prepare
from .sizes import require_sizes


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
    def opened(self) -> tuple[str, ...]:
        """The outputs of an open number of rows: there are none."""
        return ()

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
    prepare(model, loaded.inputs, str(loaded.source.file))
    return finished(loaded, model)


def finished(loaded: LoadedModel, model: ir.Model) -> ImportedGraph:
    """Return a prepared graph of a loaded file, with the outputs as its users see them.

    Raises:
        ModelError: A size depends on values.
    """
    names = [str(value.name) for value in loaded.graph.graph.outputs]
    require_sizes(model, names)
    if loaded.pictures_out:
        give_channels_last(model)
    specs = [_spec(n, v) for n, v in zip(names, model.graph.outputs, strict=True)]
    return ImportedGraph(model, tuple(specs))


def _spec(name: str, value: ir.Value) -> TensorSpec:
    dtype: Any = value.dtype or ir.DataType.FLOAT
    return TensorSpec(name, cast("tuple[int, ...]", shape_of(value)), str(dtype.numpy()))
