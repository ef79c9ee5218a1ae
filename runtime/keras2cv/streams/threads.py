"""Decoding, preparing and predicting at the same time, each in threads of its own.

The answers are those of `read_sources` and `predict_items`, in the same order.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from queue import SimpleQueue
from typing import Final

from keras2cv.predictor import Predictor
from keras2cv.streams.answers import Answer, Ready, answers_to, prepare_items
from keras2cv.streams.frames import EVERYTHING, Clip, Frame, Item, Selection, Source
from keras2cv.streams.pipeline import Pipeline
from keras2cv.streams.sources import read_sources

# Batches between two stages: of a file two, so that one that takes longer stops nobody; of a
# camera one, since more would only make its answers older.
_FILE_AHEAD: Final = 2
_LIVE_AHEAD: Final = 1
_FRAMES_AHEAD: Final = 4  # 25 MB of full HD; enough to bridge a key frame that takes longer
_MAX_DECODERS: Final = 4  # threads for images; more would wait for the disk or the net


def ready_ahead(sources: Iterable[Source]) -> int:
    """Return how many batches may wait between two stages for `sources`."""
    return _LIVE_AHEAD if any(source.is_live for source in sources) else _FILE_AHEAD


def predict_sources(
    models: Sequence[Predictor],
    sources: Sequence[Source],
    line: Pipeline,
    batch: int,
    selection: Selection,
) -> Iterator[Answer]:
    """Yield the answers to `sources`: decoded, prepared and run in threads of `line`.

    Args:
        models: Nets of the same bundle, which run at the same time, each in a thread.
        sources: The files, videos and cameras to read.
        line: The threads.
        batch: The most frames in one run of a net.
        selection: The frames that are wanted.

    Raises:
        UsageError, NetError: as `predict_items`.
        MissingDependency: a video or camera, and an OpenCV built without video support.
    """
    free: SimpleQueue[Predictor] = SimpleQueue()
    for model in models:
        free.put(model)

    def answered(ready: Ready) -> list[Answer]:
        model = free.get()
        try:
            return answers_to(model, ready)
        finally:
            free.put(model)

    ahead = ready_ahead(sources)
    items = read_in_threads(sources, line, selection)
    ready = line.ahead(prepare_items(models[0], items, batch), ahead)
    for answers in line.ahead(line.mapped(answered, ready, len(models)), ahead):
        yield from (answer for answer in answers if answer.name not in selection.known)


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


def _lane(source: Source) -> str:
    """Return how a source is read ahead; adjacent sources of the same lane are read together."""
    if source.is_live:
        return "live"
    return "stream" if source.is_stream else "files"


def _is_frame(item: Item) -> bool:
    return isinstance(item, Frame | Clip)


def _read_whole(source: Source) -> list[Item]:
    return list(read_sources([source]))
