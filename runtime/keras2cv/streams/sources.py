"""Find the sources that a user names, and read them: images, folders, videos, cameras, arrays.

    photo.jpg       its image, as `cv2.imread(path)` gives it
    folder          the images in it (not in its subfolders), img2 before img10
    "day/**/*.jpg"  the files that match, for shells that leave that to us
    clip.mp4, 0     every frame of a video, or of camera 0 until it is interrupted
    rtsp://...      what a network camera sends; http://.../clip.mp4 is a file, and read whole
    x.npy, x.npz    arrays in the model's own layout, as `infer` takes them
    photo=a.jpg size=b.npy  a file for each input of a model with several; again for the next

There are two steps, because they fail differently. `find_sources` looks at names only, and a name
that leads nowhere is an error before anything runs. `read_sources` decodes one file after another;
one that cannot be decoded becomes a `BrokenSource` among the frames, so that one bad file in a
hundred costs one. `keras2cv.streams.threads` decodes while the
caller works.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.errors import InputError
from keras2cv.pixels.image_file import read_image
from keras2cv.plain_files import require_plain
from keras2cv.streams.frames import (
    EVERYTHING,
    BrokenSource,
    Frame,
    Inputs,
    Item,
    Sample,
    Selection,
    Source,
    SourceKind,
)
from keras2cv.streams.patterns import matches

Array = NDArray[Any]

# The suffixes of cv2's decoders; a file with another one is still tried when a user names it.
IMAGE_SUFFIXES: Final = (
    *(".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"),
    *(".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
VIDEO_SUFFIXES: Final = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
ARRAY_SUFFIXES: Final = (".npy", ".npz")

_CAMERA: Final = re.compile(r"[0-9]{1,4}")
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


def read_sources(sources: Iterable[Source], selection: Selection = EVERYTHING) -> Iterator[Item]:
    """Yield the frames of `sources` in order, and a `BrokenSource` in place of a broken one.

    Raises:
        MissingDependency: a video or camera, and an OpenCV built without video support.
    """
    for source in sources:
        if source.is_stream or selection.has(source.name):
            yield from _read(source, selection)


def natural_order(text: str) -> list[tuple[int, str]]:
    """Return a sort key by which img2 comes before img10."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _pair(name: str) -> re.Match[str] | None:
    """Return the match of NAME=FILE, unless it is a file, a URL or a pattern with that in it."""
    found = _PAIR.fullmatch(name)
    if found is None or _URL.match(name) or glob.has_magic(name) or os.path.lexists(name):
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
    try:
        require_plain(path)
    except OSError as error:
        raise InputError(
            f"{file}, for the input {name}, cannot be read: {error.strerror}. Check the path."
        ) from error
    source = _source(path)
    if source.kind not in ("image", "arrays"):
        raise InputError(
            f"{file}, for the input {name}, is a {source.kind}. Give an image or .npy."
        )
    return source


def _find(name: str) -> list[Source]:
    if not name:  # a variable of the shell that holds nothing; Path("") is the current folder
        raise InputError("A source is empty. Name an image, a folder, a video or an array.")
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        return _find_no_file(name, error)
    return _images_in(path) if stat.S_ISDIR(mode) else [_source(path)]


def _find_no_file(name: str, error: OSError | ValueError) -> list[Source]:
    """Return the sources of a name that leads to no file, for which `error` is the reason."""
    if _URL.match(name):
        return [_network_source(name)]
    if _CAMERA.fullmatch(name):
        return [Source(f"camera {int(name)}", "camera", Path(name))]
    if glob.has_magic(name):
        return _matches(name)
    if isinstance(error, FileNotFoundError | ValueError):
        raise InputError(f"{name} does not exist. Check the path; quote it if it has spaces.")
    raise InputError(f"{name} cannot be read: {error.strerror}. Check the path.")


def _images_in(folder: Path) -> list[Source]:
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    except OSError:
        return [Source(str(folder), "image", folder)]  # reading it gives the reason
    if not found:
        raise InputError(
            f"{folder} holds no image ({', '.join(sorted(IMAGE_SUFFIXES))}). "
            f"Subfolders are not searched: for those, give a pattern such as '{folder}/**/*.jpg'."
        )
    return [_source(path) for path in sorted(found, key=lambda path: natural_order(path.name))]


def _matches(pattern: str) -> list[Source]:
    found = matches(pattern)
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


def _read(source: Source, selection: Selection) -> Iterator[Item]:
    try:
        yield from _READERS[source.kind](source, selection)
    except InputError as error:
        yield BrokenSource(source.name, str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        yield BrokenSource(
            source.name,
            f"{source.name} cannot be read: {reason}. "
            "Check that it is still there, and that you may read it.",
        )


def _read_image(source: Source, _: Selection) -> Iterator[Item]:
    yield Frame(source.name, read_image(source.path), source=source.name)


def _read_inputs(source: Source, _: Selection) -> Iterator[Item]:
    arrays: dict[str, Array] = {}
    frame = None
    for name, part in source.parts.items():
        if part.kind == "image":
            frame = Frame(source.name, read_image(part.path), source=source.name)
            arrays[name] = frame.image_bgr
        else:
            (sample,) = _read_arrays(part, EVERYTHING)
            assert isinstance(sample, Sample)  # noqa: S101 - it reads nothing else
            arrays[name] = _only_array(part.name, sample.arrays)
    yield Inputs(source.name, arrays, frame)


def _only_array(name: str, arrays: Mapping[str, Array]) -> Array:
    if len(arrays) != 1:
        raise InputError(f"{name} holds {len(arrays)} arrays, and one input takes one. Split it.")
    return next(iter(arrays.values()))


def _read_arrays(source: Source, _: Selection) -> Iterator[Item]:
    if source.path.suffix.lower() == ".npz":
        yield Sample(source.name, read_npz(source.path))
        return
    yield Sample(source.name, {"arr_0": read_npy(source.path)})


def _read_video(source: Source, selection: Selection) -> Iterator[Item]:
    from keras2cv.streams.videos import read_stream  # only videos need it

    yield from read_stream(source, selection)


_READERS: Final[Mapping[SourceKind, Callable[[Source, Selection], Iterator[Item]]]] = {
    "image": _read_image,
    "video": _read_video,
    "camera": _read_video,
    "live": _read_video,
    "arrays": _read_arrays,
    "inputs": _read_inputs,
}
