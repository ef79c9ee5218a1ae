"""Models whose input is no picture: a series of numbers, and a volume."""

from __future__ import annotations

from typing import Any, Final

import keras

from campaigns.models import calibrated

STEPS: Final = 200
_FEATURES: Final = 16
_UNITS: Final = 64
_SIDE: Final = 64
_WIDTHS: Final = (16, 32, 64)


def lstm() -> Any:
    """Build two LSTM layers of 64 units over 200 steps of 16 numbers, and a layer of ten."""
    layers = keras.layers
    series = keras.Input((STEPS, _FEATURES), name="series")
    x = layers.LSTM(_UNITS, return_sequences=True)(series)
    return calibrated(keras.Model(series, layers.Dense(10)(layers.LSTM(_UNITS)(x)), name="lstm"))


def unet_3d() -> Any:
    """Build a 3-D U-Net (Çiçek et al. 2016) of three levels on 64x64x64 voxels, two classes."""
    layers = keras.layers
    volume = x = keras.Input((_SIDE, _SIDE, _SIDE, 1), name="volume")
    skips = []
    for channels in _WIDTHS[:-1]:
        x = _block(x, channels)
        skips.append(x)
        x = layers.MaxPooling3D()(x)
    x = _block(x, _WIDTHS[-1])
    for channels, skip in zip(_WIDTHS[-2::-1], reversed(skips), strict=True):
        x = layers.Conv3DTranspose(channels, 2, strides=2)(x)
        x = _block(layers.Concatenate()([x, skip]), channels)
    return calibrated(keras.Model(volume, layers.Conv3D(2, 1)(x), name="unet3d"))


def _block(x: Any, channels: int) -> Any:
    layers = keras.layers
    for _ in range(2):
        x = layers.Conv3D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return x
