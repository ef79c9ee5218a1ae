"""The ops without a float64 kernel on the CPU, and what stands in for them (see `exact`)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

from keras2cv_export.quiet.tensorflow import tf

_NUMBERS: Final = itertools.count()
# Their bits are looked at, or a float32 is asked for by name.
_BITWISE: Final = frozenset({"Bitcast"})
_NO_OPS: Final = frozenset({"Placeholder", "PartitionedCall", "StatefulPartitionedCall"})


def with_defaults(node: Any) -> None:
    """Write out the types that a node leaves to its op: float32 is the default of some."""
    definition = _definition(node.op)
    for attribute in definition.attr if definition is not None else ():
        absent = attribute.type == "type" and attribute.name not in node.attr
        if absent and attribute.HasField("default_value"):
            node.attr[attribute.name].CopyFrom(attribute.default_value)


def is_kept(node: Any) -> bool:
    """Whether a node that was made wider has no kernel, or has a fixed narrow type."""
    definition = _definition(node.op)
    if definition is None or node.op in _NO_OPS:  # a call of a function of the graph
        return False
    if node.op in _BITWISE or _has_fixed_float(definition):
        return True
    return _breaks_definition(node, definition) or not _has_kernel(node)


def output_names(node: Any) -> list[str]:
    """Return the outputs of a node as a function's body refers to them, such as "y:0"."""
    return [
        f"{name}:{index}" for name, index, _ in _expanded(_definition(node.op).output_arg, node)
    ]


def double_twin(node: Any) -> Any:
    """Return a concrete function of float64 ops that computes the node, or None."""
    make = _TWINS.get(node.op)
    return None if make is None else make(node)


def in_float32(node: Any, wider: Mapping[int, int]) -> Any:
    """Return a FunctionDef that casts to the node's own types, computes it, and casts back."""
    definition, function = _definition(node.op), _function_def()
    function.signature.name = f"keras2cv_narrow_{next(_NUMBERS)}"
    inner = function.node_def.add()
    inner.CopyFrom(node)
    inner.name = "narrow"
    del inner.input[:]
    inner.attr.pop("_class", None)
    for k, (_, _, narrow) in enumerate(_expanded(definition.input_arg, node)):
        wide = wider.get(narrow, narrow)
        function.signature.input_arg.add(name=f"i{k}", type=wide)
        inner.input.append(_cast(function, f"in{k}", f"i{k}", wide, narrow))
    for k, (name, index, narrow) in enumerate(_expanded(definition.output_arg, node)):
        wide = wider.get(narrow, narrow)
        function.signature.output_arg.add(name=f"o{k}", type=wide)
        function.ret[f"o{k}"] = _cast(function, f"out{k}", f"narrow:{name}:{index}", narrow, wide)
    return function


def become_call(node: Any, function: Any) -> None:
    """Make a node the call of a function of the library: the same name, inputs and outputs."""
    node.op = "PartitionedCall"
    node.ClearField("attr")
    node.attr["f"].func.name = function.signature.name
    node.attr["Tin"].list.type.extend(a.type for a in function.signature.input_arg)
    node.attr["Tout"].list.type.extend(a.type for a in function.signature.output_arg)


def _function_def() -> Any:
    library = tf.compat.v1.GraphDef().library
    return library.function.add()


def _cast(function: Any, name: str, source: str, given: int, wanted: int) -> str:
    """Add a cast, if the types differ; return the reference to the result."""
    if given == wanted:
        return source
    node = function.node_def.add(name=name, op="Cast", input=[source])
    node.attr["SrcT"].type, node.attr["DstT"].type = given, wanted
    return f"{name}:y:0"


@cache
def _definition(op: str) -> Any:
    registry = import_module("tensorflow.python.framework.op_def_registry")
    return registry.get(op)


@cache
def _kernels(op: str) -> tuple[Any, ...]:
    kernels = import_module("tensorflow.python.framework.kernels")
    found = kernels.get_registered_kernels_for_op(op).kernel
    return tuple(kernel for kernel in found if kernel.device_type in ("CPU", "DEFAULT"))


def _has_fixed_float(definition: Any) -> bool:
    arguments = (*definition.input_arg, *definition.output_arg)
    return any(argument.type == tf.float32.as_datatype_enum for argument in arguments)


def _breaks_definition(node: Any, definition: Any) -> bool:
    return any(
        attribute.type == "type"
        and bool(attribute.allowed_values.list.type)
        and node.attr[attribute.name].type not in attribute.allowed_values.list.type
        for attribute in definition.attr
    )


def _has_kernel(node: Any) -> bool:
    kernels = _kernels(node.op)
    return not kernels or any(_fits(kernel, node) for kernel in kernels)


def _fits(kernel: Any, node: Any) -> bool:
    for constraint in kernel.constraint:
        value = node.attr[constraint.name]
        given = value.list.type if value.WhichOneof("value") == "list" else [value.type]
        allowed = constraint.allowed_values.list.type
        if allowed and not all(one in allowed for one in given):
            return False
    return True


def _expanded(arguments: Any, node: Any) -> Iterator[tuple[str, int, int]]:
    """Yield (argument, index in it, type) for each tensor of a node's inputs or outputs."""
    for argument in arguments:
        if argument.type_list_attr:
            types = list(node.attr[argument.type_list_attr].list.type)
        else:
            one = argument.type or node.attr[argument.type_attr].type
            types = [one] * (node.attr[argument.number_attr].i if argument.number_attr else 1)
        for index, kind in enumerate(types):
            yield argument.name, index, kind


def _batch_norm(node: Any) -> Any:
    """Normalise with the given statistics, or with the batch's own where it is trained."""
    channels_last = not node.attr["data_format"].s.startswith(b"NC")
    rank = 5 if len(node.attr["data_format"].s) == 5 else 4
    axes = [k for k in range(rank) if k != (rank - 1 if channels_last else 1)]
    epsilon = float(node.attr["epsilon"].f)
    training = node.attr["is_training"].b

    def computed(x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> Any:
        if training:
            mean, variance = tf.nn.moments(x, axes)
        shape = [1] * rank
        shape[rank - 1 if channels_last else 1] = -1
        factor = tf.reshape(scale * tf.math.rsqrt(variance + epsilon), shape)
        y = (x - tf.reshape(mean, shape)) * factor + tf.reshape(offset, shape)
        return [y, *(tf.identity(s) for s in (mean, variance, mean, variance, mean)[:extra])]

    extra = 5 if node.op.endswith("V3") else 4
    vector = tf.TensorSpec([None], tf.float64)
    return _concrete(computed, tf.TensorSpec([None] * rank, tf.float64), *[vector] * 4)


def _resize(node: Any) -> Any:
    """Resize with the weights of the op itself, which it gives for rows of an identity."""
    given = [name for name in ("align_corners", "half_pixel_centers") if name in node.attr]
    flags = {name: node.attr[name].b for name in given}
    narrow = getattr(tf.raw_ops, node.op)

    def weights(length: Any, size: Any) -> Any:
        rows = tf.reshape(tf.eye(length, dtype=tf.float32), [1, length, 1, length])
        resized = narrow(images=rows, size=tf.stack([size, 1]), **flags)
        return tf.cast(tf.reshape(resized, [size, length]), tf.float64)

    def computed(images: Any, size: Any) -> Any:
        shape = tf.shape(images)
        down = tf.einsum("bhwc,yh->bywc", tf.cast(images, tf.float64), weights(shape[1], size[0]))
        return [tf.einsum("bywc,xw->byxc", down, weights(shape[2], size[1]))]

    images = tf.TensorSpec([None] * 4, tf.as_dtype(node.attr["T"].type))
    return _concrete(computed, images, tf.TensorSpec([2], tf.int32))


def _scale_and_translate(node: Any) -> Any:
    """Do the same for the resize with antialiasing."""
    kernel = node.attr["kernel_type"].s.decode() or "lanczos3"
    antialias = node.attr["antialias"].b

    def weights(length: Any, size: Any, scale: Any, translation: Any) -> Any:
        rows = tf.reshape(tf.eye(length, dtype=tf.float32), [1, length, 1, length])
        resized = tf.raw_ops.ScaleAndTranslate(
            images=rows,
            size=tf.stack([size, 1]),
            scale=tf.stack([scale, 1.0]),
            translation=tf.stack([translation, 0.0]),
            kernel_type=kernel,
            antialias=antialias,
        )
        return tf.cast(tf.reshape(resized, [size, length]), tf.float64)

    def computed(images: Any, size: Any, scale: Any, translation: Any) -> Any:
        shape = tf.shape(images)
        scale, moved = tf.cast(scale, tf.float32), tf.cast(translation, tf.float32)
        rows = weights(shape[1], size[0], scale[0], moved[0])
        columns = weights(shape[2], size[1], scale[1], moved[1])
        down = tf.einsum("bhwc,yh->bywc", tf.cast(images, tf.float64), rows)
        return [tf.einsum("bywc,xw->byxc", down, columns)]

    images = tf.TensorSpec([None] * 4, tf.as_dtype(node.attr["T"].type))
    pair = tf.TensorSpec([2], tf.float64)
    return _concrete(computed, images, tf.TensorSpec([2], tf.int32), pair, pair)


def _concrete(function: Callable[..., Any], *specs: Any) -> Any:
    function.__name__ = f"keras2cv_exact_{next(_NUMBERS)}"
    return tf.function(function, autograph=False).get_concrete_function(*specs)


_TWINS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "FusedBatchNorm": _batch_norm,
    "FusedBatchNormV2": _batch_norm,
    "FusedBatchNormV3": _batch_norm,
    "ResizeBilinear": _resize,
    "ResizeBicubic": _resize,
    "ResizeArea": _resize,
    "ScaleAndTranslate": _scale_and_translate,
}
