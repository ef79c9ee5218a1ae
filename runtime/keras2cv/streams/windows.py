"""Cut the frames of a video, a camera or a folder into the clips that a net takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from keras2cv.pixels.preprocessing import ClipRule
from keras2cv.preparing.clips import ClipCutter, ClipFrames, frames_of
from keras2cv.streams.frames import BrokenSource, Clip, Frame, Item


def in_clips(items: Iterable[Item], name: str, rule: ClipRule) -> Iterator[Item]:
    """Yield the clips of one source; no clip goes over a frame that could not be read.

    Args:
        items: Its frames.
        name: The source's.
        rule: How frames become clips.
    """
    cutter: ClipCutter[Frame] = ClipCutter(rule)
    count = clips = 0
    is_broken = False
    for item in items:
        if not isinstance(item, Frame):
            cutter, count, is_broken = ClipCutter(rule), 0, True
            yield item
            continue
        count += 1
        frames = cutter.add(item)
        if frames is not None:
            clips += 1
            yield _clip(frames, rule.hop)
    if count and not clips:
        yield BrokenSource(
            name,
            f"{name} has {count} frame{'s' * (count != 1)}{' in a row' * is_broken}, and a clip "
            f"covers {frames_of(rule)}. Give a longer one.",
        )


def _clip(frames: Sequence[Frame], hop: int) -> Clip:
    """Return the clip, with the name, number and time of its first frame, on its last image."""
    first, last = frames[0], frames[-1]
    if first.number is not None and last.number is not None:
        name = f"{first.source}:{first.number:06d}-{last.number:06d}"
    else:
        name = f"{first.name}..{Path(last.name).name}" if first is not last else first.name
    frame = replace(
        last,
        name=name,
        source=first.source,
        number=first.number,
        time_s=first.time_s,
        last_number=last.number,
        last_time_s=last.time_s,
        step=hop,
    )
    return Clip(name, ClipFrames(one.value for one in frames), frame)
