"""From images to blobs: the arithmetic, the channel order, and every way to resize."""

import dataclasses
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.errors import InputError
from keras2cv.pixels.geometry import fit
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.schema.vocabulary import RESIZE_RULES, Color, ResizeRule
from support.drawn_image import draw_image

WIDTH, HEIGHT = 61, 47
Numbers = tuple[float, ...]

# name -> colour, mean, scale, std of keras.applications' preprocess_input.
PRESETS: dict[str, tuple[Color, Numbers, float, Numbers]] = {
    "none": ("RGB", (0.0, 0.0, 0.0), 1.0, (1.0, 1.0, 1.0)),
    "0-1": ("RGB", (0.0, 0.0, 0.0), 1 / 255, (1.0, 1.0, 1.0)),
    "tf": ("RGB", (127.5, 127.5, 127.5), 1 / 127.5, (1.0, 1.0, 1.0)),
    "torch": ("RGB", (123.675, 116.28, 103.53), 1 / 255, (0.229, 0.224, 0.225)),
    "caffe": ("BGR", (103.939, 116.779, 123.68), 1.0, (1.0, 1.0, 1.0)),
    "gray": ("GRAY", (33.3,), 1 / 77, (1.7,)),
}


def rules(preset: str, **changes: Any) -> Preprocessing:
    """Return the preprocessing of a preset for a 61x47 input, by a plain stretch."""
    color, mean, scale, std = PRESETS[preset]
    stretch = Preprocessing(
        input="x",
        color=color,
        size_wh=(WIDTH, HEIGHT),
        resize="stretch",
        interpolation="linear",
        mean=mean,
        scale=scale,
        std=std,
        source="test",
    )
    return dataclasses.replace(stretch, **changes)


def reference(pixels: NDArray[Any], preset: str) -> NDArray[np.float64]:
    """Return (C, H, W) float64: the definition, of pixels in BGR that have the right size."""
    color, mean, scale, std = PRESETS[preset]
    if color == "GRAY":
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)[:, :, None]
    elif color == "RGB":
        pixels = pixels[:, :, ::-1]
    values = (pixels.astype(np.float64) - mean) * scale / std
    return np.asarray(values.transpose(2, 0, 1))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("count", [1, 3])
def test_the_arithmetic_is_exact(preset: str, count: int) -> None:
    """Every value is within two float32 roundings of the definition in float64, for 0 to 255."""
    images = [draw_image(WIDTH, HEIGHT, seed) for seed in range(count)]
    images[-1][:16, :16] = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    expected = np.stack([reference(image, preset) for image in images])
    blob = Preprocessor(rules(preset))(images)
    assert blob.dtype == np.float32
    assert blob.shape == expected.shape
    unit = np.spacing(np.float32(np.abs(expected).max()))
    assert np.abs(blob - expected).max() <= 2 * unit


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("interpolation", ["linear", "area", "tf-bilinear", "pil-bicubic"])
@pytest.mark.parametrize("preset", ["tf", "gray"])
def test_the_resize_is_the_one_that_the_manifest_names(
    rule: ResizeRule, interpolation: str, preset: str
) -> None:
    """However the blob is made, it equals resizing first and computing afterwards."""
    image = draw_image(143, 89)
    pad = 114 if rule in ("letterbox", "pad") else None
    bars = None if pad is None else (pad,) * (1 if preset == "gray" else 3)
    source = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if preset == "gray" else image
    pixels = fit(source, (WIDTH, HEIGHT), rule, interpolation, bars)[0].reshape(HEIGHT, WIDTH, -1)
    _, mean, scale, std = PRESETS[preset]
    swapped = pixels[:, :, ::-1].astype(np.float64)
    expected = ((swapped - mean) * scale / std).transpose(2, 0, 1)
    changed = rules(preset, resize=rule, interpolation=interpolation, pad=pad)
    blob = Preprocessor(changed)([image])
    assert np.abs(blob[0] - expected).max() <= 1e-6 * np.abs(expected).max()


def test_images_of_different_kinds_and_sizes_share_a_batch() -> None:
    """Each image of a batch becomes the same as alone: gray, BGRA and 16 bits too."""
    images: list[NDArray[Any]] = [
        draw_image(143, 89),
        draw_image(40, 71)[:, :, 0].copy(),
        np.dstack([draw_image(99, 99), draw_image(99, 99)[:, :, :1]]),
        draw_image(80, 60).astype(np.uint16) * 257,
    ]
    preprocess = Preprocessor(rules("torch"))
    blob = preprocess(images)
    assert blob.shape == (4, 3, HEIGHT, WIDTH)
    for image, alone in zip(images, blob, strict=True):
        assert np.array_equal(preprocess([image])[0], alone)
    assert np.array_equal(preprocess([draw_image(80, 60)])[0], blob[3])


def test_images_are_left_as_they_were() -> None:
    """Dividing by the std in place is done to the blob, never to the caller's image."""
    image = draw_image(WIDTH, HEIGHT)
    Preprocessor(rules("torch"))([image])
    assert np.array_equal(image, draw_image(WIDTH, HEIGHT))


def test_a_view_is_as_good_as_a_whole_array() -> None:
    """A crop or a mirrored image is not contiguous, and gives the same as its copy."""
    view = draw_image(143, 89)[3:80, 120:7:-1]
    preprocess = Preprocessor(rules("tf"))
    assert np.array_equal(preprocess([view]), preprocess([view.copy()]))


def test_no_images_are_an_error() -> None:
    """An empty list is a mistake upstream, not an empty answer."""
    with pytest.raises(InputError, match="There are no images"):
        Preprocessor(rules("tf"))([])
