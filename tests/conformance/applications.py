"""All of keras.applications: random calibrated weights, logits instead of probabilities."""

from __future__ import annotations

from functools import partial

import keras

from .case import Case

_PIXELS = (0.0, 255.0)  # these models scale pixels themselves
_SCALED = (-1.5, 1.7)  # these expect preprocessed images

# Height, width: not square, small, and larger than one pixel where the network has shrunk it most.
_SMALL = (64, 96)
_NARROW = (43, 67)  # odd sizes, for nets that are slow or pad a lot
_VALID = (
    107,
    139,
)  # Inception and Xception use unpadded convolutions and refuse less than 75 or 71

_SIZES: dict[str, tuple[tuple[int, int], tuple[float, float]]] = {
    **dict.fromkeys(("VGG16", "VGG19"), (_SMALL, _SCALED)),
    **dict.fromkeys(
        ("ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2"),
        (_SMALL, _SCALED),
    ),
    **dict.fromkeys(("InceptionV3", "InceptionResNetV2", "Xception"), (_VALID, _SCALED)),
    **dict.fromkeys(("MobileNet", "MobileNetV2", "NASNetMobile", "NASNetLarge"), (_SMALL, _SCALED)),
    **dict.fromkeys(("MobileNetV3Small", "MobileNetV3Large"), (_SMALL, _PIXELS)),
    **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201"), (_SMALL, _SCALED)),
    **dict.fromkeys((f"EfficientNetB{n}" for n in range(8)), (_NARROW, _PIXELS)),
    **dict.fromkeys((f"EfficientNetV2{size}" for size in "SM"), (_NARROW, _PIXELS)),
    "EfficientNetV2L": (_SMALL, _PIXELS),
    **dict.fromkeys((f"EfficientNetV2B{n}" for n in range(4)), (_SMALL, _PIXELS)),
    **dict.fromkeys(
        (f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
        (_SMALL, _PIXELS),
    ),
}


def cases() -> tuple[Case, ...]:
    """One case per architecture, in alphabetical order."""
    return tuple(_application(name) for name in sorted(_SIZES))


def _application(name: str) -> Case:
    size_hw, value_range = _SIZES[name]
    return Case(
        f"application_{name.lower()}",
        "application",
        partial(_build, name, size_hw),
        value_range=value_range,
        batches=(1, 2),
    )


def _build(name: str, size_hw: tuple[int, int]) -> keras.Model:
    architecture = getattr(keras.applications, name)
    return architecture(weights=None, input_shape=(*size_hw, 3), classifier_activation=None)
