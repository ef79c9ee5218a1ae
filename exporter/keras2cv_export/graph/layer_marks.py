"""Keep the marks of layers' outputs true when a pass changes values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import onnx_ir as ir

from .edit import shape_of
from .origin import (
    add_marks,
    drop_marks,
    marks_of,
    places,
    scale_marks,
    step_marks,
)


def shrink(value: ir.Value, factor: float) -> None:
    """Record that a value is a layer's output divided by `factor` from now on."""
    scale_marks(value, factor)


def rearrange(value: ir.Value, through: Sequence[int], perm: Sequence[int]) -> None:
    """Record that a layer's output is a value reshaped to `through`, transposed, reshaped back."""
    sizes = tuple(float(size) for size in shape_of(value) or ())
    axes = tuple(float(axis) for axis in perm)
    wide = tuple(float(size) for size in through)
    step_marks(value, [("reshape", wide), ("transpose", axes), ("reshape", sizes)])


def forget(value: ir.Value) -> None:
    """Record that a value is no layer's output any more."""
    drop_marks(value)


@contextmanager
def layers_kept(model: ir.Model) -> Iterator[None]:
    """Keep the layers' marks through rewrites that do not use `replace` and `drop`.

    Rewrites of other tools put a value of the same name in the place of the one they remove.
    """
    before = [list(places(v)) for node in model.graph for v in node.outputs if marks_of(v)]
    yield
    after = {value.name: value for node in model.graph for value in node.outputs}
    kept = {mark.key for value in after.values() for mark in marks_of(value)}
    for found in before:
        for value, marks in found:
            lost = [mark for mark in marks if mark.key not in kept]
            if lost and value.name in after:
                add_marks(after[value.name], lost)
                break
