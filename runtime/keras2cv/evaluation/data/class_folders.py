"""A folder per class, as `keras.utils.image_dataset_from_directory` reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from keras2cv.evaluation.data.places import DataPlace, images_in
from keras2cv.evaluation.data.tables import table_at
from keras2cv.evaluation.labelled import DataProblems, LabelledData, LabelledSample

KERAS_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def read_class_folders(place: DataPlace, _: str) -> LabelledData | None:
    """Read the folders in sorted order, each with the pictures in it and below."""
    if place.truth is not None or not place.data.is_dir():
        return None
    folders = sorted(path for path in place.data.iterdir() if path.is_dir())
    classes = tuple(path.name for path in folders if not path.name.startswith("."))
    samples = [
        LabelledSample(path, number)
        for number, name in enumerate(classes)
        for path in keras_files(place.data / name)
    ]
    if not samples or (len(classes) == 1 and table_at(place) is not None):
        return None
    problems = DataProblems()
    for path in images_in(place.data):
        problems.note("label missing", str(path), f"{path} lies in no class' folder.")
    left = sum(len(images_in(place.data / name, deep=True)) for name in classes) - len(samples)
    notes: tuple[str, ...] = ()
    if left > 0:
        kinds = ", ".join(KERAS_SUFFIXES)
        notes = (f"{left} pictures are left out: Keras reads {kinds} from class folders.",)
    form = "a folder per class, as keras.utils.image_dataset_from_directory reads it"
    return LabelledData(form, place.shown, samples, classes, _are_numbers(classes), problems, notes)


def keras_files(folder: Path) -> list[Path]:
    """Return the pictures below a class' folder in Keras' order."""
    return [
        Path(root, name)
        for root, _, names in sorted(os.walk(folder), key=lambda found: found[0])
        for name in sorted(names)
        if name.lower().endswith(KERAS_SUFFIXES)
    ]


def _are_numbers(classes: tuple[str, ...]) -> bool:
    return bool(classes) and all(name.isdecimal() for name in classes)
