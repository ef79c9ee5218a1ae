"""A folder of pictures and a folder of masks: a class number, or a colour, for each pixel."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import (
    DataPlace,
    by_stem,
    files_in,
    images_in,
    read_text,
    subfolder,
)
from keras2cv.evaluation.labelled import (
    BadTruthError,
    DataProblems,
    LabelledData,
    LabelledSample,
    TrueMask,
    class_number,
)
from keras2cv.plain_files import read_plain

Array = NDArray[Any]

_IMAGES: Final = ("images", "image", "imgs", "img", "jpegimages", "input", "inputs", "x")
_MASKS: Final = (
    *("masks", "mask", "segmentationclass", "labels", "label", "annotations", "gt", "labelids"),
    *("ground_truth", "targets", "target", "y"),
)
_ENDS: Final = re.compile(r"[-_. ]?(mask|masks|label|labels|gt|seg|segmentation|labelids)$", re.I)
_COLOURS: Final = ("labelmap.txt", "class_dict.csv", "classes.csv")
_MAX_BYTES: Final = 2**30
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def read_masks(place: DataPlace, _: str) -> LabelledData | None:
    """Pair pictures and masks by their names; a mask may end in `_mask`, `_label` or the like."""
    folders = _folders(place)
    if folders is None:
        return None
    images, masks = folders
    by_name = {_ENDS.sub("", stem): path for stem, path in _stems(masks).items()}
    by_name |= _stems(masks)
    problems, samples, used = DataProblems(), [], set()
    names, colours = _class_names(place, masks)
    for stem, image in _stems(images).items():
        mask = by_name.get(stem)
        if mask is None:
            problems.note("label missing", str(image), f"{image} has no mask in {masks}.")
            continue
        used.add(mask)
        samples.append(LabelledSample(image, TrueMask(mask, colours=colours)))
    for mask in set(by_name.values()) - used:
        problems.note("file missing", str(mask), f"{mask} is a mask of no picture in {images}.")
    form = "a folder of pictures and a folder of masks"
    return LabelledData(form, place.shown, samples, names, problems=problems)


def _folders(place: DataPlace) -> tuple[Path, Path] | None:
    if place.truth is not None:
        return (place.data, place.truth) if place.truth.is_dir() else None
    images, masks = subfolder(place.data, _IMAGES), subfolder(place.data, _MASKS)
    return (images, masks) if images is not None and masks is not None else None


def _stems(folder: Path) -> dict[str, Path]:
    return by_stem(images_in(folder, deep=True), folder)


def _class_names(place: DataPlace, masks: Path) -> tuple[tuple[str, ...] | None, Any]:
    """Return the names of `classes.txt`, or of a table of colours, which come along."""
    for folder in (masks, masks.parent, place.data):
        for name in _COLOURS:
            if (path := folder / name).is_file():
                return _read_colours(path)
        for path in files_in(folder, ".txt"):
            if path.name.casefold() in ("classes.txt", "labels.txt", "names.txt"):
                lines = (line.strip() for line in read_text(path).splitlines())
                return tuple(line for line in lines if line), ()
    return None, ()


def _read_colours(path: Path) -> tuple[tuple[str, ...], Any]:
    """Read name:r,g,b of CVAT, or name,r,g,b of CamVid."""
    names: list[str] = []
    colours: list[tuple[tuple[int, int, int], int]] = []
    for line in read_text(path).splitlines():
        cells = [cell.strip() for cell in re.split(r"[,;:]", line)]
        if line.startswith("#") or len(cells) < 4 or not all(map(_is_byte, cells[1:4])):
            continue
        red, green, blue = map(int, cells[1:4])
        colours.append(((blue, green, red), len(names)))
        names.append(cells[0])
    if not names:
        raise InputError(f"{path} has no line with a name and its red, green and blue.")
    return tuple(names), tuple(colours)


def _is_byte(text: str) -> bool:
    return text.isdecimal() and class_number(text) <= 255


def read_mask(mask: TrueMask) -> NDArray[np.int32]:
    """Return (H, W) class numbers of a picture of them; -1 for a colour of no class.

    Raises:
        BadTruthError: it cannot be decoded, or has colours without a table of them.
    """
    assert mask.path is not None  # noqa: S101 - the caller looked
    try:
        data = read_plain(mask.path, _MAX_BYTES)
        image = _as_shown(data) if mask.colours else stored_pixels(data)
    except OSError as error:
        text = f"{mask.path} cannot be read: {error.strerror or error}."
        raise BadTruthError("label unreadable", text) from error
    if image is None:
        raise BadTruthError("label unreadable", f"{mask.path} cannot be decoded as a mask.")
    if mask.colours:
        return _by_colour(image, mask)
    if image.ndim == 3:
        if not (image[..., :3] == image[..., :1]).all():
            text = (
                f"{mask.path} has colours. Give class numbers, or a labelmap.txt with "
                "name:red,green,blue:: for each class."
            )
            raise BadTruthError("label unreadable", text)
        image = image[..., 0]
    return image.astype(np.int32)


def _by_colour(image: Array, mask: TrueMask) -> NDArray[np.int32]:
    codes = image.astype(np.int64) @ np.array([1, 256, 65536])
    found = np.full(codes.shape, -1, np.int32)
    for (blue, green, red), number in mask.colours:
        found[codes == blue + 256 * green + 65536 * red] = number
    return found


def _as_shown(data: bytes) -> Array | None:
    """Return the colours (H, W, 3) BGR of a picture, those of its palette where it has one."""
    try:
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:
        return None


def stored_pixels(data: bytes) -> Array | None:
    """Return a picture as it is stored: (H, W) indices where it has a palette, else its pixels.

    None where it cannot be decoded.
    """
    image, scale = _decoded(data)
    return image if image is None or scale == 1 else image // scale


def _decoded(data: bytes) -> tuple[Array | None, int]:
    """Return a picture as it is stored, its palette's indices where it has one, and their step."""
    scale = 1
    if data.startswith(_PNG) and len(data) > 33 and data[25] == 3:  # a palette
        data, scale = _without_palette(data)
    if not data:
        return None, 1
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), scale
    except cv2.error:
        return None, 1


def _without_palette(data: bytes) -> tuple[bytes, int]:
    """Return a PNG whose indices into a palette are declared to be gray, and the step of gray."""
    parts, place = [_PNG], 8
    while place + 12 <= len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        if name == b"IHDR":
            body = body[:9] + b"\0" + body[10:]
        if name not in (b"PLTE", b"tRNS"):
            parts.append(struct.pack(">I", len(body)) + name + body)
            parts.append(struct.pack(">I", zlib.crc32(name + body)))
        place += 12 + size
    return b"".join(parts), {1: 255, 2: 85, 4: 17}.get(data[24], 1)
