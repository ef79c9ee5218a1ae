"""Mixed precision: detect it, and compute without it for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

_KEPT = ("float32", None)


@contextmanager
def as_float32(model: Any) -> Iterator[None]:
    """Let a mixed-precision model compute in float32 for a while; its weights do not change.

    OpenCV's nets compute in float32, and float16 in the reference would hide errors of 1e-3.
    """
    changed = [layer for layer in model._flatten_layers() if layer.compute_dtype not in _KEPT]
    policies = [layer.dtype_policy for layer in changed]
    for layer in changed:
        layer.dtype_policy = keras.DTypePolicy("float32")
    try:
        yield
    finally:
        for layer, policy in zip(changed, policies, strict=True):
            layer.dtype_policy = policy


def precision_note(model: Any) -> tuple[str, ...]:
    """Name the type that a model computes in, unless it is float32."""
    policies = {str(layer.dtype_policy.name) for layer in model._flatten_layers()}
    other = sorted(p for p in policies if p != "float32")
    if not other:
        return ()
    return (f"The model computes in {', '.join(other)}; it is exported, and checked, as float32.",)
