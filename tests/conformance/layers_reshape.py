"""Layers that move elements: reshape, permute, crop, pad, repeat, upsample."""

from __future__ import annotations

from keras import layers

from .case import Case
from .sketch import alone, between, wired

_IMAGE = (6, 9, 5)
_SERIES = (11, 4)
_VOLUME = (4, 5, 7, 3)


def cases() -> tuple[Case, ...]:
    """All reshaping cases."""
    return _RESHAPE + _FLATTEN + _PERMUTE + _CROP + _PAD + _UPSAMPLE


_RESHAPE = (
    alone("reshape_image_to_series", lambda: layers.Reshape((54, 5)), _IMAGE),
    alone("reshape_image_to_series_inferred", lambda: layers.Reshape((-1, 5)), _IMAGE),
    alone("reshape_image_to_vector", lambda: layers.Reshape((-1,)), _IMAGE),
    alone("reshape_vector_to_image", lambda: layers.Reshape((3, 4, 5)), (60,)),
    alone("reshape_mixes_rows_and_channels", lambda: layers.Reshape((9, 6, 5)), _IMAGE),
    alone("reshape_to_rank5", lambda: layers.Reshape((2, 3, 9, 5)), _IMAGE),
    alone("reshape_from_rank5", lambda: layers.Reshape((20, 7, 3)), _VOLUME),
    alone("reshape_series_inferred_middle", lambda: layers.Reshape((2, -1, 2)), (11, 4)),
    wired(
        "reshape_conv_output_to_series",
        lambda x: layers.Dense(3)(layers.Reshape((-1, 7))(layers.Conv2D(7, 3)(x))),
        _IMAGE,
    ),
    wired(
        "reshape_dense_to_image_then_conv",
        lambda x: layers.Conv2D(3, 3, padding="same")(
            layers.Reshape((4, 5, 6))(layers.Dense(120)(x))
        ),
        (7,),
    ),
    alone("lambda_shift", lambda: layers.Lambda(lambda x: x[:, 1:] - x[:, :-1]), _IMAGE),
    alone("repeat_vector", lambda: layers.RepeatVector(4), (7,)),
    wired(
        "repeat_vector_after_dense",
        lambda x: layers.LSTM(3)(layers.RepeatVector(4)(layers.Dense(5)(x))),
        (7,),
    ),
)

_FLATTEN = (
    alone("flatten_image", layers.Flatten, _IMAGE),
    alone("flatten_series", layers.Flatten, _SERIES),
    alone("flatten_volume", layers.Flatten, _VOLUME),
    alone("flatten_vector", layers.Flatten, (7,)),
    alone(
        "flatten_channels_first", lambda: layers.Flatten(data_format="channels_first"), (5, 6, 9)
    ),
    wired(
        "flatten_conv_then_dense",
        lambda x: layers.Dense(4)(layers.Flatten()(layers.Conv2D(3, 3)(x))),
        _IMAGE,
    ),
    wired(
        "flatten_pooled_one_pixel",
        lambda x: layers.Dense(4)(layers.Flatten()(layers.AveragePooling2D((6, 9))(x))),
        _IMAGE,
    ),
    wired(
        "flatten_global_pool_keepdims",
        lambda x: layers.Dense(4)(layers.Flatten()(layers.GlobalMaxPooling2D(keepdims=True)(x))),
        _IMAGE,
    ),
)

_PERMUTE = (
    alone("permute_series", lambda: layers.Permute((2, 1)), _SERIES),
    alone("permute_image_to_channels_first", lambda: layers.Permute((3, 1, 2)), _IMAGE),
    alone("permute_image_rows_columns", lambda: layers.Permute((2, 1, 3)), _IMAGE),
    alone("permute_image_reversed", lambda: layers.Permute((3, 2, 1)), _IMAGE),
    alone("permute_volume", lambda: layers.Permute((4, 2, 1, 3)), _VOLUME),
    between("permute_between_convs", lambda: layers.Permute((2, 1, 3)), _IMAGE),
    wired(
        "permute_there_and_back_around_dense",
        lambda x: layers.Permute((2, 3, 1))(layers.Dense(4)(layers.Permute((3, 1, 2))(x))),
        _IMAGE,
    ),
)

_CROP = (
    alone("cropping1d", lambda: layers.Cropping1D((2, 1)), _SERIES),
    alone("cropping2d_uneven", lambda: layers.Cropping2D(((1, 2), (0, 3))), _IMAGE),
    alone("cropping2d_between", lambda: layers.Cropping2D(1), _IMAGE),
    alone(
        "cropping2d_channels_first",
        lambda: layers.Cropping2D(((1, 0), (2, 3)), data_format="channels_first"),
        (5, 6, 9),
    ),
    between("cropping2d_between_convs", lambda: layers.Cropping2D(((0, 1), (2, 1))), _IMAGE),
    alone("cropping3d", lambda: layers.Cropping3D(((1, 0), (1, 2), (0, 3))), _VOLUME),
)

_PAD = (
    alone("zero_padding1d", lambda: layers.ZeroPadding1D((3, 1)), _SERIES),
    alone("zero_padding2d_uneven", lambda: layers.ZeroPadding2D(((0, 1), (3, 2))), _IMAGE),
    alone(
        "zero_padding2d_channels_first",
        lambda: layers.ZeroPadding2D((1, 2), data_format="channels_first"),
        (5, 6, 9),
    ),
    alone("zero_padding3d", lambda: layers.ZeroPadding3D(((1, 0), (1, 2), (0, 3))), _VOLUME),
    wired(
        "zero_padding2d_before_conv",
        lambda x: layers.Conv2D(4, 3, 2)(layers.ZeroPadding2D(((0, 1), (1, 1)))(x)),
        _IMAGE,
    ),
    wired(
        "zero_padding2d_before_average",
        lambda x: layers.AveragePooling2D(3, 2)(layers.ZeroPadding2D(1)(x)),
        _IMAGE,
    ),
)

_UPSAMPLE = (
    alone("up_sampling1d", lambda: layers.UpSampling1D(3), _SERIES),
    alone("up_sampling2d_nearest", lambda: layers.UpSampling2D(2), _IMAGE),
    alone("up_sampling2d_nearest_uneven", lambda: layers.UpSampling2D((3, 2)), _IMAGE),
    alone(
        "up_sampling2d_bilinear", lambda: layers.UpSampling2D(2, interpolation="bilinear"), _IMAGE
    ),
    alone(
        "up_sampling2d_bilinear_uneven",
        lambda: layers.UpSampling2D((2, 4), interpolation="bilinear"),
        _IMAGE,
    ),
    alone("up_sampling2d_bicubic", lambda: layers.UpSampling2D(2, interpolation="bicubic"), _IMAGE),
    alone(
        "up_sampling2d_lanczos3", lambda: layers.UpSampling2D(2, interpolation="lanczos3"), _IMAGE
    ),
    alone(
        "up_sampling2d_lanczos5",
        lambda: layers.UpSampling2D((1, 2), interpolation="lanczos5"),
        _IMAGE,
    ),
    alone(
        "up_sampling2d_channels_first",
        lambda: layers.UpSampling2D(2, data_format="channels_first"),
        (5, 6, 9),
    ),
    between("up_sampling2d_nearest_between_convs", lambda: layers.UpSampling2D(2), _IMAGE),
    between(
        "up_sampling2d_bilinear_between_convs",
        lambda: layers.UpSampling2D(3, interpolation="bilinear"),
        _IMAGE,
    ),
    alone("up_sampling3d", lambda: layers.UpSampling3D((2, 1, 3)), _VOLUME),
)
