"""FarmHash, SipHash and their combination, with numbers that TensorFlow 2.21 gave."""

from __future__ import annotations

import pytest

from keras2cv.numpy_front.farmhash import fingerprint64, joined
from keras2cv.numpy_front.siphash import siphash

SIZES = (0, 1, 3, 4, 7, 8, 16, 17, 32, 33, 64, 65, 128, 129, 500)
FARM = [
    1936946117179621569,
    4494688008148700102,
    2979360857936615334,
    1006653786236843310,
    816605918622220379,
    373459654178719993,
    4299356950339664565,
    1418864228973534351,
    4473647782603797695,
    57994476508123532,
    2926297457400977790,
    3347718308884560895,
    2732134590895900901,
    3424848648531344203,
    1380853762858572442,
]
SIP = [
    2761738916592258503,
    2023975053501202555,
    1439675544531668886,
    2748533151830821779,
    4400913591015015236,
    84923678345190737,
    3013535889916989917,
    2363440188128000346,
    2725487496879463262,
    3027844934505615032,
    1653451695875595816,
    275453314662428324,
    3963494548265001454,
    4526873771315799147,
    3086576235661155335,
]
CROSSED = [14054, 826169, 385908]
BINS = 2**62 - 57


def text_of(size: int) -> bytes:
    """Return bytes of all values."""
    return bytes(k * 37 % 256 for k in range(size))


@pytest.mark.parametrize(("size", "expected"), list(zip(SIZES, FARM, strict=True)))
def test_fast_buckets_are_tensorflows(size: int, expected: int) -> None:
    """Every branch of FarmHash: tf.strings.to_hash_bucket_fast."""
    assert fingerprint64(text_of(size)) % BINS == expected


@pytest.mark.parametrize(("size", "expected"), list(zip(SIZES, SIP, strict=True)))
def test_strong_buckets_are_tensorflows(size: int, expected: int) -> None:
    """Every length modulo 8: tf.strings.to_hash_bucket_strong, with a key of two numbers."""
    assert siphash(text_of(size), (133, -7)) % BINS == expected


@pytest.mark.parametrize(("number", "expected"), list(zip((-3, 0, 2**40), CROSSED, strict=True)))
def test_crossed_values_are_tensorflows(number: int, expected: int) -> None:
    """A text and a whole number, negative ones too: tf.sparse.cross_hashed."""
    found = joined(joined(0xDECAFCAFFE, fingerprint64(b"Paris")), number & (2**64 - 1))
    assert found % 1_000_003 == expected
