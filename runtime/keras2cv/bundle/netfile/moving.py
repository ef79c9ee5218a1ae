"""Rules of the ops that move numbers about: reshape, cut, join, repeat, gather."""

from __future__ import annotations

from math import floor, isfinite, prod

from keras2cv.bundle.netfile.values import Args, NotFollowed, Value, checked


def reshape(args: Args) -> list[Value]:
    """Reshape by a constant.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, wanted = args.value(0), args.numbers(1)
    if args.integer("allowzero", 0):
        raise NotFollowed("Reshape to sizes of zero")
    if any(n == 0 and i >= len(x.shape) for i, n in enumerate(wanted)):
        raise args.wrong("that keeps an axis which is not there")
    sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    known = prod(n for n in sizes if n != -1)
    if sizes.count(-1) == 1 and known > 0 and x.size % known == 0:
        sizes[sizes.index(-1)] = x.size // known
    if min(sizes, default=1) < 1 or prod(sizes) != x.size:
        raise args.wrong(f"to {wanted[:16]}, which holds another number of numbers")
    return [Value(checked(args.op, sizes), x.dtype)]


def flatten(args: Args) -> list[Value]:
    """Flatten to two axes.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, axis = args.value(0), args.integer("axis", 1)
    if not -len(x.shape) <= axis <= len(x.shape):
        raise args.wrong(f"at axis {axis}")
    at = axis if axis >= 0 else axis + len(x.shape)
    return [Value((prod(x.shape[:at]), prod(x.shape[at:])), x.dtype)]


def squeeze(args: Args) -> list[Value]:
    """Squeeze and Unsqueeze.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x = args.value(0)
    axes = args.integers("axes") if args.optional(1) is None else args.numbers(1)
    if axes is None:
        raise NotFollowed(f"{args.op} without axes")
    rank = len(x.shape) + (len(axes) if args.op == "Unsqueeze" else 0)
    places = {args.axis(axis, rank) for axis in axes}
    if len(places) != len(axes):
        raise args.wrong("that names an axis twice")
    if args.op == "Squeeze":
        if any(x.shape[axis] != 1 for axis in places):
            raise args.wrong(f"of axes {axes[:16]}, which are not all 1")
        return [Value(tuple(n for i, n in enumerate(x.shape) if i not in places), x.dtype)]
    rest = iter(x.shape)
    return [
        Value(checked(args.op, [1 if i in places else next(rest) for i in range(rank)]), x.dtype)
    ]


def transpose(args: Args) -> list[Value]:
    """Transpose by a permutation.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x = args.value(0)
    order = args.integers("perm") or list(range(len(x.shape)))[::-1]
    if sorted(order) != list(range(len(x.shape))):
        raise args.wrong(f"in the order {order[:16]}")
    return [Value(tuple(x.shape[i] for i in order), x.dtype)]


def concat(args: Args) -> list[Value]:
    """Concat along an axis.

    Raises:
        NetFileError: Its parts do not fit.
    """
    values = [args.value(i) for i in range(len(args.inputs))]
    first = args.value(0)
    axis = args.axis(args.integer("axis", 1), len(first.shape))
    for value in values:
        same = len(value.shape) == len(first.shape) and value.dtype == first.dtype
        if not same or any(
            a != b
            for i, (a, b) in enumerate(zip(value.shape, first.shape, strict=True))
            if i != axis
        ):
            raise args.wrong("whose inputs do not fit")
    sizes = list(first.shape)
    sizes[axis] = sum(value.shape[axis] for value in values)
    return [Value(checked(args.op, sizes), first.dtype)]


def split(args: Args) -> list[Value]:
    """Split along an axis, into equal parts or those that are given.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x = args.value(0)
    axis = args.axis(args.integer("axis", 0), len(x.shape))
    parts = args.integers("split") if args.optional(1) is None else args.numbers(1)
    if parts is None:
        if args.outputs == 0 or x.shape[axis] % args.outputs:
            raise NotFollowed("Split into unequal parts")
        parts = [x.shape[axis] // args.outputs] * args.outputs
    if len(parts) != args.outputs or sum(parts) != x.shape[axis] or min(parts) < 1:
        raise args.wrong(f"into {parts[:16]}")
    return [
        Value(tuple(n if i == axis else m for i, m in enumerate(x.shape)), x.dtype) for n in parts
    ]


def cut(args: Args) -> list[Value]:
    """Slice by constants.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, rank = args.value(0), len(args.value(0).shape)
    if args.has("starts"):
        starts, ends = args.integers("starts") or [], args.integers("ends") or []
        axes, steps = args.integers("axes"), None
    else:
        starts, ends = args.numbers(1), args.numbers(2)
        axes = args.numbers(3) if args.optional(3) else None
        steps = args.numbers(4) if args.optional(4) else None
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    places = [args.axis(axis, rank) for axis in axes]
    if not len(starts) == len(ends) == len(axes) == len(steps) == len(set(places)) or 0 in steps:
        raise args.wrong("whose starts, ends, axes and steps do not fit")
    sizes = list(x.shape)
    for start, end, axis, step in zip(starts, ends, places, steps, strict=True):
        sizes[axis] = len(
            range(*slice(start, end if end >= -(2**62) else None, step).indices(x.shape[axis]))
        )
    return [Value(checked(args.op, sizes), x.dtype)]


def pad(args: Args) -> list[Value]:
    """Pad by constants.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, rank = args.value(0), len(args.value(0).shape)
    pads = args.integers("pads") if args.optional(1) is None else args.numbers(1)
    mode = args.text("mode", "constant")
    if pads is None or len(pads) != 2 * rank or len(args.inputs) > 3:
        raise args.wrong("whose padding does not fit")
    least = 0 if mode == "constant" else 1
    if min(pads) < 0 or max(pads) > 2**20 or mode not in ("constant", "reflect", "edge"):
        raise NotFollowed(f"Pad by {mode}, or that cuts")
    if mode != "constant" and any(n > x.shape[i % rank] - least for i, n in enumerate(pads)):
        raise args.wrong("that reflects more than there is")
    if (fill := args.optional(2)) is not None and (fill.size, fill.dtype) != (1, x.dtype):
        raise args.wrong("with something else than a number")
    sizes = [n + pads[i] + pads[i + rank] for i, n in enumerate(x.shape)]
    return [Value(checked(args.op, sizes), x.dtype)]


def resize(args: Args) -> list[Value]:
    """Resize height and width by constant sizes or scales.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x = args.value(0)
    if len(x.shape) != 4 or x.dtype != "float32" or args.has("axes"):
        raise NotFollowed("Resize of another rank")
    scales, sizes = args.optional(2), args.optional(3)
    if (roi := args.optional(1)) is not None and roi.size not in (0, 8):
        raise args.wrong("whose region does not fit")
    if sizes is not None:
        wanted = args.numbers(3)
    else:
        if scales is None or scales.numbers is None or scales.dtype != "float32":
            raise NotFollowed("Resize by a scale that is computed")
        factors = [float(f) for f in scales.numbers.ravel()]
        if len(factors) != 4 or not all(isfinite(f) and 0 < f < 2**20 for f in factors):
            raise args.wrong(f"by {factors[:8]}")
        wanted = [floor(n * f + 1e-4) for n, f in zip(x.shape, factors, strict=True)]
    # tf2onnx writes -1 for samples and channels; OpenCV reads height and width alone.
    if len(wanted) != 4 or tuple(wanted[:2]) not in (x.shape[:2], (-1, -1)):
        raise args.wrong(f"to {wanted[:8]}, with other channels")
    return [Value(checked(args.op, (*x.shape[:2], *wanted[2:])))]


def gather(args: Args) -> list[Value]:
    """Gather along an axis; OpenCV refuses computed indices that are out of range itself.

    Raises:
        NotFollowed: It has another form.
    """
    x, indices = args.value(0), args.value(1)
    axis = args.axis(args.integer("axis", 0), len(x.shape))
    if indices.dtype not in ("int64", "int32"):
        raise NotFollowed(f"Gather by {indices.dtype}")
    if indices.constant and indices.within() is not None:
        _check_range(args, indices, x.shape[axis])
    sizes = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return [Value(checked(args.op, sizes), x.dtype)]


def gather_elements(args: Args) -> list[Value]:
    """GatherElements and ScatterElements: OpenCV does not look whether indices are in range.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, indices = args.value(0), args.value(1)
    axis = args.axis(args.integer("axis", 0), len(x.shape))
    _check_range(args, indices, x.shape[axis])
    if len(indices.shape) != len(x.shape) or any(
        n > m for i, (n, m) in enumerate(zip(indices.shape, x.shape, strict=True)) if i != axis
    ):
        raise args.wrong("whose indices do not fit")
    if args.op == "ScatterElements":
        _check_updates(args, indices.shape)
        if not x.constant or x.size != 1:
            raise NotFollowed(f"an op {args.op}")
    return [Value(checked(args.op, indices.shape), x.dtype)]


def gather_nd(args: Args) -> list[Value]:
    """GatherND and ScatterND: OpenCV does not look whether indices are in range.

    Raises:
        NotFollowed: It has another form.
    """
    x, indices = args.value(0), args.value(1)
    count = indices.shape[-1] if indices.shape else 0
    if args.integer("batch_dims", 0) or not 1 <= count <= len(x.shape):
        raise NotFollowed(f"{args.op} of another form")
    numbers = indices.numbers
    if numbers is None:
        _check_range(args, indices, min(x.shape[:count]))
    else:
        for i, column in enumerate(numbers.reshape(-1, count).T):
            _check_range(args, Value(column.shape, indices.dtype, column), x.shape[i])
    sizes = (*indices.shape[:-1], *x.shape[count:])
    if args.op == "ScatterND":
        _check_updates(args, sizes)
    raise NotFollowed(f"an op {args.op}")


def _check_updates(args: Args, wanted: tuple[int, ...]) -> None:
    x, updates = args.value(0), args.value(2)
    if updates.shape != wanted or updates.dtype != x.dtype:
        raise args.wrong("whose updates do not fit")


def repeat(args: Args) -> list[Value]:
    """Tile and Expand by constants.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, counts = args.value(0), args.numbers(1)
    if args.op == "Tile":
        if len(counts) != len(x.shape):
            raise args.wrong(f"by {counts[:16]}")
        return [
            Value(checked(args.op, [n * m for n, m in zip(x.shape, counts, strict=True)]), x.dtype)
        ]
    rank = max(len(counts), len(x.shape))
    shapes = [[1] * (rank - len(s)) + list(s) for s in (x.shape, counts)]
    if any(a != b and 1 not in (a, b) for a, b in zip(*shapes, strict=True)):
        raise args.wrong(f"to {counts[:16]}")
    sizes = [b if a == 1 else a for a, b in zip(*shapes, strict=True)]
    return [Value(checked(args.op, sizes), x.dtype)]


def depth(args: Args) -> list[Value]:
    """DepthToSpace and SpaceToDepth.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, block = args.value(0), args.integer("blocksize", 0)
    if len(x.shape) != 4 or not 1 <= block <= 2**15:
        raise args.wrong(f"in blocks of {block}")
    n, c, h, w = x.shape
    if args.op == "DepthToSpace":
        if c % block**2:
            raise args.wrong(f"in blocks of {block}")
        return [Value((n, c // block**2, h * block, w * block), x.dtype)]
    if h % block or w % block:
        raise args.wrong(f"in blocks of {block}")
    return [Value((n, c * block**2, h // block, w // block), x.dtype)]


def _check_range(args: Args, indices: Value, size: int) -> None:
    """Raise unless all indices are known to be in range.

    Raises:
        NetFileError: They are not.
    """
    limits = indices.within()
    if limits is None:
        raise args.wrong("by indices that may lie outside, which OpenCV does not check")
    if not -size <= limits[0] <= limits[1] < size:
        raise args.wrong(f"with an index beyond the {size} that there are")
