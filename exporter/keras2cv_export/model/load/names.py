"""Keras' names for inputs and outputs, made unique."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


def paths(structure: Any, default: str) -> list[str]:
    """Name the leaves of a structure by their path in it: keys of dicts, positions in lists.

    >>> paths({"boxes": [1.0, 2.0], "mask": 3.0}, "output"), paths([1.0, {"b": 2.0}], "output")
    (['boxes/0', 'boxes/1', 'mask'], ['output_0', 'output_1/b'])
    """
    named = []
    for path, _ in keras.tree.flatten_with_path(structure):
        name = "/".join(map(str, path)) or default
        named.append(f"{default}_{name}" if path and isinstance(path[0], int) else name)
    return unique(named)


def unique(names: Sequence[str]) -> list[str]:
    """Number names that are repeated: a, a_2, a_3."""
    result: list[str] = []
    for wish in names:
        name, k = wish, 1
        while name in result:
            k += 1
            name = f"{wish}_{k}"
        result.append(name)
    return result


def output_names(model: Any, outputs: Any) -> list[str]:
    """Keras' names: dict keys, else the output layers', else output_0, output_1, ..."""
    if isinstance(outputs, dict):
        return paths(outputs, "output")
    count = len(keras.tree.flatten(outputs))
    names = getattr(model, "output_names", None) or []
    if isinstance(model, keras.Sequential) and count == 1:
        names = [model.layers[-1].name]
    return unique(names) if len(names) == count else paths(outputs, "output")
