"""Resizing as products with constant matrices, where OpenCV's own resampling gives other numbers.

Resizing is linear and separable: out = rows @ image @ columns^T for each channel. The two matrices
are made by TensorFlow's own kernel, run on unit images while the model is traced, so that its
antialiasing, its table of cubic weights and its treatment of borders are kept to the last bit.

Where no weight is negative, an infinite pixel reaches the pixels that it has a weight in. Of the
others (cubic, Lanczos, Mitchell) it makes its whole row and column NaN; TensorFlow, its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .finite import weighted
from .node import Array, Node, must_know, require_room, static

Resize = Callable[[Any, list[int], int], Any]


def scale_and_translate(node: Node, image: Any, size: Any, scale: Any, translation: Any) -> Any:
    """ScaleAndTranslate (antialiased, Lanczos, Gaussian, Mitchell, ...) -> two matrix products."""
    factors = must_know(scale, "scale").ravel()
    shifts = must_know(translation, "translation").ravel()
    options = {
        "kernel_type": node.attr("kernel_type", "lanczos3"),
        "antialias": node.attr("antialias", default=True),
    }

    def resize(units: Any, new_size: list[int], axis: int) -> Any:
        # The other axis has one pixel, which stays as it is.
        keep = [np.float32(1), np.float32(0)]
        own = [factors[axis], shifts[axis]]
        (height, dy), (width, dx) = (own, keep) if axis == 0 else (keep, own)
        return tf.raw_ops.ScaleAndTranslate(
            images=units, size=new_size, scale=[height, width], translation=[dy, dx], **options
        )

    return _resample(image, size, resize)


def resize_bicubic(node: Node, image: Any, size: Any) -> Any:
    """ResizeBicubic -> two matrix products: TensorFlow's weights come from a table of 1024."""
    return _resample(image, size, _by(tf.raw_ops.ResizeBicubic, node, "half_pixel_centers"))


def resize_bilinear(node: Node, image: Any, size: Any) -> Any:
    """ResizeBilinear of integers -> of the same numbers as float32."""
    if image.dtype == tf.float32:
        return None
    options = {k: node.attr(k, default=False) for k in ("align_corners", "half_pixel_centers")}
    return tf.raw_ops.ResizeBilinear(images=tf.cast(image, tf.float32), size=size, **options)


def resize_nearest(node: Node, image: Any, size: Any) -> Any:
    """ResizeNearestNeighbor -> two products with matrices of one 1 per row, cast back.

    Enlargements by a whole factor stay, where corners are not aligned: the other conventions agree
    on those, and copying pixels is faster.
    """
    old, new = static(image)[1:3], [int(d) for d in must_know(size, "size")]
    if old == new:
        return tf.identity(image)
    whole = all(n % o == 0 for o, n in zip(old, new, strict=True))
    if whole and not node.attr("align_corners", default=False):
        return None
    op = _by(tf.raw_ops.ResizeNearestNeighbor, node, "half_pixel_centers")
    return tf.cast(_resample(image, size, op), image.dtype)


def resize_area(node: Node, image: Any, size: Any) -> Any:
    """ResizeArea -> two matrix products."""
    return _resample(image, size, _by(tf.raw_ops.ResizeArea, node))


def _by(op: Callable[..., Any], node: Node, *flags: str) -> Resize:
    options = {name: node.attr(name, default=False) for name in ("align_corners", *flags)}
    return lambda units, size, _axis: op(images=units, size=size, **options)


def _resample(image: Any, size: Any, resize: Resize) -> Any:
    """Resize an image (N, H, W, C) of any dtype to `size`, as float32."""
    _, height, width, _ = static(image)
    new_height, new_width = (int(d) for d in must_know(size, "size"))
    rows = _matrix(height, new_height, 0, resize)
    columns = _matrix(width, new_width, 1, resize)

    def weigh(turned: Any) -> Any:
        tall = tf.transpose(_times(turned, rows), [0, 1, 3, 2])  # (N, C, H', W)
        return _times(tall, columns)  # (N, C, H', W')

    turned = tf.transpose(tf.cast(image, tf.float32), [0, 3, 2, 1])  # (N, C, W, H)
    resized = weighted(weigh, turned) if min(rows.min(), columns.min()) >= 0 else weigh(turned)
    return tf.transpose(resized, [0, 2, 3, 1])  # (N, H', W', C)


def _times(x: Any, matrix: Array) -> Any:
    """Apply a matrix (new, old) to the last axis of x (..., old)."""
    if matrix.shape[0] == matrix.shape[1] and (matrix == np.eye(len(matrix))).all():
        return x
    return tf.matmul(x, matrix.T)


def _matrix(old: int, new: int, axis: int, resize: Resize) -> Array:
    """Return the weights (new, old) of resizing along one axis: the images of the unit vectors."""
    require_room(old, max(old, new))
    units = np.eye(old, dtype=np.float32)  # one channel for each
    shape = (1, old, 1, old) if axis == 0 else (1, 1, old, old)
    new_size = [new, 1] if axis == 0 else [1, new]
    with tf.Graph().as_default() as graph, tf.device("/CPU:0"):
        resized = resize(tf.constant(units.reshape(shape)), new_size, axis)
        with tf.compat.v1.Session(graph=graph) as session:
            return np.asarray(session.run(resized)).reshape(new, old)


# -- crops and transforms ----------------------------------------


def crop_and_resize(node: Node, image: Any, boxes: Any, owners: Any, size: Any) -> Any:
    """CropAndResize -> one pair of interpolation matrices per box, computed from it.

    Boxes (K, 4) are y1, x1, y2, x2 in units of the image's size - 1; `owners` (K,) holds the
    index of the image that each is cut from. The weight of source row k at position y is
    max(0, 1 - |y - k|), which is bilinear interpolation. Pixels outside of the image get the
    extrapolation value.
    """
    nearest = node.attr("method", "bilinear") == "nearest"
    _, height, width, _ = static(image)
    new_height, new_width = (int(d) for d in must_know(size, "size"))
    y, y_inside = _positions(boxes[:, 0], boxes[:, 2], height, new_height)
    x, x_inside = _positions(boxes[:, 1], boxes[:, 3], width, new_width)
    rows = _interpolation(y, height, nearest) * y_inside[..., None]  # no weights outside
    columns = _interpolation(x, width, nearest) * x_inside[..., None]
    source = tf.transpose(tf.gather(tf.cast(image, tf.float32), owners), [0, 3, 1, 2])

    def weigh(images: Any) -> Any:
        return tf.matmul(tf.matmul(rows[:, None], images), columns[:, None], transpose_b=True)

    crop = tf.transpose(weighted(weigh, source), [0, 2, 3, 1])
    inside = y_inside[:, :, None, None] * x_inside[:, None, :, None]  # (K, H', W', 1)
    fill = float(node.attr("extrapolation_value", 0.0))
    return crop + fill * (1.0 - inside) if fill else crop


def _positions(start: Any, end: Any, size: int, count: int) -> tuple[Any, Any]:
    """Return the positions (K, count) of a crop's pixels, and 1 for each that is inside."""
    require_room(size, count)
    last = float(size - 1)
    if count > 1:
        step = (end - start) * last / (count - 1)
        at = start[:, None] * last + step[:, None] * np.arange(count, dtype=np.float32)
    else:
        at = 0.5 * (start + end)[:, None] * last
    return at, tf.cast(tf.logical_and(at >= 0.0, at <= last), tf.float32)


def _interpolation(at: Any, size: int, nearest: bool) -> Any:
    """Return the weights (K, count, size) of every source pixel at every position (K, count)."""
    pixels = np.arange(size, dtype=np.float32)
    if nearest:  # half away from zero, and positions inside are not negative
        return tf.cast(tf.equal(tf.floor(at + 0.5)[..., None], pixels), tf.float32)
    return tf.nn.relu(1.0 - tf.abs(at[..., None] - pixels))


def projective_transform(
    node: Node, image: Any, transforms: Any, size: Any, fill: Any = None
) -> Any:
    """ImageProjectiveTransform by a known transform -> four Gathers, weighted and summed.

    The output pixel (x, y) is read at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k),
    k = c0 x + c1 y + 1, for each row (a0, a1, a2, b0, b1, b2, c0, c1) of `transforms`.
    """
    batch, height, width, channels = static(image)
    new_height, new_width = (int(d) for d in must_know(size, "size"))
    known_transforms = must_know(transforms, "transform").reshape(-1, 8)
    mode = node.attr("fill_mode", "CONSTANT")
    nearest = node.attr("interpolation") == "NEAREST"
    value = 0.0 if fill is None else float(must_know(fill, "fill value"))
    pieces = []
    for k, sample in enumerate(tf.split(tf.cast(image, tf.float32), batch)):
        transform = known_transforms[min(k, len(known_transforms) - 1)]
        at = _source_positions(transform, new_height, new_width)
        x, y = _folded(at[0], width, mode), _folded(at[1], height, mode)
        flat = tf.reshape(sample, [height * width, channels])
        corners = _corners(x, y, width, height, nearest)
        if any((places == height * width).any() for places, _ in corners):
            flat = tf.concat([flat, tf.fill([1, channels], value)], 0)
        total = sum(tf.gather(flat, places) * weights for places, weights in corners)
        pieces.append(tf.reshape(total, [1, new_height, new_width, channels]))
    return tf.cast(tf.concat(pieces, 0), image.dtype)


def _source_positions(transform: Array, height: int, width: int) -> tuple[Array, Array]:
    a0, a1, a2, b0, b1, b2, c0, c1 = transform.astype(np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    scale = c0 * x + c1 * y + np.float32(1)
    return (a0 * x + a1 * y + a2) / scale, (b0 * x + b1 * y + b2) / scale


def _folded(at: Array, size: int, mode: str) -> Array:
    """Bring positions outside of the image back inside, as TensorFlow's fill modes do.

    The formulas are those of MapCoordinate in TensorFlow's kernels/image/image_ops.h.
    """
    if mode == "CONSTANT":
        return at
    if size == 1:
        return np.zeros_like(at)
    if mode == "REFLECT":  # d c b a | a b c d | d c b a
        period = np.float32(2 * size)
        low = np.where(at < period, period * np.trunc(-at / period) + at, at)
        low = np.where(low < -size, low + period, -low - 1)
        high = at - period * np.trunc(at / period)
        high = np.where(high >= size, period - high - 1, high)
        at = np.where(at < 0, low, np.where(at > size - 1, high, at))
    elif mode == "WRAP":  # a b c d | a b c d | a b c d
        last = np.float32(size - 1)
        low = at + size * (np.trunc(-at / last) + 1)
        high = at - size * np.trunc(at / last)
        at = np.where(at < 0, low, np.where(at > last, high, at))
    return np.clip(at, 0, size - 1).astype(np.float32)


def _corners(
    x: Array, y: Array, width: int, height: int, nearest: bool
) -> list[tuple[Array, Array]]:
    """List source pixels (P,), and their weights (P, 1); one is `width * height` if outside."""
    if nearest:
        spots = [(_rounded(x), _rounded(y), np.ones_like(x))]
    else:
        left, top = np.floor(x), np.floor(y)
        dx, dy = x - left, y - top
        spots = [
            (left + i, top + j, (dx if i else 1 - dx) * (dy if j else 1 - dy))
            for i in (0, 1)
            for j in (0, 1)
        ]
    found = []
    for column, row, weight in spots:
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        places = np.where(inside, row * width + column, width * height).astype(np.int32).ravel()
        found.append((places, weight.reshape(-1, 1).astype(np.float32)))
    return found


def _rounded(x: Array) -> Array:
    """Round half away from zero, as C does."""
    return np.asarray(np.trunc(x + np.copysign(np.float32(0.5), x)))
