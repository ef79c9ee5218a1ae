"""Normalisation: batch, layer, group, instance, RMS, unit and spectral, over every usual axis."""

from __future__ import annotations

from keras import layers

from .case import Case
from .sketch import alone, between, wired

_IMAGE = (9, 14, 6)
_SERIES = (11, 6)
_VOLUME = (4, 5, 7, 6)


def cases() -> tuple[Case, ...]:
    """All normalisation cases."""
    return _BATCH + _LAYER + _GROUP + _OTHERS


_BATCH = (
    alone("batch_normalization_image", layers.BatchNormalization, _IMAGE),
    alone("batch_normalization_vector", layers.BatchNormalization, (7,)),
    alone("batch_normalization_series", layers.BatchNormalization, _SERIES),
    alone("batch_normalization_volume", layers.BatchNormalization, _VOLUME),
    alone("batch_normalization_axis1", lambda: layers.BatchNormalization(axis=1), (6, 9, 14)),
    alone("batch_normalization_no_scale", lambda: layers.BatchNormalization(scale=False), _IMAGE),
    alone(
        "batch_normalization_no_center_epsilon",
        lambda: layers.BatchNormalization(center=False, epsilon=0.2),
        _IMAGE,
    ),
    between("batch_normalization_between_convs", layers.BatchNormalization, _IMAGE),
    wired(
        "batch_normalization_before_padded_conv",
        lambda x: layers.Conv2D(4, 3, padding="same")(
            layers.ReLU()(layers.BatchNormalization()(x))
        ),
        _IMAGE,
    ),
    wired(
        "batch_normalization_after_dense",
        lambda x: layers.Dense(3)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(8)(x)))),
        (7,),
    ),
    wired(
        "batch_normalization_after_depthwise_and_transpose",
        lambda x: layers.BatchNormalization()(
            layers.Conv2DTranspose(4, 2, 2)(
                layers.BatchNormalization()(layers.DepthwiseConv2D(3)(x))
            )
        ),
        _IMAGE,
    ),
)

_LAYER = (
    alone("layer_normalization_last_image", layers.LayerNormalization, _IMAGE),
    alone(
        "layer_normalization_last_series", lambda: layers.LayerNormalization(epsilon=1e-6), _SERIES
    ),
    alone("layer_normalization_vector", layers.LayerNormalization, (7,)),
    alone(
        "layer_normalization_all_axes", lambda: layers.LayerNormalization(axis=(1, 2, 3)), _IMAGE
    ),
    alone("layer_normalization_two_axes", lambda: layers.LayerNormalization(axis=(-2, -1)), _IMAGE),
    alone("layer_normalization_axis1", lambda: layers.LayerNormalization(axis=1), _SERIES),
    alone(
        "layer_normalization_no_affine",
        lambda: layers.LayerNormalization(center=False, scale=False),
        _SERIES,
    ),
    alone("layer_normalization_no_center", lambda: layers.LayerNormalization(center=False), _IMAGE),
    between("layer_normalization_between_convs", layers.LayerNormalization, _IMAGE),
)

_GROUP = (
    alone("group_normalization_2", lambda: layers.GroupNormalization(2), _IMAGE),
    alone(
        "group_normalization_3_no_affine",
        lambda: layers.GroupNormalization(3, center=False, scale=False),
        _IMAGE,
    ),
    alone("group_normalization_one_group", lambda: layers.GroupNormalization(1), _IMAGE),
    alone("group_normalization_as_instance", lambda: layers.GroupNormalization(-1), _IMAGE),
    alone("group_normalization_series", lambda: layers.GroupNormalization(3), _SERIES),
    alone("group_normalization_volume", lambda: layers.GroupNormalization(2), _VOLUME),
    alone("group_normalization_axis1", lambda: layers.GroupNormalization(2, axis=1), (6, 9, 14)),
    alone("group_normalization_vector", lambda: layers.GroupNormalization(2), (8,)),
    between("group_normalization_between_convs", lambda: layers.GroupNormalization(3), _IMAGE),
)

_OTHERS = (
    alone("rms_normalization_series", layers.RMSNormalization, _SERIES),
    alone("rms_normalization_image", lambda: layers.RMSNormalization(epsilon=1e-3), _IMAGE),
    alone("unit_normalization_vector", layers.UnitNormalization, (7,)),
    alone("unit_normalization_image_last", layers.UnitNormalization, _IMAGE),
    alone("unit_normalization_two_axes", lambda: layers.UnitNormalization(axis=(1, 2)), _IMAGE),
    alone(
        "spectral_normalization_conv2d",
        lambda: layers.SpectralNormalization(layers.Conv2D(5, 3)),
        _IMAGE,
    ),
    alone(
        "spectral_normalization_dense",
        lambda: layers.SpectralNormalization(layers.Dense(5), 2),
        (7,),
    ),
)
