"""The values inside an ONNX file for one sample, by ONNX Runtime in its confined child process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv.bundle.manifest import OutputTensor
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.onnx_files.onnx_runtime import OnnxRuntime
from keras2cv_export.tracing.layer_outputs import Layer, LayerRun, output_key

Array = np.ndarray[Any, Any]
_AT_ONCE: Final = 32  # values that travel together


def node_outputs(
    loaded: LoadedModel,
    sample: Sequence[Array],
    outputs: Sequence[OutputTensor],
    places: Collection[str],
) -> LayerRun:
    """Return what each node of an ONNX file computes, as the layers of a Keras model are given.

    Args:
        loaded: The file.
        sample: A sample.
        outputs: The bundle's outputs, in the file's order.
        places: The names of values that the bundle's file has a place for.
    """
    nodes = list(loaded.graph.graph)
    made = {str(value.name): node for node in nodes for value in node.outputs if value.name}
    ends = [str(value.name) for value in loaded.graph.graph.outputs]
    names = [name for name in made if name in places or name in ends]
    values = _values(loaded, sample, names)
    before = _ancestors(nodes, values)
    layers = tuple(
        Layer(name, str(made[name].name or name), made[name].op_type, before[name])
        for name in made
        if name in values
    )
    same_as = {name: name for name in values}
    same_as |= {
        output_key(output.name): end
        for output, end in zip(outputs, ends, strict=False)
        if end in values
    }
    return LayerRun(layers, values, same_as)


def _values(loaded: LoadedModel, sample: Sequence[Array], names: Sequence[str]) -> dict[str, Array]:
    assert loaded.graph_file is not None  # noqa: S101 - it was opened from a file
    runtime = OnnxRuntime(loaded.graph_file, [s.name for s in loaded.inputs], inside=names)
    try:
        return {k: v for some in _parts(names) for k, v in runtime.values(sample, some).items()}
    finally:
        runtime.close()


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[k : k + _AT_ONCE] for k in range(0, len(names), _AT_ONCE))


def _ancestors(nodes: Sequence[ir.Node], values: Mapping[str, Array]) -> dict[str, frozenset[str]]:
    """Map each value to the names of those among `values` that it is computed from."""
    known: dict[str, frozenset[str]] = {}
    for node in nodes:
        read = [str(value.name) for value in node.inputs if value is not None]
        found = frozenset().union(
            *(known.get(name, frozenset()) for name in read), [n for n in read if n in values]
        )
        known |= {str(value.name): found for value in node.outputs}
    return known
