"""How much a node computes, in multiply-adds of a matrix product, which a processor does fastest.

An estimate, for the time that a run takes: 10^11 of them are a second of two cores with AVX-512.
What only moves or maps numbers waits for memory, and counts for many of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Final

from keras2cv.bundle.netfile.values import Args, Value

_A_NUMBER: Final = 64  # made or read by an op that is no product
_IN_GROUPS: Final = 8  # a product of a group's few channels is so much slower


def work_of(args: Args, made: Sequence[Value]) -> int:
    """Return the multiply-adds that a node's outputs cost.

    Args:
        args: The node's inputs and attributes, which fit.
        made: Its outputs.
    """
    products = _PRODUCTS.get(args.op)
    if products is not None:
        return products(args, made[0])
    numbers = max(sum(v.size for v in made), max((v.size for v in args.inputs if v), default=0))
    return _A_NUMBER * numbers * max(_window(args), 1)


def _convolution(args: Args, made: Value) -> int:
    return made.size * prod(args.value(1).shape[1:]) * _grouped(args)


def _transposed(args: Args, _: Value) -> int:
    return args.value(0).size * prod(args.value(1).shape[1:]) * _grouped(args)


def _matrices(args: Args, made: Value) -> int:
    a = args.value(0)
    inner = a.shape[0] if args.op == "Gemm" and args.integer("transA", 0) else a.shape[-1]
    return made.size * inner


def _recurrent(args: Args, _: Value) -> int:
    steps, batch, _channels = args.value(0).shape
    weights = args.value(1).size + args.value(2).size
    return steps * batch * (weights + _A_NUMBER * args.value(2).shape[1])


def _grouped(args: Args) -> int:
    return _IN_GROUPS if args.integer("group", 1) > 1 else 1


def _window(args: Args) -> int:
    """Return how many numbers an output is made of, of those that are no products."""
    if args.op in ("MaxPool", "AveragePool"):
        return prod(args.integers("kernel_shape") or [1]) // 8
    if args.op == "LRN":
        return args.integer("size", 1)
    if args.op == "TopK":
        return 8
    return 1


_PRODUCTS: Final[Mapping[str, Callable[[Args, Value], int]]] = MappingProxyType(
    {
        "Conv": _convolution,
        "ConvTranspose": _transposed,
        "GRU": _recurrent,
        "Gemm": _matrices,
        "LSTM": _recurrent,
        "MatMul": _matrices,
    }
)
