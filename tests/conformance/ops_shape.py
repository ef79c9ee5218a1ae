"""Moving and choosing elements with keras.ops: slices, gathers, rolls, sorts, products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from .case import Case
from .sketch import wired

_IMAGE = (6, 9, 4)
_SERIES = (7, 5)


def cases() -> tuple[Case, ...]:
    """All element-moving cases."""
    image = tuple(
        _op(name, function, _IMAGE) for name, function in (*_SLICE, *_MOVE, *_PAD, *_CHOOSE)
    )
    series = tuple(_op(name, function, _SERIES) for name, function in _ON_SERIES)
    return (*image, *series, *_SEVERAL)


def _op(name: str, function: Callable[..., Any], *shapes: tuple[int, ...], **fields: Any) -> Case:
    return wired(f"ops_{name}", function, *shapes, group="ops", **fields)


_SLICE = (
    ("slice_rows", lambda x: x[:, 1:4]),
    ("slice_every_second", lambda x: x[:, ::2, 1::3]),
    ("slice_from_the_end", lambda x: x[:, -4:-1, :, -2:]),
    ("slice_one_channel", lambda x: x[..., 2]),
    ("slice_one_channel_kept", lambda x: x[..., 2:3]),
    ("slice_one_pixel", lambda x: x[:, 3, 5]),
    ("slice_backwards", lambda x: x[:, ::-1, :, ::-1]),
    ("slice_new_axis", lambda x: x[:, None, ..., 0]),
    ("slice_function", lambda x: ops.slice(x, (0, 1, 2, 0), (1, 3, 4, 2))),
    ("split_channels", lambda x: ops.split(x, 2, axis=-1)),
    ("split_at_rows", lambda x: ops.split(x, [1, 4], axis=1)),
    ("array_split_uneven", lambda x: ops.array_split(x, 4, axis=2)),
    ("unstack_channels", lambda x: ops.unstack(x, axis=-1)),
    ("split_swap_concatenate", lambda x: ops.concatenate(ops.split(x, 2, axis=-1)[::-1], axis=-1)),
)

_MOVE = (
    ("reshape", lambda x: ops.reshape(x, (-1, 9, 24))),
    (
        "reshape_rank6",
        lambda x: ops.reshape(
            ops.transpose(ops.reshape(x, (-1, 2, 3, 3, 3, 4)), (0, 1, 3, 2, 4, 5)), (-1, 6, 36)
        ),
    ),
    ("transpose", lambda x: ops.transpose(x, (0, 2, 3, 1))),
    ("transpose_to_channels_first", lambda x: ops.transpose(x, (0, 3, 1, 2))),
    ("swapaxes", lambda x: ops.swapaxes(x, 1, 2)),
    ("moveaxis", lambda x: ops.moveaxis(x, -1, 1)),
    ("expand_dims", lambda x: ops.expand_dims(x, axis=2)),
    ("squeeze", lambda x: ops.squeeze(ops.mean(x, axis=1, keepdims=True), axis=1)),
    ("flip_columns", lambda x: ops.flip(x, axis=2)),
    ("flip_rows_and_channels", lambda x: ops.flip(x, axis=(1, 3))),
    ("rot90", lambda x: ops.rot90(x, k=1, axes=(1, 2))),
    ("rot180", lambda x: ops.rot90(x, k=2, axes=(1, 2))),
    ("roll_columns", lambda x: ops.roll(x, 2, axis=2)),
    ("roll_backwards_two_axes", lambda x: ops.roll(ops.roll(x, -1, axis=1), -3, axis=2)),
    ("tile", lambda x: ops.tile(x, (1, 2, 1, 3))),
    ("repeat_channels", lambda x: ops.repeat(x, 3, axis=-1)),
    ("repeat_rows", lambda x: ops.repeat(x, 2, axis=1)),
    (
        "broadcast_to",
        lambda x: (
            x[:, :1] + ops.broadcast_to(ops.arange(6, dtype="float32")[:, None, None], (1, 6, 9, 4))
        ),
    ),
    ("stack", lambda x: ops.stack([x, x * 2.0, -x], axis=2)),
    (
        "concatenate_with_constant",
        lambda x: ops.concatenate([x, ops.zeros_like(x[..., :1]) + 0.5], axis=-1),
    ),
    ("append_channel", lambda x: ops.append(x, x[..., :1] * 2.0, axis=-1)),
    ("depth_to_space", lambda x: ops.nn.depth_to_space(x, 2)),
    ("space_to_depth", lambda x: ops.nn.space_to_depth(x[:, :, :8], 2)),
    ("unfold", lambda x: ops.unfold(ops.transpose(x, (0, 3, 1, 2)), (2, 3), stride=(2, 3))),
    ("fold", lambda x: ops.fold(ops.reshape(x, (-1, 24, 9)), (6, 9), (2, 3), stride=(2, 3))),
    ("diff_columns", lambda x: ops.diff(x, axis=2)),
)

_PAD = (
    ("pad_constant", lambda x: ops.pad(x, [[0, 0], [1, 2], [0, 3], [0, 0]], constant_values=0.7)),
    ("pad_channels", lambda x: ops.pad(x, [[0, 0], [0, 0], [0, 0], [1, 2]])),
    ("pad_reflect", lambda x: ops.pad(x, [[0, 0], [2, 1], [3, 0], [0, 0]], mode="reflect")),
    ("pad_symmetric", lambda x: ops.pad(x, [[0, 0], [2, 1], [3, 2], [0, 0]], mode="symmetric")),
    ("pad_edge_by_hand", lambda x: ops.concatenate([x[:, :1], x, x[:, -1:], x[:, -1:]], axis=1)),
    ("pad_wrap_by_hand", lambda x: ops.concatenate([x[:, :, -2:], x, x[:, :, :2]], axis=2)),
)

_CHOOSE = (
    ("take_channels", lambda x: ops.take(x, [2, 0, 3], axis=-1)),
    ("take_one_row", lambda x: ops.take(x, 3, axis=1)),
    ("take_from_the_end", lambda x: ops.take(x, [-1, 0], axis=2)),
    ("take_grid", lambda x: ops.take(x, np.array([[0, 2], [4, 1]]), axis=1)),
    ("take_along_axis", lambda x: ops.take_along_axis(x, ops.argsort(x, axis=-1), axis=-1)),
    ("sort_last", lambda x: ops.sort(x, axis=-1)),
    ("sort_columns", lambda x: ops.sort(x, axis=2)),
    ("argsort_last", lambda x: ops.argsort(x, axis=-1)),
    ("top_k", lambda x: list(ops.top_k(x, 2))),
    ("top_k_values", lambda x: ops.top_k(ops.reshape(x, (-1, 216)), 5)[0]),
    ("one_hot_of_argmax", lambda x: ops.one_hot(ops.argmax(x, axis=-1), 4)),
    (
        "mask_of_maximum",
        lambda x: x * ops.cast(ops.equal(x, ops.max(x, axis=-1, keepdims=True)), "float32"),
    ),
    (
        "channel_norm_threshold",
        lambda x: ops.where(ops.norm(x, axis=-1, keepdims=True) > 2.0, x, 0.1 * x),
    ),
    (
        "digitize",
        lambda x: ops.cast(ops.digitize(x, np.array([-1.0, 0.0, 0.5, 1.5], "float32")), "float32"),
    ),
)

_ON_SERIES = (
    ("tril", lambda x: ops.tril(ops.matmul(x, ops.transpose(x, (0, 2, 1))))),
    ("triu_shifted", lambda x: ops.triu(ops.matmul(x, ops.transpose(x, (0, 2, 1))), k=1)),
    ("diagonal", lambda x: ops.diagonal(x[:, :5], axis1=1, axis2=2)),
    ("trace", lambda x: ops.trace(x[:, 1:6], axis1=1, axis2=2)),
    ("eye_added", lambda x: ops.matmul(ops.transpose(x, (0, 2, 1)), x) + ops.eye(5)),
    ("outer_of_rows", lambda x: ops.expand_dims(x[:, 0], 2) * ops.expand_dims(x[:, 1], 1)),
    (
        "causal_mask_softmax",
        lambda x: ops.softmax(
            ops.where(
                ops.tril(ops.ones((7, 7), "bool")), ops.matmul(x, ops.transpose(x, (0, 2, 1))), -1e9
            )
        ),
    ),
    (
        "self_distance",
        lambda x: ops.sum(ops.square(ops.expand_dims(x, 2) - ops.expand_dims(x, 1)), axis=-1),
    ),
    ("last_step", lambda x: x[:, -1]),
    ("first_differences", lambda x: x[:, 1:] - x[:, :-1]),
    ("moving_mean", lambda x: (x[:, 2:] + x[:, 1:-1] + x[:, :-2]) / 3.0),
    ("hstack_vstack", lambda x: ops.concatenate([ops.hstack([x, x]), x * 0.5], axis=1)),
    (
        "matmul_constant",
        lambda x: ops.matmul(x, np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3)),
    ),
    (
        "matmul_constant_left",
        lambda x: ops.matmul(np.linspace(-1, 1, 14, dtype="float32").reshape(2, 7), x),
    ),
    (
        "tensordot",
        lambda x: ops.tensordot(x, np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4), axes=1),
    ),
    ("linspace_weighted", lambda x: x * ops.expand_dims(ops.linspace(0.0, 2.0, 5), 0)),
    (
        "arange_positions",
        lambda x: x + ops.sin(ops.expand_dims(ops.arange(7, dtype="float32"), -1)),
    ),
)

_SEVERAL = (
    _op("matmul", ops.matmul, (5, 7), (7, 3)),
    _op("matmul_rank4", ops.matmul, (2, 5, 7), (2, 7, 3)),
    _op("matmul_broadcast", ops.matmul, (2, 5, 7), (1, 7, 3)),
    _op(
        "matmul_matrix_vector",
        lambda x, y: ops.squeeze(ops.matmul(x, ops.expand_dims(y, -1)), -1),
        (5, 7),
        (7,),
    ),
    _op("dot_batched", lambda x, y: ops.sum(x * y, axis=-1), (5, 7), (5, 7)),
    _op("einsum_attention", lambda q, k: ops.einsum("bqhd,bkhd->bhqk", q, k), (5, 2, 3), (4, 2, 3)),
    _op("einsum_values", lambda a, v: ops.einsum("bhqk,bkhd->bqhd", a, v), (2, 5, 4), (4, 2, 3)),
    _op("einsum_bilinear", lambda x, y: ops.einsum("bi,bj->bij", x, y), (5,), (7,)),
    _op("einsum_reduce", lambda x, y: ops.einsum("bij,bj->bi", x, y), (5, 7), (7,)),
    _op("einsum_channels", lambda x, y: ops.einsum("bhwc,bc->bhw", x, y), (4, 5, 3), (3,)),
    _op("cross", ops.cross, (5, 3), (5, 3)),
    _op("stack_inputs", lambda x, y: ops.stack([x, y], axis=1), (5, 3), (5, 3)),
    _op("one_hot_input", lambda x: ops.one_hot(x, 11), (6,), dtype="int32"),
    _op("multi_hot_input", lambda x: ops.multi_hot(x, 11), (4,), dtype="int32"),
    _op(
        "take_from_table",
        lambda x: ops.take(np.linspace(-3, 3, 22, dtype="float32").reshape(11, 2), x, axis=0),
        (6,),
        dtype="int32",
    ),
    _op("transpose_volume", lambda x: ops.transpose(x, (0, 4, 2, 1, 3)), (3, 4, 5, 2)),
    _op("flip_volume", lambda x: ops.flip(x, axis=3), (3, 4, 5, 2)),
    _op("mean_volume", lambda x: ops.mean(x, axis=(1, 2, 3)), (3, 4, 5, 2)),
    _op("rank6_input", lambda x: ops.sum(x * 2.0, axis=4), (2, 3, 2, 4, 3)),
    _op("flatten_by_reshape", lambda x: ops.reshape(x, (-1, 60)), (4, 5, 3)),
    _op(
        "meshgrid_sampling",
        lambda x, y: (
            ops.stack(ops.meshgrid(ops.arange(3.0), ops.arange(4.0)), -1)[None]
            * ops.reshape(x, (-1, 1, 1, 2))
            + ops.reshape(y, (-1, 1, 1, 1))
        ),
        (2,),
        (1,),
    ),
)
