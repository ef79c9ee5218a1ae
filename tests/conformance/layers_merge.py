"""Layers of several inputs: element-wise merges, broadcasts, concatenations, dot products."""

from __future__ import annotations

from keras import layers

from .case import Case
from .sketch import alone, wired

_IMAGE = (7, 10, 6)


def cases() -> tuple[Case, ...]:
    """All merge cases."""
    return _ELEMENTWISE + _BROADCAST + _CONCATENATE + _DOT


_ELEMENTWISE = (
    alone("add_two", layers.Add, _IMAGE, _IMAGE),
    alone("add_three", layers.Add, _IMAGE, _IMAGE, _IMAGE),
    alone("add_vectors", layers.Add, (9,), (9,)),
    alone("subtract", layers.Subtract, _IMAGE, _IMAGE),
    alone("multiply_three", layers.Multiply, _IMAGE, _IMAGE, _IMAGE),
    alone("average_three", layers.Average, _IMAGE, _IMAGE, _IMAGE),
    alone("maximum_two", layers.Maximum, _IMAGE, _IMAGE),
    alone("minimum_three", layers.Minimum, (5, 8), (5, 8), (5, 8)),
    wired("add_to_itself", lambda x: layers.Add()([x, x]), _IMAGE),
    wired(
        "add_residual",
        lambda x: layers.ReLU()(
            layers.Add()([x, layers.Conv2D(6, 3, padding="same")(layers.ReLU()(x))])
        ),
        _IMAGE,
    ),
    wired(
        "merge_of_two_branches",
        lambda x: layers.Maximum()(
            [layers.Conv2D(4, 3)(x), layers.Conv2D(4, 3, activation="tanh")(x)]
        ),
        _IMAGE,
    ),
)

_BROADCAST = (
    alone("add_broadcast_channel", layers.Add, _IMAGE, (1, 1, 6)),
    alone("multiply_broadcast_one_channel", layers.Multiply, _IMAGE, (7, 10, 1)),
    alone("multiply_broadcast_row", layers.Multiply, _IMAGE, (1, 10, 1)),
    alone("subtract_broadcast_first_smaller", layers.Subtract, (1, 1, 6), _IMAGE),
    alone("multiply_broadcast_rank", layers.Multiply, (5, 6), (6,)),
    alone("maximum_broadcast_both_ways", layers.Maximum, (7, 1, 6), (1, 10, 6)),
)

_CONCATENATE = (
    alone("concatenate_channels", layers.Concatenate, (7, 10, 3), (7, 10, 5)),
    alone("concatenate_three_uneven", layers.Concatenate, (7, 10, 3), (7, 10, 1), (7, 10, 8)),
    alone("concatenate_rows", lambda: layers.Concatenate(axis=1), (4, 10, 3), (7, 10, 3)),
    alone("concatenate_columns", lambda: layers.Concatenate(axis=2), (7, 4, 3), (7, 9, 3)),
    alone("concatenate_vectors", layers.Concatenate, (5,), (9,)),
    alone("concatenate_series_steps", lambda: layers.Concatenate(axis=1), (5, 3), (4, 3)),
    wired("concatenate_with_itself", lambda x: layers.Concatenate()([x, x]), (5, 8, 3)),
    wired(
        "concatenate_flattened_and_dense",
        lambda x, y: layers.Dense(4)(
            layers.Concatenate()([layers.Flatten()(x), layers.Dense(3)(y)])
        ),
        (4, 5, 3),
        (7,),
    ),
)

_DOT = (
    alone("dot_vectors", lambda: layers.Dot(axes=1), (9,), (9,)),
    alone("dot_cosine", lambda: layers.Dot(axes=1, normalize=True), (9,), (9,)),
    alone("dot_series", lambda: layers.Dot(axes=(2, 2)), (5, 8), (7, 8)),
    alone("dot_series_mixed_axes", lambda: layers.Dot(axes=(2, 1)), (5, 8), (8, 3)),
    alone("dot_series_normalized", lambda: layers.Dot(axes=-1, normalize=True), (5, 8), (7, 8)),
)
