"""From sources to frames, in order: images decoded, videos and cameras read, arrays loaded.

A file that cannot be decoded becomes a `BrokenSource` among the frames: one bad file in a hundred
costs one. `read_in_threads` decodes while the caller works.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.errors import InputError
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
from keras2cv.streams.pipeline import Pipeline

Array = NDArray[Any]

_FRAMES_AHEAD: Final = 4  # 25 MB of full HD; enough to bridge a key frame that takes longer
_MAX_DECODERS: Final = 4  # threads for images; more would wait for the disk or the net
_VIEWER: Final = "If an image viewer opens it, save it as .png there."


def read_sources(sources: Iterable[Source], selection: Selection = EVERYTHING) -> Iterator[Item]:
    """Yield the frames of `sources` in order, and a `BrokenSource` in place of a broken one.

    Raises:
        MissingDependency: a video or camera, and an OpenCV built without video support.
    """
    for source in sources:
        if source.is_stream or selection.has(source.name):
            yield from _read(source, selection)


def read_in_threads(
    sources: Iterable[Source], line: Pipeline, selection: Selection = EVERYTHING
) -> Iterator[Item]:
    """Yield the same items as `read_sources`, decoded in threads of `line` while the caller works.

    Several threads decode images, one decodes videos. A camera's frames are dropped if nobody
    takes them in time.

    Raises:
        MissingDependency: as `read_sources`.
    """
    for lane, group in itertools.groupby(sources, key=_lane):
        if lane == "live":
            yield from line.newest(read_sources(group, selection), _is_frame)
        elif lane == "stream":
            yield from line.ahead(read_sources(group, selection), _FRAMES_AHEAD)
        else:
            threads = min(_MAX_DECODERS, os.cpu_count() or 1)
            wanted = (source for source in group if selection.has(source.name))
            for items in line.mapped(_read_whole, wanted, threads):
                yield from items


def read_image(path: Path) -> Array:
    """Return the image at `path`, (H, W, 3) uint8 BGR, bit for bit that of `cv2.imread(path)`.

    So gray is repeated in the three channels, alpha is dropped, 16 bits become 8, and an
    EXIF orientation is applied. Unlike cv2.imread it opens any path, on Windows too.

    Raises:
        InputError: not an image that this OpenCV can decode.
        OSError: the file cannot be opened.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)
    if data.size == 0:
        raise InputError(f"{path} is empty (0 bytes). Copy it again.")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:  # a size beyond cv2's limits, or a decoder that gave up
        raise InputError(f"{path} cannot be decoded: {error.err or error}. {_VIEWER}") from error
    if image is None:
        raise InputError(f"OpenCV {cv2.__version__} cannot decode {path} as an image. {_VIEWER}")
    return image


def _lane(source: Source) -> str:
    """Return how a source is read ahead; adjacent sources of the same lane are read together."""
    if source.is_live:
        return "live"
    return "stream" if source.is_stream else "files"


def _is_frame(item: Item) -> bool:
    return isinstance(item, Frame)


def _read_whole(source: Source) -> list[Item]:
    return list(_read(source, EVERYTHING))


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
    yield Frame(source.name, read_image(source.path))


def _read_inputs(source: Source, _: Selection) -> Iterator[Item]:
    arrays: dict[str, Array] = {}
    frame = None
    for name, part in source.parts.items():
        if part.kind == "image":
            frame = Frame(source.name, read_image(part.path))
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
