"""Find the sources that a user names: images, folders, globs, videos, cameras, arrays.

    photo.jpg       its image, as `cv2.imread(path)` gives it
    folder          the images in it (not in its subfolders), img2 before img10
    "day/**/*.jpg"  the files that match, for shells that leave that to us
    clip.mp4, 0     every frame of a video, or of camera 0 until it is interrupted
    rtsp://...      what a network camera sends; http://.../clip.mp4 is a file, and read whole
    x.npy, x.npz    arrays in the model's own layout, as `infer` takes them
    photo=a.jpg size=b.npy  a file for each input of a model with several; again for the next

Only names are looked at here, so a name that leads nowhere is an error before anything runs.
`reading.py` decodes the files.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.streams.frames import Source

Array = NDArray[Any]

# The suffixes of cv2's decoders; a file with another one is still tried when a user names it.
IMAGE_SUFFIXES: Final = (
    *(".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"),
    *(".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
VIDEO_SUFFIXES: Final = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
ARRAY_SUFFIXES: Final = (".npy", ".npz")

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PAIR: Final = re.compile(r"([^=]+?)=(.+)")


def find_sources(names: Sequence[str]) -> list[Source]:
    """Return the sources that `names` lead to, with folders and globs expanded; open nothing yet.

    Raises:
        InputError: a name that leads nowhere, a folder without images, or no names at all.
    """
    if not names:
        raise InputError("There is nothing to read. Name an image, a folder, a video or a .npy.")
    pairs = [_pair(name) for name in names]
    if any(pairs):
        return _inputs_of(names, pairs)
    return [source for name in names for source in _find(name)]


def natural_order(text: str) -> list[tuple[int, str]]:
    """Return a sort key by which img2 comes before img10."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _pair(name: str) -> re.Match[str] | None:
    """Return the match of NAME=FILE, unless it is a file, a URL or a pattern with that in it."""
    found = _PAIR.fullmatch(name)
    if found is None or _URL.match(name) or glob.has_magic(name) or Path(name).exists():
        return None
    return found


def _inputs_of(names: Sequence[str], pairs: Sequence[re.Match[str] | None]) -> list[Source]:
    """Return a source per sample from `input=file` arguments; a repeated name begins a new sample.

    Raises:
        InputError: a file that is not there or no single image or array; or other sources between.
    """
    samples: list[dict[str, Source]] = []
    for name, pair in zip(names, pairs, strict=True):
        if pair is None:
            raise InputError(
                f"{name} is for no input, and others are given as NAME=FILE. Give all of them so."
            )
        source = _part(pair[1], pair[2])
        if not samples or pair[1] in samples[-1]:
            samples.append({})
        samples[-1][pair[1]] = source
    return [
        Source(" ".join(f"{k}={v.name}" for k, v in parts.items()), "inputs", Path(), parts=parts)
        for parts in samples
    ]


def _part(name: str, file: str) -> Source:
    path = Path(file)
    if not path.is_file():
        raise InputError(f"{file}, for the input {name}, is no file. Check the path.")
    source = _source(path)
    if source.kind not in ("image", "arrays"):
        raise InputError(
            f"{file}, for the input {name}, is a {source.kind}. Give an image or .npy."
        )
    return source


def _find(name: str) -> list[Source]:
    path = Path(name)
    if path.is_dir():
        return _images_in(path)
    if path.exists():
        return [_source(path)]
    if _URL.match(name):
        return [_network_source(name)]
    if name.isdecimal():
        return [Source(f"camera {int(name)}", "camera", Path(name))]
    if glob.has_magic(name):
        return _matches(name)
    raise InputError(f"{name} does not exist. Check the path; quote it if it has spaces.")


def _images_in(folder: Path) -> list[Source]:
    found = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    if not found:
        raise InputError(
            f"{folder} holds no image ({', '.join(sorted(IMAGE_SUFFIXES))}). "
            f"Subfolders are not searched: for those, give a pattern such as '{folder}/**/*.jpg'."
        )
    return [_source(path) for path in sorted(found, key=lambda path: natural_order(path.name))]


def _matches(pattern: str) -> list[Source]:
    found = [path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise InputError(f"{pattern} matches no file. Check the pattern.")
    return [_source(Path(path)) for path in sorted(found, key=natural_order)]


def _source(path: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return Source(str(path), "video", path)
    return Source(str(path), "arrays" if suffix in ARRAY_SUFFIXES else "image", path)


def _network_source(address: str) -> Source:
    """Return a URL as a source: a file if it has a video's suffix, else a live stream."""
    parts = urlsplit(address)
    name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # no password in logs
    is_file = Path(parts.path).suffix.lower() in VIDEO_SUFFIXES
    return Source(name, "video" if is_file else "live", Path(Path(parts.path).name), address)
