"""The recurrent layers that `tracing.recurrent` found -> ONNX's LSTM and GRU."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import numpy as np
from tf2onnx.utils import make_name

_FUNCTIONS: Final = tuple(product(("Sigmoid", "Tanh"), ("Tanh", "Sigmoid"), ("Tanh", "Sigmoid")))


def mark_of(functions: Sequence[str]) -> int:
    """Return the number that stands for an LSTM's functions in the op; 0 for the usual ones.

    Args:
        functions: Of its gates, of the new part and of the cell state: "Sigmoid" or "Tanh".
    """
    return _FUNCTIONS.index(tuple(functions))


def recurrent(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """CudnnRNNV3 -> LSTM, GRU; the first states are inputs only where they are not zero.

    A GRU gets its first state always, and an output for its last one: OpenCV's importers want them.
    An LSTM has its last cell state only where it is read.
    """
    lstm = _text(node, "rnn_mode") == "lstm"
    both = _text(node, "direction") == "bidirectional"
    steps, batch, channels = ctx.get_shape(node.input[0])
    size, directions = int(ctx.get_shape(node.input[1])[-1]), 2 if both else 1
    rows = (4 if lstm else 3) * size
    weights = _parted(ctx, node, name, directions, (rows * channels, rows * size, rows, rows))
    w = _shaped(ctx, name, weights[0], (directions, rows, channels))
    r = _shaped(ctx, name, weights[1], (directions, rows, size))
    biases = [_shaped(ctx, name, part, (directions, rows)) for part in weights[2:]]
    b = _node(ctx, name, "Concat", biases, (directions, 2 * rows), axis=1)
    states = [v for v in node.input[1 : 3 if lstm else 2] if not lstm or _is_set(ctx, node)]
    state = (directions, batch, size)
    wants_cell = lstm and bool(ctx.find_output_consumers(node.output[2]))
    shapes = [(steps, directions, batch, size), state, state][: 3 if wants_cell else 2]
    outputs = [make_name(f"{name}/Y"), make_name(f"{name}/Y_h"), node.output[2]][: len(shapes)]
    if lstm and not wants_cell:
        shapes, outputs = shapes[:1], outputs[:1]
    result = node.output[0]
    reverse = "reverse" if node.get_attr_value("seed") else "forward"
    ctx.remove_node(node.name)
    ctx.make_node(
        "LSTM" if lstm else "GRU",
        [node.input[0], w, r, b, *(["", *states] if states else [])],
        attr={
            "hidden_size": size,
            "direction": "bidirectional" if both else reverse,
            **(_activations(node) if lstm else {"linear_before_reset": 1}),
        },
        name=node.name,
        outputs=outputs,
        shapes=[list(shape) for shape in shapes],
        dtypes=[1] * len(outputs),
    )
    _joined(ctx, name, outputs[0], result, (steps, batch, directions, size))


def _activations(node: Any) -> dict[str, list[str]]:
    """Return an LSTM's functions, where they are not those that ONNX has by default."""
    mark = int(node.get_attr_value("seed2") or 0)
    return {"activations": list(_FUNCTIONS[mark])} if mark else {}


def _joined(ctx: Any, name: str, y: str, result: str, shape: tuple[int, ...]) -> None:
    """Bring Y, (T, directions, N, H), to (T, N, directions H) under the name of the result."""
    steps, batch, directions, size = shape
    if directions == 1:
        axes = ctx.make_const(make_name(f"{name}/axes"), np.array([1], np.int64)).output[0]
        ctx.make_node(
            "Squeeze", [y, axes], name=make_name(f"{name}/squeeze"), outputs=[result],
            shapes=[[steps, batch, size]], dtypes=[1],
        )  # fmt: skip
        return
    moved = _node(ctx, name, "Transpose", [y], shape, perm=[0, 2, 1, 3])
    wanted = np.array([steps, batch, directions * size], np.int64)
    sizes = ctx.make_const(make_name(f"{name}/sizes"), wanted).output[0]
    ctx.make_node(
        "Reshape", [moved, sizes], name=make_name(f"{name}/reshape"), outputs=[result],
        shapes=[[steps, batch, directions * size]], dtypes=[1],
    )  # fmt: skip


def _is_set(ctx: Any, node: Any) -> bool:
    """Whether a first state is another number than zero, or computed."""
    sources = [ctx.get_node_by_output(value) for value in node.input[1:3]]
    return any(
        source is None
        or not source.is_const()
        or bool(source.get_tensor_value(as_list=False).any())
        for source in sources
    )


def _parted(ctx: Any, node: Any, name: str, directions: int, sizes: tuple[int, ...]) -> list[str]:
    """Return the parts of `params`, flat."""
    lengths = np.array([directions * size for size in sizes], np.int64)
    split = ctx.make_const(make_name(f"{name}/parts"), lengths).output[0]
    made = ctx.make_node(
        "Split",
        [node.input[3], split],
        attr={"axis": 0},
        output_count=len(sizes),
        name=make_name(f"{name}/Split"),
        shapes=[[int(n)] for n in lengths],
        dtypes=[1] * len(sizes),
    )
    return list(made.output)


def _shaped(ctx: Any, name: str, value: str, shape: tuple[int, ...]) -> str:
    sizes = ctx.make_const(make_name(f"{name}/shape"), np.array(shape, np.int64)).output[0]
    return _node(ctx, name, "Reshape", [value, sizes], shape)


def _node(
    ctx: Any, name: str, op: str, inputs: list[str], shape: tuple[int, ...], **attributes: Any
) -> str:
    made = ctx.make_node(
        op,
        inputs,
        attr=attributes,
        name=make_name(f"{name}/{op}"),
        shapes=[list(shape)],
        dtypes=[1],
    )
    return str(made.output[0])


def _text(node: Any, name: str) -> str:
    value = node.get_attr_value(name)
    return value.decode() if isinstance(value, bytes) else str(value)
