"""Low and mixed precision: detect it, and compute without it for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from keras2cv.errors import ModelError

_KEPT = ("float32", None)


class _InFloat32(keras.DTypePolicy):  # type: ignore[misc]
    """Compute in float32 with variables of another type, which are cast as they are read."""

    def __init__(self, variables: str) -> None:
        super().__init__("float32")
        self._variables = variables

    @property
    def variable_dtype(self) -> str:
        """The type of the variables, which stays."""
        return self._variables


@contextmanager
def as_float32(model: Any) -> Iterator[None]:
    """Let a model of other precision compute in float32 for a while; its weights do not change.

    OpenCV's nets compute in float32, and float16 in the reference would hide errors of 1e-3.
    """
    changed = [layer for layer in model._flatten_layers() if layer.compute_dtype not in _KEPT]
    policies = [layer.dtype_policy for layer in changed]
    for layer, policy in zip(changed, policies, strict=True):
        layer.dtype_policy = _InFloat32(policy.variable_dtype)
    try:
        yield
    finally:
        for layer, policy in zip(changed, policies, strict=True):
            layer.dtype_policy = policy


def refuse_float8(model: Any) -> None:
    """Refuse a model whose layers round to eight bits of floating point as they compute.

    Raises:
        ModelError: It has such layers.
    """
    found = [
        str(layer.name)
        for layer in model._flatten_layers()
        if str(getattr(layer, "quantization_mode", None)) == "float8"
    ]
    if found:
        raise ModelError(
            f"{len(found)} of the model's layers round to float8 as they compute, such as "
            f"{found[0]!r}, and OpenCV has no such type. Export the model as it was before "
            "quantize('float8')."
        )


def precision_note(model: Any) -> tuple[str, ...]:
    """Name the type that a model computes in, unless it is float32."""
    policies = {str(layer.dtype_policy.name) for layer in model._flatten_layers()}
    quantised = sorted(p for p in policies if "_from_" in p)
    other = sorted(policies - {"float32", *quantised})
    if quantised:
        return (
            f"The model is quantised ({', '.join(quantised)}): the bundle computes with the same "
            "steps as Keras does, and holds them as float32.",
        )
    if not other:
        return ()
    return (f"The model computes in {', '.join(other)}; it is exported, and checked, as float32.",)
