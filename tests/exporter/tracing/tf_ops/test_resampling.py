"""Resizing, cropping and warping: the weights are TensorFlow's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import flat, integers, random

SIZES = [(5, 9), (14, 25), (7, 13), (3, 30)]
METHODS = ["bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic", "nearest"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", METHODS)
def test_resizing(method: str, size: tuple[int, int]) -> None:
    """Smaller, larger, the same, and both at once, in both directions apart."""
    traced = flat(lambda x: tf.image.resize(x, size, method), random(2, 7, 13, 3))
    traced.assert_same()
    assert not {op for op in traced.ops if op.startswith("Resize") or op == "ScaleAndTranslate"}


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_resizing_with_antialiasing(method: str) -> None:
    """A smaller picture averages over the pixels that it leaves out."""
    traced = flat(lambda x: tf.image.resize(x, (4, 6), method, antialias=True), random(1, 9, 17, 2))
    traced.assert_same()
    assert "ScaleAndTranslate" not in traced.ops


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("op", ["ResizeBicubic", "ResizeNearestNeighbor", "ResizeArea"])
def test_conventions_of_old_models(op: str, align: bool) -> None:
    """Corners aligned, or pixels without centres."""
    traced = flat(
        lambda x: getattr(tf.raw_ops, op)(images=x, size=[11, 5], align_corners=align),
        random(1, 6, 8, 2),
    )
    traced.assert_same()
    assert op not in traced.ops


def test_whole_enlargements_by_copies_stay() -> None:
    """Every convention copies each pixel: OpenCV does that faster."""
    traced = flat(lambda x: tf.image.resize(x, (12, 24), "nearest"), random(1, 6, 8, 2))
    assert traced.ops["ResizeNearestNeighbor"] == 1


def test_whole_enlargements_with_aligned_corners_do_not() -> None:
    """Three times as large, they copy the second pixel to another place than the others do."""
    traced = flat(
        lambda x: tf.raw_ops.ResizeNearestNeighbor(images=x, size=[12, 12], align_corners=True),
        random(1, 4, 4, 2),
    )
    traced.assert_same(limit=0)
    assert "ResizeNearestNeighbor" not in traced.ops


def test_integers_are_resized_as_floats() -> None:
    """Bytes in, floats out for bilinear; bytes in, bytes out for nearest."""
    image = integers(256, 1, 7, 9, 3, dtype="uint8")
    linear = flat(lambda x: tf.image.resize(x, (5, 12)), image)
    linear.assert_same()
    assert linear.ops["Cast"] == 1
    flat(lambda x: tf.image.resize(x, (5, 12), "nearest"), image).assert_same(limit=0)


BOXES = np.array([[0, 0, 1, 1], [0.1, 0.3, 0.7, 0.45], [-0.2, 0.5, 0.6, 1.3], [0.9, 0.2, 0.1, 0.8]])


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(3, 5), (1, 4)])
def test_crops(size: tuple[int, int], method: str) -> None:
    """Boxes that are computed, turned over or partly outside of the image."""
    boxes, owners = BOXES.astype(np.float32), np.array([1, 0, 1, 0], np.int32)
    traced = flat(
        lambda x, b: tf.image.crop_and_resize(x, b, owners, size, method, 0.75),
        random(2, 8, 11, 3),
        boxes,
    )
    traced.assert_same()
    assert "CropAndResize" not in traced.ops


WARPS: dict[str, list[float]] = {
    "shift": [1, 0, 1.25, 0, 1, -0.75, 0, 0],
    "turn and grow": [0.8, 0.25, -1.5, -0.3, 0.7, 2.25, 0, 0],
    "projection": [1.1, 0.1, -3.25, 0.05, 0.9, 0.6, 0.01, -0.015],
}


@pytest.mark.parametrize("mode", ["CONSTANT", "REFLECT", "WRAP", "NEAREST"])
@pytest.mark.parametrize("interpolation", ["BILINEAR", "NEAREST"])
@pytest.mark.parametrize("name", WARPS)
def test_warps(name: str, interpolation: str, mode: str) -> None:
    """A known transform, with every fill mode."""
    traced = flat(
        lambda x: warped(x, np.array([WARPS[name]]), interpolation, mode), random(2, 8, 11, 3)
    )
    traced.assert_same(limit=5e-6)
    assert "ImageProjectiveTransformV3" not in traced.ops


def test_a_warp_of_its_own_for_each_image() -> None:
    """As many transforms as images."""
    both = np.array([WARPS["shift"], WARPS["projection"]])
    flat(lambda x: warped(x, both, "BILINEAR", "CONSTANT"), random(2, 8, 11, 3)).assert_same(5e-6)


def test_a_computed_warp_is_refused() -> None:
    """A spatial transformer that predicts its transform reads pixels at computed places."""
    with pytest.raises(UnsupportedError, match="its transform depends on the input"):
        flat(lambda x, t: warped(x, t, "BILINEAR", "CONSTANT"), random(1, 5, 6, 2), random(1, 8))


def warped(x: Any, transforms: Any, interpolation: str, mode: str) -> Any:
    """Warp images to 6 rows of 9 pixels."""
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=tf.cast(transforms, tf.float32),
        output_shape=[6, 9],
        fill_value=0.5,
        interpolation=interpolation,
        fill_mode=mode,
    )
