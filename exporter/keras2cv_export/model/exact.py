"""Compute a traced model in float64, where float32 cannot tell rounding from an error.

Every number of the graph becomes float64: placeholders, constants, variables, the types of all
nodes and the bodies of its functions. Weights and constants keep their float32 values, which
float64 holds exactly. So it works for every model that can be traced, a SavedModel and a file of
Keras 2 included. An op without a float64 kernel gets a twin of float64 ops (`exact_ops`), or is
computed in float32 between casts: its own rounding then stays in the answer, and nothing else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from keras2cv.errors import ModelError
from keras2cv_export.quiet.tensorflow import tf

from .cpu_kernels import Runner, needs_twin, rename_functions, twin_function
from .exact_ops import become_call, double_twin, in_float32, is_kept, output_names, with_defaults

WIDER: Final[Mapping[int, int]] = {
    narrow.as_datatype_enum: wide.as_datatype_enum
    for narrow, wide in (
        (tf.float32, tf.float64),
        (tf.float16, tf.float64),
        (tf.bfloat16, tf.float64),
        (tf.complex64, tf.complex128),
    )
}


class NoExactAnswerError(ModelError):
    """TensorFlow cannot compute the model in float64."""


def exact_runner(traced: Any) -> Runner:
    """Return a runner of a concrete function in float64; it takes the function's own tensors.

    Raises:
        NoExactAnswerError: The graph holds something that cannot be made wider.
    """
    try:
        return _runner(traced)
    except (tf.errors.OpError, ValueError, TypeError, KeyError) as error:
        raise NoExactAnswerError(_sentence(error)) from error


def _runner(traced: Any) -> Runner:
    graph_def = _widened(traced.graph.as_graph_def())
    imported = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph_def, name=""), []
    )
    element = imported.graph.as_graph_element
    pruned = imported.prune(
        [element(t.name) for t in traced.inputs], [element(t.name) for t in traced.outputs]
    )
    captured = [_wide_capture(tensor) for tensor in traced.captured_inputs]

    def run(*tensors: Any) -> Sequence[Any]:
        handles = [one.handle if isinstance(one, tf.Variable) else one for one in captured]
        try:
            found: Sequence[Any] = pruned(*(_wide_tensor(t) for t in tensors), *handles)
        except (tf.errors.OpError, ValueError, TypeError) as error:
            raise NoExactAnswerError(_sentence(error)) from error
        return found

    return run


def _sentence(error: Exception) -> str:
    first = str(error).strip().split("\n")[0][:200]
    return f"TensorFlow cannot compute the model in float64 ({first}). Judge it in float32 alone."


def _widened(graph_def: Any) -> Any:
    """Return a graph in which every number is float64."""
    rename_functions(graph_def)
    twins: list[Any] = []
    _widen_nodes(graph_def.node, twins)
    for function in graph_def.library.function:
        _widen_arguments(function)
        renamed = _widen_nodes(function.node_def, twins)
        _refer_to_calls(function, renamed)
    graph_def.library.function.extend(twins)
    return graph_def


def _widen_arguments(function: Any) -> None:
    for argument in (*function.signature.input_arg, *function.signature.output_arg):
        argument.type = WIDER.get(argument.type, argument.type)
    for value in function.attr.values():
        _widen_value(value)
    for attributes in function.arg_attr.values():
        for value in attributes.attr.values():
            _widen_value(value)


def _widen_nodes(nodes: Any, twins: list[Any]) -> dict[str, list[str]]:
    """Widen nodes in place; return the outputs of those that became calls, by the node's name."""
    calls: dict[str, list[str]] = {}
    for node in nodes:
        with_defaults(node)
        narrow = type(node)()
        narrow.CopyFrom(node)
        for value in node.attr.values():
            _widen_value(value)
        if needs_twin(node):
            twin = twin_function(node)
        elif is_kept(node):
            twin = double_twin(node) or in_float32(narrow, WIDER)
        else:
            continue
        calls[node.name] = output_names(narrow)
        twins.append(getattr(twin, "function_def", twin))
        become_call(node, twins[-1])
    return calls


def _widen_value(value: Any) -> None:
    kind = value.WhichOneof("value")
    if kind == "type":
        value.type = WIDER.get(value.type, value.type)
    elif kind == "list" and value.list.type:
        value.list.type[:] = [WIDER.get(t, t) for t in value.list.type]
    elif kind == "tensor" and value.tensor.dtype in WIDER:
        wide = tf.as_dtype(WIDER[value.tensor.dtype])
        array = tf.make_ndarray(value.tensor).astype(wide.as_numpy_dtype)
        value.tensor.CopyFrom(tf.make_tensor_proto(array, wide, array.shape))


def _refer_to_calls(function: Any, calls: Mapping[str, list[str]]) -> None:
    """Name the outputs of calls as calls name them: in a function, a reference has the name."""

    def renamed(reference: str) -> str:
        node, _, output = reference.partition(":")
        if node not in calls or not output:
            return reference
        return f"{node}:output:{calls[node].index(output)}"

    for node in function.node_def:
        node.input[:] = [renamed(reference) for reference in node.input]
    for name, reference in function.ret.items():
        function.ret[name] = renamed(reference)


def _wide_tensor(tensor: Any) -> Any:
    wide = WIDER.get(tensor.dtype.as_datatype_enum)
    return tensor if wide is None else tf.cast(tensor, tf.as_dtype(wide))


def _wide_capture(tensor: Any) -> Any:
    """Return a captured value wider; a variable's handle as a new variable with its value."""
    if tensor.dtype != tf.resource:
        return _wide_tensor(tensor)
    held: Any = getattr(getattr(tensor, "_handle_data", None), "shape_and_type", [])
    if len(held) != 1 or held[0].dtype not in WIDER:
        return tensor
    value = tf.raw_ops.ReadVariableOp(resource=tensor, dtype=tf.as_dtype(held[0].dtype))
    return tf.Variable(_wide_tensor(value), trainable=False)
