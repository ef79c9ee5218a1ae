"""FarmHash's Fingerprint64 of bytes, which TensorFlow's fast hash buckets are made of."""

from __future__ import annotations

from typing import Final

MASK: Final = 2**64 - 1

_K0: Final = 0xC3A5C85C97CB3127
_K1: Final = 0xB492B66FBE98F273
_K2: Final = 0x9AE16A3B2F90404F
_CAT: Final = 0xC6A4A7935BD1E995


def fingerprint64(data: bytes) -> int:
    """Return the fingerprint, 0 to 2**64 - 1: that of farmhash 1.1, the same on all machines."""
    if len(data) <= 16:
        return _of_16(data)
    if len(data) <= 32:
        return _of_32(data)
    return _of_64(data) if len(data) <= 64 else _of_more(data)


def joined(first: int, second: int) -> int:
    """Return the fingerprint of two in a row, as TensorFlow's FingerprintCat64 does."""
    result = (first ^ _CAT) ^ (_shifted(second * _CAT & MASK) * _CAT & MASK)
    result = result * _CAT & MASK
    return _shifted(_shifted(result) * _CAT & MASK)


def _shifted(value: int) -> int:
    return value ^ (value >> 47)


def _rotated(value: int, by: int) -> int:
    return ((value >> by) | (value << (64 - by))) & MASK


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _half(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _mixed(u: int, v: int, factor: int) -> int:
    a = (u ^ v) * factor & MASK
    a ^= a >> 47
    b = (v ^ a) * factor & MASK
    b ^= b >> 47
    return b * factor & MASK


def _of_16(data: bytes) -> int:
    size = len(data)
    if size >= 8:
        factor = _K2 + size * 2
        a = (_word(data, 0) + _K2) & MASK
        b = _word(data, size - 8)
        c = (_rotated(b, 37) * factor + a) & MASK
        d = (_rotated(a, 25) + b) * factor & MASK
        return _mixed(c, d, factor)
    if size >= 4:
        factor = _K2 + size * 2
        return _mixed(size + (_half(data, 0) << 3), _half(data, size - 4), factor)
    if size == 0:
        return _K2
    y = data[0] + (data[size >> 1] << 8)
    z = size + (data[size - 1] << 2)
    return _shifted((y * _K2 ^ z * _K0) & MASK) * _K2 & MASK


def _of_32(data: bytes) -> int:
    size = len(data)
    factor = _K2 + size * 2
    a = _word(data, 0) * _K1 & MASK
    b = _word(data, 8)
    c = _word(data, size - 8) * factor & MASK
    d = _word(data, size - 16) * _K2 & MASK
    first = _rotated((a + b) & MASK, 43) + _rotated(c, 30) + d
    return _mixed(first & MASK, (a + _rotated((b + _K2) & MASK, 18) + c) & MASK, factor)


def _of_64(data: bytes) -> int:
    size = len(data)
    factor = _K2 + size * 2
    a = _word(data, 0) * _K2 & MASK
    b = _word(data, 8)
    c = _word(data, size - 8) * factor & MASK
    d = _word(data, size - 16) * _K2 & MASK
    y = (_rotated((a + b) & MASK, 43) + _rotated(c, 30) + d) & MASK
    z = _mixed(y, (a + _rotated((b + _K2) & MASK, 18) + c) & MASK, factor)
    e = _word(data, 16) * factor & MASK
    f = _word(data, 24)
    g = (y + _word(data, size - 32)) * factor & MASK
    h = (z + _word(data, size - 24)) * factor & MASK
    first = _rotated((e + f) & MASK, 43) + _rotated(g, 30) + h
    return _mixed(first & MASK, (e + _rotated((f + a) & MASK, 18) + g) & MASK, factor)


def _weak(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Hash 32 bytes into two numbers."""
    w, x, y, z = (_word(data, at + k) for k in (0, 8, 16, 24))
    a = (a + w) & MASK
    b = _rotated((b + a + z) & MASK, 21)
    c = a
    a = (a + x + y) & MASK
    b = (b + _rotated(a, 44)) & MASK
    return (a + z) & MASK, (b + c) & MASK


def _of_more(data: bytes) -> int:
    seed = 81
    x, y = seed, (seed * _K1 + 113) & MASK
    z = _shifted((y * _K2 + 113) & MASK) * _K2 & MASK
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(data, 0)) & MASK
    end = (len(data) - 1) // 64 * 64
    last = len(data) - 64
    for at in range(0, end, 64):
        x = _rotated((x + y + v[0] + _word(data, at + 8)) & MASK, 37) * _K1 & MASK
        y = _rotated((y + v[1] + _word(data, at + 48)) & MASK, 42) * _K1 & MASK
        x ^= w[1]
        y = (y + v[0] + _word(data, at + 40)) & MASK
        z = _rotated((z + w[0]) & MASK, 33) * _K1 & MASK
        v = _weak(data, at, v[1] * _K1 & MASK, (x + w[0]) & MASK)
        w = _weak(data, at + 32, (z + w[1]) & MASK, (y + _word(data, at + 16)) & MASK)
        z, x = x, z
    factor = (_K1 + ((z & 0xFF) << 1)) & MASK
    w = ((w[0] + ((len(data) - 1) & 63)) & MASK, w[1])
    v = ((v[0] + w[0]) & MASK, v[1])
    w = ((w[0] + v[0]) & MASK, w[1])
    x = _rotated((x + y + v[0] + _word(data, last + 8)) & MASK, 37) * factor & MASK
    y = _rotated((y + v[1] + _word(data, last + 48)) & MASK, 42) * factor & MASK
    x ^= w[1] * 9 & MASK
    y = (y + v[0] * 9 + _word(data, last + 40)) & MASK
    z = _rotated((z + w[0]) & MASK, 33) * factor & MASK
    v = _weak(data, last, v[1] * factor & MASK, (x + w[0]) & MASK)
    w = _weak(data, last + 32, (z + w[1]) & MASK, (y + _word(data, last + 16)) & MASK)
    z, x = x, z
    first = _mixed(v[0], w[0], factor) + _shifted(y) * _K0 + z
    return _mixed(first & MASK, (_mixed(v[1], w[1], factor) + x) & MASK, factor)
