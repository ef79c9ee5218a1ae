"""Every found box of a class with what became of it, small enough for 50 000 images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.labelled import TrueBoxes
from keras2cv.evaluation.metrics.coco import (
    ClassMatches,
)
from keras2cv.evaluation.metrics.matching import (
    AREA_RANGES,
    IOU_THRESHOLDS,
    MAX_DETECTIONS,
    Matches,
    match,
    match_overlaps,
)

Array = NDArray[Any]
BITS: Final = len(AREA_RANGES) * len(IOU_THRESHOLDS)  # of a box, for each of its two flags


class BoxMatches:
    """Every box of every image with what became of it, class by class; 30 bytes for a box."""

    def __init__(self, class_count: int) -> None:
        self._parts: list[list[tuple[Array, ...]]] = [[] for _ in range(class_count)]
        self._true = np.zeros((class_count, len(AREA_RANGES)), np.int64)
        self._true_images: list[list[tuple[int, int]]] = [[] for _ in range(class_count)]
        self._added = 0

    def add(
        self,
        found_xywh: Array,
        scores: Array,
        classes: Array,
        true_xywh: Array,
        areas: Array,
        true_classes: Array,
        is_crowd: Array,
        is_ignored: Array,
    ) -> dict[str, Array]:
        """Match the boxes of an image, and return what `add_matches` takes.

        Args:
            found_xywh: (D, 4) float64.
            scores: (D,) float64.
            classes: (D,) Numbers from 0.
            true_xywh: (G, 4) float64.
            areas: (G,) Of the true objects.
            true_classes: (G,) Numbers from 0.
            is_crowd: (G,).
            is_ignored: (G,).
        """
        found = match_image(
            (found_xywh, scores, classes), (true_xywh, areas, true_classes, is_crowd, is_ignored)
        )
        self.add_matches(found)
        return found

    def add_matches(self, found: Mapping[str, Array], image: int | None = None) -> None:
        """Add the matches of an image, as `match_image` returns them.

        Args:
            found: The matches.
            image: The image's number; None: it is the one after those that were added.
        """
        image = self._added if image is None else image
        self._added += 1
        for number, count in zip(found["true_classes"], found["true_counts"], strict=True):
            self._true[number] += count
            if count[0]:
                self._true_images[number].append((image, int(count[0])))
        for number in np.unique(found["classes"]):
            mine = found["classes"] == number
            columns = (found[key][mine] for key in ("scores", "ranks", "bits"))
            self._parts[number].append((*columns, np.full(int(mine.sum()), image, np.int32)))

    def classes(self) -> list[ClassMatches]:
        """Return the matches of each class, in the order of the images."""
        return [self._of(number) for number in range(len(self._parts))]

    def _of(self, number: int) -> ClassMatches:
        parts = self._parts[number]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else []
        scores, ranks, bits, images = columns or (
            np.zeros(0),
            np.zeros(0, int),
            np.zeros((0, 10), np.uint8),
            np.zeros(0, np.int32),
        )
        both = np.unpackbits(bits, axis=1)[:, : 2 * BITS].astype(bool)
        shape = (len(scores), len(AREA_RANGES), len(IOU_THRESHOLDS))
        matched, ignored = both[:, :BITS].reshape(shape), both[:, BITS:].reshape(shape)
        true = np.array(self._true_images[number], np.int64).reshape(-1, 2)
        return ClassMatches(
            scores, ranks, matched, ignored, self._true[number], images, true[:, 0], true[:, 1]
        )


def match_image(
    found: tuple[Array, Array, Array], true: tuple[Array, Array, Array, Array, Array]
) -> dict[str, Array]:
    """Return an image's matches as arrays, which are what is kept of it.

    Args:
        found: Boxes (x, y, w, h), scores and classes.
        true: Boxes, areas, classes, whether each is a crowd, whether it is ignored.
    """
    boxes, scores, classes = found

    def of_class(mine: Array, own: Array) -> Matches:
        return match(
            boxes[mine], scores[mine], true[0][own], true[1][own], true[3][own], true[4][own]
        )

    return _by_class(classes, true[2], of_class)


def match_overlaps_of(
    overlaps: Array,
    sizes: Array,
    found: tuple[Array, Array],
    true: TrueBoxes,
    is_empty: Array | None = None,
    most: int = MAX_DETECTIONS,
) -> dict[str, Array]:
    """Return an image's matches by overlaps of any kind, as `match_image` does of boxes.

    Args:
        overlaps: (D, G) from 0 to 1.
        sizes: (D,) the areas of the found objects.
        found: Scores (D,) and classes (D,).
        true: The true objects.
        is_empty: (G,) which of them do not count, beside those that are ignored.
        most: How many found objects of a class count.
    """
    scores, classes = found
    ignored = true.is_ignored if is_empty is None else true.is_ignored | is_empty

    def of_class(mine: Array, own: Array) -> Matches:
        known = true.areas[own], true.is_crowd[own], ignored[own]
        return match_overlaps(overlaps[np.ix_(mine, own)], sizes[mine], scores[mine], known, most)

    return _by_class(classes, true.class_ids, of_class)


def _by_class(
    classes: Array, of_true: Array, of_class: Callable[[Array, Array], Matches]
) -> dict[str, Array]:
    """Return the matches of each class, from the found (D,) and true (G,) objects that it has."""
    true_classes = np.unique(of_true)
    kept: dict[str, list[Array]] = {"scores": [], "ranks": [], "classes": [], "bits": []}
    counts = []
    for number in np.union1d(np.unique(classes), true_classes).astype(int):
        mine, own = classes == number, of_true == number
        got = of_class(mine, own)
        if own.any():
            counts.append(got.true_count)
        count = len(got.scores)
        flat = [part.reshape(count, BITS) for part in (got.is_match, got.is_ignored)]
        kept["scores"].append(got.scores)
        kept["ranks"].append(np.arange(count, dtype=np.int16))
        kept["classes"].append(np.full(count, number, np.int32))
        kept["bits"].append(np.packbits(np.concatenate(flat, axis=1), axis=1))
    empty: dict[str, Array] = {
        "scores": np.zeros(0), "ranks": np.zeros(0, np.int16), "classes": np.zeros(0, np.int32),
        "bits": np.zeros((0, 2 * BITS // 8), np.uint8),
    }  # fmt: skip
    return {
        **{key: np.concatenate(parts) if parts else empty[key] for key, parts in kept.items()},
        "true_classes": true_classes.astype(np.int32),
        "true_counts": np.array(counts, np.int64).reshape(-1, len(AREA_RANGES)),
    }
