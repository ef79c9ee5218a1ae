"""SipHash-2-4 of bytes with a key, which TensorFlow's strong hash buckets are made of."""

from __future__ import annotations

from typing import Final

_MASK: Final = 2**64 - 1
_State = list[int]


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """Return the hash, 0 to 2**64 - 1."""
    first, second = key[0] & _MASK, key[1] & _MASK
    state = [
        first ^ 0x736F6D6570736575,
        second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261,
        second ^ 0x7465646279746573,
    ]
    whole = len(data) // 8 * 8
    padded = data[whole:].ljust(7, b"\0") + bytes([len(data) & 0xFF])
    for at in range(0, whole, 8):
        _take(state, int.from_bytes(data[at : at + 8], "little"))
    _take(state, int.from_bytes(padded, "little"))
    state[2] ^= 0xFF
    for _ in range(4):
        _stir(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _take(state: _State, word: int) -> None:
    state[3] ^= word
    _stir(state)
    _stir(state)
    state[0] ^= word


def _stir(state: _State) -> None:
    a, b, c, d = state
    a, c = (a + b) & _MASK, (c + d) & _MASK
    b, d = _rotated(b, 13) ^ a, _rotated(d, 16) ^ c
    a = _rotated(a, 32)
    c, a = (c + b) & _MASK, (a + d) & _MASK
    b, d = _rotated(b, 17) ^ c, _rotated(d, 21) ^ a
    state[:] = [a, b, _rotated(c, 32), d]


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK
