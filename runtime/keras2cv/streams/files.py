"""The kinds of files by their suffixes, and the files of a folder in the order of their numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from keras2cv.errors import InputError
from keras2cv.streams.frames import Source

# The suffixes of cv2's decoders; a file with another one is still tried when a user names it.
IMAGE_SUFFIXES: Final = (
    *(".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"),
    *(".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
VIDEO_SUFFIXES: Final = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
ARRAY_SUFFIXES: Final = (".npy", ".npz")
TABLE_SUFFIXES: Final = (".csv", ".tsv", ".txt")


def natural_order(text: str) -> list[tuple[int, str]]:
    """Return a sort key by which img2 comes before img10."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def source_of(path: Path) -> Source:
    """Return a file as a source, of the kind that its suffix says."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return Source(str(path), "video", path)
    is_array = suffix in ARRAY_SUFFIXES + TABLE_SUFFIXES
    return Source(str(path), "arrays" if is_array else "image", path)


def files_in(folder: Path, suffixes: tuple[str, ...]) -> list[Source]:
    """Return the files of a folder with one of the suffixes, in natural order.

    Raises:
        OSError: the folder cannot be read.
    """
    found = [path for path in folder.iterdir() if path.suffix.lower() in suffixes]
    return [source_of(path) for path in sorted(found, key=lambda path: natural_order(path.name))]


def images_in(folder: Path) -> list[Source]:
    """Return the images of a folder.

    Raises:
        InputError: it holds none.
    """
    try:
        found = files_in(folder, IMAGE_SUFFIXES)
    except OSError:
        return [Source(str(folder), "image", folder)]  # reading it gives the reason
    if not found:
        raise InputError(
            f"{folder} holds no image ({', '.join(sorted(IMAGE_SUFFIXES))}). "
            f"Subfolders are not searched: for those, give a pattern such as '{folder}/**/*.jpg'."
        )
    return found
