"""Whether what belongs to the boxes of a detector goes together with its other outputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.belongings import Belonging, MaskRecord

_COLUMNS = {"coefficients": "masks", "points": "points", "angle": "angles"}


def check_sources(
    parts: Collection[str], belongings: Mapping[str, Belonging], *, has_boxes: bool
) -> None:
    """Raise if a belonging is neither an output nor a column, or a column belongs to none.

    Args:
        parts: Those of the columns of a single output, or of a head.
        belongings: The key of each record -> the record.
        has_boxes: Whether boxes have an output of their own, whose fifth number may be an angle.

    Raises:
        SchemaError: The first that is so.
    """
    wanted = {key: record.column for key, record in belongings.items()}
    for key, part in wanted.items():
        fifth = key == "angles" and has_boxes
        if part is not None and part not in parts and not fifth:
            raise SchemaError(key, f"need an output with {part}, or {part} among the columns")
    for part, key in _COLUMNS.items():
        if part in parts and wanted.get(key) != part:
            raise SchemaError("columns", f"has {part}, and {key} do not read it")
    masks = belongings.get("masks")
    if "angles" in belongings and isinstance(masks, MaskRecord) and masks.per_box is not None:
        raise SchemaError("masks.per_box", "of rotated boxes are not read")


def check_shapes(
    belongings: Mapping[str, Belonging],
    shapes: Mapping[str, tuple[int, ...]],
    count: int,
    classes: int | None,
) -> None:
    """Raise if an output does not fit the boxes.

    Args:
        belongings: The key of each record -> the record.
        shapes: Role -> the shape of a sample.
        count: How many boxes there are.
        classes: How many classes there are; None if it is not known.

    Raises:
        SchemaError: With both numbers.
    """
    for key, record in belongings.items():
        own = {
            role.partition(".")[2]: shape
            for role, shape in shapes.items()
            if role.startswith(f"{key}.")
        }
        try:
            record.check(own, count, classes)
        except SchemaError as error:
            raise SchemaError(f"{key}.{error.path}", error.problem) from error
