"""The activations that a Keras model ends in, as its own layers say."""

from __future__ import annotations

from typing import Any

_KINDS = ("softmax", "sigmoid")


def keras_activations(model: Any, names: list[str]) -> dict[str, str]:
    """Return output -> "softmax" or "sigmoid", for the outputs of a Functional model that end so.

    Args:
        model: A Keras model, or None.
        names: Of its outputs, in order.
    """
    tensors = getattr(model, "outputs", None) or []
    if len(tensors) != len(names):
        return {}
    found = {name: _of(getattr(t, "_keras_history", None)) for name, t in zip(names, tensors)}  # noqa: B905
    return {name: kind for name, kind in found.items() if kind in _KINDS}


def _of(history: Any) -> str:
    layer = getattr(history, "operation", None)
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))
