"""A node of a TensorFlow graph as plain values, which `to_frozen.py` turns into a protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Attribute = str | bool | int | float | list[int] | Array | np.dtype[Any] | tuple[int, ...]
"""Text, a truth value, a number, a list of numbers, a tensor, a type or (a tuple) a shape."""


@dataclass(frozen=True)
class FrozenNode:
    """One node, called NodeDef by protobuf.

    Attributes:
        name: Unique in the graph; also the name of OpenCV's layer.
        op: TensorFlow's op, or the type of a layer of OpenCV's.
        inputs: Names of nodes.
        attributes: Name -> value.
    """

    name: str
    op: str
    inputs: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


class Unwritable(Exception):  # noqa: N818 - it ends no program: the writer's answer to one node
    """A node has no form that the importer computes right; the text is the reason."""
