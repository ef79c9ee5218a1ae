"""Convolutions: every kind, rank, padding, stride, dilation and grouping, on odd and even sizes."""

from __future__ import annotations

from keras import layers

from .case import Case
from .sketch import alone, between, wired

_IMAGE = (13, 18, 6)
_IMAGE_FIRST = (6, 13, 18)
_SERIES = (19, 6)
_VOLUME = (7, 9, 10, 4)


def cases() -> tuple[Case, ...]:
    """All convolution cases."""
    return _CONV1D + _CONV2D + _CONV3D + _DEPTHWISE + _SEPARABLE + _TRANSPOSE_1D_3D + _TRANSPOSE_2D


_CONV1D = (
    alone("conv1d_valid", lambda: layers.Conv1D(5, 3), _SERIES),
    alone("conv1d_same_even_kernel", lambda: layers.Conv1D(5, 4, padding="same"), _SERIES),
    alone(
        "conv1d_same_stride2",
        lambda: layers.Conv1D(5, 3, strides=2, padding="same", activation="relu"),
        _SERIES,
    ),
    alone(
        "conv1d_same_stride2_even_length",
        lambda: layers.Conv1D(5, 3, strides=2, padding="same"),
        (20, 6),
    ),
    alone("conv1d_causal", lambda: layers.Conv1D(5, 3, padding="causal"), _SERIES),
    alone(
        "conv1d_causal_dilated",
        lambda: layers.Conv1D(5, 3, padding="causal", dilation_rate=4),
        _SERIES,
    ),
    alone(
        "conv1d_dilated_same", lambda: layers.Conv1D(5, 3, padding="same", dilation_rate=3), _SERIES
    ),
    alone("conv1d_groups", lambda: layers.Conv1D(9, 3, groups=3), _SERIES),
    alone("conv1d_pointwise", lambda: layers.Conv1D(7, 1, use_bias=False), _SERIES),
    alone(
        "conv1d_channels_first", lambda: layers.Conv1D(5, 3, data_format="channels_first"), (6, 19)
    ),
)

_CONV2D = (
    alone("conv2d_valid", lambda: layers.Conv2D(5, 3), _IMAGE),
    alone("conv2d_same", lambda: layers.Conv2D(5, 3, padding="same"), _IMAGE),
    wired(
        "conv2d_pointwise_padded",
        lambda x: layers.Conv2D(5, 1)(layers.ZeroPadding2D(((1, 0), (2, 1)))(x)),
        _IMAGE,
    ),
    alone("conv2d_same_even_kernel", lambda: layers.Conv2D(5, (4, 2), padding="same"), _IMAGE),
    alone(
        "conv2d_same_stride2_odd_even",
        lambda: layers.Conv2D(5, 3, strides=2, padding="same"),
        _IMAGE,
    ),
    alone(
        "conv2d_same_stride2_even_odd",
        lambda: layers.Conv2D(5, 3, strides=2, padding="same"),
        (14, 17, 3),
    ),
    alone(
        "conv2d_same_stride3_kernel5",
        lambda: layers.Conv2D(5, 5, strides=3, padding="same"),
        _IMAGE,
    ),
    alone(
        "conv2d_same_stride_2_1",
        lambda: layers.Conv2D(5, 3, strides=(2, 1), padding="same"),
        _IMAGE,
    ),
    alone("conv2d_valid_stride_1_3", lambda: layers.Conv2D(5, (3, 4), strides=(1, 3)), _IMAGE),
    alone("conv2d_stride_beyond_kernel", lambda: layers.Conv2D(5, 2, strides=3), _IMAGE),
    alone("conv2d_pointwise", lambda: layers.Conv2D(7, 1), _IMAGE),
    alone(
        "conv2d_pointwise_stride2", lambda: layers.Conv2D(7, 1, strides=2, padding="same"), _IMAGE
    ),
    alone("conv2d_row_kernel", lambda: layers.Conv2D(5, (1, 7), padding="same"), _IMAGE),
    alone("conv2d_column_kernel", lambda: layers.Conv2D(5, (7, 1), padding="valid"), _IMAGE),
    alone("conv2d_kernel_of_whole_image", lambda: layers.Conv2D(5, (13, 18)), _IMAGE),
    alone(
        "conv2d_kernel_beyond_image_same", lambda: layers.Conv2D(4, 7, padding="same"), (4, 5, 3)
    ),
    alone(
        "conv2d_dilated_same", lambda: layers.Conv2D(5, 3, padding="same", dilation_rate=2), _IMAGE
    ),
    alone("conv2d_dilated_valid_uneven", lambda: layers.Conv2D(5, 3, dilation_rate=(2, 3)), _IMAGE),
    alone(
        "conv2d_dilated_same_6",
        lambda: layers.Conv2D(4, 3, padding="same", dilation_rate=6),
        _IMAGE,
    ),
    alone("conv2d_groups2", lambda: layers.Conv2D(8, 3, groups=2, padding="same"), _IMAGE),
    alone(
        "conv2d_groups3_stride2",
        lambda: layers.Conv2D(9, 3, groups=3, strides=2, padding="same"),
        _IMAGE,
    ),
    alone("conv2d_groups_of_one_channel", lambda: layers.Conv2D(12, 3, groups=6), _IMAGE),
    alone("conv2d_groups_pointwise", lambda: layers.Conv2D(4, 1, groups=2, use_bias=False), _IMAGE),
    alone("conv2d_no_bias", lambda: layers.Conv2D(5, 3, use_bias=False), _IMAGE),
    alone("conv2d_relu", lambda: layers.Conv2D(5, 3, activation="relu"), _IMAGE),
    alone("conv2d_swish", lambda: layers.Conv2D(5, 3, activation="swish"), _IMAGE),
    alone("conv2d_one_channel_in_and_out", lambda: layers.Conv2D(1, 3), (9, 11, 1)),
    alone("conv2d_many_channels", lambda: layers.Conv2D(37, 3, padding="same"), (9, 11, 33)),
    alone(
        "conv2d_channels_first",
        lambda: layers.Conv2D(5, 3, data_format="channels_first"),
        _IMAGE_FIRST,
    ),
    alone(
        "conv2d_channels_first_same_stride2",
        lambda: layers.Conv2D(5, 3, strides=2, padding="same", data_format="channels_first"),
        _IMAGE_FIRST,
    ),
    wired(
        "conv2d_on_rank5",
        layers.TimeDistributed(layers.Conv2D(4, 3, padding="same")),
        (3, 7, 9, 2),
    ),
    wired(
        "conv2d_bn_relu_chain",
        lambda x: layers.ReLU()(
            layers.BatchNormalization()(layers.Conv2D(7, 3, use_bias=False)(x))
        ),
        _IMAGE,
    ),
)

_CONV3D = (
    alone("conv3d_valid", lambda: layers.Conv3D(3, 3), _VOLUME),
    alone(
        "conv3d_same",
        lambda: layers.Conv3D(3, (3, 2, 3), padding="same", activation="relu"),
        _VOLUME,
    ),
    alone("conv3d_same_stride2", lambda: layers.Conv3D(3, 3, strides=2, padding="same"), _VOLUME),
    alone("conv3d_stride_1_2_3", lambda: layers.Conv3D(3, 3, strides=(1, 2, 3)), _VOLUME),
    alone("conv3d_pointwise", lambda: layers.Conv3D(5, 1), _VOLUME),
    alone("conv3d_dilated", lambda: layers.Conv3D(3, 2, dilation_rate=2, padding="same"), _VOLUME),
    alone("conv3d_groups", lambda: layers.Conv3D(6, 3, groups=2), _VOLUME),
    alone(
        "conv3d_depthwise_sigmoid",
        lambda: layers.Conv3D(4, 3, groups=4, activation="sigmoid"),
        _VOLUME,
    ),
    alone("conv3d_pointwise_heavy", lambda: layers.Conv3D(256, 1), (8, 8, 8, 256)),
    wired(
        "conv3d_pointwise_padded",
        lambda x: layers.Conv3D(5, 1)(layers.ZeroPadding3D((1, 0, 2))(x)),
        _VOLUME,
    ),
    wired(
        "conv3d_prelu",
        lambda x: layers.PReLU(shared_axes=[1, 2, 3])(layers.Conv3D(5, 3)(x)),
        _VOLUME,
    ),
    wired(
        "conv3d_one_channel_sigmoid",
        lambda x: layers.Conv3D(1, 3, activation="sigmoid")(layers.Conv3D(1, 1)(x)),
        _VOLUME,
    ),
    wired(
        "conv3d_tanh_normalised",
        lambda x: layers.Conv3D(3, 3, padding="same")(
            layers.BatchNormalization()(layers.Conv3D(8, 1, activation="tanh")(x))
        ),
        _VOLUME,
    ),
    alone(
        "conv3d_channels_first",
        lambda: layers.Conv3D(3, 3, data_format="channels_first"),
        (4, 7, 9, 10),
    ),
)

_DEPTHWISE = (
    alone("depthwise_conv1d_same", lambda: layers.DepthwiseConv1D(3, padding="same"), _SERIES),
    alone(
        "depthwise_conv1d_multiplier_stride2",
        lambda: layers.DepthwiseConv1D(4, 2, depth_multiplier=2),
        _SERIES,
    ),
    alone("depthwise_conv2d_valid", lambda: layers.DepthwiseConv2D(3), _IMAGE),
    alone(
        "depthwise_conv2d_same",
        lambda: layers.DepthwiseConv2D(5, padding="same", use_bias=False),
        _IMAGE,
    ),
    alone(
        "depthwise_conv2d_same_stride2",
        lambda: layers.DepthwiseConv2D(3, 2, padding="same"),
        _IMAGE,
    ),
    alone(
        "depthwise_conv2d_multiplier", lambda: layers.DepthwiseConv2D(3, depth_multiplier=3), _IMAGE
    ),
    alone(
        "depthwise_conv2d_dilated",
        lambda: layers.DepthwiseConv2D(3, dilation_rate=2, padding="same"),
        _IMAGE,
    ),
    alone(
        "depthwise_conv2d_rectangular",
        lambda: layers.DepthwiseConv2D((1, 5), activation="relu6"),
        _IMAGE,
    ),
    alone(
        "depthwise_conv2d_channels_first",
        lambda: layers.DepthwiseConv2D(3, padding="same", data_format="channels_first"),
        _IMAGE_FIRST,
    ),
    between(
        "depthwise_conv2d_between_convs", lambda: layers.DepthwiseConv2D(3, padding="same"), _IMAGE
    ),
    wired(
        "depthwise_conv2d_padded_by_hand",
        lambda x: layers.DepthwiseConv2D(3, strides=2)(layers.ZeroPadding2D(((0, 1), (0, 1)))(x)),
        (14, 18, 5),
    ),
)

_SEPARABLE = (
    alone("separable_conv1d_same", lambda: layers.SeparableConv1D(5, 3, padding="same"), _SERIES),
    alone(
        "separable_conv1d_valid_stride2", lambda: layers.SeparableConv1D(5, 3, strides=2), _SERIES
    ),
    alone("separable_conv2d_valid", lambda: layers.SeparableConv2D(5, 3), _IMAGE),
    alone(
        "separable_conv2d_same_stride2",
        lambda: layers.SeparableConv2D(5, 3, 2, padding="same"),
        _IMAGE,
    ),
    alone(
        "separable_conv2d_multiplier",
        lambda: layers.SeparableConv2D(7, 3, depth_multiplier=2),
        _IMAGE,
    ),
    alone(
        "separable_conv2d_dilated",
        lambda: layers.SeparableConv2D(5, 3, dilation_rate=2, padding="same", activation="relu"),
        _IMAGE,
    ),
)

_TRANSPOSE_1D_3D = (
    alone(
        "conv1d_transpose_valid_stride2", lambda: layers.Conv1DTranspose(4, 3, strides=2), (11, 6)
    ),
    alone(
        "conv1d_transpose_same_stride2",
        lambda: layers.Conv1DTranspose(4, 4, strides=2, padding="same"),
        (11, 6),
    ),
    alone(
        "conv1d_transpose_dilated", lambda: layers.Conv1DTranspose(4, 3, dilation_rate=2), (11, 6)
    ),
    alone(
        "conv1d_transpose_output_padding",
        lambda: layers.Conv1DTranspose(4, 3, strides=2, padding="same", output_padding=0),
        (11, 6),
    ),
    alone(
        "conv3d_transpose_valid_stride2",
        lambda: layers.Conv3DTranspose(3, 2, strides=2),
        (4, 5, 6, 2),
    ),
    alone(
        "conv3d_transpose_same_stride2",
        lambda: layers.Conv3DTranspose(3, 3, 2, padding="same"),
        (4, 5, 6, 2),
    ),
    alone(
        "conv3d_transpose_output_padding",
        lambda: layers.Conv3DTranspose(3, 3, strides=2, output_padding=1),
        (4, 5, 6, 2),
    ),
)

_SMALL = (6, 9, 5)
_TRANSPOSE_2D = (
    alone("conv2d_transpose_valid", lambda: layers.Conv2DTranspose(4, 3), _SMALL),
    alone("conv2d_transpose_same", lambda: layers.Conv2DTranspose(4, 3, padding="same"), _SMALL),
    alone(
        "conv2d_transpose_same_even_kernel",
        lambda: layers.Conv2DTranspose(4, (4, 2), padding="same"),
        _SMALL,
    ),
    alone("conv2d_transpose_k2s2", lambda: layers.Conv2DTranspose(4, 2, strides=2), _SMALL),
    alone(
        "conv2d_transpose_k2s2_same",
        lambda: layers.Conv2DTranspose(4, 2, strides=2, padding="same"),
        _SMALL,
    ),
    alone("conv2d_transpose_k3s2_valid", lambda: layers.Conv2DTranspose(4, 3, strides=2), _SMALL),
    alone(
        "conv2d_transpose_k3s2_same",
        lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_k4s2_same",
        lambda: layers.Conv2DTranspose(4, 4, strides=2, padding="same"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_k5s2_same",
        lambda: layers.Conv2DTranspose(4, 5, strides=2, padding="same"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_stride_2_3",
        lambda: layers.Conv2DTranspose(4, 4, strides=(2, 3), padding="same"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_stride_beyond_kernel",
        lambda: layers.Conv2DTranspose(4, 2, strides=3),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_stride_beyond_kernel_same",
        lambda: layers.Conv2DTranspose(4, 2, strides=3, padding="same"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_output_padding_same",
        lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=0),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_output_padding_valid",
        lambda: layers.Conv2DTranspose(4, 3, strides=(3, 2), output_padding=(2, 1)),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_dilated", lambda: layers.Conv2DTranspose(4, 3, dilation_rate=2), _SMALL
    ),
    alone(
        "conv2d_transpose_dilated_same",
        lambda: layers.Conv2DTranspose(4, 3, dilation_rate=2, padding="same"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_no_bias_relu",
        lambda: layers.Conv2DTranspose(4, 3, 2, use_bias=False, activation="relu"),
        _SMALL,
    ),
    alone(
        "conv2d_transpose_channels_first",
        lambda: layers.Conv2DTranspose(
            4, 3, strides=2, padding="same", data_format="channels_first"
        ),
        (5, 6, 9),
    ),
    between(
        "conv2d_transpose_between_convs",
        lambda: layers.Conv2DTranspose(8, 4, strides=2, padding="same"),
        _SMALL,
    ),
)
