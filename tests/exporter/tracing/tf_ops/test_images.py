"""Colours, patches and morphology."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from support.traced_ops import Array, flat, random


def colours() -> Array:
    """Return (N, 7, 3): random colours, every order of channels, greys, black and white."""
    rng = np.random.default_rng(5)
    orders = [(0.2, 0.5, 0.9), (0.2, 0.9, 0.5), (0.5, 0.2, 0.9), (0.9, 0.2, 0.5), (0.5, 0.9, 0.2),
              (0.9, 0.5, 0.2), (0.4, 0.4, 0.4), (0, 0, 0), (1, 1, 1), (0.7, 0.7, 0.1),
              (0.1, 0.7, 0.7), (0.7, 0.1, 0.7), (1, 0, 0), (0, 1, 0)]  # fmt: skip
    listed = np.array(orders, np.float32).reshape(2, 7, 3)
    return np.concatenate([listed, rng.random((3, 7, 3)).astype(np.float32)])


def test_hues() -> None:
    """Ties between channels and greys have the hue that TensorFlow gives them."""
    traced = flat(tf.image.rgb_to_hsv, colours())
    traced.assert_same()
    assert "RGBToHSV" not in traced.ops


def test_hues_and_back() -> None:
    """Hues of a whole turn, and saturation 0, become the colours again."""
    traced = flat(tf.image.hsv_to_rgb, colours())
    traced.assert_same()
    assert "HSVToRGB" not in traced.ops


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("strides", "rates"), [((2, 3), (1, 1)), ((1, 2), (2, 1))])
def test_patches(strides: tuple[int, int], rates: tuple[int, int], padding: str) -> None:
    """Patches are copied whole, row by row, channels last."""
    traced = flat(
        lambda x: tf.image.extract_patches(
            x, [1, 3, 2, 1], [1, *strides, 1], [1, *rates, 1], padding
        ),
        random(2, 9, 8, 3),
    )
    traced.assert_same(limit=1e-7)
    assert "ExtractImagePatches" not in traced.ops


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(
    ("strides", "rates"), [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 2), (2, 1))]
)
def test_patches_of_many_channels_are_copied(
    strides: tuple[int, int], rates: tuple[int, int], padding: str
) -> None:
    """Unit kernels would have the square of a patch's numbers."""
    traced = flat(
        lambda x: tf.image.extract_patches(
            x, [1, 3, 2, 1], [1, *strides, 1], [1, *rates, 1], padding
        ),
        random(2, 7, 6, 96),
    )
    traced.assert_same(limit=0)
    assert not {"ExtractImagePatches", "Conv2D"} & set(traced.ops)


def test_large_patches_of_many_channels_are_copied() -> None:
    """As in attention to a halo: 144 pixels, with unit kernels of 21 million numbers."""
    traced = flat(
        lambda x: tf.image.extract_patches(x, [1, 12, 12, 1], [1, 8, 8, 1], [1] * 4, "VALID"),
        random(1, 20, 20, 32),
    )
    traced.assert_same(limit=0)
    assert not {"ExtractImagePatches", "Conv2D"} & set(traced.ops)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("strides", "rates"), [((1, 1), (1, 1)), ((2, 1), (1, 2))])
def test_dilation(strides: tuple[int, int], rates: tuple[int, int], padding: str) -> None:
    """The maximum of the image plus the kernel, borders outside never winning."""
    kernel = random(3, 2, 4, seed=1)
    traced = flat(
        lambda x: tf.nn.dilation2d(x, kernel, [1, *strides, 1], padding, "NHWC", [1, *rates, 1]),
        -np.abs(random(2, 8, 7, 4)),
    )
    traced.assert_same(limit=0)
    assert "Dilation2D" not in traced.ops
