"""Text, boxes and masks on images, legible on any size and any background."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.images import Image, as_bgr

MIN_SIDE: Final = 160  # pixels; below it no text can be read, so the picture is enlarged
MAX_ENLARGED_SIDE: Final = 2560  # pixels; a sliver would grow beyond all screens
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_MIN_SCALE: Final = 0.35  # of the font's 22-pixel capitals: 8 pixels, the smallest that reads
_INK: Final = (255, 255, 255)
_PAPER: Final = (32, 32, 32)
_GOLDEN: Final = (5**0.5 - 1) / 2  # a turn by the golden angle never comes back to an earlier hue

Colour = tuple[int, int, int]


def caption(image: NDArray[Any], lines: list[str], *, in_place: bool = False) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with `lines` in a box at the top left.

    A picture whose shorter side is below 160 pixels is enlarged by a whole number first, so that
    the text can be read. Lines that do not fit are cut, with dots at the end. With `in_place` it is
    no copy, but `image` itself, if cv2 can draw on that.

    Raises:
        InputError: `image` is not an image.
    """
    canvas = enlarged(_canvas(image, in_place=in_place))
    height, width = canvas.shape[:2]
    scale = max(_MIN_SCALE, min(height, width) / 600)
    thickness = max(1, round(scale * 1.6))
    lines = [_fitted(ascii_text(line), width, scale, thickness) for line in lines]
    (_, ascent), descent = cv2.getTextSize("Ag", _FONT, scale, thickness)
    step = ascent + descent + max(2, ascent // 3)
    lines = lines[: max(1, (height - descent) // step)]
    text_width = max(_text_width(line, scale, thickness) for line in lines)
    corner = (min(width, text_width + ascent), min(height, step * len(lines) + descent))
    cv2.rectangle(canvas, (0, 0), corner, _PAPER, cv2.FILLED)
    for index, line in enumerate(lines):
        origin = (ascent // 2, step * (index + 1) - descent)
        cv2.putText(canvas, line, origin, _FONT, scale, _INK, thickness, cv2.LINE_AA)
    return canvas


def enlarged(image: Image) -> Image:
    """Return `image`, enlarged by a whole number if its shorter side is below 160."""
    shorter, longer = sorted(image.shape[:2])
    factor = max(1, min(-(-MIN_SIDE // shorter), MAX_ENLARGED_SIDE // longer))
    if factor == 1:  # numpy's repeat moves a pixel at a time: 8 ms for full HD
        return image
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _canvas(image: NDArray[Any], *, in_place: bool) -> Image:
    """Return what to draw on: `image` itself only if that is allowed and cv2 can."""
    bgr = as_bgr(image)
    is_free = bgr is not image or (in_place and bgr.flags.writeable and bgr.flags.c_contiguous)
    return bgr if is_free else np.array(bgr)


def ascii_text(text: str) -> str:
    """Return `text` in the ASCII that cv2.putText can draw: accents dropped, the rest as `?`."""
    if text.isascii():
        return text
    import unicodedata

    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in bare)


def _fitted(line: str, width: int, scale: float, thickness: int) -> str:
    """Return the longest beginning of `line` that fits `width` pixels, with dots if cut."""
    if _text_width(line, scale, thickness) <= width:
        return line
    fitting = (
        f"{line[:count]}..."
        for count in range(min(len(line), 200), 0, -1)
        if _text_width(f"{line[:count]}...", scale, thickness) <= width
    )
    return next(fitting, line[:1])


def _text_width(line: str, scale: float, thickness: int) -> int:
    (width, _), _ = cv2.getTextSize(line, _FONT, scale, thickness)
    return int(width)


def draw_boxes(
    image: NDArray[Any],
    boxes_xyxy: NDArray[Any],
    texts: Sequence[str],
    numbers: Sequence[int],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with boxes, each with a text above it.

    A picture whose shorter side is below 160 pixels is enlarged first, as for `caption`.

    Args:
        image: What `keras2cv.pixels.images` takes.
        boxes_xyxy: (N, 4) left, top, right and bottom edges in pixels of `image`.
        texts: What to write above each box.
        numbers: Each box's class: the same number has the same colour everywhere.
        in_place: As for `caption`.
    """
    canvas = enlarged(_canvas(image, in_place=in_place))
    height, width = canvas.shape[:2]
    factor = height // image.shape[0]
    scale = max(_MIN_SCALE, min(height, width) / 1000)
    thickness = max(2, round(min(height, width) / 240))
    for box, text, number in zip(boxes_xyxy, texts, numbers, strict=True):
        # The last pixel inside, and not the first beyond, is what cv2 draws the edge on.
        x0, y0, x1, y1 = (round(float(edge)) for edge in box * factor)
        x1, y1 = max(x0, x1 - 1), max(y0, y1 - 1)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour_of(number), thickness)
        _tag(canvas, text, (x0, y0), colour_of(number), scale)
    return canvas


def colour_of(number: int) -> Colour:
    """Return the BGR colour of a class: any two neighbouring numbers are far apart in hue."""
    hue = (number * _GOLDEN) % 1 * 6
    rgb = [min(max(abs((hue - turn) % 6 - 3) - 1, 0), 1) for turn in (0, 2, 4)]
    blue, green, red = (round(55 + 200 * part) for part in reversed(rgb))
    return blue, green, red


def _is_light(colour: Colour) -> bool:
    """Return whether dark letters read better on it than light ones, by its luma (BT.601)."""
    blue, green, red = colour
    return 0.114 * blue + 0.587 * green + 0.299 * red > 105


def _tag(
    canvas: Image, text: str, corner_xy: tuple[int, int], colour: Colour, scale: float
) -> None:
    """Write `text` on paper of `colour`, above the corner of a box or, at the top, below it."""
    width = canvas.shape[1]
    thickness = max(1, round(scale * 1.6))
    text = _fitted(ascii_text(text), width, scale, thickness)
    (_, ascent), descent = cv2.getTextSize("Ag", _FONT, scale, thickness)
    text_width = _text_width(text, scale, thickness)
    x = max(0, min(corner_xy[0], width - text_width - 2))
    y = corner_xy[1] if corner_xy[1] > ascent + descent else corner_xy[1] + ascent + descent
    cv2.rectangle(canvas, (x, y - ascent - descent), (x + text_width, y), colour, cv2.FILLED)
    ink = _PAPER if _is_light(colour) else _INK
    cv2.putText(canvas, text, (x, y - descent), _FONT, scale, ink, thickness, cv2.LINE_AA)


def draw_regions(
    image: NDArray[Any],
    numbers: NDArray[Any],
    names: Mapping[int, str],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR, half covered by the colours of its regions.

    Args:
        image: What `keras2cv.pixels.images` takes.
        numbers: (H, W), the class of each pixel.
        names: The classes to show, by number; the first ones are named in a corner.
        in_place: As for `caption`.
    """
    canvas = _canvas(image, in_place=in_place)
    _colour(canvas, numbers, names)
    canvas = enlarged(canvas)
    height, width = canvas.shape[:2]
    scale = max(_MIN_SCALE, min(height, width) / 1000)
    (_, ascent), descent = cv2.getTextSize("Ag", _FONT, scale, max(1, round(scale * 1.6)))
    step = ascent + descent + 1
    for row, (number, name) in enumerate(list(names.items())[: max(1, height // step - 1)]):
        _tag(canvas, name, (0, (row + 1) * step), colour_of(number), scale)
    return canvas


def _colour(canvas: Image, numbers: NDArray[Any], shown: Iterable[int]) -> None:
    """Halve `canvas` and mix in the halved colour of each pixel's class, where that is shown."""
    halves = {number: np.array(colour_of(number), np.uint8) // 2 for number in shown}
    if not halves:
        return
    # A class is a number up to 255 in every picture that people can tell apart: one look-up each.
    last = min(max(halves), 254)
    table = np.zeros((1, 256, 3), np.uint8)
    mask = np.zeros((1, 256), np.uint8)
    for number in [number for number in halves if number <= last]:
        table[0, number], mask[0, number] = halves[number], 255
    for number in [number for number in halves if number > last]:
        region = numbers == number
        canvas[region] = canvas[region] // 2 + halves[number]
    index = np.where((numbers >= 0) & (numbers <= last), numbers, 255).astype(np.uint8)
    mixed = cv2.add(canvas // 2, cv2.LUT(cv2.merge([index] * 3), table))
    cv2.copyTo(mixed, cv2.LUT(index, mask), canvas)


def draw_points(
    image: NDArray[Any],
    points_xy: NDArray[Any],
    shown: Sequence[int],
    lines: Sequence[tuple[int, int]],
    names: Mapping[int, str],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with points, and lines between them.

    A picture whose shorter side is below 160 pixels is enlarged first, as for `caption`.

    Args:
        image: What `keras2cv.pixels.images` takes.
        points_xy: (K, 2), pixels of `image`, (0, 0) at the corner of its first pixel.
        shown: The numbers of the points to draw: the same number has the same colour everywhere.
        lines: Pairs of numbers to join.
        names: What to write beside a point, by number.
        in_place: As for `caption`.
    """
    canvas = enlarged(_canvas(image, in_place=in_place))
    height, width = canvas.shape[:2]
    factor = height // image.shape[0]
    radius = max(3, round(min(height, width) / 120))
    # A pixel's centre lies half a pixel from its corner; far beyond the image cv2 would overflow.
    at = np.nan_to_num(points_xy.astype(np.float64) * factor - 0.5, nan=-(2.0**14))
    places = np.rint(at.clip(-(2.0**14), 2.0**14)).astype(int).tolist()
    for first, second in lines:
        ends = places[first], places[second]
        cv2.line(canvas, *ends, colour_of(second), max(1, radius // 2), cv2.LINE_AA)
    for number in shown:
        cv2.circle(canvas, places[number], radius + 1, _PAPER, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(canvas, places[number], radius, colour_of(number), cv2.FILLED, cv2.LINE_AA)
    scale = max(_MIN_SCALE, min(height, width) / 1200)
    for number in shown:
        x, y = places[number]
        if number in names and 0 <= x < width and 0 <= y < height:
            _tag(canvas, names[number], (x + 2 * radius, y), colour_of(number), scale)
    return canvas
