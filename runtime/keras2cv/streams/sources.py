"""Find the sources that a user names, and read them: images, folders, videos, cameras, arrays.

    photo.jpg       its image, as `cv2.imread(path)` gives it
    folder          the images in it (not in its subfolders), img2 before img10
    "day/**/*.jpg"  the files that match, for shells that leave that to us
    clip.mp4, 0     every frame of a video, or of camera 0 until it is interrupted
    rtsp://...      what a network camera sends; http://.../clip.mp4 is a file, and read whole
    x.npy, x.npz    arrays in the model's own layout, as `infer` takes them
    x.csv, x.tsv    a table: a column for each input, a row for each sample
    x.txt           a text on each line, for a model of one text
    photo=a.jpg size=b.npy  a file for each input of a model with several; again for the next
    left=l/ right=r/        their folders, whose files pair by name

There are two steps, because they fail differently. `find_sources` looks at names only, and a name
that leads nowhere is an error before anything runs. `read_sources` decodes one file after another;
one that cannot be decoded becomes a `BrokenSource` among the frames, so that one bad file in a
hundred costs one. `keras2cv.streams.threads` decodes while the
caller works.
"""

from __future__ import annotations

import glob
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from keras2cv.errors import InputError
from keras2cv.streams.files import (
    ARRAY_SUFFIXES,
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    images_in,
    natural_order,
    source_of,
)
from keras2cv.streams.frames import EVERYTHING, BrokenSource, Item, Selection, Source
from keras2cv.streams.pairing import URL, pair_of, samples_of
from keras2cv.streams.patterns import matches
from keras2cv.streams.readers import READERS

__all__ = [
    "ARRAY_SUFFIXES",
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "find_sources",
    "natural_order",
    "read_sources",
]

_CAMERA: Final = re.compile(r"[0-9]{1,4}")


def find_sources(names: Sequence[str]) -> list[Source]:
    """Return the sources that `names` lead to, with folders and globs expanded; open nothing yet.

    Raises:
        InputError: a name that leads nowhere, a folder without images, or no names at all.
    """
    if not names:
        raise InputError("There is nothing to read. Name an image, a folder, a video or a .npy.")
    pairs = [pair_of(name) for name in names]
    if any(pairs):
        return samples_of(names, pairs)
    return [source for name in names for source in _find(name)]


def read_sources(sources: Iterable[Source], selection: Selection = EVERYTHING) -> Iterator[Item]:
    """Yield the frames of `sources` in order, and a `BrokenSource` in place of a broken one.

    Raises:
        MissingDependency: a video or camera, and an OpenCV built without video support.
    """
    for source in sources:
        if source.is_stream or selection.has(source.name):
            yield from _read(source, selection)


def _find(name: str) -> list[Source]:
    if not name:  # a variable of the shell that holds nothing; Path("") is the current folder
        raise InputError("A source is empty. Name an image, a folder, a video or an array.")
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        return _find_no_file(name, error)
    return images_in(path) if stat.S_ISDIR(mode) else [source_of(path)]


def _find_no_file(name: str, error: OSError | ValueError) -> list[Source]:
    """Return the sources of a name that leads to no file, for which `error` is the reason."""
    if URL.match(name):
        return [_network_source(name)]
    if _CAMERA.fullmatch(name):
        return [Source(f"camera {int(name)}", "camera", Path(name))]
    if glob.has_magic(name):
        return _matches(name)
    if isinstance(error, FileNotFoundError | ValueError):
        raise InputError(f"{name} does not exist. Check the path; quote it if it has spaces.")
    raise InputError(f"{name} cannot be read: {error.strerror}. Check the path.")


def _matches(pattern: str) -> list[Source]:
    found = matches(pattern)
    if not found:
        raise InputError(f"{pattern} matches no file. Check the pattern.")
    return [source_of(Path(path)) for path in sorted(found, key=natural_order)]


def _network_source(address: str) -> Source:
    """Return a URL as a source: a file if it has a video's suffix, else a live stream."""
    parts = urlsplit(address)
    name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # no password in logs
    is_file = Path(parts.path).suffix.lower() in VIDEO_SUFFIXES
    return Source(name, "video" if is_file else "live", Path(Path(parts.path).name), address)


def _read(source: Source, selection: Selection) -> Iterator[Item]:
    try:
        yield from READERS[source.kind](source, selection)
    except InputError as error:
        yield BrokenSource(source.name, str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        yield BrokenSource(
            source.name,
            f"{source.name} cannot be read: {reason}. "
            "Check that it is still there, and that you may read it.",
        )
