"""Results as lines of text: what it is, and how sure or how much."""

from __future__ import annotations

from keras2cv.errors import UsageError
from keras2cv.results import (
    BinaryResult,
    Classification,
    Detections,
    RawOutputs,
    Regression,
    Result,
    Segmentation,
)

MAX_VALUES = 8  # of a regression, in one line; --json has them all


def rows(result: Result, top: int) -> list[tuple[str, str]]:
    """Return (what, value) pairs: the `top` best classes, or one pair per box, value or output."""
    if isinstance(result, Classification):
        return [(scored.label, f"{scored.score:.4f}") for scored in result.top(top)]
    if isinstance(result, BinaryResult):
        return [(result.label, f"{result.score:.4f}")]
    if isinstance(result, Regression):
        return _values(result)
    if isinstance(result, Detections):
        return _boxes(result)
    if isinstance(result, Segmentation):
        total = result.label_map.size
        return [
            (result.label_of(number), f"{pixels / total:7.2%}")
            for number, pixels in result.areas().items()
        ]
    if isinstance(result, RawOutputs):
        return [
            (name, f"{list(array.shape)} {array.dtype} {array.min():.5g}..{array.max():.5g}")
            for name, array in result.arrays.items()
        ]
    raise UsageError(f"A {type(result).__name__} has no text form. Use --json.")


def lines(name: str, result: Result, top: int, width: int) -> str:
    """Return one line per row of `result`, the name in a first column of `width` on the first."""
    found = rows(result, top)
    room = max(len(what) for what, _ in found)
    return "\n".join(
        f"{name if index == 0 else '':<{width}}  {what:<{room}}  {value}".rstrip()
        for index, (what, value) in enumerate(found)
    )


def _values(result: Regression) -> list[tuple[str, str]]:
    values = result.values.ravel()
    if result.labels is not None:
        return [(name, f"{v:.6g}") for name, v in zip(result.labels, values, strict=False)]
    shown = " ".join(f"{value:.6g}" for value in values[:MAX_VALUES])
    left = values.size - MAX_VALUES
    return [("value" if values.size == 1 else "values", shown + (f" ... {left} more" * (left > 0)))]


def _boxes(result: Detections) -> list[tuple[str, str]]:
    """Return each box as its score and its corners, rounded to pixels."""
    if not len(result):
        return [("(nothing)", "")]
    return [
        (d.label, f"{d.score:.4f}  {' '.join(f'{edge:.0f}' for edge in d.box_xyxy)}")
        for d in result
    ]
