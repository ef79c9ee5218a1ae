"""Compute a traced model on the CPU, even where TensorFlow lacks CPU kernels for some of its nodes.

oneDNN has these kernels, and TensorFlow uses it by default on processors with AVX-512 alone; on a
Mac there is none. Without it a node of the following kinds raises an error when it is run:

    data format NCHW, NCDHW                the data transposed to NHWC before it, and back behind it
    a transposed convolution, dilated      the kernel with zeros between its taps, not dilated

The right column is the node's twin, which computes the same sum. It stands in for the node only
after TensorFlow has failed, so that the reference is TensorFlow's own answer wherever it has one.

The twin is a function in the graph's library, and the node becomes a call of it. So this works for
every model that can be traced, a SavedModel and the bodies of its functions included.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from keras2cv_export.quiet.tensorflow import tf

Runner = Callable[..., Sequence[Any]]
_Role = Literal["data", "kernel", "shape"]

_CONVOLUTION: Final[Mapping[str, _Role]] = {"input": "data", "filter": "kernel"}
_TRANSPOSED: Final[Mapping[str, _Role]] = {
    "input_sizes": "shape",
    "filter": "kernel",
    "out_backprop": "data",
}
_DATA: Final[Mapping[str, _Role]] = {"input": "data"}
_AVERAGE: Final[Mapping[str, _Role]] = {"value": "data"}

# The arguments of each op, in the order of its inputs. Each has one output, which is named "output"
# as the output of a call is.
_ARGUMENTS: Final[Mapping[str, Mapping[str, _Role]]] = {
    "Conv2D": _CONVOLUTION,
    "Conv3D": _CONVOLUTION,
    "DepthwiseConv2dNative": _CONVOLUTION,
    "Conv2DBackpropInput": _TRANSPOSED,
    "Conv3DBackpropInputV2": _TRANSPOSED,
    "MaxPool": _DATA,
    "MaxPool3D": _DATA,
    "AvgPool": _AVERAGE,
    "AvgPool3D": _DATA,
    "DepthToSpace": _DATA,
    "SpaceToDepth": _DATA,
}
_PER_DIMENSION: Final = ("ksize", "strides", "dilations")
_SCOPE: Final = "keras2cv_on_cpu"  # the call is inlined among nodes of the same name before a slash
_NUMBERS: Final = itertools.count()


def cpu_runner(traced: Any) -> Runner:
    """Return a runner of a concrete function: TensorFlow alone, or the twin where TensorFlow fails.

    The runner takes the function's tensors and returns its outputs, a flat list.
    """
    runner: Runner = traced
    tried = False

    def run(*tensors: Any) -> Sequence[Any]:
        nonlocal runner, tried
        try:
            return runner(*tensors)
        except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
            twin = None if tried else twin_of(traced)
            tried = True
            if twin is None:
                raise
        runner = twin
        return runner(*tensors)

    return run


def twin_of(traced: Any) -> Runner | None:
    """Return the runner of a concrete function in which every node above is its twin.

    Returns None if it has no such node.
    """
    graph_def = traced.graph.as_graph_def()
    replaced = [node for node in all_nodes(graph_def) if needs_twin(node)]
    if not replaced:
        return None
    rename_functions(graph_def)
    for node in replaced:
        twin = twin_function(node)
        graph_def.library.function.append(twin.function_def)
        _become_call(node, twin)
    imported = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph_def, name=""), []
    )
    element = imported.graph.as_graph_element
    pruned = imported.prune(
        [element(t.name) for t in traced.inputs], [element(t.name) for t in traced.outputs]
    )
    return lambda *tensors: pruned(*tensors, *traced.captured_inputs)


def all_nodes(graph_def: Any) -> Iterator[Any]:
    """Yield every node of a graph, and of its functions."""
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def rename_functions(graph_def: Any) -> None:
    """Rename each function of the library, since TensorFlow knows the old name's old graph."""
    suffix = f"_on_cpu_{next(_NUMBERS)}"
    names = {f.signature.name: f.signature.name + suffix for f in graph_def.library.function}
    for function in graph_def.library.function:
        function.signature.name = names[function.signature.name]
    for node in all_nodes(graph_def):
        node.op = names.get(node.op, node.op)
        for value in node.attr.values():
            for called in (value.func, *value.list.func):
                if called.name in names:  # to set it would make any attribute one of this kind
                    called.name = names[called.name]
    for gradient in graph_def.library.gradient:
        gradient.function_name = names.get(gradient.function_name, gradient.function_name)
        gradient.gradient_func = names.get(gradient.gradient_func, gradient.gradient_func)


def needs_twin(node: Any) -> bool:
    """Whether the CPU computes the node with oneDNN alone."""
    return node.op in _ARGUMENTS and (_is_channels_first(node) or _is_dilated_transposed(node))


def _is_channels_first(node: Any) -> bool:
    return "data_format" in node.attr and node.attr["data_format"].s.startswith(b"NC")


def _is_dilated_transposed(node: Any) -> bool:
    dilations = node.attr["dilations"].list.i if "dilations" in node.attr else ()
    return _ARGUMENTS[node.op] is _TRANSPOSED and max(dilations, default=1) > 1


def twin_function(node: Any) -> Any:
    """Return a concrete function of the node's inputs that computes the node."""
    arguments = _ARGUMENTS[node.op]
    rank = 5 if "3D" in node.op else 4
    first, dilated = _is_channels_first(node), _is_dilated_transposed(node)
    attributes = _attributes(node, rank, first=first)
    dilations = attributes.get("dilations", [1] * rank)
    if dilated:
        attributes["dilations"] = [1] * rank
    to_last, to_first = [0, *range(2, rank), 1], [0, rank - 1, *range(1, rank - 1)]

    def brought(role: _Role, tensor: Any) -> Any:
        if role == "kernel":
            return _spread(tensor, dilations[1:-1]) if dilated else tensor
        if not first:
            return tensor
        return tf.gather(tensor, to_last) if role == "shape" else tf.transpose(tensor, to_last)

    def computed(*tensors: Any) -> Any:
        with tf.name_scope(_SCOPE):
            named = {
                name: brought(role, tensor)
                for (name, role), tensor in zip(arguments.items(), tensors, strict=True)
            }
            y = getattr(tf.raw_ops, node.op)(**named, **attributes)
            return tf.transpose(y, to_first) if first else y

    specs = [_spec(node, role, rank) for role in arguments.values()]
    return tf.function(computed, autograph=False).get_concrete_function(*specs)


def _spec(node: Any, role: _Role, rank: int) -> Any:
    if role == "shape":
        integer = node.attr["Tshape"].type if "Tshape" in node.attr else tf.int32
        return tf.TensorSpec([rank], tf.as_dtype(integer))
    return tf.TensorSpec([None] * rank, tf.as_dtype(node.attr["T"].type))


def _attributes(node: Any, rank: int, *, first: bool) -> dict[str, Any]:
    """Return the node's attributes as the raw op takes them, for the channels last."""
    order = [0, *range(2, rank), 1] if first else list(range(rank))
    found: dict[str, Any] = {"data_format": "NDHWC" if rank == 5 else "NHWC"}
    for name in _PER_DIMENSION:
        if values := node.attr[name].list.i:
            found[name] = [values[k] for k in order]
    if explicit := node.attr["explicit_paddings"].list.i:
        found["explicit_paddings"] = [n for k in order for n in explicit[2 * k : 2 * k + 2]]
    if padding := node.attr["padding"].s:
        found["padding"] = padding.decode()
    if block_size := node.attr["block_size"].i:
        found["block_size"] = block_size
    return found


def _spread(kernel: Any, dilations: Sequence[int]) -> Any:
    """Put `dilation - 1` zeros between a kernel's taps, in each of its spatial dimensions."""
    for axis, dilation in enumerate(dilations):
        shape = tf.shape(kernel)
        taps = tf.expand_dims(kernel, axis + 1)
        pads = [[0, 0]] * len(taps.shape)
        pads[axis + 1] = [0, dilation - 1]
        merged = tf.concat([shape[:axis], [-1], shape[axis + 1 :]], 0)
        spread = tf.reshape(tf.pad(taps, pads), merged)
        length = (shape[axis] - 1) * dilation + 1
        kernel = tf.gather(spread, tf.range(length), axis=axis)
    return kernel


def _become_call(node: Any, twin: Any) -> None:
    """Make a node the call of its twin: the same name, inputs and output."""
    node.op = "PartitionedCall"
    node.ClearField("attr")
    node.attr["f"].func.name = twin.function_def.signature.name
    node.attr["Tin"].list.type.extend(t.dtype.as_datatype_enum for t in twin.inputs)
    node.attr["Tout"].list.type.extend(t.dtype.as_datatype_enum for t in twin.outputs)
