"""Results as lines of text: what it is, and how sure or how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv.tasks.results import (
    BinaryResult,
    Classification,
    Detections,
    Embedding,
    ImageResult,
    Keypoints,
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
    if (own := _ROWS.get(type(result))) is None:
        raise UsageError(f"A {type(result).__name__} has no text form. Use --json.")
    return own(result)


def lines(name: str, result: Result, top: int, width: int) -> str:
    """Return one line per row of `result`, the name in a first column of `width` on the first."""
    found = rows(result, top)
    room = max(len(what) for what, _ in found)
    return "\n".join(
        f"{name if index == 0 else '':<{width}}  {what:<{room}}  {value}".rstrip()
        for index, (what, value) in enumerate(found)
    )


def _binary(result: BinaryResult) -> list[tuple[str, str]]:
    return [(result.label, f"{result.score:.4f}")]


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


def _points(result: Keypoints) -> list[tuple[str, str]]:
    """Return each point that is drawn, as its score, if it has one, and its place."""
    found = [
        (p.label, f"{'' if p.score is None else f'{p.score:.4f}  '}{p.xy[0]:.0f} {p.xy[1]:.0f}")
        for p in result
        if result.is_shown(p.number)
    ]
    return found or [("(nothing)", "")]


def _regions(result: Segmentation) -> list[tuple[str, str]]:
    total = result.label_map.size
    shares = {number: pixels / total for number, pixels in result.areas().items()}
    return [(result.label_of(number), f"{share:7.2%}") for number, share in shares.items()]


def _embedding(result: Embedding) -> list[tuple[str, str]]:
    return [("embedding", f"{result.vector.size} numbers, length {result.norm:.6g}")]


def _image(result: ImageResult) -> list[tuple[str, str]]:
    return [("image", f"{result.image_bgr.shape[1]}x{result.image_bgr.shape[0]}")]


def _outputs(result: RawOutputs) -> list[tuple[str, str]]:
    return [
        (name, f"{list(array.shape)} {array.dtype} {array.min():.5g}..{array.max():.5g}")
        for name, array in result.arrays.items()
    ]


_ROWS: Final[Mapping[type, Callable[[Any], list[tuple[str, str]]]]] = {
    BinaryResult: _binary,
    Regression: _values,
    Detections: _boxes,
    Segmentation: _regions,
    Keypoints: _points,
    Embedding: _embedding,
    ImageResult: _image,
    RawOutputs: _outputs,
}
