"""Special functions, as sums and products of what ONNX has."""

from __future__ import annotations

from typing import Any

import numpy as np


def convert_erfc(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """erfc(x) -> 1 - erf(x).

    Exact to 6e-8 absolute. The relative precision that erfc keeps for large x is lost, which
    GELU, x * erfc(-x / sqrt(2)) / 2 and the op's only common use, does not need.
    """
    _replace(
        ctx, node, lambda x, one: ctx.make_node("Sub", [one, ctx.make_node("Erf", [x]).output[0]])
    )


def convert_log1p(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """log1p(x) -> log(1 + x), exact to 6e-8 absolute."""
    _replace(
        ctx, node, lambda x, one: ctx.make_node("Log", [ctx.make_node("Add", [x, one]).output[0]])
    )


def convert_expm1(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """expm1(x) -> exp(x) - 1, exact to 6e-8 absolute near zero."""
    _replace(
        ctx, node, lambda x, one: ctx.make_node("Sub", [ctx.make_node("Exp", [x]).output[0], one])
    )


def _replace(ctx: Any, node: Any, build: Any) -> None:
    """Put what `build(input, one)` makes in the place of `node`, under its name and shape."""
    output = node.output[0]
    shape, dtype = ctx.get_shape(output), ctx.get_dtype(output)
    one = ctx.make_const(f"{node.name}/one", np.array(1, np.float32)).output[0]
    inner = build(node.input[0], one)
    ctx.replace_all_inputs(output, inner.output[0])
    ctx.remove_node(node.name)
    ctx.set_shape(inner.output[0], shape)
    ctx.set_dtype(inner.output[0], dtype)
