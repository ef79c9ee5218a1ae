"""Rules of the ops that have weights, or windows: what they make, and what they must be given."""

from __future__ import annotations

from math import prod
from typing import Final

from keras2cv.bundle.netfile.values import Args, NotFollowed, Value, broadcast, checked

_FUNCTIONS: Final = frozenset(["Sigmoid", "Tanh"])


def convolution(args: Args) -> list[Value]:
    """Conv: (N, C, ...) and kernels (M, C / group, ...).

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, w, group = args.value(0), args.value(1), args.integer("group", 1)
    _float(args, x, w)
    spatial = _spatial(args, x)
    if len(w.shape) != len(x.shape) or group < 1:
        raise args.wrong("whose kernel has another rank")
    if w.shape[1] * group != x.shape[1] or w.shape[0] % group:
        raise args.wrong(f"in {group} groups, whose kernel does not fit")
    _bias(args, w.shape[0])
    sizes = _windows(args, x.shape[2:], w.shape[2:], spatial)
    return [Value(checked(args.op, (x.shape[0], w.shape[0], *sizes)))]


def transposed(args: Args) -> list[Value]:
    """ConvTranspose: (N, C, ...) and kernels (C, M / group, ...).

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, w, group = args.value(0), args.value(1), args.integer("group", 1)
    _float(args, x, w)
    spatial = _spatial(args, x)
    if len(w.shape) != len(x.shape) or group < 1 or w.shape[0] != x.shape[1] or x.shape[1] % group:
        raise args.wrong("whose kernel does not fit")
    if args.has("output_shape"):
        raise NotFollowed("ConvTranspose of an output shape")
    channels = w.shape[1] * group
    _bias(args, channels)
    strides, dilations, pads = _steps(args, w.shape[2:], spatial)
    more = args.integers("output_padding") or [0] * spatial
    if len(more) != spatial or any(
        not 0 <= m < max(s, d) for m, s, d in zip(more, strides, dilations, strict=True)
    ):
        raise args.wrong(f"with the output padding {more[:9]}")
    sizes = [
        (n - 1) * s + (k - 1) * d + 1 + extra - pads[i] - pads[i + spatial]
        for i, (n, s, k, d, extra) in enumerate(
            zip(x.shape[2:], strides, w.shape[2:], dilations, more, strict=True)
        )
    ]
    return [Value(checked(args.op, (x.shape[0], channels, *sizes)))]


def pooling(args: Args) -> list[Value]:
    """MaxPool and AveragePool.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, kernel = args.value(0), args.integers("kernel_shape") or []
    _float(args, x)
    spatial = _spatial(args, x)
    if len(kernel) != spatial or args.outputs != 1:
        raise args.wrong(f"of the window {kernel[:9]}")
    sizes = _windows(
        args, x.shape[2:], tuple(kernel), spatial, ceil=args.integer("ceil_mode", 0) == 1
    )
    pads = args.integers("pads") or []
    if any(pad >= kernel[i % spatial] for i, pad in enumerate(pads)):
        raise args.wrong(f"with the padding {pads[:9]}, as large as its window")
    return [Value(checked(args.op, (*x.shape[:2], *sizes)))]


def global_pooling(args: Args) -> list[Value]:
    """GlobalAveragePool and GlobalMaxPool."""
    x = args.value(0)
    _float(args, x)
    return [Value((*x.shape[:2], *[1] * _spatial(args, x)))]


def per_channel(args: Args) -> list[Value]:
    """BatchNormalization and InstanceNormalization: a number of each kind per channel.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x = args.value(0)
    _float(args, x)
    count = 5 if args.op == "BatchNormalization" else 3
    if len(args.inputs) != count or args.outputs != 1 or len(x.shape) < 2:
        raise args.wrong("with other inputs or outputs than it has")
    for index in range(1, count):
        if args.value(index).shape != (x.shape[1],) or args.value(index).dtype != "float32":
            raise args.wrong(f"whose input {index} is not a number per channel")
    return [Value(x.shape)]


def layer_norm(args: Args) -> list[Value]:
    """LayerNormalization.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, scale = args.value(0), args.value(1)
    _float(args, x, scale)
    axis = args.axis(args.integer("axis", -1), len(x.shape))
    bias = args.optional(2)
    wanted = x.shape[axis:]
    if scale.shape != wanted or (bias and bias.shape != wanted) or args.outputs != 1:
        raise args.wrong("whose scale or offset does not fit")
    return [Value(x.shape)]


def recurrent(args: Args) -> list[Value]:
    """LSTM and GRU of the cells that OpenCV has: all outputs, and the last states.

    Raises:
        NetFileError: Its weights, biases or first states do not fit.
    """
    x, w, r = args.value(0), args.value(1), args.value(2)
    directions = 2 if args.text("direction", "forward") == "bidirectional" else 1
    size, gates = args.integer("hidden_size", 0), 4 if args.op == "LSTM" else 3
    _float(args, x, w, r)
    if len(x.shape) != 3 or not 1 <= size <= x.size + w.size:
        raise args.wrong("of no sequence")
    steps, batch, channels = x.shape
    rows, state = gates * size, (directions, batch, size)
    wanted: dict[int, tuple[int, ...]] = {
        1: (directions, rows, channels),
        2: (directions, rows, size),
        3: (directions, 2 * rows),
        5: state,
        6: state,
    }
    for index, shape in wanted.items():
        value = args.optional(index)
        if value is not None and (value.shape != shape or value.dtype != "float32"):
            raise args.wrong(f"whose input {index} does not fit")
        if value is not None and not value.constant:
            raise NotFollowed(f"{args.op} of a computed input {index}")
    most = 3 if args.op == "LSTM" else 2
    if args.optional(4) is not None or len(args.inputs) > 3 + most + 1 or args.outputs > most:
        raise NotFollowed(f"{args.op} of lengths or peepholes")
    if args.text("direction", "forward") == "reverse" and (args.outputs > 1 or most == 2):
        raise NotFollowed(f"a reversed {args.op}, and its last state")
    functions = args.texts("activations")  # OpenCV has these two in any place, of one direction
    if functions and (directions > 1 or len(functions) != 3 or not {*functions} <= _FUNCTIONS):
        raise NotFollowed(f"{args.op} of other activations")
    made = [checked(args.op, (steps, directions, batch, size)), state, state]
    return [Value(shape) for shape in made[: args.outputs]]


def gemm(args: Args) -> list[Value]:
    """Gemm: two matrices, and an offset.

    Raises:
        NetFileError: Its parts do not fit.
    """
    a, b, c = args.value(0), args.value(1), args.optional(2)
    _float(args, a, b)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise args.wrong("of no matrices")
    (rows, inner) = a.shape[::-1] if args.integer("transA", 0) else a.shape
    (inner_b, columns) = b.shape[::-1] if args.integer("transB", 0) else b.shape
    if inner != inner_b:
        raise args.wrong("whose matrices do not fit")
    allowed = ((columns,), (1, columns), (rows, columns))
    if c is not None and (c.shape not in allowed or c.dtype != "float32"):
        raise args.wrong("whose offset does not fit")
    return [Value(checked(args.op, (rows, columns)))]


def matmul(args: Args) -> list[Value]:
    """MatMul of matrices or stacks of them.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    a, b = args.value(0), args.value(1)
    _float(args, a, b)
    if min(len(a.shape), len(b.shape)) < 2:
        raise NotFollowed("MatMul of a vector")
    if a.shape[-1] != b.shape[-2]:
        raise args.wrong("whose matrices do not fit")
    stacks = [Value(a.shape[:-2]), Value(b.shape[:-2])]
    return [Value(checked(args.op, (*broadcast(args, stacks), a.shape[-2], b.shape[-1])))]


def _float(args: Args, *values: Value) -> None:
    for value in values:
        if value.dtype != "float32":
            raise NotFollowed(f"{args.op} of {value.dtype}")


def _spatial(args: Args, x: Value) -> int:
    spatial = len(x.shape) - 2
    if spatial < 1:
        raise args.wrong("without a width")
    return spatial


def _bias(args: Args, channels: int) -> None:
    bias = args.optional(2)
    if bias is not None and (bias.shape != (channels,) or bias.dtype != "float32"):
        raise args.wrong("whose offset does not fit")


def _steps(
    args: Args, kernel: tuple[int, ...], spatial: int
) -> tuple[list[int], list[int], list[int]]:
    """Return strides, dilations and pads."""
    if args.text("auto_pad", "NOTSET") != "NOTSET":
        raise NotFollowed(f"{args.op} that pads by itself")
    strides = args.integers("strides") or [1] * spatial
    dilations = args.integers("dilations") or [1] * spatial
    pads = args.integers("pads") or [0] * (2 * spatial)
    stated = args.integers("kernel_shape") or list(kernel)
    if (
        tuple(stated) != tuple(kernel)
        or (len(strides), len(dilations), len(pads)) != (spatial, spatial, 2 * spatial)
        or min(*strides, *dilations, *kernel) < 1
        or min(pads) < 0
        or max(*strides, *dilations, *kernel, *pads) > 2**20
        or prod(kernel) > 2**24
    ):
        raise args.wrong("whose window, steps or padding does not fit")
    return strides, dilations, pads


def _windows(
    args: Args,
    sizes: tuple[int, ...],
    kernel: tuple[int, ...],
    spatial: int,
    ceil: bool = False,
) -> list[int]:
    """Return how many windows fit along each axis."""
    strides, dilations, pads = _steps(args, kernel, spatial)
    found = []
    for i, size in enumerate(sizes):
        room = size + pads[i] + pads[i + spatial] - (kernel[i] - 1) * dilations[i] - 1
        if room < 0:
            raise args.wrong("whose window is larger than its input")
        found.append((room + (strides[i] - 1) * ceil) // strides[i] + 1)
    return found
