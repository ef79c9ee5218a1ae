"""Layers in plain TensorFlow whose shapes, masks and shifts are arithmetic on `tf.shape`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv_export import export

WINDOW, SHIFT, DIM, HEADS = 4, 2, 8, 2


def windows_of(x: Any) -> Any:
    """Part (N, H, W, C) into (N windows, WINDOW^2, C)."""
    _, h, w, c = tf.unstack(tf.shape(x))
    x = tf.reshape(x, [-1, h // WINDOW, WINDOW, w // WINDOW, WINDOW, c])
    return tf.reshape(tf.transpose(x, [0, 1, 3, 2, 4, 5]), [-1, WINDOW * WINDOW, c])


class ShiftedWindows(keras.layers.Layer):
    """Attention within shifted windows, as Swin has it."""

    def __init__(self) -> None:
        """Make its layers."""
        super().__init__()
        self.qkv, self.out = layers.Dense(3 * DIM), layers.Dense(DIM)

    def build(self, shape: Any) -> None:
        """Make the table of relative positions, and the index into it."""
        self.qkv.build((None, None, DIM))
        self.out.build((None, None, DIM))
        table = ((2 * WINDOW - 1) ** 2, HEADS)
        self.table = self.add_weight(shape=table, initializer="random_normal", name="table")
        both = np.stack(np.meshgrid(range(WINDOW), range(WINDOW), indexing="ij")).reshape(2, -1)
        apart = both[:, :, None] - both[:, None, :] + WINDOW - 1
        self.index = tf.constant(apart[0] * (2 * WINDOW - 1) + apart[1], tf.int32)
        super().build(shape)

    def call(self, x: Any) -> Any:
        """Pad, shift, attend, shift back, crop."""
        _, h, w, _ = tf.unstack(tf.shape(x))
        high, wide = h + -h % WINDOW, w + (WINDOW - w % WINDOW) % WINDOW
        y = tf.pad(x, [[0, 0], [0, high - h], [0, wide - w], [0, 0]])
        y = windows_of(tf.roll(y, shift=[-SHIFT, -SHIFT], axis=[1, 2]))
        y = self.out(self._attend(y, self._mask(high, wide)))
        y = tf.reshape(y, [-1, high // WINDOW, wide // WINDOW, WINDOW, WINDOW, DIM])
        y = tf.reshape(tf.transpose(y, [0, 1, 3, 2, 4, 5]), [-1, high, wide, DIM])
        y = tf.roll(y, shift=(SHIFT, SHIFT), axis=(1, 2))[:, :h, :w]
        return x + tf.reshape(y, [-1, h, w, DIM])

    def _attend(self, x: Any, mask: Any) -> Any:
        count, n = tf.shape(x)[0], WINDOW * WINDOW
        qkv = tf.reshape(self.qkv(x), [count, n, 3, HEADS, DIM // HEADS])
        q, k, v = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]))
        bias = tf.gather(self.table, tf.reshape(self.index, [-1]))
        logits = tf.matmul(q, k, transpose_b=True)
        logits += tf.transpose(tf.reshape(bias, [n, n, -1]), [2, 0, 1])[None]
        logits = tf.reshape(logits, [-1, tf.shape(mask)[0], HEADS, n, n]) + mask[None, :, None]
        weights = tf.nn.softmax(tf.reshape(logits, [-1, HEADS, n, n]))
        return tf.reshape(tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3]), [-1, n, DIM])

    def _mask(self, h: Any, w: Any) -> Any:
        """Keep pixels apart that lie side by side only since the picture was rolled."""
        regions = tf.reshape(tf.range(9), [3, 3])
        for axis, size in enumerate((h, w)):
            sizes = [size - WINDOW, WINDOW - SHIFT, SHIFT]
            regions = tf.repeat(regions, sizes, axis=axis)
        parts = tf.squeeze(windows_of(regions[None, :, :, None]), -1)
        return tf.where(parts[:, None] == parts[:, :, None], 0.0, -100.0)


class MergedPatches(keras.layers.Layer):
    """Each second row and column beside the other, of a list of patches."""

    def call(self, x: Any) -> Any:
        """Make the picture of the list, of the root of its length."""
        n, length, c = tf.unstack(tf.shape(x))
        side = tf.cast(tf.sqrt(tf.cast(length, tf.float32)), tf.int32)
        y = tf.reshape(x, [n, side, side, c])
        parts = [y[:, a::2, b::2] for a in (0, 1) for b in (0, 1)]
        return tf.reshape(tf.concat(parts, -1), [n, -1, 4 * c])


class PickedRows(keras.layers.Layer):
    """Rows that conditions on their numbers pick."""

    def call(self, x: Any) -> Any:
        """Pick by a mask, by places, and by numbers without their copies."""
        rows = tf.range(tf.shape(x)[1])
        even = tf.gather(x, tf.boolean_mask(rows, rows % 2 == 0), axis=1)
        third = tf.gather(x, tf.where(rows % 3 == 0)[:, 0], axis=1)
        halves = tf.gather(x, tf.unique(rows // 2).y, axis=1)
        return tf.concat([even, third, halves], 1)


LAYERS: dict[str, tuple[keras.layers.Layer, tuple[int, ...]]] = {
    "shifted windows": (ShiftedWindows(), (12, 16, DIM)),
    "shifted windows of a padded picture": (ShiftedWindows(), (14, 17, DIM)),
    "merged patches": (MergedPatches(), (64, 6)),
    "picked rows": (PickedRows(), (9, 8, 3)),
}


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_arithmetic_on_shapes_is_folded(
    layer: keras.layers.Layer, shape: tuple[int, ...], tmp_path: Path
) -> None:
    """For the oldest OpenCV, since nothing of it is left in the file."""
    x = keras.Input(shape)
    report = export(keras.Model(x, layer(x)), tmp_path / "a.cv", task="raw", opencv="4.6")
    assert report.parity is not None
    assert (report.parity.verdict, report.manifest.engine.name) == ("pass", "any")
    assert report.manifest.model.opencv == "4.6"


def test_heads_that_are_stacked_in_front_of_the_batch(tmp_path: Path) -> None:
    """The output has no batch, which a note says."""
    x = keras.Input((8,))
    heads = [layers.Dense(5)(x) for _ in range(3)]
    model = keras.Model(x, layers.Lambda(lambda all_: tf.concat(all_, 0))(heads))
    report = export(model, tmp_path / "a.cv", task="raw")
    (output,) = report.manifest.outputs
    assert (output.keras_shape, output.batched) == ((3, 5), False)
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    assert any("has no batch dimension" in note for note in report.notes)
