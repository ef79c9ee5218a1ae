"""YOLOv8-n, written in plain Keras after Ultralytics' `yolov8.yaml` at its smallest scale."""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np

from campaigns.models import calibrated

SIDE: Final = 640
CLASSES: Final = 80
_BINS: Final = 16  # of the distance from a cell to each side of its box
_LIKELY: Final = -5.0  # logit of most classes in most cells, as in a trained detector


def yolov8n() -> Any:
    """Build it with a grid for each stride, whose channels are the bins and then the classes."""
    layers = keras.layers
    image = keras.Input((SIDE, SIDE, 3), name="image")
    x = _fused(_conv(_conv(image, 16, 3, 2), 32, 3, 2), 32, 1, shortcut=True)
    fine = _fused(_conv(x, 64, 3, 2), 64, 2, shortcut=True)
    middle = _fused(_conv(fine, 128, 3, 2), 128, 2, shortcut=True)
    coarse = _pyramid(_fused(_conv(middle, 256, 3, 2), 256, 1, shortcut=True))
    middle = _fused(layers.Concatenate()([layers.UpSampling2D(2)(coarse), middle]), 128, 1)
    fine = _fused(layers.Concatenate()([layers.UpSampling2D(2)(middle), fine]), 64, 1)
    middle = _fused(layers.Concatenate()([_conv(fine, 64, 3, 2), middle]), 128, 1)
    coarse = _fused(layers.Concatenate()([_conv(middle, 128, 3, 2), coarse]), 256, 1)
    grids = {f"stride{s}": _head(x) for s, x in ((8, fine), (16, middle), (32, coarse))}
    return _sparse(calibrated(keras.Model(image, grids, name="yolov8n"), value_range=(0, 1)))


def _conv(x: Any, channels: int, size: int, stride: int = 1) -> Any:
    """Convolve, normalise and activate; a stride pads alike on all sides."""
    layers = keras.layers
    if stride > 1:
        x = layers.ZeroPadding2D(size // 2)(x)
    padding = "valid" if stride > 1 else "same"
    x = layers.Conv2D(channels, size, stride, padding, use_bias=False)(x)
    return layers.Activation("silu")(layers.BatchNormalization(epsilon=1e-3)(x))


def _fused(x: Any, channels: int, count: int, *, shortcut: bool = False) -> Any:
    """C2f: half of the channels go through blocks of two convolutions, and all parts are joined."""
    layers = keras.layers
    half = channels // 2
    x = _conv(x, channels, 1)
    parts = [x[..., :half], x[..., half:]]
    for _ in range(count):
        y = _conv(_conv(parts[-1], half, 3), half, 3)
        parts.append(layers.Add()([parts[-1], y]) if shortcut else y)
    return _conv(layers.Concatenate()(parts), channels, 1)


def _pyramid(x: Any) -> Any:
    """SPPF: three poolings in a row, joined with what they began with."""
    layers = keras.layers
    channels = x.shape[-1]
    parts = [_conv(x, channels // 2, 1)]
    for _ in range(3):
        parts.append(layers.MaxPooling2D(5, 1, "same")(parts[-1]))
    return _conv(layers.Concatenate()(parts), channels, 1)


def _head(x: Any) -> Any:
    """Return four sides' bins and the classes' logits for each cell."""
    layers = keras.layers
    sides = _conv(_conv(x, 4 * _BINS, 3), 4 * _BINS, 3)
    names = _conv(_conv(x, CLASSES, 3), CLASSES, 3)
    outputs = [layers.Conv2D(4 * _BINS, 1)(sides), layers.Conv2D(CLASSES, 1)(names)]
    return layers.Concatenate()(outputs)


def _sparse(model: Any) -> Any:
    """Make most classes unlikely in most cells, and return the model."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.use_bias and layer.filters == CLASSES:
            layer.bias.assign(np.full(CLASSES, _LIKELY, np.float32))
            layer.kernel.assign(layer.kernel.numpy() * 0.4)
    return model
