"""Bytes of any meaning: flipped, overwritten, cut, repeated, moved, lengthened."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, TypeAlias

Mutate: TypeAlias = Callable[[random.Random, bytes], bytes]

# Where counters overflow, signs change, and sizes become negative.
_NUMBERS: Final = (0, 1, 2**7 - 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)
_WIDE: Final = (*_NUMBERS, 2**40, 2**63 - 1, 2**63, 2**64 - 1)


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return `data` with one to six changes."""
    buffer = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        rng.choice(_CHANGES)(rng, buffer)
    return bytes(buffer)


def _at(rng: random.Random, buffer: bytearray) -> int:
    return rng.randrange(len(buffer)) if buffer else 0


def _span(rng: random.Random, buffer: bytearray) -> slice:
    start = _at(rng, buffer)
    return slice(start, start + min(rng.choice((1, 2, 4, 8, 16, 64, 512)), len(buffer) - start))


def _flip(rng: random.Random, buffer: bytearray) -> None:
    if buffer:
        buffer[_at(rng, buffer)] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, buffer: bytearray) -> None:
    if buffer:
        buffer[_at(rng, buffer)] = rng.choice((0, 255, 127, 128, rng.randrange(256)))


def _number(rng: random.Random, buffer: bytearray) -> None:
    """Overwrite two to eight bytes by a number at the edge of a range."""
    size = rng.choice((2, 4, 8))
    value = rng.choice(_WIDE) % 2 ** (8 * size)
    at = _at(rng, buffer)
    buffer[at : at + size] = value.to_bytes(size, rng.choice(("little", "big")))


def _cut(rng: random.Random, buffer: bytearray) -> None:
    del buffer[_span(rng, buffer)]


def _end(rng: random.Random, buffer: bytearray) -> None:
    del buffer[_at(rng, buffer) :]


def _repeat(rng: random.Random, buffer: bytearray) -> None:
    span = _span(rng, buffer)
    buffer[span.start : span.start] = bytes(buffer[span]) * rng.choice((1, 2, 50))


def _move(rng: random.Random, buffer: bytearray) -> None:
    span = _span(rng, buffer)
    piece = bytes(buffer[span])
    del buffer[span]
    at = _at(rng, buffer)
    buffer[at:at] = piece


def _insert(rng: random.Random, buffer: bytearray) -> None:
    at = _at(rng, buffer)
    buffer[at:at] = rng.randbytes(rng.choice((1, 2, 4, 16, 300)))


def _blank(rng: random.Random, buffer: bytearray) -> None:
    span = _span(rng, buffer)
    buffer[span] = bytes([rng.choice((0, 255))]) * (span.stop - span.start)


_CHANGES: Final = (
    _flip,
    _flip,
    _set,
    _number,
    _number,
    _cut,
    _end,
    _repeat,
    _move,
    _insert,
    _blank,
)
