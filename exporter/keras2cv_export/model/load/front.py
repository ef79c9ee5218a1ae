"""A model of text: the layers before the net are cut off, and the rest is opened as any other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras

from keras2cv_export.model.fronts.calls import calls_of, dtype_of
from keras2cv_export.model.fronts.cutting import Cut, cut_of, has_front
from keras2cv_export.model.spec import TensorSpec

from .inputs import inputs_of
from .loaded import LoadedModel, Shapes


def without_front(
    model: Any, shapes: Shapes, batch: int, open_rest: Callable[..., LoadedModel]
) -> LoadedModel | None:
    """Open a model of text: what follows the cut, with what is before it described.

    Args:
        model: A Keras 3 model.
        shapes: Sizes for open dimensions, by the model's own inputs.
        batch: The batch size where the shapes leave it open.
        open_rest: Opens a Keras model with its inputs' shapes, and a batch size.

    Returns:
        None for a model that begins with what a net does, or with what no step does.

    Raises:
        ModelError: As `cut_of`.
    """
    if not has_front(model):
        return None
    with nodes_kept(model), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras', of names that it gave itself
        whole = _unnested(model)
        structure, names = inputs_of(whole, shapes)
        symbols = keras.tree.flatten(structure)
        declared = [
            TensorSpec(name, tuple(t.shape), dtype_of(t))
            for name, t in zip(names, symbols, strict=True)
        ]
        cut = find_cut(whole, declared, symbols, shapes)
        if cut is None:
            return None
        graph = getattr(whole, "_functional", None) or whole
        rest = keras.Model(dict(cut.tensors), graph.output, name=model.name)
    sizes = {name: (None, *shape) for name, shape in cut.shapes.items()}
    for tensor, name in zip(rest.inputs, sorted(cut.tensors), strict=True):
        tensor._shape = sizes[name]  # Keras 3 declares TextVectorization's multi_hot as (N, 1, n)
    batch = batch_of(shapes, batch)
    loaded = open_rest(rest, {name: (batch, *s[1:]) for name, s in sizes.items()}, batch)
    return replace(loaded, front=cut.front)


def find_cut(
    model: Any, declared: Sequence[TensorSpec], symbols: Sequence[Any], shapes: Shapes
) -> Cut | None:
    """Return where a model has to be cut; None if nowhere.

    Args:
        model: A Keras model, of Keras 2 or 3.
        declared: Its inputs.
        symbols: Their symbolic tensors.
        shapes: Sizes for open dimensions.

    Raises:
        ModelError: As `cut_of`.
    """
    given = shapes if isinstance(shapes, Mapping) else {}
    if shapes is not None and not isinstance(shapes, Mapping) and len(declared) == 1:
        given = {declared[0].name: shapes}
    sized = [_sized(spec, given.get(spec.name)) for spec in declared]
    cut = cut_of(model, sized, symbols)
    if cut is None or any(dtype_of(tensor) == "string" for tensor in cut.tensors.values()):
        return None
    return cut


def batch_of(shapes: Shapes, batch: int) -> int:
    """Return the batch size that the user's shapes name; else `batch`."""
    given = list(shapes.values()) if isinstance(shapes, Mapping) else [shapes]
    return next((int(shape[0]) for shape in given if shape and shape[0]), batch)


def _unnested(model: Any) -> Any:
    """Return a Keras 3 model with the graphs of the models in it that have a front as its own."""
    if not any(_is_nested(call.layer) for call in calls_of(model)):
        return model
    graph = getattr(model, "_functional", None) or model
    inputs = keras.tree.map_structure(
        lambda t: keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name), graph.input
    )
    return keras.Model(inputs, _through(model, inputs), name=model.name)


def _through(model: Any, inputs: Any, **_: Any) -> Any:
    graph = getattr(model, "_functional", None) or model
    return graph._run_through_graph(
        inputs, operation_fn=lambda op: partial(_through, op) if _is_nested(op) else op
    )


def _is_nested(operation: Any) -> bool:
    return bool(calls_of(operation)) and has_front(operation)


def _sized(spec: TensorSpec, shape: Sequence[int] | None) -> TensorSpec:
    if shape is None or len(shape) != len(spec.shape):
        return spec
    pairs = zip(spec.shape[1:], shape[1:], strict=True)
    return replace(spec, shape=(spec.shape[0], *(given or size for size, given in pairs)))


@contextmanager
def nodes_kept(model: Any) -> Iterator[None]:
    """Leave the layers of a user's model with the calls that they had: `layer.output` needs one."""
    layers = {id(layer): layer for layer in _all_layers(model)}.values()
    before = [(x, len(x._inbound_nodes), len(x._outbound_nodes)) for x in layers]
    try:
        yield
    finally:
        for layer, inbound, outbound in before:
            del layer._inbound_nodes[inbound:]
            del layer._outbound_nodes[outbound:]


def _all_layers(model: Any) -> Iterator[Any]:
    graph = getattr(model, "_functional", None) or model
    yield from getattr(graph, "operations", None) or graph.layers
    for call in calls_of(model):
        if calls_of(call.layer):
            yield from _all_layers(call.layer)
