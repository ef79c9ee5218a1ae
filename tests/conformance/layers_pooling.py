"""Pooling: windows and strides that do and do not divide the size; global and adaptive pooling."""

from __future__ import annotations

from keras import layers

from .case import Case
from .sketch import alone, between, wired

_IMAGE = (13, 18, 5)
_IMAGE_FIRST = (5, 13, 18)
_SERIES = (19, 5)
_VOLUME = (7, 9, 10, 3)


def cases() -> tuple[Case, ...]:
    """All pooling cases."""
    return _MAX + _AVERAGE + _GLOBAL + _ADAPTIVE


_MAX = (
    alone("max_pooling1d", lambda: layers.MaxPooling1D(2), _SERIES),
    alone(
        "max_pooling1d_same_overlapping",
        lambda: layers.MaxPooling1D(3, strides=2, padding="same"),
        _SERIES,
    ),
    alone("max_pooling2d", lambda: layers.MaxPooling2D(2), _IMAGE),
    alone("max_pooling2d_same", lambda: layers.MaxPooling2D(2, padding="same"), _IMAGE),
    alone("max_pooling2d_overlapping", lambda: layers.MaxPooling2D(3, strides=2), _IMAGE),
    alone(
        "max_pooling2d_same_overlapping",
        lambda: layers.MaxPooling2D(3, strides=2, padding="same"),
        _IMAGE,
    ),
    alone(
        "max_pooling2d_same_stride1",
        lambda: layers.MaxPooling2D(5, strides=1, padding="same"),
        _IMAGE,
    ),
    alone("max_pooling2d_rectangular", lambda: layers.MaxPooling2D((2, 3), strides=(2, 1)), _IMAGE),
    alone("max_pooling2d_gaps", lambda: layers.MaxPooling2D(2, strides=3), _IMAGE),
    alone(
        "max_pooling2d_channels_first",
        lambda: layers.MaxPooling2D(2, data_format="channels_first"),
        _IMAGE_FIRST,
    ),
    between(
        "max_pooling2d_between_convs",
        lambda: layers.MaxPooling2D(3, strides=2, padding="same"),
        _IMAGE,
    ),
    wired(
        "max_pooling2d_after_zero_padding",
        lambda x: layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x)),
        _IMAGE,
        value_range=(-3.0, -0.2),  # where padding with zero and padding with -inf differ
    ),
    alone("max_pooling3d", lambda: layers.MaxPooling3D(2), _VOLUME),
    alone(
        "max_pooling3d_same",
        lambda: layers.MaxPooling3D((2, 3, 2), strides=(1, 2, 3), padding="same"),
        _VOLUME,
    ),
)

_AVERAGE = (
    alone("average_pooling1d", lambda: layers.AveragePooling1D(3), _SERIES),
    alone(
        "average_pooling1d_same",
        lambda: layers.AveragePooling1D(3, strides=2, padding="same"),
        _SERIES,
    ),
    alone("average_pooling2d", lambda: layers.AveragePooling2D(2), _IMAGE),
    alone("average_pooling2d_same", lambda: layers.AveragePooling2D(2, padding="same"), _IMAGE),
    alone(
        "average_pooling2d_same_stride1",
        lambda: layers.AveragePooling2D(3, strides=1, padding="same"),
        _IMAGE,
    ),
    alone(
        "average_pooling2d_same_overlapping",
        lambda: layers.AveragePooling2D((3, 4), (2, 3), padding="same"),
        _IMAGE,
    ),
    alone("average_pooling2d_whole_image", lambda: layers.AveragePooling2D((13, 18)), _IMAGE),
    alone(
        "average_pooling2d_channels_first",
        lambda: layers.AveragePooling2D(3, 2, padding="same", data_format="channels_first"),
        _IMAGE_FIRST,
    ),
    between(
        "average_pooling2d_between_convs",
        lambda: layers.AveragePooling2D(3, 2, padding="same"),
        _IMAGE,
    ),
    alone("average_pooling3d", lambda: layers.AveragePooling3D(2), _VOLUME),
    alone(
        "average_pooling3d_same",
        lambda: layers.AveragePooling3D(3, strides=2, padding="same"),
        _VOLUME,
    ),
)

_GLOBAL = (
    alone("global_average_pooling1d", layers.GlobalAveragePooling1D, _SERIES),
    alone(
        "global_average_pooling1d_keepdims",
        lambda: layers.GlobalAveragePooling1D(keepdims=True),
        _SERIES,
    ),
    wired(
        "global_average_pooling1d_masked",
        lambda x: layers.GlobalAveragePooling1D()(layers.Masking(0.0)(layers.ReLU()(x))),
        _SERIES,
    ),
    alone("global_average_pooling2d", layers.GlobalAveragePooling2D, _IMAGE),
    alone(
        "global_average_pooling2d_keepdims",
        lambda: layers.GlobalAveragePooling2D(keepdims=True),
        _IMAGE,
    ),
    alone(
        "global_average_pooling2d_channels_first",
        lambda: layers.GlobalAveragePooling2D(data_format="channels_first"),
        _IMAGE_FIRST,
    ),
    alone("global_average_pooling3d", layers.GlobalAveragePooling3D, _VOLUME),
    alone(
        "global_average_pooling3d_keepdims",
        lambda: layers.GlobalAveragePooling3D(keepdims=True),
        _VOLUME,
    ),
    alone("global_max_pooling1d", layers.GlobalMaxPooling1D, _SERIES),
    alone("global_max_pooling2d", layers.GlobalMaxPooling2D, _IMAGE),
    alone(
        "global_max_pooling2d_keepdims", lambda: layers.GlobalMaxPooling2D(keepdims=True), _IMAGE
    ),
    alone("global_max_pooling3d", layers.GlobalMaxPooling3D, _VOLUME),
    wired(
        "global_pools_of_two_kinds_joined",
        lambda x: layers.Dense(4)(
            layers.Concatenate()(
                [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
            )
        ),
        _IMAGE,
    ),
)

_ADAPTIVE = (
    alone("adaptive_average_pooling1d", lambda: layers.AdaptiveAveragePooling1D(4), _SERIES),
    alone(
        "adaptive_average_pooling2d_dividing",
        lambda: layers.AdaptiveAveragePooling2D((4, 6)),
        (12, 18, 5),
    ),
    alone(
        "adaptive_average_pooling2d_uneven", lambda: layers.AdaptiveAveragePooling2D((5, 7)), _IMAGE
    ),
    alone("adaptive_average_pooling2d_to_one", lambda: layers.AdaptiveAveragePooling2D(1), _IMAGE),
    alone(
        "adaptive_average_pooling3d", lambda: layers.AdaptiveAveragePooling3D((2, 3, 4)), _VOLUME
    ),
    alone("adaptive_max_pooling1d", lambda: layers.AdaptiveMaxPooling1D(4), _SERIES),
    alone("adaptive_max_pooling2d", lambda: layers.AdaptiveMaxPooling2D((5, 7)), _IMAGE),
    alone("adaptive_max_pooling3d", lambda: layers.AdaptiveMaxPooling3D((2, 3, 4)), _VOLUME),
)
