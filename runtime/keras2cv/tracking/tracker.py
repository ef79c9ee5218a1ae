"""Tracks by ByteTrack of the library `trackers`, counts by the line zones of `supervision`.

Both come with the extra [track], and are imported when somebody tracks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from keras2cv.errors import UsageError
from keras2cv.streams.answers import Answer, LineCount
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.to_supervision import import_tracking

_NEW_TRACK: Final = 0.25  # a box with a lower score begins no track
_RATE: Final = 30.0  # frames a second of a video that does not say
Line = tuple[float, float, float, float]


def track(
    answers: Iterable[Answer],
    *,
    score: float = 0.0,
    every: int = 1,
    lines: Sequence[Line] = (),
) -> Iterator[Answer]:
    """Yield answers whose boxes have the numbers of their objects, and counts for `lines`.

    Every video is tracked by itself: numbers and counts begin anew.

    Args:
        answers: Those of a model of boxes, in the order of the frames.
        score: The model's threshold: boxes above it, and above 0.25, begin tracks.
        every: Which frames the answers are for: every n-th.
        lines: x1, y1, x2, y2 of each line in pixels of the frame.

    Raises:
        MissingDependency: the extra [track] is not installed.
        UsageError: a result is not boxes.
    """
    tracked: _Video | None = None
    for answer in answers:
        if answer.result is None:
            yield answer
            continue
        if not isinstance(answer.result, Detections):
            raise UsageError("Only boxes are tracked, and this model gives none. Leave it out.")
        if tracked is None or tracked.source != answer.source:
            tracked = _Video(answer, score, every, lines)
        yield tracked.take(answer, answer.result)


class _Video:
    """The tracks and counts of one video."""

    def __init__(self, first: Answer, score: float, every: int, lines: Sequence[Line]) -> None:
        trackers = import_tracking("trackers", "Tracking")
        self._supervision = import_tracking("supervision", "Tracking")
        stream = first.frame.stream if first.frame is not None else None
        rate = stream.fps if stream is not None and stream.fps else _RATE
        threshold = max(_NEW_TRACK, score)
        self.source = first.source
        self._tracker = trackers.ByteTrackTracker(
            frame_rate=rate / every,
            track_activation_threshold=threshold,
            high_conf_det_threshold=threshold,
        )
        self._lines = tuple(lines)
        self._zones = [self._zone(line) for line in lines]

    def take(self, answer: Answer, result: Detections) -> Answer:
        """Return the answer to the next frame, with tracks and counts."""
        boxes = replace(result, mask_crops=None, keypoints=None, polygons=None, angles=None)
        found = boxes.to_supervision()  # masks of whole images would only cost time
        found.data["index"] = np.arange(len(result))
        tracked = self._tracker.update(found)
        track_ids = np.full(len(result), -1, np.int32)
        if len(tracked):
            track_ids[tracked.data["index"].astype(int)] = tracked.tracker_id
        counts = tuple(self._counted(k, tracked) for k in range(len(self._zones)))
        return replace(answer, result=replace(result, track_ids=track_ids), counts=counts)

    def _zone(self, line: Line) -> Any:
        point, position = self._supervision.Point, self._supervision.Position
        x1, y1, x2, y2 = line
        return self._supervision.LineZone(
            point(x1, y1), point(x2, y2), triggering_anchors=(position.CENTER,)
        )

    def _counted(self, index: int, tracked: Any) -> LineCount:
        zone = self._zones[index]
        if tracked.tracker_id is not None:
            zone.trigger(tracked)
        return LineCount(self._lines[index], int(zone.in_count), int(zone.out_count))
