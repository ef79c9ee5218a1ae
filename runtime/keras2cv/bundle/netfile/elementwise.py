"""Rules of the ops that work number by number, or along axes."""

from __future__ import annotations

from keras2cv.bundle.netfile.onnx_schema import DATA_TYPES
from keras2cv.bundle.netfile.values import Args, NotFollowed, Value, broadcast, checked


def unary(args: Args) -> list[Value]:
    """One input, one output of its shape.

    Raises:
        NotFollowed: It has another form.
    """
    x = args.value(0)
    if x.dtype != "float32" or len(args.inputs) != 1:
        raise NotFollowed(f"{args.op} of {x.dtype}")
    return [Value(x.shape)]


def same(args: Args) -> list[Value]:
    """Identity and Dropout: the value itself.

    Raises:
        NotFollowed: It has another form.
    """
    x = args.value(0)
    if args.outputs != 1:
        raise NotFollowed(f"{args.op} of several outputs")
    return [Value(x.shape, x.dtype, x.numbers)]


def cast(args: Args) -> list[Value]:
    """Cast to another type.

    Raises:
        NotFollowed: It has another form.
    """
    x = args.value(0)
    dtype = DATA_TYPES.get(args.integer("to", 0), ("", 0, "", 0))[0]
    wanted = ("float32", "int32", "int64", "bool")
    if x.dtype not in (*wanted, "float16", "int8", "uint8") or dtype not in (*wanted, "uint8"):
        raise NotFollowed(f"Cast of {x.dtype} to {dtype}")
    numbers = x.numbers if dtype in ("int32", "int64") and x.dtype.startswith("int") else None
    return [Value(x.shape, dtype, numbers)]


def clip(args: Args) -> list[Value]:
    """Clip between two numbers.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x = args.value(0)
    for bound in (args.optional(1), args.optional(2)):
        if bound is not None and (bound.size != 1 or bound.dtype != x.dtype):
            raise args.wrong("between something else than two numbers")
        if bound is not None and not bound.constant:
            raise NotFollowed("Clip between numbers that are computed")
    if x.dtype not in ("float32", "int32", "int64") or len(args.inputs) > 3:
        raise NotFollowed(f"Clip of {x.dtype}")
    limits = _bounds(args) if x.dtype != "float32" else None  # NaN has no limits
    return [Value(x.shape, x.dtype, limits=limits)]


def _bounds(args: Args) -> tuple[float, float] | None:
    """Return the two numbers of a Clip of integers; None if there are not two."""
    low, high = args.optional(1), args.optional(2)
    if low is None or high is None or low.numbers is None or high.numbers is None:
        return None
    return float(low.numbers.ravel()[0]), float(high.numbers.ravel()[0])


def running_sum(args: Args) -> list[Value]:
    """CumSum along a constant axis.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, axis = args.value(0), args.numbers(1)
    if len(axis) != 1:
        raise args.wrong("along several axes")
    args.axis(axis[0], len(x.shape))
    if x.dtype != "float32":
        raise NotFollowed(f"CumSum of {x.dtype}")
    return [Value(x.shape)]


def arithmetic(args: Args) -> list[Value]:
    """Several inputs of a type, spread to one shape.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    values = [args.value(i) for i in range(len(args.inputs))]
    if len({v.dtype for v in values}) != 1 or values[0].dtype not in ("float32", "int64", "int32"):
        raise NotFollowed(f"{args.op} of {', '.join(sorted({v.dtype for v in values}))}")
    if len(values) != 2 and args.op not in _MANY:
        raise args.wrong(f"of {len(values)} inputs")
    if args.op == "Div" and values[0].dtype != "float32":
        _refuse_traps(args, values[1])
    shape = checked(args.op, broadcast(args, values))
    return [Value(shape, "bool" if args.op in COMPARISONS else values[0].dtype)]


def remainder(args: Args) -> list[Value]:
    """Mod, which OpenCV computes in ways of its own, except of one float by another.

    Raises:
        NetFileError: It divides integers by numbers that may be 0.
        NotFollowed: Otherwise.
    """
    if len(args.inputs) == 2 and all(map(_is_one_float, (args.value(0), args.value(1)))):
        return [Value((1,))]
    if len(args.inputs) == 2 and args.value(1).dtype != "float32":
        _refuse_traps(args, args.value(1))
    raise NotFollowed("an op Mod")


def _is_one_float(value: Value) -> bool:
    return value.constant and (value.shape, value.dtype) == ((1,), "float32")


def _refuse_traps(args: Args, divisor: Value) -> None:
    """Raise for a division of integers that a processor answers with SIGFPE: by 0, least by -1."""
    limits = divisor.within()
    if limits is None or (limits[0] <= 0 <= limits[1]) or (limits[0] <= -1 <= limits[1]):
        raise args.wrong("of integers by numbers that may be 0 or -1")


def slopes(args: Args) -> list[Value]:
    """PRelu: slopes spread to the input's shape.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, slope = args.value(0), args.value(1)
    if x.dtype != "float32" or slope.dtype != "float32":
        raise NotFollowed("PRelu of another type")
    if broadcast(args, [x, slope]) != x.shape:
        raise args.wrong("whose slopes do not fit")
    channels = len(x.shape) > 1 and slope.size == x.shape[1] == slope.shape[-len(x.shape) + 1 :][0]
    if not (channels or slope.size == 1 or slope.shape[-len(x.shape) + 1 :] == x.shape[1:]):
        raise NotFollowed("PRelu of slopes along other axes")
    return [Value(x.shape)]


def choice(args: Args) -> list[Value]:
    """Where.

    Raises:
        NotFollowed: It has another form.
    """
    values = [args.value(i) for i in range(3)]
    if values[0].dtype != "bool" or values[1].dtype != values[2].dtype:
        raise NotFollowed("Where of other types")
    return [Value(checked(args.op, broadcast(args, values)), values[1].dtype)]


def along_axis(args: Args) -> list[Value]:
    """Softmax, LogSoftmax, Hardmax, LpNormalization: along an axis."""
    x = args.value(0)
    args.axis(args.integer("axis", -1), len(x.shape))
    return unary(args)


def local_norm(args: Args) -> list[Value]:
    """LRN over some channels.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, size = args.value(0), args.integer("size", 0)
    if len(x.shape) != 4 or size % 2 == 0 or not 1 <= size <= 2 * x.shape[1] + 1:
        raise args.wrong(f"over {size} channels")
    return unary(args)


def reduction(args: Args) -> list[Value]:
    """Reduce and find along axes.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, rank = args.value(0), len(args.value(0).shape)
    if x.dtype != "float32":
        raise NotFollowed(f"{args.op} of {x.dtype}")
    if args.op in ("ArgMax", "ArgMin"):
        axes: list[int] | None = [args.integer("axis", 0)]
    elif args.optional(1) is not None:
        axes = args.numbers(1)
    else:
        axes = args.integers("axes")
    if not axes and args.integer("noop_with_empty_axes", 0):
        raise NotFollowed(f"{args.op} of no axes")
    places = {args.axis(a, rank) for a in axes} if axes else set(range(rank))
    if axes and len(places) != len(axes):
        raise args.wrong("that names an axis twice")
    sizes = [1 if i in places else n for i, n in enumerate(x.shape)]
    if not args.integer("keepdims", 1):
        sizes = [n for i, n in enumerate(x.shape) if i not in places]
    if args.op not in ("ArgMax", "ArgMin"):
        return [Value(tuple(sizes))]
    largest_index = x.shape[places.pop()] - 1
    return [Value(tuple(sizes), "int64", limits=(0, largest_index))]


def largest(args: Args) -> list[Value]:
    """TopK of a constant number.

    Raises:
        NetFileError: Its parts do not fit.
    """
    x, count = args.value(0), args.numbers(1)
    axis = args.axis(args.integer("axis", -1), len(x.shape))
    if x.dtype != "float32" or len(count) != 1 or not 1 <= count[0] <= x.shape[axis]:
        raise args.wrong(f"of the {count[:4]} largest")
    shape = tuple(count[0] if i == axis else n for i, n in enumerate(x.shape))
    indices = Value(shape, "int64", limits=(0, x.shape[axis] - 1))
    return [Value(shape), indices][: args.outputs]


def constant(args: Args) -> list[Value]:
    """Return the Constant that is a tensor.

    Raises:
        NotFollowed: It has another form.
    """
    if not args.has("value"):
        raise NotFollowed("Constant of another kind")
    tensor = args.tensor("value")
    return [Value(checked(args.op, tensor.shape), tensor.dtype, tensor, constant=True)]


def filled(args: Args) -> list[Value]:
    """ConstantOfShape.

    Raises:
        NetFileError: Its parts do not fit.
    """
    sizes = args.numbers(0)
    dtype = args.tensor("value").dtype if args.has("value") else "float32"
    if args.has("value") and args.tensor("value").size != 1:
        raise args.wrong("with something else than a number")
    return [Value(checked(args.op, sizes), dtype)]


def shape_of(args: Args) -> list[Value]:
    """Shape: a constant, since shapes do not depend on values."""
    import numpy as np

    x = args.value(0)
    return [Value((len(x.shape),), "int64", np.array(x.shape, np.int64))]


def dequantized(args: Args) -> list[Value]:
    """DequantizeLinear of constant weights, by a scale for all or one per place of an axis.

    Raises:
        NetFileError: Its parts do not fit.
        NotFollowed: It has another form.
    """
    x, scale, zero = args.value(0), args.value(1), args.optional(2)
    axis = args.axis(args.integer("axis", 1), max(len(x.shape), 1))
    count = x.shape[axis] if x.shape else 1
    if x.dtype not in ("int8", "uint8") or scale.dtype != "float32" or not x.constant:
        raise NotFollowed("DequantizeLinear of something else than weights")
    fits = scale.shape in ((), (1,)) or scale.shape == (count,)
    if not fits or (zero is not None and (zero.shape != scale.shape or zero.dtype != x.dtype)):
        raise args.wrong("whose scale or zero does not fit")
    return [Value(x.shape)]


UNARY = [
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Ceil",
    "Celu",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Log",
    "Mish",
    "Neg",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
]
COMPARISONS = frozenset(["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
ARITHMETIC = ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Mean", "Sum", *sorted(COMPARISONS))
_MANY = frozenset(("Max", "Min", "Mean", "Sum"))
REDUCTIONS = [
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "ArgMax",
    "ArgMin",
]
