"""COCO's JSON: boxes, segmentations (polygons and RLE) and keypoints."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import (
    DataPlace,
    file_in,
    files_in,
    images_in,
    read_text,
    subfolder,
    usual_folders,
)
from keras2cv.evaluation.data.segmentations import area_of, check_segmentation, finite
from keras2cv.evaluation.labelled import (
    DataProblems,
    LabelledData,
    LabelledSample,
    TrueMask,
    TruePoints,
    Truth,
    boxes_of,
    clipped,
)

_FOLDERS: Final = ("images", "val2017", "train2017", "test2017", "val", "train", "test", "data")
_PARTS: Final = ("images", "annotations", "categories")


def read_coco(place: DataPlace, task: str, *, keeps_objects: bool = False) -> LabelledData | None:
    """Read the annotations for a task; of a detector, with masks and keypoints if wanted.

    Raises:
        InputError: it is no COCO JSON, or several files could be meant.
    """
    path = _json_at(place, task)
    if path is None:
        return None
    return _Reading(path, place, task, _parse(path), keeps_objects).data()


def _json_at(place: DataPlace, task: str) -> Path | None:
    if (given := place.file_with(".json")) is not None:
        return given
    if place.truth is not None or not place.data.is_dir():
        return None
    folders = [place.data, subfolder(place.data, ("annotations",))]
    found = [path for folder in folders if folder for path in files_in(folder, ".json")]
    start = "person_keypoints" if task == "keypoints" else "instances"
    named = [path for path in found if path.name.startswith(start)] or found
    if len(named) > 1:
        names = ", ".join(path.name for path in named[:5])
        raise InputError(
            f"{place.data} has several JSON files ({names}). Name the one that is meant after the "
            f"folder of its images."
        )
    return named[0] if named else None


def _parse(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}. Write it again.") from error
    missing = [part for part in _PARTS if not isinstance(_get(found, part), list)]
    if missing:
        raise InputError(
            f"{path} is no COCO JSON: it lacks the lists {', '.join(missing)}. Give COCO's images, "
            "annotations and categories."
        )
    return dict(found)


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


@dataclass
class _Reading:
    """One file on its way to data."""

    path: Path
    place: DataPlace
    task: str
    record: Mapping[str, Any]
    keeps_objects: bool = False
    problems: DataProblems = field(default_factory=DataProblems)

    def data(self) -> LabelledData:
        classes, points = self._categories()
        by_image = self._annotations(classes)
        samples = list(self._samples(by_image, classes))
        names = tuple(dict.fromkeys(name for name, _ in classes.values()))
        return LabelledData(
            f"COCO JSON ({_WORDS.get(self.task, 'annotations')})",
            self.place.shown,
            samples,
            names,
            problems=self.problems,
            points=points,
        )

    def _categories(self) -> tuple[dict[Any, tuple[str, int]], tuple[str, ...] | None]:
        """Return the class of each category id (name, number in order of ids), and points."""
        found: dict[Any, str] = {}
        names: set[str] = set()
        points: tuple[str, ...] | None = None
        for one in self.record["categories"]:
            key, name = _key(one, "id"), str(_get(one, "name"))
            if key in found:
                text = f"{self.path} has the category id {key} twice: {found[key]!r} and {name!r}."
                self.problems.note("category twice", str(self.path), text)
                continue
            if name in names:
                text = f"{self.path} has the category {name!r} twice; both are taken as one."
                self.problems.note("category twice", str(self.path), text)
            found[key] = name
            names.add(name)
            if isinstance(_get(one, "keypoints"), list) and points is None:
                points = tuple(map(str, one["keypoints"]))
        ordered = sorted(found, key=_order)
        numbers = {n: k for k, n in enumerate(dict.fromkeys(found[key] for key in ordered))}
        return {key: (found[key], numbers[found[key]]) for key in ordered}, points

    def _annotations(self, classes: Mapping[Any, Any]) -> dict[Any, list[Any]]:
        known = {_key(one, "id") for one in self.record["images"]}
        found = defaultdict(list)
        for one in self.record["annotations"]:
            number, image = _get(one, "id"), _key(one, "image_id")
            where = f"{self.path}, annotation {number}"
            if image not in known:
                text = f"{where} is for the image {image}, which is not in the list of images."
                self.problems.note("file missing", where, text)
            elif _key(one, "category_id") not in classes:
                text = f"{where} has the category {_get(one, 'category_id')}, which is not listed."
                self.problems.note("category unknown", where, text)
            else:
                found[image].append(one)
        return found

    def _samples(
        self, by_image: Mapping[Any, list[Any]], classes: Mapping[Any, tuple[str, int]]
    ) -> Iterator[LabelledSample]:
        finder = _Finder(self.path, self.place)
        seen: set[Any] = set()
        files: set[Path] = set()
        images = self.record["images"]
        for image in sorted(images, key=lambda one: _order(_key(one, "id"))):
            key, name = _key(image, "id"), str(_get(image, "file_name"))
            where = f"{self.path}, image {key}"
            if key in seen:
                self.problems.note("label twice", where, f"{where} is in the list twice.")
                continue
            seen.add(key)
            file = finder.find(name)
            if file is None:
                text = f"{where} is {name}, and there is no such file."
                self.problems.note("file missing", where, text)
                continue
            if file in files:
                text = f"{where} is {name}, which another image of the list is already."
                self.problems.note("label twice", where, text)
                continue
            files.add(file)
            size_wh = _size_wh(image)
            truth = self._truth(where, by_image.get(key, []), classes, size_wh, key)
            if truth is not None:
                yield LabelledSample(file, truth, size_wh)

    def _truth(
        self,
        where: str,
        found: Sequence[Any],
        classes: Mapping[Any, tuple[str, int]],
        size_wh: tuple[int, int] | None,
        image_id: Any,
    ) -> Truth:
        if self.task == "detect":
            pairs = list(self._boxes(found, classes, size_wh))
            boxes = boxes_of(
                (row for row, _ in pairs), image_id if isinstance(image_id, int) else 0
            )
            if not self.keeps_objects:
                return boxes
            return replace(boxes, objects=tuple(one for _, one in pairs), has_objects=True)
        if self.task == "segment":
            return self._mask(found, classes, size_wh)
        return self._points(where, found)

    def _boxes(
        self,
        found: Sequence[Any],
        classes: Mapping[Any, tuple[str, int]],
        size_wh: tuple[int, int] | None,
    ) -> Iterator[tuple[tuple[Any, float, int, bool, bool], Any]]:
        """Yield each box as a row of `boxes_of`, with its annotation."""
        for one in found:
            where = f"{self.path}, annotation {_get(one, 'id')}"
            box = _numbers(_get(one, "bbox"), 4)
            if box is None:
                text = f"{where} has no box of four numbers."
                self.problems.note("label unreadable", where, text)
                continue
            x, y, w, h = box
            inside, is_whole = clipped((x, y, x + w, y + h), size_wh)
            if not is_whole:
                edge = "outside" if inside is None else "partly outside"
                text = f"{where} has the box {[x, y, w, h]} {edge} its image of {_shown(size_wh)}."
                self.problems.note("box outside", where, text)
            if inside is None:
                continue
            area = finite(_get(one, "area"))
            if area is None:
                area = area_of(_get(one, "segmentation"), size_wh) or inside[2] * inside[3]
            is_crowd, is_ignored = bool(_get(one, "iscrowd")), bool(_get(one, "ignore"))
            number = classes[_key(one, "category_id")][1]
            yield (inside, area, number, is_crowd, is_ignored), one

    def _mask(
        self,
        found: Sequence[Any],
        classes: Mapping[Any, tuple[str, int]],
        size_wh: tuple[int, int] | None,
    ) -> TrueMask:
        parts = []
        for one in sorted(found, key=lambda one: -(finite(_get(one, "area")) or 0)):  # small on top
            where = f"{self.path}, annotation {_get(one, 'id')}"
            problem = check_segmentation(_get(one, "segmentation"), size_wh)
            if problem is not None:
                kind, text = problem
                self.problems.note(kind, where, f"{where} {text}")
                continue
            parts.append((classes[_key(one, "category_id")][1], one["segmentation"]))
        return TrueMask(None, tuple(parts))

    def _points(self, where: str, found: Sequence[Any]) -> TruePoints | None:
        listed = [one for one in found if _get(one, "num_keypoints") != 0 and _points_of(one)]
        if len(listed) != 1:
            text = f"{where} has {len(listed)} objects with keypoints, and the model answers one."
            self.problems.note("label unreadable", where, text)
            return None
        values = np.array(_points_of(listed[0]), np.float64).reshape(-1, 3)
        box = _numbers(_get(listed[0], "bbox"), 4)
        return TruePoints(values[:, :2], values[:, 2] > 0, max(box[2:]) if box else None)


_WORDS: Final = {"detect": "boxes", "segment": "segmentations", "keypoints": "keypoints"}


@dataclass
class _Finder:
    """Finds the images that a file names, in the usual places, listing each folder once."""

    path: Path
    place: DataPlace
    _names: dict[str, Path] = field(default_factory=dict)
    _folders: list[str] = field(default_factory=list)

    def find(self, name: str) -> Path | None:
        if not self._folders:
            tops = [self.path.parent, self.path.parent.parent]
            tops = [self.place.data, *tops] if self.place.data.is_dir() else tops
            self._folders = usual_folders(tops, _FOLDERS)
        if (path := file_in(self._folders, name)) is not None:
            return path
        if not self._names:
            found = images_in(Path(self._folders[0]), deep=True)
            self._names = {path.name: path for path in found} or {"": self.path}
        return self._names.get(os.path.basename(name))  # noqa: PTH119


def _points_of(one: Any) -> list[float] | None:
    points = _get(one, "keypoints")
    usable = isinstance(points, list) and points and len(points) % 3 == 0
    return _numbers(points, len(points)) if usable else None


def _numbers(value: Any, count: int) -> list[float] | None:
    if not isinstance(value, list) or len(value) != count:
        return None
    found = [number for number in map(finite, value) if number is not None]
    return found if len(found) == count else None


def _size_wh(image: Any) -> tuple[int, int] | None:
    width, height = _get(image, "width"), _get(image, "height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return None


def _key(value: Any, name: str) -> Any:
    """Return an id, by which things are found; text of what no id can be."""
    found = _get(value, name)
    return found if isinstance(found, int | float | str | None) else str(found)


def _order(key: Any) -> tuple[bool, Any]:
    return (True, str(key)) if not isinstance(key, int) else (False, key)


def _shown(size_wh: tuple[int, int] | None) -> str:
    return "an unknown size" if size_wh is None else f"{size_wh[0]}x{size_wh[1]}"
