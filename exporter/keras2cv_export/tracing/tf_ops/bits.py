"""Bits of whole numbers by arithmetic: Keras packs two weights of four bits into a byte.

    x & (2**k - 1)  ->  x mod 2**k
    x ^ 2**k        ->  x + 2**k (1 - 2 b),  where b = floor(x / 2**k) mod 2 is the bit
    x >> k          ->  floor(x / 2**k)

All are exact for negative numbers too, in two's complement. Numbers that may be above 2^24, or such
powers, are left alone: OpenCV computes with float32.
"""

from __future__ import annotations

from typing import Any, Final

from keras2cv_export.quiet.tensorflow import tf

from .node import MOST_EXACT, Node, known
from .small_integers import are_small

_MOST_BITS: Final = 24


def bitwise_and(_: Node, x: Any, y: Any) -> Any | None:
    """BitwiseAnd with a mask of the lowest bits -> a remainder."""
    for mask, other in ((known(y), x), (known(x), y)):
        if mask is not None and mask.size == 1 and int(mask.reshape(-1)[0]) >= 0:
            size = int(mask.reshape(-1)[0]) + 1
            if size & (size - 1) == 0 and size <= MOST_EXACT and are_small(other):
                wide = tf.math.floormod(tf.cast(other, tf.int32), tf.constant(size, tf.int32))
                return tf.cast(wide, x.dtype)
    return None


def bitwise_xor(_: Node, x: Any, y: Any) -> Any | None:
    """BitwiseXor with one bit -> that bit turned over."""
    for mask, other in ((known(y), x), (known(x), y)):
        value = 0 if mask is None or mask.size != 1 else int(mask.reshape(-1)[0])
        is_power = value > 0 and value & (value - 1) == 0
        if is_power and value < MOST_EXACT and are_small(other):
            one = tf.constant(value, tf.int32)
            wide = tf.cast(other, tf.int32)
            bit = tf.math.floormod(tf.math.floordiv(wide, one), 2)
            return tf.cast(wide + one * (1 - 2 * bit), x.dtype)
    return None


def right_shift(_: Node, x: Any, y: Any) -> Any | None:
    """RightShift by a known number of bits -> a quotient, rounded down."""
    bits = known(y)
    if bits is None or bits.size != 1 or int(bits.reshape(-1)[0]) > _MOST_BITS or not are_small(x):
        return None
    size = tf.constant(2 ** int(bits.reshape(-1)[0]), tf.int32)
    return tf.cast(tf.math.floordiv(tf.cast(x, tf.int32), size), x.dtype)
