"""Read several videos frame by frame, for a model with several pictures such as a stereo pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from keras2cv.streams.frames import (
    EVERYTHING,
    BrokenSource,
    Clip,
    Frame,
    Inputs,
    Item,
    Selection,
    Source,
)

Array = NDArray[Any]


def read_side_by_side(
    source: Source,
    value_of: Callable[[Source], Frame | Array],
    read_video: Callable[[Source, Selection], Iterator[Item]],
) -> Iterator[Item]:
    """Yield a sample for each frame or clip of the videos among a source's parts.

    The other parts are the same in each sample. Videos of different lengths end with the shortest,
    and a `BrokenSource` that says so.

    Args:
        source: Of the kind "inputs".
        value_of: Reads a part that is no video.
        read_video: Reads the frames or clips of one.
    """
    parts = source.parts
    same = {name: value_of(part) for name, part in parts.items() if not part.is_stream}
    readers = {n: read_video(part, EVERYTHING) for n, part in parts.items() if part.is_stream}
    count = 0
    while True:
        found = {name: next(reader, None) for name, reader in readers.items()}
        ended = [name for name, item in found.items() if item is None]
        if ended:
            if len(ended) < len(found):
                yield _uneven(source, ended[0], count)
            return
        broken = [item for item in found.values() if isinstance(item, BrokenSource)]
        if broken:
            yield broken[0]
        else:
            values: dict[str, Any] = {**same, **found}
            number = next(v for v in found.values() if isinstance(v, Frame | Clip)).name
            suffix = number.rpartition(":")[2]
            yield Inputs.of(f"{source.name}:{suffix}", {name: values[name] for name in parts})
        count += 1


def _uneven(source: Source, ended: str, count: int) -> BrokenSource:
    streams = {name: part.name for name, part in source.parts.items() if part.is_stream}
    others = ", ".join(file for name, file in streams.items() if name != ended)
    return BrokenSource(
        source.name,
        f"{source.parts[ended].name} ends after {count}, and {others} goes on. "
        "Give videos of the same length.",
    )
