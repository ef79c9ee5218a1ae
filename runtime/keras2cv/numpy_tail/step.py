"""One step of a tail, and the operations that it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Final, Literal

from keras2cv.schema.checks import check_unique
from keras2cv.schema.fields import SchemaError

MAX_STEPS: Final = 1000
MAX_NAMES: Final = 1000
MAX_CONSTANT: Final = 4096  # numbers; larger constants are outputs of the net
MAX_ELEMENTS: Final = 2**26  # of an array that a step makes: 256 MiB of float32
MAX_BYTES: Final = 2**29  # of all arrays that the steps have made and still need
MAX_KEPT: Final = 1_000_000
MAX_RANK: Final = 8
MAX_DEPTH: Final = 4  # of loops in loops
MAX_ITERATIONS: Final = 200_000  # of all loops together, in one call

Op = Literal[
    "combined_nms", "nms", "top_k", "constant", "cast", "reshape", "slice", "concat", "stack",
    "gather", "transpose", "where", "not", "and", "or", "add", "subtract", "multiply", "divide",
    "minimum", "maximum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "floor_divide", "modulo", "loop", "slice_at", "gather_nd", "scatter", "tile", "pad", "matmul",
    "sum", "mean", "max", "min", "any", "all", "argmax", "cumsum", "negate", "abs", "exp", "log",
    "sqrt", "floor", "ceil", "round", "sigmoid", "prod", "tanh", "power",
]  # fmt: skip
DType = Literal["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"]


@dataclass(frozen=True, slots=True)
class NmsRule:
    """The attributes of non-maximum suppression, those of TensorFlow's two ops.

    `max_boxes`: at most so many are kept, of each class for combined_nms. `score`: boxes above it
    are candidates; absent: all. `iou`: the overlap above which the worse box is dropped.
    `max_total`, `pad_per_class`, `clip`: of combined_nms alone.
    """

    max_boxes: int
    iou: float
    score: float | None = None
    max_total: int | None = None
    pad_per_class: bool | None = None
    clip: bool | None = None

    def __post_init__(self) -> None:
        for key in ("max_boxes", "max_total"):
            value = getattr(self, key)
            if value is not None and not 1 <= value <= MAX_KEPT:
                raise SchemaError(key, f"must be 1 to {MAX_KEPT}, got {value}")
        if len({v is None for v in (self.max_total, self.pad_per_class, self.clip)}) != 1:
            raise SchemaError("max_total", "max_total, pad_per_class and clip belong together")


@dataclass(frozen=True, slots=True)
class Step:
    """An operation of NumPy on named arrays.

    op              inputs -> outputs                                   attributes
    combined_nms    boxes (N, M, q, 4), scores (N, M, C)                nms
                        -> boxes (N, K, 4), scores, classes (N, K), counts (N,)
    nms             boxes (M, 4), scores (M,)                           nms
                        -> indices (K,), scores (K,), count ()
    top_k           x (..., n) -> values, indices (..., k)              k
    constant        -> x                                                dtype, shape, values
    cast            x -> y                                              dtype
    reshape         x -> y                                              shape
    slice           x -> y: y[i] = x[begin + i * strides]               begin, shape, strides
    concat, stack   x, ... -> y                                         axis
    gather          x, indices -> y, as tf.gather                       axis, batch_dims
    transpose       x -> y                                              shape: the axes' order
    where           condition, x, y -> z
    not, exp, ...   x -> y
    add, ...        x, y -> z, broadcast
    slice_at        x, begin -> y: y[i] = x[begin + i]                  shape
    gather_nd       x, indices (..., k) -> y, as tf.gather_nd
    scatter         x, indices (..., k), y -> x with y at the indices
    tile            x -> y                                              shape: how often, per axis
    pad             x, value -> y                                       begin: numbers before,
                                                                        shape: and behind, per axis
    matmul          x, y -> z
    sum, max, ...   x -> y                                              shape: the axes that go
    argmax, cumsum  x -> y                                              axis
    loop            x, ... -> x, ...: as many                           loop
    """

    op: Op
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nms: NmsRule | None = None
    k: int | None = None
    dtype: DType | None = None
    shape: tuple[int, ...] | None = None
    values: tuple[float, ...] | None = None
    begin: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    axis: int | None = None
    batch_dims: int | None = None
    loop: Loop | None = None

    def __post_init__(self) -> None:
        arity_in, arity_out, wanted = _FORMS.get(self.op, (2, 1, ()))
        if len(self.inputs) != (max(len(self.inputs), 1) if arity_in is None else arity_in):
            raise SchemaError("inputs", f"{self.op} takes {arity_in or 1}, got {len(self.inputs)}")
        arity_out = len(self.inputs) if self.op == "loop" else arity_out
        if len(self.outputs) != arity_out:
            raise SchemaError("outputs", f"{self.op} gives {arity_out}, got {len(self.outputs)}")
        for key in (field.name for field in fields(self)[3:]):
            if (getattr(self, key) is not None) != (key in wanted):
                rule = "is missing" if key in wanted else "belongs to other steps"
                raise SchemaError(key, f"{rule} for {self.op}")
        self._check_sizes()
        if self.nms is not None and (self.nms.max_total is None) == (self.op == "combined_nms"):
            raise SchemaError("nms.max_total", "belongs to combined_nms, and to no other")
        if self.loop is not None and len(self.loop.state) != len(self.inputs):
            raise SchemaError("loop.state", f"must be {len(self.inputs)} names")

    @property
    def count(self) -> int:
        """How many steps this is, those in its loop included."""
        return 1 + sum(step.count for step in self.loop.steps) if self.loop else 1

    @property
    def depth(self) -> int:
        """How many loops lie in each other."""
        return 1 + max((s.depth for s in self.loop.steps), default=0) if self.loop else 0

    def _check_sizes(self) -> None:
        if self.k is not None and not 1 <= self.k <= MAX_KEPT:
            raise SchemaError("k", f"must be 1 to {MAX_KEPT}, got {self.k}")
        if len(self.inputs) > MAX_NAMES or len(self.values or ()) > MAX_CONSTANT:
            raise SchemaError("inputs", f"at most {MAX_NAMES}, and {MAX_CONSTANT} values")
        if len({len(v) for v in (self.begin, self.strides) if v is not None} | self._rank) > 1:
            raise SchemaError("begin", "begin, shape and strides must have one number per axis")
        if min(self.begin or (0,)) < 0 or 0 in (self.strides or ()):
            raise SchemaError("begin", "must not be negative, nor a stride zero")
        if len(self.shape or ()) > MAX_RANK or min(self.shape or (1,)) < 0:
            raise SchemaError("shape", f"must be at most {MAX_RANK} sizes, got {self.shape}")
        if self.values is not None and len(self.values) != prod(self.shape or ()):
            raise SchemaError("values", f"must be {prod(self.shape or ())}, got {len(self.values)}")

    @property
    def _rank(self) -> set[int]:
        return {len(self.shape or ())} if self.op in ("slice", "pad") else set()


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that are repeated while a condition holds.

    Attributes:
        state: The names that the loop's arrays have in its steps, in the order of its inputs.
        condition: Steps from the state to `go_on`.
        go_on: One boolean: whether there is another iteration.
        body: Steps from the state to `results`.
        results: The state of the next iteration, in the same order; a name of the state stays.
    """

    state: tuple[str, ...]
    condition: tuple[Step, ...]
    go_on: str
    body: tuple[Step, ...]
    results: tuple[str, ...]

    def __post_init__(self) -> None:
        check_unique("state", "name", list(self.state))
        if len(self.results) != len(self.state):
            raise SchemaError("results", f"must be {len(self.state)} names")
        for key, steps, wanted in (
            ("condition", self.condition, (self.go_on,)),
            ("body", self.body, self.results),
        ):
            known = check_order(key, steps, set(self.state))
            if missing := [name for name in wanted if name not in known]:
                raise SchemaError(key, f"makes no {missing[0]!r}")

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, those of loops in it not counted."""
        return (*self.condition, *self.body)


def check_order(key: str, steps: Sequence[Step], known: set[str]) -> set[str]:
    """Return the names that are known after the steps, which read only names that are known before.

    Raises:
        SchemaError: A name is not known, or known twice.
    """
    known = set(known)
    for number, step in enumerate(steps):
        for name in step.inputs:
            if name not in known:
                problem = f"{name!r} is made by no head or step before"
                raise SchemaError(f"{key}[{number}].inputs", problem)
        for name in step.outputs:
            if name in known or not name:
                raise SchemaError(f"{key}[{number}].outputs", f"{name!r} is there already")
        check_unique(f"{key}[{number}].outputs", "name", list(step.outputs))
        known |= set(step.outputs)
    return known


# Number of inputs (None: one or more), number of outputs, attributes.
_FORMS: Final[Mapping[str, tuple[int | None, int, tuple[str, ...]]]] = {
    "combined_nms": (2, 4, ("nms",)),
    "nms": (2, 3, ("nms",)),
    "top_k": (1, 2, ("k",)),
    "constant": (0, 1, ("dtype", "shape", "values")),
    "cast": (1, 1, ("dtype",)),
    "reshape": (1, 1, ("shape",)),
    "slice": (1, 1, ("begin", "shape", "strides")),
    "concat": (None, 1, ("axis",)),
    "stack": (None, 1, ("axis",)),
    "gather": (2, 1, ("axis", "batch_dims")),
    "transpose": (1, 1, ("shape",)),
    "where": (3, 1, ()),
    "not": (1, 1, ()),
    "slice_at": (2, 1, ("shape",)),
    "scatter": (3, 1, ()),
    "tile": (1, 1, ("shape",)),
    "pad": (2, 1, ("begin", "shape")),
    "argmax": (1, 1, ("axis",)),
    "cumsum": (1, 1, ("axis",)),
    "loop": (None, 1, ("loop",)),
    **dict.fromkeys(("sum", "prod", "mean", "max", "min", "any", "all"), (1, 1, ("shape",))),
    **dict.fromkeys(
        ("negate", "abs", "exp", "log", "sqrt", "floor", "ceil", "round", "sigmoid", "tanh"),
        (1, 1, ()),
    ),
}
