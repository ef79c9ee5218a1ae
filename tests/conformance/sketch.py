"""Short ways to write down a small model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from .case import Case, Group

Shape = tuple[int | None, ...]
Wiring = Callable[..., Any]
"""Takes the input tensors, gives one output tensor, a list or a dict of them."""


def wired(
    name: str,
    wiring: Wiring,
    *shapes: Shape,
    group: Group = "layer",
    dtype: str = "float32",
    **fields: Any,
) -> Case:
    """A functional model with inputs `x0`, `x1`, ... of the given shapes (without the batch).

    Args:
        name: Of the case.
        wiring: From the inputs to the outputs.
        *shapes: Of the inputs.
        group: Of the case.
        dtype: Of the inputs.
        **fields: Other fields of the case.
    """

    def build() -> keras.Model:
        inputs = [
            keras.Input(shape, dtype=dtype, name=f"x{index}") for index, shape in enumerate(shapes)
        ]
        return keras.Model(inputs[0] if len(inputs) == 1 else inputs, wiring(*inputs))

    return Case(name, group, build, **fields)


def alone(name: str, layer: Callable[[], keras.Layer], *shapes: Shape, **fields: Any) -> Case:
    """The layer and nothing else; several shapes are passed to it as a list.

    Args:
        name: Of the case.
        layer: Makes the layer.
        *shapes: Of its inputs.
        **fields: Other fields of the case.
    """
    return wired(name, lambda *xs: layer()(xs[0] if len(xs) == 1 else list(xs)), *shapes, **fields)


def between(name: str, layer: Callable[[], keras.Layer], shape: Shape, **fields: Any) -> Case:
    """The layer between two others, where an engine fuses and keeps its own memory layout.

    Args:
        name: Of the case.
        layer: Makes the layer.
        shape: Of the model's input.
        **fields: Other fields of the case.
    """

    def wiring(x: Any) -> Any:
        return _after(layer()(_before(x)))

    return wired(name, wiring, shape, **fields)


def _before(x: Any) -> Any:
    if len(x.shape) == 4:
        return keras.layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    return keras.layers.Dense(6)(x)


def _after(x: Any) -> Any:
    if len(x.shape) == 4:
        return keras.layers.Conv2D(5, (3, 2), padding="same")(x)
    return keras.layers.Dense(5)(x)
