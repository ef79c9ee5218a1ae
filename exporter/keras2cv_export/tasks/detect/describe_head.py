"""A detector with undecoded outputs: from the user's description of its head to the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv_export.tasks.outputs import Output, listed

from .belongings import cure_of
from .head_belongings import HeadBelongings
from .head_description import HeadDescription
from .head_grid_levels import GridLevel, shared_sizes
from .head_grids import Pair
from .head_layout import PlacedOutput, guessed_sources, layout_of
from .head_record import record_of
from .head_roles import belonging_sources, stated_sources
from .options import DetectOptions


def describe_head(
    options: DetectOptions,
    outputs: Sequence[Output],
    size_wh: Pair | None,
    score: float,
    belongings: HeadBelongings,
) -> tuple[DetectRecord, tuple[str, ...]]:
    """Return the record of a detector with a head, and a note on what was recognised.

    Args:
        options: The user's, with a head.
        outputs: The model's.
        size_wh: Width and height of the input image in pixels; None if there is none.
        score: The threshold.
        belongings: What is named beside the head.

    Raises:
        UsageError: The description contradicts the outputs, or leaves something open.
    """
    description = HeadDescription(options, outputs, size_wh, belongings)
    said = description.stated | _columns(description)
    beside = belonging_sources(said, description.outputs)
    taken = {output for source in beside for output in source.outputs}
    left = [output for output in description.outputs if output not in taken]
    sources = stated_sources(said, left) or guessed_sources(description, left)
    levels, placed = layout_of(description, [*sources, *beside])
    record = record_of(description, levels, placed, score)
    named = {each.name: each.shape for each in belongings.outputs}
    shapes = {role: named[name] for role, name in record.outputs.items()}
    try:
        classes = record.count_classes(shapes)
    except SchemaError as error:
        shown = ", ".join(f"{'+'.join(p.parts)} from {p.output}" for p in placed)
        cure = cure_of(error.path, "Correct its anchors, classes, strides or axes.")
        raise UsageError(
            f"The head {description.head.family} does not fit: {error.path} {error.problem}. "
            f"It reads {shown}. {cure}"
        ) from error
    if description.head.classes not in (None, classes):
        raise UsageError(
            f"The head has {description.head.classes} classes, and its outputs have {classes}: "
            f"{listed([p.output for p in placed])}. Correct the classes, or the anchors."
        )
    return record, (_note(description, levels, placed, classes),)


def _columns(description: HeadDescription) -> dict[str, Any]:
    columns = description.said.get("columns")
    return {} if columns is None else {"columns": columns}


def _note(
    description: HeadDescription, levels: Sequence[GridLevel], placed: Sequence[PlacedOutput],
    classes: int | None,
) -> str:  # fmt: skip
    seen = description.sizes and all(level.grid.stride_wh for level in levels)
    shared = shared_sizes(description, [v.grid for v in levels]) if seen else None
    shown = []
    for number, level in enumerate(levels):
        text = f"{level.grid}" + (f" x {level.boxes}" if level.boxes > 1 else "")
        stride = level.grid.stride_wh
        text += f" of stride {stride[0]:g}" if stride else ""
        first = shared[number][0] if shared else None
        text += f" (anchors from {first[0]:g} x {first[1]:g} on)" if first else ""
        shown.append(text)
    grids = ", ".join(shown)
    read = ", ".join(f"{'+'.join(p.parts)} from {p.output}{_order(p, levels)}" for p in placed)
    own = description.said.get("nms")
    nms = "" if own is None else f"; the best of boxes that overlap by more than {own:g}"
    return (
        f"Head: {description.head.family}, grids {grids}; {read}; {classes} classes{nms}. A "
        "FILE.json for --head changes that."
    )


def _order(placed: PlacedOutput, levels: Sequence[GridLevel]) -> str:
    """Return how the rows of a table are read, where its shape leaves that open."""
    is_open = len(placed.output.shape) == 2 and any(level.boxes > 1 for level in levels)
    return f" in the order {placed.axes}" if is_open else ""
