"""Pictures: bytes, and in a PNG the chunks, whose checksums would hide every change."""

from __future__ import annotations

import random
import zlib
from typing import Final

from .raw import mutate_bytes

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SIDES: Final = (0, 1, 2, 255, 32_767, 32_768, 65_535, 1_000_000, 2**31 - 1)


def mutate_picture(rng: random.Random, data: bytes) -> bytes:
    """Return the picture `data`, changed."""
    if not data.startswith(_PNG) or rng.random() < 0.3:
        return mutate_bytes(rng, data)
    chunks = _chunks(data)
    index = rng.randrange(len(chunks))
    kind, content = chunks[index]
    match rng.randrange(5):
        case 0:
            side = rng.choice(_SIDES).to_bytes(4, "big")
            kind, content = chunks[0]
            index, content = 0, rng.choice((side + content[4:], content[:4] + side + content[8:]))
        case 1:
            del chunks[index]
            return _joined(chunks)
        case 2:
            chunks.append(rng.choice(chunks))
        case 3:
            kind = rng.choice((b"tEXt", b"iCCP", b"PLTE", b"acTL", b"fdAT", b"eXIf", b"tRNS"))
        case _:
            content = mutate_bytes(rng, content)
    chunks[index] = (kind, content)
    return _joined(chunks)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(_PNG)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def _joined(chunks: list[tuple[bytes, bytes]]) -> bytes:
    pieces = [_PNG]
    for kind, content in chunks:
        crc = zlib.crc32(kind + content).to_bytes(4, "big")
        pieces += [len(content).to_bytes(4, "big"), kind, content, crc]
    return b"".join(pieces)
