"""The widths and heights of prior boxes, from sizes and aspect ratios as trainings are configured.

    min_sizes, max_sizes, aspect_ratios    Caffe's PriorBox layer, and Keras ports of it: pixels
    scales, aspect_ratios                  ssd_keras' AnchorBoxes and TensorFlow's
                                           ssd_anchor_generator: shares of the input's shorter side
    min_sizes, aspect_ratios, octaves      keras-retinanet's and EfficientDet's anchors: pixels

A box of size s and ratio r is s * sqrt(r) wide and s / sqrt(r) high. The additional box of a grid
is a square of sqrt(s * next), where `next` is its max size, or the next grid's scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final

from keras2cv.errors import UsageError

from .head_anchors import Sizes
from .head_options import HeadOptions

Pair = tuple[int, int]
_SIZES: Final = ("min_sizes", "scales")
_BESIDE: Final = (
    "max_sizes", "aspect_ratios", "octaves", "extra_box", "anchor_order", "ratio_form",
    "reduce_lowest",
)  # fmt: skip


def has_prior_sizes(head: HeadOptions) -> bool:
    """Whether a head gives its prior boxes by sizes.

    Raises:
        UsageError: Aspect ratios, octaves or the like stand there without sizes.
    """
    given = [name for name in _SIZES if getattr(head, name) is not None]
    beside = [name for name in _BESIDE if getattr(head, name) is not None]
    if len(given) > 1:
        raise UsageError("Prior boxes have either min_sizes or scales, and both are given.")
    if beside and not given:
        raise UsageError(
            f"The head's {beside[0]} belongs to prior boxes of min_sizes or scales, and neither is "
            "given. Add the one that the training's configuration has."
        )
    return bool(given)


def prior_sizes(head: HeadOptions, size_wh: Pair | None, grids: int | None) -> list[Sizes]:
    """Return the widths and heights of each grid's prior boxes, in pixels of the input.

    Args:
        head: With `min_sizes` or `scales`.
        size_wh: Width and height of the input; None if it takes no image.
        grids: How many grids there are, where strides or grids are stated.

    Raises:
        UsageError: The lists have different lengths, or hold no sizes.
    """
    nested = _is_nested(head.aspect_ratios)
    count = len(head.aspect_ratios) if nested else grids
    smalls, larges = _smalls_and_larges(head, size_wh, count)
    count = len(smalls)
    ratios = head.aspect_ratios if nested else [head.aspect_ratios or [1]] * count
    if len(ratios) != count:
        raise _lengths(_name(head), count, "aspect_ratios", len(ratios))
    rows = zip(smalls, larges, ratios, strict=True)
    found = [_of_grid(head, small, large, _numbers("aspect_ratios", r)) for small, large, r in rows]
    if head.reduce_lowest:
        found[0] = _reduced(head, smalls[0], size_wh)
    return found


def _smalls_and_larges(
    head: HeadOptions, size_wh: Pair | None, count: int | None
) -> tuple[list[list[float]], list[list[float] | None]]:
    """Return the sizes of each grid, and the larger ones of their additional boxes."""
    name = _name(head)
    given = getattr(head, name)
    factor = 1.0
    if name == "scales":
        if size_wh is None:
            raise UsageError("Scales are shares of the input, which is no image. Give min_sizes.")
        factor = float(min(size_wh))
    rows = given if isinstance(given, list | tuple) else [given]
    smalls = [[factor * n for n in _numbers(name, row)] for row in rows]
    if head.max_sizes is not None:
        given = head.max_sizes if isinstance(head.max_sizes, list | tuple) else [head.max_sizes]
        larges: list[list[float] | None] = [_numbers("max_sizes", row) for row in given]
        for number, (small, large) in enumerate(zip(smalls, larges, strict=False)):
            if large is not None and (len(large) != len(small) or min(large) <= min(small)):
                raise UsageError(
                    f"Grid {number} has min_sizes {_shown(small)} and max_sizes {_shown(large)}. "
                    "Give a larger one for each."
                )
        if len(larges) != len(smalls):
            raise _lengths(name, len(smalls), "max_sizes", len(larges))
        return smalls, larges
    # One more size than grids: each grid's next is the larger one, as in ssd_keras.
    if count is None and name == "scales" and head.octaves is None and head.extra_box != "none":
        count = len(smalls) - 1
    if count is not None and len(smalls) == count + 1 and count:
        if len({len(small) for small in smalls}) > 1:
            raise UsageError(
                f"The head's {name} have one row more than there are grids, for the additional "
                "boxes, and the rows are not of one length. Give max_sizes, or rows alike."
            )
        return smalls[:-1], list(smalls[1:])
    if count is not None and len(smalls) != count:
        raise _lengths(name, len(smalls), "grids", count)
    return smalls, [None] * len(smalls)


def _of_grid(
    head: HeadOptions, small: list[float], large: list[float] | None, ratios: list[float]
) -> Sizes:
    if head.octaves is not None:
        return _octaves(head, small, ratios)
    use_extra = large is not None and head.extra_box != "none"
    extras = [
        sqrt(s * n) if use_extra else None for s, n in zip(small, large or small, strict=True)
    ]
    rows = (_of_size(head, s, e, ratios) for s, e in zip(small, extras, strict=True))
    return tuple(box for row in rows for box in row)


def _of_size(head: HeadOptions, size: float, extra: float | None, ratios: list[float]) -> Sizes:
    """Return the boxes of one size: one for each ratio, the additional one behind the square.

    Ratios without a 1 are Caffe's: the square comes first, and each ratio is also turned. A second
    1 is the additional box itself.
    """
    if 1 not in ratios:
        ratios = [1.0, *(r for ratio in ratios for r in (ratio, 1 / ratio))]
    squares = ratios.count(1)
    if squares > 2 or (squares == 2 and extra is None):
        raise UsageError(
            f"The aspect ratios {_shown(ratios)} have 1 {squares} times, and there is "
            f"{'one additional box' if extra else 'no max size for an additional box'}. "
            "Correct them."
        )
    found, seen = [], False
    for ratio in ratios:
        is_extra = ratio == 1 and seen and extra is not None
        found.append((extra, extra) if is_extra else _box(head, size, ratio))
        if ratio == 1 and not seen:
            seen = True
            if extra is not None and squares == 1 and head.extra_box != "last":
                found.append((extra, extra))
    if extra is not None and squares == 1 and head.extra_box == "last":
        found.append((extra, extra))
    return tuple((float(w or 0), float(h or 0)) for w, h in found)


def _octaves(head: HeadOptions, small: list[float], ratios: list[float]) -> Sizes:
    octaves = _numbers("octaves", head.octaves)
    pairs = [(ratio, octave) for ratio in ratios for octave in octaves]
    if head.anchor_order == "octaves,ratios":
        pairs = [(ratio, octave) for octave in octaves for ratio in ratios]
    return tuple(_box(head, s * octave, ratio) for s in small for ratio, octave in pairs)


def _box(head: HeadOptions, size: float, ratio: float) -> tuple[float, float]:
    root = sqrt(1 / ratio if head.ratio_form == "h/w" else ratio)
    return size * root, size / root


def _reduced(head: HeadOptions, small: list[float], size_wh: Pair | None) -> Sizes:
    """Return the three boxes of TensorFlow's `reduce_boxes_in_lowest_layer`."""
    least = 0.1 * min(size_wh or (1, 1))
    return (_box(head, least, 1.0), _box(head, small[0], 2.0), _box(head, small[0], 0.5))


def _name(head: HeadOptions) -> str:
    return next(name for name in _SIZES if getattr(head, name) is not None)


def _is_nested(rows: Any) -> bool:
    return isinstance(rows, list | tuple) and any(isinstance(row, list | tuple) for row in rows)


def _numbers(name: str, given: Any) -> list[float]:
    rows = given if isinstance(given, list | tuple) else [given]
    is_number = [isinstance(n, int | float) and not isinstance(n, bool) for n in rows]
    if not rows or not all(is_number) or not all(0 < n < 1e9 for n in rows):
        raise UsageError(f"The head's {name} must be numbers above 0, got {given!r}. Correct them.")
    return [float(n) for n in rows]


def _shown(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _lengths(name: str, count: int, other: str, other_count: int) -> UsageError:
    return UsageError(
        f"The head's {name} are of {count} grids, and there are {other_count} {other}. Give as "
        "many of each."
        if other == "grids"
        else f"The head's {name} are of {count} grids, and its {other} of {other_count}. Give as "
        "many of each."
    )
