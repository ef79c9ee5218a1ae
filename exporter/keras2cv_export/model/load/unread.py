"""Inputs that serve training alone: no output depends on them, so a bundle does not take them.

A model for CTC or metric learning often takes its labels as inputs, for a layer that adds a loss
and hands the predictions on. In the graph of a prediction nothing leads from them to an output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from keras2cv.errors import ModelError
from keras2cv_export.model.plain_ops import traceable
from keras2cv_export.model.shapes import resolve_shapes
from keras2cv_export.model.spec import TensorSpec

from .loaded import LoadedModel, Shapes

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


@dataclass(frozen=True)
class OpenInputs:
    """Inputs whose open dimensions nobody gave, and the error for when an output reads them."""

    names: frozenset[str]
    error: ModelError


def resolve_read_shapes(
    declared: Sequence[TensorSpec], shapes: Shapes, batch: int
) -> tuple[tuple[TensorSpec, ...], OpenInputs | None]:
    """Return `resolve_shapes`, with 1 for the open dimensions of inputs that may be for training.

    One shape without a name is that of the only input that it fits.

    Raises:
        ModelError: As `resolve_shapes`; every input has open dimensions, or an image does.
    """
    shapes = _by_the_fitting_name(declared, shapes)
    try:
        return resolve_shapes(declared, shapes, batch), None
    except ModelError as error:
        given = set(shapes) if isinstance(shapes, Mapping) else set()
        is_open = [None in s.shape[1:] and s.name not in given for s in declared]
        guessed = [s for s, o in zip(declared, is_open, strict=True) if o]
        if not guessed or all(is_open) or any(len(spec.shape) > 3 for spec in guessed):
            raise
        filled = [_filled(s) if o else s for s, o in zip(declared, is_open, strict=True)]
        names = frozenset(spec.name for spec in guessed)
        return resolve_shapes(filled, shapes, batch), OpenInputs(names, error)


def _by_the_fitting_name(declared: Sequence[TensorSpec], shapes: Shapes) -> Shapes:
    if shapes is None or isinstance(shapes, Mapping) or len(declared) == 1:
        return shapes
    fitting = [
        spec.name
        for spec in declared
        if len(spec.shape) == len(shapes)
        and all(d in (None, size) for d, size in zip(spec.shape, shapes, strict=True))
    ]
    return {fitting[0]: shapes} if len(fitting) == 1 else shapes


def _filled(spec: TensorSpec) -> TensorSpec:
    return replace(spec, shape=(spec.shape[0], *(d or 1 for d in spec.shape[1:])))


def without_unread_inputs(loaded: LoadedModel, unsized: OpenInputs | None = None) -> LoadedModel:
    """Return the model without the inputs that no output depends on; its notes name them.

    `call` fills them with zeros. A model none of whose outputs depends on any input keeps them all.

    Raises:
        ModelError: An output depends on one of the inputs that are open.
    """
    if len(loaded.inputs) < 2:
        return loaded
    names = unsized.names if unsized is not None else frozenset[str]()
    try:
        read = _read_inputs(loaded, names)
    except Exception as error:
        if unsized is not None:
            raise unsized.error from error
        return loaded  # whoever traces it next says what is wrong
    if unsized is not None and (not read or unsized.names & read):
        raise unsized.error
    unread = [spec for spec in loaded.inputs if spec.name not in read]
    return _without(loaded, unread, names) if unread and read else loaded


def _without(
    loaded: LoadedModel, unread: Sequence[TensorSpec], of_any_size: frozenset[str]
) -> LoadedModel:
    dropped = {spec.name for spec in unread}

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        given = iter(tensors)
        return loaded.call(
            *(
                _blank(spec, spec.name in of_any_size) if spec.name in dropped else next(given)
                for spec in loaded.inputs
            )
        )

    names = ", ".join(spec.name for spec in unread)
    several = len(unread) > 1
    note = (
        f"The input{'s' if several else ''} {names} serve{'' if several else 's'} training alone: "
        f"no output depends on {'them' if several else 'it'}, and the bundle does not take "
        f"{'them' if several else 'it'}."
    )
    kept = tuple(spec for spec in loaded.inputs if spec.name not in dropped)
    return replace(loaded, inputs=kept, call=call, notes=(*loaded.notes, note))


def _blank(spec: TensorSpec, of_any_size: bool) -> Any:
    """Return zeros for an input; in a graph, of a size that it does not know, if wished.

    A loss over labels may loop over arrays that only fit together where their size is open.
    """
    zeros = tf.zeros(spec.shape, spec.dtype)
    if not of_any_size or tf.executing_eagerly():
        return zeros
    return tf.compat.v1.placeholder_with_default(zeros, [None] * len(spec.shape))


def _read_inputs(loaded: LoadedModel, of_any_size: frozenset[str]) -> frozenset[str]:
    """Return the names of the inputs from which a way leads to an output."""
    specs = [
        tf.TensorSpec([None] * len(s.shape) if s.name in of_any_size else s.shape, s.dtype)
        for s in loaded.inputs
    ]

    def outputs(*tensors: Any) -> list[Any]:
        return [tf.convert_to_tensor(tensor) for _, tensor in loaded.call(*tensors)]

    graph = _traced(outputs, specs).graph
    definition = graph.as_graph_def()
    functions = {f.signature.name: f for f in definition.library.function}
    seen = _seen(definition.node, [t.op.name for t in graph.outputs], functions)
    pairs = zip(loaded.inputs, graph.inputs, strict=False)  # the weights follow the inputs
    return frozenset(spec.name for spec, tensor in pairs if tensor.op.name in seen)


def _traced(outputs: Callable[..., list[Any]], specs: list[Any]) -> Any:
    with traceable(), tf.device("/CPU:0"):
        try:
            return tf.function(outputs, autograph=False).get_concrete_function(*specs)
        except tf.errors.OperatorNotAllowedInGraphError:  # `if` over tensors in a custom call()
            return tf.function(outputs).get_concrete_function(*specs)


def _seen(nodes: Iterable[Any], ends: Iterable[str], functions: Mapping[str, Any]) -> set[str]:
    """Return the names of all that the ends are computed from, within called functions as well."""
    by_name = {node.name: node for node in nodes}
    stack, seen = list(ends), set[str]()
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in by_name:
            stack.extend(_sources(by_name[name], functions))
    return seen


def _sources(node: Any, functions: Mapping[str, Any]) -> list[str]:
    """Return the names of the nodes that give a node its values."""
    values = [name.split(":")[0] for name in node.input if not name.startswith("^")]
    called = functions.get(node.attr["f"].func.name) if node.op in _CALLS else None
    if called is None:
        return values
    ends = [end.split(":")[0] for end in called.ret.values()]
    seen = _seen(called.node_def, ends, functions)
    pairs = zip(values, called.signature.input_arg, strict=True)
    return [value for value, argument in pairs if argument.name in seen]
