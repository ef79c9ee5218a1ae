"""Read one source of each kind: its frames, its clips, its arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.errors import InputError
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.preparing.reading import drawable, is_picture, read_picture
from keras2cv.streams.files import TABLE_SUFFIXES
from keras2cv.streams.frames import (
    EVERYTHING,
    Frame,
    Inputs,
    Item,
    Sample,
    Selection,
    Source,
    SourceKind,
)

Array = NDArray[Any]


def _read_image(source: Source, _: Selection) -> Iterator[Item]:
    if source.rules is None:
        yield Frame(source.name, read_image(source.path), source=source.name)
        return
    yield _picture(source, read_picture(source.path, source.rules), source.rules)


def _picture(source: Source, pixels: Array, rules: Preprocessing) -> Frame:
    shown = drawable(pixels, rules)
    return Frame(source.name, shown, source=source.name, pixels=None if shown is pixels else pixels)


def _read_arrays(source: Source, _: Selection) -> Iterator[Item]:
    if source.path.suffix.lower() in TABLE_SUFFIXES:
        from keras2cv.streams.tables import read_table  # only tables need it

        yield Sample(source.name, read_table(source.path))
        return
    if source.path.suffix.lower() == ".npz":
        arrays = read_npz(source.path)
    else:
        arrays = {"arr_0": read_npy(source.path)}
    only = next(iter(arrays.values())) if len(arrays) == 1 else None
    if only is not None and source.rules is not None and is_picture(only, source.rules):
        yield _picture(source, only, source.rules)
        return
    yield Sample(source.name, arrays)


def _read_video(source: Source, selection: Selection) -> Iterator[Item]:
    from keras2cv.streams.videos import read_stream  # only videos need it

    items: Iterator[Item] = read_stream(source, selection)
    if source.rules is not None and source.rules.clip is not None:
        from keras2cv.streams.windows import in_clips  # only clips need it

        items = in_clips(items, source.name, source.rules.clip)
    yield from items


def _read_frames(source: Source, _: Selection) -> Iterator[Item]:
    """Read a folder's images as the frames of one video."""
    from keras2cv.streams.windows import in_clips  # only clips need it

    assert source.rules is not None  # noqa: S101 - whoever made the source knows them
    assert source.rules.clip is not None  # noqa: S101 - as above
    frames = (item for file in source.files for item in _read_image(file, EVERYTHING))
    yield from in_clips(frames, source.name, source.rules.clip)


def _read_inputs(source: Source, _: Selection) -> Iterator[Item]:
    """Read a sample; where some of its files are videos, one for each of their frames or clips."""
    streams = {name for name, part in source.parts.items() if part.is_stream}
    if streams:
        from keras2cv.streams.side_by_side import read_side_by_side  # only videos need it

        yield from read_side_by_side(source, _value, READERS["video"])
        return
    yield Inputs.of(source.name, {n: _value(part) for n, part in source.parts.items()})


def _value(part: Source) -> Frame | Array:
    """Return the picture or the array in a file for one input."""
    (item,) = READERS[part.kind](part, EVERYTHING)
    if isinstance(item, Frame):
        return item
    assert isinstance(item, Sample)  # noqa: S101 - files of arrays hold nothing else
    if len(item.arrays) != 1:
        raise InputError(
            f"{part.name} holds {len(item.arrays)} arrays, and one input takes one. Split it."
        )
    return next(iter(item.arrays.values()))


READERS: Final[Mapping[SourceKind, Callable[[Source, Selection], Iterator[Item]]]] = {
    "image": _read_image,
    "video": _read_video,
    "camera": _read_video,
    "live": _read_video,
    "frames": _read_frames,
    "arrays": _read_arrays,
    "inputs": _read_inputs,
}
