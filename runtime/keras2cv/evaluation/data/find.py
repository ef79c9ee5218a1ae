"""Tell which form labelled data has, and read it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.data.arrays import read_arrays
from keras2cv.evaluation.data.class_folders import read_class_folders
from keras2cv.evaluation.data.coco import read_coco
from keras2cv.evaluation.data.masks import read_masks
from keras2cv.evaluation.data.pairs import read_picture_pairs, read_same_pairs
from keras2cv.evaluation.data.places import DataPlace
from keras2cv.evaluation.data.tables import read_table
from keras2cv.evaluation.data.texts import read_texts
from keras2cv.evaluation.data.voc import read_voc
from keras2cv.evaluation.data.yolo import read_yolo
from keras2cv.evaluation.labelled import LabelledData
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.task import Task

Reader: TypeAlias = Callable[[DataPlace, str], LabelledData | None]

# The forms of each task, tried in this order.
READERS: Final[Mapping[str, tuple[Reader, ...]]] = MappingProxyType(
    {
        "classify": (read_arrays, read_class_folders, read_table),
        "binary": (read_arrays, read_class_folders, read_table),
        "regress": (read_arrays, read_table),
        "detect": (read_coco, read_voc, read_yolo),
        "segment": (read_arrays, read_coco, read_masks),
        "keypoints": (read_arrays, read_coco, read_table),
        "image": (read_picture_pairs,),
        "embed": (read_same_pairs,),
        "text": (read_table, read_texts),
    }
)
_CLASSES: Final = "a folder per class, a CSV of files and classes, or an .npz of x and y"
_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "classify": _CLASSES,
        "binary": _CLASSES,
        "regress": "a CSV of files and numbers, or an .npz of x and y",
        "detect": "COCO JSON, Pascal VOC XML or YOLO text files with their images",
        "segment": "folders images/ and masks/, COCO JSON, or an .npz of x and y",
        "keypoints": "COCO JSON, a CSV of files and points, or an .npz of x and y",
        "image": "a folder that goes in and one that should come out",
        "embed": "a list of pairs: two files and 1 or 0 in each row",
        "text": "pictures with a .txt each, or a CSV of files and texts",
    }
)


def read_data(
    data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    task: str,
    *,
    keeps_objects: bool = False,
) -> LabelledData:
    """Read the labelled data of a task.

    Args:
        data: A folder or file; or two, the pictures and apart from them their truth.
        task: The bundle's.
        keeps_objects: Whether masks and keypoints of a detector's objects are wanted.

    Raises:
        InputError: there is nothing, or it has no form that the task can be measured on.
        UsageError: the task has no measure.
    """
    if task not in READERS:
        raise UsageError(
            f"The task is {task}, whose outputs have no meaning to measure. Export the model with "
            f"--task {', '.join(READERS)}."
        )
    place = _place(data)
    for read in READERS[task]:
        if read is read_coco and keeps_objects:
            found = read_coco(place, task, keeps_objects=True)
        else:
            found = read(place, task)
        if found is not None:
            if not len(found.samples) and found.arrays is None:
                raise InputError(_nothing(found))
            return found
    raise InputError(f"{place.shown} is no labelled data for the task {task}. Give {_FORMS[task]}.")


def wants_objects(task: Task) -> bool:
    """Whether the data's masks and keypoints are compared with those of a detector's boxes."""
    record = task.record
    return isinstance(record, DetectRecord) and not {"masks", "points"}.isdisjoint(
        record.belongings
    )


def _place(data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> DataPlace:
    given = [data] if isinstance(data, str | os.PathLike) else list(data)
    if not 1 <= len(given) <= 2:
        raise UsageError(f"Give one or two places of data, got {len(given)}.")
    paths = [Path(one) for one in given]
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist. Check the path of the data.")
    return DataPlace(*paths)


def _nothing(found: LabelledData) -> str:
    first = f" {found.problems.first[0].text}" if found.problems.first else ""
    return f"{found.place} ({found.form}) has no picture with a label.{first} Check the paths."
