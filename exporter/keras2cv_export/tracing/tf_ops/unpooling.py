"""Poolings that tell where their largest numbers were, and scatters to these places (SegNet)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .finite import chosen
from .images import shifted_images
from .node import Array, Node, require_room, static

# The poolings of the graph that is made.
_POOLINGS: Final = "keras2cv_poolings"
# Whole numbers up to here are exact in float32, in which OpenCV computes.
_TOO_LARGE: Final = 2**24
_PROBES: Final = 4


@dataclass(frozen=True)
class _Pooling:
    """A pooling that tells places.

    Attributes:
        argmax: The places of the largest numbers, (N, rows, columns, channels).
        candidates: The places of a window's pixels, (pixels, rows, columns, channels); -1 beyond
            the image's edges.
        shape: The image's.
        strides: From window to window, down and to the right.
    """

    argmax: Any
    candidates: Array
    shape: list[int]
    strides: tuple[int, int]

    def is_apart(self) -> bool:
        """Whether no place is in two windows, and none of them begins before the image."""
        places = self.candidates[self.candidates >= 0]
        return len(np.unique(places)) == places.size and bool((self.candidates[0] >= 0).all())

    def drawn(self, rng: np.random.Generator) -> Array:
        """Draw a place of each window."""
        pixels = np.argmax(rng.random(self.candidates.shape) * (self.candidates >= 0), 0)
        return np.take_along_axis(self.candidates, pixels[None], 0)


def max_pool_with_argmax(node: Node, image: Any) -> Any:
    """MaxPoolWithArgmax -> MaxPool, and the least place in a window whose number is the largest."""
    kernel, strides = node.attr("ksize")[1:3], node.attr("strides")[1:3]
    same, shape = node.attr("padding") == "SAME", static(image)
    size = int(np.prod(shape[1:]))
    require_room(size, *kernel)
    if shape[0] * size >= _TOO_LARGE:
        return None
    pooled = tf.nn.max_pool2d(image, kernel, strides, node.attr("padding"))
    own = np.arange(size).reshape(1, *shape[1:])
    window = (kernel, strides, (1, 1), same)
    candidates = np.concatenate(shifted_images(own, *window, fill=-1))
    lowest = float(np.finfo(np.float32).min)
    best: Any = None
    for one, places in zip(shifted_images(image, *window, fill=lowest), candidates, strict=True):
        missed = 1.0 - tf.cast(tf.equal(one, pooled), tf.float32)
        place = np.where(places < 0, _TOO_LARGE, places).astype(np.float32) + missed * _TOO_LARGE
        best = place if best is None else tf.minimum(best, place)
    if node.attr("include_batch_in_index", default=False) and shape[0] > 1:
        best += np.arange(shape[0], dtype=np.float32).reshape(-1, 1, 1, 1) * size
    argmax = tf.cast(best, node.attr("Targmax", tf.int64))
    pooling = _Pooling(argmax, candidates, shape, (strides[0], strides[1]))
    tf.compat.v1.add_to_collection(_POOLINGS, pooling)
    return [pooled, argmax]


def unpooled(indices: Any, updates: Any, sizes: list[int]) -> Any:
    """Put numbers back to where a pooling found the largest ones, all others being 0.

    None where the places are no pooling's, its windows overlap, or the result is of another size.
    """
    for pooling in tf.compat.v1.get_collection(_POOLINGS):
        if _are_of(indices, updates, sizes, pooling):
            return tf.reshape(_enlarged(updates, pooling), sizes)
    return None


def _are_of(indices: Any, updates: Any, sizes: list[int], pooling: _Pooling) -> bool:
    """Whether places are a pooling's own, whatever these are: tried on drawn ones."""
    count = int(np.prod(static(pooling.argmax)))
    fits = int(np.prod(sizes)) == int(np.prod(pooling.shape)) and pooling.shape[0] == 1
    fits = fits and count == int(np.prod(static(indices)[:-1])) == int(np.prod(static(updates)))
    if not fits or not pooling.is_apart():
        return False
    rng = np.random.default_rng(7)
    with tf.compat.v1.Session(graph=indices.graph) as session:
        for _ in range(_PROBES):
            drawn = pooling.drawn(rng)
            given = drawn.astype(pooling.argmax.dtype.as_numpy_dtype)
            try:
                found = session.run(indices, {pooling.argmax: given})
            except tf.errors.OpError:  # they depend on more
                return False
            if not np.array_equal(_flat(found, sizes), drawn.ravel()):
                return False
    return True


def _flat(places: Array, sizes: list[int]) -> Array:
    """Return places (..., d) in an array of these sizes as places in it when it is flattened."""
    depth = places.shape[-1]
    steps = np.cumprod([1, *sizes[depth - 1 : 0 : -1]])[::-1] * int(np.prod(sizes[depth:]))
    return np.asarray((places.reshape(-1, depth) * steps).sum(-1))


def _enlarged(updates: Any, pooling: _Pooling) -> Any:
    """Repeat each window's number and place over the window, and keep it where the place is."""
    _, rows, columns, _ = pooling.shape
    given = tf.reshape(updates, static(pooling.argmax))
    large = [_repeated(t, pooling) for t in (given, tf.cast(pooling.argmax, tf.float32))]
    own = np.arange(int(np.prod(pooling.shape)), dtype=np.float32).reshape(pooling.shape)
    _, high, wide, _ = static(large[0])
    kept = chosen(tf.equal(large[1], own[:, :high, :wide]), large[0])
    return tf.pad(kept, [[0, 0], [0, rows - high], [0, columns - wide], [0, 0]])


def _repeated(tensor: Any, pooling: _Pooling) -> Any:
    """Repeat rows and columns by the strides, and cut what lies beyond the image."""
    _, rows, columns, _ = pooling.shape
    down, right = pooling.strides
    return tf.repeat(tf.repeat(tensor, down, 1), right, 2)[:, :rows, :columns]
