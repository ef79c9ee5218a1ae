"""Colours, patches and morphology."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .finite import surely_finite
from .node import Node, require_room, static

# A patch of many numbers is made of shifted images: of these many in at most so many pixels, or
# of so many that the unit kernels would be 16 MB.
_MANY_NUMBERS: Final = 512
_FEW_PIXELS: Final = 64
_TOO_MANY_NUMBERS: Final = 2048
_MOST_PIXELS: Final = 1024


def rgb_to_hsv(_: Node, rgb: Any) -> Any:
    """RGBToHSV, channels last -> comparisons and products, in TensorFlow's order."""
    r, g, b = tf.split(rgb, 3, axis=-1)
    value = tf.reduce_max(rgb, -1, keepdims=True)
    span = value - tf.reduce_min(rgb, -1, keepdims=True)
    saturation = tf.where(value > 0.0, span / tf.where(value > 0.0, value, 1.0), 0.0)
    norm = 1.0 / (6.0 * tf.where(span > 0.0, span, 1.0))
    by_green = tf.where(tf.equal(g, value), norm * (b - r) + 2.0 / 6.0, norm * (r - g) + 4.0 / 6.0)
    hue = tf.where(tf.equal(r, value), norm * (g - b), by_green)
    hue = tf.where(span > 0.0, hue, 0.0)
    return tf.concat([tf.where(hue < 0.0, hue + 1.0, hue), saturation, value], -1)


def hsv_to_rgb(_: Node, hsv: Any) -> Any:
    """HSVToRGB, channels last -> (1 - s + s d) v, where d is a ramp of the hue for each colour."""
    hue, saturation, value = tf.split(hsv, 3, axis=-1)
    sixth = hue * 6.0
    ramps = tf.concat(
        [tf.abs(sixth - 3.0) - 1.0, 2.0 - tf.abs(sixth - 2.0), 2.0 - tf.abs(sixth - 4.0)], -1
    )
    return (1.0 - saturation + saturation * tf.clip_by_value(ramps, 0.0, 1.0)) * value


def extract_patches(node: Node, image: Any) -> Any:
    """ExtractImagePatches -> a convolution with unit kernels, one for each pixel of a patch.

    Its kernels grow with the square of a patch's numbers: many numbers, as in attention to
    neighbours, are shifted images side by side instead; so are numbers that may be infinite, as
    0 times infinity is NaN.
    """
    _, height, width, _ = node.attr("ksizes")
    channels = static(image)[-1]
    count = height * width * channels
    most = _FEW_PIXELS if count <= _TOO_MANY_NUMBERS else _MOST_PIXELS
    if (count > _MANY_NUMBERS and height * width <= most) or not surely_finite(image):
        same = node.attr("padding") == "SAME"
        return tf.concat(_shifted(node, image, (height, width), same, fill=0.0), -1)
    require_room(count, count)
    units = np.eye(count, dtype=np.float32).reshape(height, width, channels, count)
    _, dy, dx, _ = node.attr("rates")
    return tf.nn.conv2d(
        image, units, node.attr("strides"), str(node.attr("padding")), dilations=[1, dy, dx, 1]
    )


def dilation_2d(node: Node, image: Any, kernel: Any) -> Any:
    """Dilation2D -> the maximum over the kernel's pixels of the shifted image plus that pixel."""
    height, width, _ = static(kernel)
    same = node.attr("padding") == "SAME"
    lowest = float(np.finfo(np.float32).min) / 2  # half: the kernel's value is added to it
    shifted = _shifted(node, image, (height, width), same, fill=lowest)
    result = None
    for pixel, one in enumerate(shifted):
        raised = one + kernel[pixel // width, pixel % width]
        result = raised if result is None else tf.maximum(result, raised)
    return result


def _shifted(
    node: Node, image: Any, kernel: tuple[int, int], same: bool, *, fill: float
) -> list[Any]:
    """Return what each of the window's pixels sees, by the node's strides and rates."""
    strides, rates = node.attr("strides")[1:3], node.attr("rates")[1:3]
    return shifted_images(image, kernel, strides, rates, same, fill=fill)


def shifted_images(
    image: Any,
    kernel: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    same: bool,
    *,
    fill: float,
) -> list[Any]:
    """Return what each pixel of a sliding window sees, row by row.

    Args:
        image: (N, H, W, C), a tensor or an array.
        kernel: The window's height and width.
        strides: Its steps, down and to the right.
        rates: From one of its pixels to the next, down and to the right.
        same: Whether it goes beyond the edges, as TensorFlow's padding SAME.
        fill: What it sees there.
    """
    (stride_y, stride_x), (rate_y, rate_x) = strides, rates
    height, width = kernel
    _, rows, columns, _ = image.shape
    out_y, pad_y = _window(rows, (height - 1) * rate_y + 1, stride_y, same)
    out_x, pad_x = _window(columns, (width - 1) * rate_x + 1, stride_x, same)
    padded = image
    if any((*pad_y, *pad_x)):
        pad = np.pad if isinstance(image, np.ndarray) else tf.pad
        padded = pad(image, [[0, 0], pad_y, pad_x, [0, 0]], constant_values=fill)
    return [
        padded[
            :,
            y * rate_y : y * rate_y + (out_y - 1) * stride_y + 1 : stride_y,
            x * rate_x : x * rate_x + (out_x - 1) * stride_x + 1 : stride_x,
        ]
        for y in range(height)
        for x in range(width)
    ]


def _window(size: int, kernel: int, stride: int, same: bool) -> tuple[int, list[int]]:
    """Return a sliding window's output size and its padding before and after."""
    if not same:
        return (size - kernel) // stride + 1, [0, 0]
    count = -(-size // stride)
    total = max((count - 1) * stride + kernel - size, 0)
    return count, [total // 2, total - total // 2]
