"""The columns of a single output: the parts of a row, joined by `+`, such as "box+scores"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from keras2cv.schema.fields import SchemaError

# Part -> how many columns it has; None where the model's other numbers decide.
PARTS: Final[Mapping[str, int | None]] = {
    "box": 4, "objectness": 1, "score": 1, "scores": None, "class": 1, "coefficients": None,
    "points": None, "angle": 1,
}  # fmt: skip


def parts_of(columns: str | None) -> tuple[str, ...]:
    """Return the parts of a row in their order; nothing where there are no columns."""
    return () if columns is None else tuple(columns.split("+"))


def check_columns(columns: str) -> None:
    """Raise if `columns` is no list of parts with one box, and one score or a score per class.

    Raises:
        SchemaError: It is not.
    """
    parts = parts_of(columns)
    if unknown := [part for part in parts if part not in PARTS]:
        known = ", ".join(PARTS)
        raise SchemaError("columns", f"has no part {unknown[0]!r}; the parts are {known}")
    if len(set(parts)) != len(parts):
        raise SchemaError("columns", f"has a part twice: {columns}")
    if "box" not in parts:
        raise SchemaError("columns", f"must have a box, got {columns}")
    if ("score" in parts) == ("scores" in parts):
        raise SchemaError("columns", f"must have either score or scores, got {columns}")
    if "class" in parts and "scores" in parts:
        raise SchemaError("columns", f"a class has one score, and not scores, got {columns}")


def with_rows_last(shape: tuple[int, ...], axis: str | None) -> tuple[int, ...]:
    """Return the shape of a single output as (..., columns); `axis` is where its columns are."""
    return (*shape[1:], *shape[:1]) if axis == "first" else shape


def places_of(columns: str, shape: Sequence[int], sizes: Mapping[str, int]) -> dict[str, slice]:
    """Return where each part lies in a row.

    Args:
        columns: The parts.
        shape: Of the output, whose last number is how many columns a row has.
        sizes: How many of them the coefficients and the points have, if there are some.

    Raises:
        SchemaError: A row has more or fewer columns than its parts.
    """
    width = shape[-1] if len(shape) else 0
    known = {part: PARTS[part] or sizes.get(part, 0) for part in parts_of(columns)}
    others = sum(known.values())
    if "scores" in known:
        known["scores"] = width - others
        if known["scores"] < 1:
            needed = f", and the other parts of {columns} need {others}"
            raise SchemaError("raw", f"has no column for a class: {list(shape)}{needed}")
    elif others != width:
        raise SchemaError("raw", f"must be (..., {others}), got {list(shape)}, for {columns}")
    places, start = {}, 0
    for part, size in known.items():
        places[part] = slice(start, start + size)
        start += size
    return places
