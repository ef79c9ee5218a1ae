"""NumPy's .npy: the header is a Python literal that sets the size to allocate."""

from __future__ import annotations

import random
import re
from typing import Final

from .raw import mutate_bytes

_SHAPES: Final = (
    *("()", "(0,)", "(1,)", "(-1,)", "(10**12,)", "(1000000000000,)", "(2147483648, 2147483648)"),
    *("(1, 1, 1)", "(3, 0, 5)", "[1, 2]", "'x'", "(True,)", "(1.5,)", "(None,)", "(1,) * 40"),
    *("(4294967296,)", "(18446744073709551616,)", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"),
)
_TYPES: Final = (
    *("'<f4'", "'>f4'", "'<f8'", "'|O'", "'<U1000000000'", "'|S0'", "'|V8'", "'<M8[ns]'", "'<c16'"),
    *("'|b1'", "'<f2'", "'<f16'", "[('a', '<f4'), ('b', '|O')]", "'x'", "None", "'<U3'", "'<i8'"),
)


def mutate_npy(rng: random.Random, data: bytes) -> bytes:
    """Return the array `data` with another header, or other bytes."""
    if not data.startswith(b"\x93NUMPY\x01") or rng.random() < 0.3:
        return mutate_bytes(rng, data)
    size = int.from_bytes(data[8:10], "little")
    header, values = data[10 : 10 + size].decode("latin1"), data[10 + size :]
    shape, kind = rng.choice(_SHAPES), rng.choice(_TYPES)
    changed = rng.choice(
        (
            re.sub(r"'shape': \([^)]*\)", lambda _: f"'shape': {shape}", header),
            re.sub(r"'descr': '[^']*'", lambda _: f"'descr': {kind}", header),
            header.replace("False", rng.choice(("True", "1", "None"))),
            header.replace("'shape'", "'shapes'"),
            mutate_bytes(rng, header.encode("latin1")).decode("latin1"),
            "{" * rng.choice((50, 20_000)) + header,
        )
    ).encode("latin1")
    changed += b" " * (-(10 + len(changed)) % 64)
    return data[:8] + (len(changed) % 2**16).to_bytes(2, "little") + changed + values
