"""Preprocessing inside the model: scaling, resizing, encoding; augmentation inference must skip."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from .case import Case
from .inputs import Array
from .sketch import alone, wired

_IMAGE = (12, 17, 3)
_PIXELS = (0.0, 255.0)


def cases() -> tuple[Case, ...]:
    """All preprocessing cases."""
    return _SCALING + _RESIZING + _CROPPING + _ENCODING + _AUDIO + _AUGMENTATION + _IMAGE_FUNCTIONS


def _image(name: str, layer: Any, shape: tuple[int, ...] = _IMAGE, **fields: Any) -> Case:
    return alone(name, layer, shape, value_range=_PIXELS, **fields)


def _adapted(axis: int | None, shape: tuple[int, ...]) -> Any:
    """A Normalization that learned its statistics from data, as users build it."""

    def build() -> Any:
        layer = layers.Normalization(axis=axis)
        data = np.random.default_rng(5).normal(100.0, 40.0, (16, *shape)).astype("float32")
        layer.adapt(data * np.linspace(0.5, 1.5, shape[-1], dtype="float32"))
        return layer

    return build


_SCALING = (
    _image("rescaling_to_unit", lambda: layers.Rescaling(1 / 255)),
    _image("rescaling_to_signed", lambda: layers.Rescaling(1 / 127.5, offset=-1)),
    _image(
        "rescaling_per_channel", lambda: layers.Rescaling([0.1, 0.02, 0.3], offset=[-1.0, 2.0, 0.5])
    ),
    _image("rescaling_uint8", lambda: layers.Rescaling(1 / 255), dtype="uint8"),
    _image(
        "normalization_given",
        lambda: layers.Normalization(mean=[90.0, 110.0, 130.0], variance=[900.0, 1600.0, 400.0]),
    ),
    _image(
        "normalization_given_scalars",
        lambda: layers.Normalization(axis=None, mean=120.0, variance=3000.0),
    ),
    _image(
        "normalization_inverted",
        lambda: layers.Normalization(mean=0.4, variance=0.3, invert=True, axis=None),
    ),
    _image("normalization_adapted", _adapted(-1, _IMAGE)),
    _image("normalization_adapted_axis_none", _adapted(None, _IMAGE)),
    alone("normalization_adapted_table", _adapted(-1, (5,)), (5,), value_range=(20.0, 200.0)),
    wired(
        "rescaling_normalization_conv",
        lambda x: layers.Conv2D(4, 3)(
            layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.04, 0.05, 0.06])(
                layers.Rescaling(1 / 255)(x)
            )
        ),
        _IMAGE,
        value_range=_PIXELS,
    ),
)


def _resizing(
    name: str, size_hw: tuple[int, int], shape: tuple[int, ...] = _IMAGE, **options: Any
) -> Case:
    return _image(f"resizing_{name}", lambda: layers.Resizing(*size_hw, **options), shape)


_RESIZING = (
    _resizing("bilinear_down", (7, 9)),
    _resizing("bilinear_up", (25, 31)),
    _resizing("bilinear_whole_factor", (24, 34)),
    _resizing("bilinear_same_size", (12, 17)),
    _resizing("nearest_down", (7, 9), interpolation="nearest"),
    _resizing("nearest_up", (25, 31), interpolation="nearest"),
    _resizing("bicubic_down", (7, 9), interpolation="bicubic"),
    _resizing("bicubic_up", (25, 31), interpolation="bicubic"),
    _resizing("lanczos3", (25, 10), interpolation="lanczos3"),
    _resizing("lanczos5", (25, 10), interpolation="lanczos5"),
    _resizing("area", (6, 5), interpolation="area"),
    _resizing("bilinear_antialias_down", (7, 5), antialias=True),
    _resizing("bicubic_antialias_down", (7, 5), interpolation="bicubic", antialias=True),
    _resizing("crop_to_aspect", (8, 8), crop_to_aspect_ratio=True),
    _resizing("pad_to_aspect", (8, 8), pad_to_aspect_ratio=True),
    _resizing(
        "pad_to_aspect_filled",
        (9, 16),
        pad_to_aspect_ratio=True,
        fill_mode="constant",
        fill_value=114.0,
    ),
    _resizing("channels_first", (7, 9), (3, 12, 17), data_format="channels_first"),
    _image("resizing_uint8", lambda: layers.Resizing(7, 9), dtype="uint8"),
    wired(
        "resizing_then_batch_normalization",
        lambda x: layers.BatchNormalization()(layers.Conv2D(4, 3)(layers.Resizing(9, 11)(x))),
        _IMAGE,
        value_range=_PIXELS,
    ),
    wired(
        "resizing_open_size",
        lambda x: layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(layers.Resizing(9, 11)(x))),
        (None, None, 3),
        input_shapes={"x0": _IMAGE},
        value_range=_PIXELS,
    ),
)

_CROPPING = (
    _image("center_crop", lambda: layers.CenterCrop(7, 10)),
    _image("center_crop_odd_remainder", lambda: layers.CenterCrop(9, 12)),
    _image("center_crop_larger_than_image", lambda: layers.CenterCrop(16, 20)),
    _image("random_crop", lambda: layers.RandomCrop(7, 10)),
    _image("random_crop_larger_than_image", lambda: layers.RandomCrop(16, 20)),
)


def _numbers(limit: int, dtype: str = "int32") -> Any:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.integers(0, limit, shape).astype(dtype)

    return {"x0": draw, "x1": draw}


_ENCODING = (
    alone("discretization", lambda: layers.Discretization([-1.0, 0.0, 0.7, 1.5]), (6,)),
    alone(
        "discretization_one_hot",
        lambda: layers.Discretization([-1.0, 0.3], output_mode="one_hot"),
        (11,),
    ),
    alone(
        "category_encoding_one_hot",
        lambda: layers.CategoryEncoding(7, output_mode="one_hot"),
        (4,),
        dtype="int32",
    ),
    alone(
        "category_encoding_multi_hot",
        lambda: layers.CategoryEncoding(7, output_mode="multi_hot"),
        (4,),
        dtype="int32",
    ),
    alone(
        "category_encoding_count",
        lambda: layers.CategoryEncoding(7, output_mode="count"),
        (6,),
        dtype="int32",
    ),
    alone(
        "integer_lookup",
        lambda: layers.IntegerLookup(vocabulary=[12, 7, 42, 3]),
        (5,),
        dtype="int64",
        draw={"x0": lambda rng, shape: rng.choice([12, 7, 42, 3, 99], shape).astype("int64")},
    ),
    alone(
        "integer_lookup_multi_hot",
        lambda: layers.IntegerLookup(vocabulary=[12, 7, 42, 3], output_mode="multi_hot"),
        (3,),
        dtype="int64",
        draw={"x0": lambda rng, shape: rng.choice([12, 7, 42, 3, 99], shape).astype("int64")},
    ),
    alone("hashing", lambda: layers.Hashing(11), (5,), dtype="int64", draw=_numbers(1000, "int64")),
    alone(
        "hashed_crossing",
        lambda: layers.HashedCrossing(13),
        (1,),
        (1,),
        dtype="int64",
        draw=_numbers(90, "int64"),
    ),
)

_AUDIO = (
    alone(
        "mel_spectrogram",
        lambda: layers.MelSpectrogram(
            fft_length=64, sequence_stride=32, sampling_rate=1000, num_mel_bins=8, max_freq=400
        ),
        (321,),
    ),
    alone(
        "stft_spectrogram",
        lambda: layers.STFTSpectrogram(frame_length=32, frame_step=16, fft_length=32, window=None),
        (130, 1),
    ),
    alone(
        "stft_spectrogram_log",
        lambda: layers.STFTSpectrogram(
            "log", frame_length=24, frame_step=11, fft_length=32, window=None
        ),
        (130, 1),
    ),
)

_RANDOM: tuple[tuple[str, Any], ...] = (
    ("aug_mix", lambda: layers.AugMix([0, 255])),
    ("rand_augment", lambda: layers.RandAugment([0, 255])),
    ("random_brightness", lambda: layers.RandomBrightness(0.3)),
    ("random_color_degeneration", lambda: layers.RandomColorDegeneration(0.3)),
    ("random_color_jitter", lambda: layers.RandomColorJitter([0, 255], 0.2, 0.2, 0.2, 0.2)),
    ("random_contrast", lambda: layers.RandomContrast(0.3)),
    ("random_elastic_transform", layers.RandomElasticTransform),
    ("random_erasing", layers.RandomErasing),
    ("random_flip", layers.RandomFlip),
    ("random_gaussian_blur", layers.RandomGaussianBlur),
    ("random_grayscale", layers.RandomGrayscale),
    ("random_hue", lambda: layers.RandomHue(0.3)),
    ("random_invert", layers.RandomInvert),
    ("random_perspective", layers.RandomPerspective),
    ("random_posterization", lambda: layers.RandomPosterization(4)),
    ("random_rotation", lambda: layers.RandomRotation(0.2)),
    ("random_saturation", lambda: layers.RandomSaturation(0.3)),
    ("random_sharpness", lambda: layers.RandomSharpness(0.3)),
    ("random_shear", lambda: layers.RandomShear(0.2, 0.2)),
    ("random_translation", lambda: layers.RandomTranslation(0.2, 0.1)),
    ("random_zoom", lambda: layers.RandomZoom(0.2)),
    ("mix_up", layers.MixUp),
    ("cut_mix", layers.CutMix),
)


def _augmented(name: str, layer: Any) -> Case:
    """The layer in front of a convolution: the model must export as if the layer were not there."""
    return wired(
        f"augmentation_{name}",
        lambda x: layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(layer()(x))),
        _IMAGE,
        value_range=_PIXELS,
    )


_AUGMENTATION = (
    *(_augmented(name, layer) for name, layer in _RANDOM),
    _augmented(
        "pipeline", lambda: layers.Pipeline([layers.RandomFlip(), layers.RandomRotation(0.1)])
    ),
)


@keras.saving.register_keras_serializable(package="conformance")
class Equalized(keras.Model):
    """Equalization cannot stand in a functional model: there it returns its own symbolic input."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.equalize = layers.Equalization()
        self.conv = layers.Conv2D(4, 3)

    def call(self, image: Any, training: bool = False) -> Any:
        """(N, H, W, 3) -> (N, H - 2, W - 2, 4)."""
        return self.conv(self.equalize(image, training=training) / 255.0)


_IMAGE_FUNCTIONS = (
    _image("auto_contrast", layers.AutoContrast),
    Case(
        "equalization_inside_subclass",
        "layer",
        Equalized,
        input_shapes={"image": _IMAGE},
        value_range=_PIXELS,
    ),
    _image(
        "solarization",
        lambda: layers.Solarization(threshold_factor=(0.4, 0.4), addition_factor=(0.1, 0.1)),
    ),
    _image("contrast_limited_equalization", layers.ContrastLimitedAdaptiveHistogramEqualization),
)
