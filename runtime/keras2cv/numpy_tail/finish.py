"""Run a tail's steps: arrays of the net's outputs in, arrays of Keras' outputs out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import BundleError
from keras2cv.numpy_tail.nms import combined_nms, nms
from keras2cv.numpy_tail.step import MAX_BYTES, MAX_ELEMENTS, MAX_ITERATIONS, Loop, Step

Array = NDArray[Any]
_Rule = Callable[..., Sequence[Array]]


class _Iterations:
    """Counts the iterations of all loops of a call: a condition in a file may hold for ever."""

    def __init__(self) -> None:
        self.left = MAX_ITERATIONS

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"loops of more than {MAX_ITERATIONS} iterations")


def finish(
    heads: Mapping[str, Array],
    steps: Sequence[Step],
    wanted: Collection[str] | None = None,
) -> dict[str, Array]:
    """Return the arrays that the steps make of `heads`, by name; dtypes are TensorFlow's.

    Args:
        heads: Name -> array, in Keras' layout and dtype, of a whole batch.
        steps: In an order in which they can run.
        wanted: The names to return, and to keep until the end; None: all.

    Raises:
        BundleError: A step does not fit its inputs, or needs too much memory, or loops too often.
    """
    return _run(heads, steps, wanted, _Iterations())


def _run(
    heads: Mapping[str, Array],
    steps: Sequence[Step],
    wanted: Collection[str] | None,
    iterations: _Iterations,
) -> dict[str, Array]:
    arrays = dict(heads)
    made = [name for step in steps for name in step.outputs]
    last = {name: number for number, step in enumerate(steps) for name in step.inputs}
    kept = set(made if wanted is None else wanted)
    for number, step in enumerate(steps):
        inputs = [arrays[name] for name in step.inputs]
        try:
            _check_size(step, inputs, sum(arrays[n].nbytes for n in made if n in arrays))
            with np.errstate(all="ignore"):  # TensorFlow warns of neither
                if step.loop is not None:
                    results = _repeat(step.loop, inputs, iterations)
                else:
                    results = _RULES[step.op](step, *inputs)
        except (ValueError, IndexError, TypeError, MemoryError) as error:
            shapes = ", ".join(str(array.shape) for array in inputs) or "its numbers"
            raise BundleError(
                f"tail.steps[{number}]: {step.op} does not fit {shapes} ({error}). "
                "Export the bundle again."
            ) from error
        arrays |= zip(step.outputs, map(np.asarray, results), strict=True)
        del inputs, results
        for name in {*step.inputs, *step.outputs} - kept:
            if last.get(name, number) <= number:
                del arrays[name]
    return {name: arrays[name] for name in made if name in kept}


def _check_size(step: Step, inputs: Sequence[Array], held: int) -> None:
    """Raise ValueError before more memory is allocated than any model's last steps need."""
    if step.loop is not None:  # its own steps are checked
        return
    count, width = _made(step, inputs)
    if count > MAX_ELEMENTS:
        raise ValueError(f"{count} numbers")
    if held + count * width > MAX_BYTES:
        raise ValueError(f"{held + count * width} bytes, and {MAX_BYTES} are the most")


def _made(step: Step, inputs: Sequence[Array]) -> tuple[int, int]:
    """Return how many numbers a step makes, and the bytes for each, those of its way included."""
    width = inputs[0].itemsize if inputs else 8
    if step.op == "gather":
        x, indices = inputs
        return indices.size * (x.size // max(x.shape[step.axis or 0], 1)), 2 * width
    if step.nms is not None:
        samples = inputs[0].shape[0] if step.op == "combined_nms" else 1
        return samples * (step.nms.max_total or step.nms.max_boxes), 48
    if step.op in ("slice", "constant"):
        return prod(step.shape or ()), width
    if step.op in ("concat", "stack"):
        return sum(x.size for x in inputs), width
    if step.op in _SIZES:
        return _SIZES[step.op](step, inputs), 2 * width
    if step.op == "top_k":
        width = 40  # sorted as float64, with int64 indices
    elif step.op == "cast":
        width = np.dtype(step.dtype).itemsize
    return prod(np.broadcast_shapes(*(x.shape for x in inputs))), width


_SIZES: Final[Mapping[str, Callable[[Step, Sequence[Array]], int]]] = MappingProxyType(
    {
        "slice_at": lambda step, _: prod(step.shape or ()),
        "gather_nd": lambda _, xs: prod(xs[1].shape[:-1]) * prod(xs[0].shape[xs[1].shape[-1] :]),
        "scatter": lambda _, xs: xs[0].size,
        "tile": lambda step, xs: xs[0].size * prod(step.shape or ()),
        "pad": lambda step, xs: prod(
            a + n + b
            for a, n, b in zip(step.begin or (), xs[0].shape, step.shape or (), strict=True)
        ),
        "matmul": lambda _, xs: xs[0].size // max(xs[0].shape[-1], 1) * xs[1].shape[-1],
    }
)


def _repeat(loop: Loop, inputs: Sequence[Array], iterations: _Iterations) -> Sequence[Array]:
    """Run a loop; its arrays keep their shapes and dtypes."""
    state = dict(zip(loop.state, inputs, strict=True))
    while True:
        found = state | _run(state, loop.condition, {loop.go_on}, iterations)
        if not found[loop.go_on].all():
            return [state[name] for name in loop.state]
        iterations.take()
        made = state | _run(state, loop.body, set(loop.results), iterations)
        for name, result in zip(loop.state, loop.results, strict=True):
            if (made[result].shape, made[result].dtype) != (state[name].shape, state[name].dtype):
                raise ValueError(f"{name} becomes {made[result].shape} {made[result].dtype}")
        state = {n: made[r] for n, r in zip(loop.state, loop.results, strict=True)}


def _slice(step: Step, x: Array) -> Sequence[Array]:
    assert step.begin is not None and step.shape is not None and step.strides is not None  # noqa: S101, PT018
    triples = zip(step.begin, step.shape, step.strides, strict=True)
    places = (begin + np.arange(size) * stride for begin, size, stride in triples)
    where: tuple[Any, ...] = np.ix_(*places)
    return [x[where] if step.begin else x]


def _gather(step: Step, x: Array, indices: Array) -> Sequence[Array]:
    axis, batch_dims = step.axis or 0, step.batch_dims or 0
    lead, rest = x.shape[:batch_dims], indices.shape[batch_dims:]
    if indices.size and not 0 <= indices.min() <= indices.max() < x.shape[axis]:
        raise IndexError(f"an index beyond the {x.shape[axis]} of axis {axis}")
    if indices.shape[:batch_dims] != lead:
        raise ValueError(f"indices of shape {indices.shape}")
    count = int(np.prod(lead))
    samples = x.reshape(count, *x.shape[batch_dims:])
    rows = indices.reshape(count, -1)
    taken = np.stack([np.take(a, i, axis - batch_dims) for a, i in zip(samples, rows, strict=True)])
    return [taken.reshape(*lead, *x.shape[batch_dims:axis], *rest, *x.shape[axis + 1 :])]


def _top_k(step: Step, x: Array) -> Sequence[Array]:
    """Of equal numbers the lower index comes first, as in tf.math.top_k."""
    if (step.k or 0) > x.shape[-1]:
        raise ValueError(f"{step.k} of {x.shape[-1]}")
    order = np.argsort(-x.astype(np.float64), axis=-1, kind="stable")[..., : step.k]
    return [np.take_along_axis(x, order, -1), order.astype(np.int32)]


def _where(_: Step, condition: Array, x: Array, y: Array) -> Sequence[Array]:
    return [np.where(condition, x, y)]


def _slice_at(step: Step, x: Array, begin: Array) -> Sequence[Array]:
    ranges = list(zip(begin.tolist(), step.shape or (), x.shape, strict=True))
    if any(not 0 <= start <= size - count for start, count, size in ranges):
        raise IndexError(f"a part that begins at {begin.tolist()}")
    return [x[tuple(slice(start, start + count) for start, count, _ in ranges)]]


def _places(x: Array, indices: Array) -> tuple[Array, ...]:
    """Return the indices as NumPy takes them, each within its axis."""
    places = tuple(np.moveaxis(indices, -1, 0))
    for place, size in zip(places, x.shape, strict=False):
        if place.size and not 0 <= place.min() <= place.max() < size:
            raise IndexError(f"an index beyond {size}")
    return places


def _scatter(_: Step, x: Array, indices: Array, updates: Array) -> Sequence[Array]:
    changed = x.copy()
    changed[_places(x, indices)] = updates
    return [changed]


def _pad(step: Step, x: Array, value: Array) -> Sequence[Array]:
    widths = list(zip(step.begin or (), step.shape or (), strict=True))
    return [np.pad(x, widths, constant_values=value.item())]


def _over_axes(function: Callable[..., Any]) -> _Rule:
    """Return a rule that reduces axes, in the dtype of its input."""

    def rule(step: Step, x: Array) -> Sequence[Array]:
        return [np.asarray(function(x, axis=tuple(step.shape or ()))).astype(x.dtype)]

    return rule


def _unary(function: Callable[..., Any]) -> _Rule:
    def rule(_: Step, x: Array) -> Sequence[Array]:
        return [np.asarray(function(x)).astype(x.dtype)]

    return rule


def _binary(function: Callable[..., Any]) -> _Rule:
    def rule(_: Step, x: Array, y: Array) -> Sequence[Array]:
        if x.dtype != y.dtype:
            raise TypeError(f"{x.dtype} and {y.dtype}")
        return [np.asarray(function(x, y))]

    return rule


_RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "combined_nms": lambda step, boxes, scores: combined_nms(boxes, scores, step.nms),
        "nms": lambda step, boxes, scores: nms(boxes, scores, step.nms),
        "top_k": _top_k,
        "constant": lambda step: [np.array(step.values, step.dtype).reshape(step.shape)],
        "cast": lambda step, x: [x.astype(step.dtype)],
        "reshape": lambda step, x: [x.reshape(step.shape)],
        "slice": _slice,
        "concat": lambda step, *arrays: [np.concatenate(arrays, step.axis)],
        "stack": lambda step, *arrays: [np.stack(arrays, step.axis or 0)],
        "gather": _gather,
        "transpose": lambda step, x: [x.transpose(step.shape)],
        "where": _where,
        "not": lambda _, x: [np.logical_not(x)],
        "add": _binary(np.add),
        "subtract": _binary(np.subtract),
        "multiply": _binary(np.multiply),
        "divide": _binary(np.true_divide),
        "floor_divide": _binary(np.floor_divide),
        "modulo": _binary(np.mod),
        "minimum": _binary(np.minimum),
        "maximum": _binary(np.maximum),
        "equal": _binary(np.equal),
        "not_equal": _binary(np.not_equal),
        "less": _binary(np.less),
        "less_equal": _binary(np.less_equal),
        "greater": _binary(np.greater),
        "greater_equal": _binary(np.greater_equal),
        "and": _binary(np.logical_and),
        "or": _binary(np.logical_or),
        "slice_at": _slice_at,
        "gather_nd": lambda _, x, indices: [x[_places(x, indices)]],
        "scatter": _scatter,
        "tile": lambda step, x: [np.tile(x, step.shape)],
        "pad": _pad,
        "matmul": _binary(np.matmul),
        "argmax": lambda step, x: [np.argmax(x, step.axis).astype(np.int64)],
        "cumsum": lambda step, x: [np.cumsum(x, step.axis, dtype=x.dtype)],
        "sum": _over_axes(np.sum),
        "prod": _over_axes(np.prod),
        "mean": _over_axes(np.mean),
        "max": _over_axes(np.max),
        "min": _over_axes(np.min),
        "any": _over_axes(np.any),
        "all": _over_axes(np.all),
        "negate": _unary(np.negative),
        "abs": _unary(np.abs),
        "exp": _unary(np.exp),
        "log": _unary(np.log),
        "sqrt": _unary(np.sqrt),
        "floor": _unary(np.floor),
        "ceil": _unary(np.ceil),
        "round": _unary(np.round),
        "sigmoid": _unary(lambda x: 1 / (1 + np.exp(-x))),
        "tanh": _unary(np.tanh),
        "power": _binary(np.power),
    }
)
