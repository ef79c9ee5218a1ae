"""Where the texts of boxes and points go, so that each can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.drawing.colours import DARK, Colour
from keras2cv.pixels.drawing.text import Pen
from keras2cv.pixels.images import Image

Array = NDArray[Any]
Box: TypeAlias = tuple[int, int, int, int]
Places: TypeAlias = Callable[[Box, int, int, int], list[tuple[int, int]]]

_PAPER: Final = 3  # pixels of paper beside a text
# What it costs to lie on a pixel of another text, of a line of a box, and of what is in a box.
_ON_TEXT, _ON_LINE, _IN_BOX = 64, 4, 1
_PREFERENCE: Final = 8  # each later place costs an eighth of a text's area


def of_box(box: Box, gap: int, width: int, height: int) -> list[tuple[int, int]]:
    """Return where a text of a box may have its left top, the best places first.

    Args:
        box: Left, top, right and bottom, the last pixels inside.
        gap: Half the width of its line.
        width: The text's.
        height: The text's.
    """
    left, top, right, bottom = box[0] - gap, box[1] - gap, box[2] + gap + 1, box[3] + gap + 1
    return [
        (left, top - height),  # above it
        (left, bottom),  # below it
        (right - width, top - height),
        (right - width, bottom),
        (right, top),  # beside it
        (left - width, top),
        (box[0] + gap + 1, box[1] + gap + 1),  # in it
        (right, bottom - height),
        (left - width, bottom - height),
        (box[2] - gap - width, box[3] - gap - height),
        (left, top - 2 * height),  # over another text
        (left, bottom + height),
    ]


def of_point(box: Box, gap: int, width: int, height: int) -> list[tuple[int, int]]:
    """Return where a text of a point may have its left top, the best places first.

    Args:
        box: Around the point, as for `of_box`.
        gap: As for `of_box`.
        width: The text's.
        height: The text's.
    """
    above, below, _, _, right, left, *_ = of_box(box, gap, width, height)
    return [right, left, above, below]


@dataclass(frozen=True)
class Tag:
    """A text on paper, and the box or point that it belongs to.

    Attributes:
        text: In letters that the pen has.
        colour: Of the paper.
        box: (left, top, right, bottom), its last pixels, in the picture.
    """

    text: str
    colour: Colour
    box: Box


def draw_tags(canvas: Image, tags: Sequence[Tag], pen: Pen, gap: int, places: Places) -> None:
    """Write the texts, the first ones where they like best, none on another if that is possible.

    Args:
        canvas: What is drawn on, (H, W, 3) uint8.
        tags: The most important first.
        pen: It writes them.
        gap: Half the width of a box' line, in pixels.
        places: `of_box` or `of_point`.
    """
    height, width = canvas.shape[:2]
    lines = [pen.fitted(tag.text, width - 2 * _PAPER) for tag in tags]
    sizes = [(pen.width(line) + 2 * _PAPER, pen.height) for line in lines]
    boxes = np.array([tag.box for tag in tags], np.int64).reshape(-1, 4)
    corners = _placed(boxes, sizes, (width, height), gap, places)
    for tag, line, (w, _), (x, y) in reversed(list(zip(tags, lines, sizes, corners, strict=True))):
        write_tag(canvas, line, (x, y), w, tag.colour, pen)


def write_tag(
    canvas: Image, line: str, corner_xy: tuple[int, int], width: int, colour: Colour, pen: Pen
) -> None:
    """Write a line on paper.

    Args:
        canvas: What is drawn on, (H, W, 3) uint8.
        line: A text that fits, in letters that the pen has.
        corner_xy: The paper's top left.
        width: The paper's.
        colour: The paper's.
        pen: It writes the text.
    """
    x, y = corner_xy
    cv2.rectangle(canvas, (x, y), (x + width - 1, y + pen.height - 1), colour, cv2.FILLED)
    pen.write(canvas, line, x + _PAPER, y + pen.ascent, DARK)


def paper_width(line: str, pen: Pen) -> int:
    """Return the width of the paper of a line, in pixels."""
    return pen.width(line) + 2 * _PAPER


def _placed(
    boxes: Array,
    sizes: Sequence[tuple[int, int]],
    canvas_wh: tuple[int, int],
    gap: int,
    places: Places,
) -> list[tuple[int, int]]:
    """Return the corner of each text, in whole numbers that a C++ program repeats."""
    outer = boxes + np.array([-gap, -gap, gap + 1, gap + 1])
    inner = boxes + np.array([gap + 1, gap + 1, -gap, -gap])
    taken: list[Box] = []
    for index, (w, h) in enumerate(sizes):
        found = places(boxes[index].tolist(), gap, w, h)
        rects = [_within((x, y, x + w, y + h), canvas_wh) for x, y in found]
        costs = _on(rects, taken) * _ON_TEXT
        on_boxes, in_boxes = _on(rects, outer), _on(rects, inner)
        costs += (on_boxes - in_boxes) * _ON_LINE + in_boxes * _IN_BOX
        costs += np.arange(len(rects)) * (w * h // _PREFERENCE)
        taken.append(rects[int(costs.argmin())])
    return [(x, y) for x, y, _, _ in taken]


def _within(rect: Box, canvas_wh: tuple[int, int]) -> Box:
    """Return a rectangle moved so that all of it is seen, its top left if it is too large."""
    x = max(0, min(rect[0], canvas_wh[0] - (rect[2] - rect[0])))
    y = max(0, min(rect[1], canvas_wh[1] - (rect[3] - rect[1])))
    return x, y, x + rect[2] - rect[0], y + rect[3] - rect[1]


def _on(rects: Sequence[Box], others: Any) -> Array:
    """Return how many pixels of each rectangle lie on `others`, added up."""
    some = np.asarray(others, np.int64).reshape(-1, 4)
    each = np.array(rects, np.int64)[:, None]
    wide = np.minimum(each[..., 2], some[:, 2]) - np.maximum(each[..., 0], some[:, 0])
    high = np.minimum(each[..., 3], some[:, 3]) - np.maximum(each[..., 1], some[:, 1])
    return np.asarray((wide.clip(0) * high.clip(0)).sum(axis=1))
