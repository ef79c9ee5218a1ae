"""Boxes in a file per image: YOLO's text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import (
    IMAGE_FOLDERS,
    DataPlace,
    by_stem,
    files_in,
    images_in,
    read_label,
    read_text,
    subfolder,
)
from keras2cv.evaluation.labelled import (
    BadTruthError,
    DataProblems,
    LabelledData,
    LabelledSample,
    boxes_of,
    clipped,
    numbered_classes,
)

_SPLITS: Final = ("val", "valid", "validation", "test", "train")
_NAMES_FILES: Final = ("classes.txt", "obj.names", "names.txt", "labels.txt", "data.names")
_HIGHEST: Final = 10**9  # of a class
_SHARE_SLACK: Final = 1e-3
_NOT_LABELS: Final = {*_NAMES_FILES, "train.txt", "val.txt", "test.txt", "readme.txt", "notes.txt"}


def read_yolo(place: DataPlace, _: str) -> LabelledData | None:
    """Read YOLO: a text file for each image, `labels` beside `images`, or both in one folder.

    Each line is a class number, and centre, width and height as shares of the image.

    Raises:
        InputError: a class has no name, and others have.
    """
    folders = _folders(place)
    if folders is None:
        return None
    images, labels, top = folders
    files = {
        stem: path
        for stem, path in by_stem(sorted(labels.rglob("*.txt")), labels).items()
        if path.name.casefold() not in _NOT_LABELS
    }
    pictures = by_stem(images_in(images, deep=True), images)
    if not files or not pictures:
        return None
    problems = DataProblems()
    for stem, file in files.items():
        if stem not in pictures:
            text = f"{file} is for an image {stem} in {images}, which is not there."
            problems.note("file missing", str(file), text)
    samples, most = [], -1
    for stem, picture in pictures.items():
        if stem not in files:  # YOLO's way to say that nothing is there
            samples.append(LabelledSample(picture, boxes_of([])))
            continue
        try:
            lines = read_label(files[stem]).splitlines()
        except BadTruthError as error:
            problems.note(error.kind, str(files[stem]), str(error))
            continue
        rows = []
        for number, line in enumerate(lines, 1):
            found = _row(files[stem], number, line, problems)
            if found is not None:
                rows.append(found)
                most = max(most, found[2])
        samples.append(LabelledSample(picture, boxes_of(rows, are_shares=True)))
    names = _names(top, labels)
    classes = names or numbered_classes(most, labels)
    if names and most >= len(names):
        raise InputError(
            f"{labels} has the class {most}, and there are {len(names)} names. Complete the names."
        )
    notes = () if names else ("The labels have no names of classes: numbers are the model's own.",)
    return LabelledData(
        "YOLO text files", place.shown, samples, classes, not names, problems, notes
    )


def _folders(place: DataPlace) -> tuple[Path, Path, Path] | None:
    top = place.data
    if top.suffix.lower() in (".yaml", ".yml") and top.is_file():
        top = top.parent
    if place.truth is not None:
        return (top, place.truth, top) if place.truth.is_dir() else None
    images, labels = subfolder(top, IMAGE_FOLDERS), subfolder(top, ("labels",))
    if images is None or labels is None:
        for split in _SPLITS:
            inner = top / split
            pair = subfolder(inner, IMAGE_FOLDERS), subfolder(inner, ("labels",))
            if pair[0] is not None and pair[1] is not None:
                return pair[0], pair[1], top
        return (top, top, top) if files_in(top, ".txt") else None
    for split in _SPLITS:
        if (images / split).is_dir() and (labels / split).is_dir():
            return images / split, labels / split, top
    return images, labels, top


def _row(
    file: Path, number: int, line: str, problems: DataProblems
) -> tuple[Any, float, int, bool, bool] | None:
    if not line.strip():
        return None
    where = f"{file}, line {number}"
    try:
        cells = [float(cell) for cell in line.split()]
        if len(cells) < 5 or not all(map(math.isfinite, cells)):
            raise ValueError
        if not 0 <= cells[0] <= _HIGHEST or cells[0] != int(cells[0]):
            raise ValueError
    except ValueError:
        text = f"{where} is no class and box of four shares: {line.strip()[:60]!r}."
        problems.note("label unreadable", where, text)
        return None
    x, y, w, h = _box(cells[1:])
    corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    box, is_whole = clipped(corners, (1, 1), slack=_SHARE_SLACK)
    if not is_whole:
        edge = "outside" if box is None else "partly outside"
        problems.note("box outside", where, f"{where} has a box {edge} its image.")
    return None if box is None else (box, box[2] * box[3], int(cells[0]), False, False)


def _box(cells: Sequence[float]) -> Sequence[float]:
    """Return centre, width and height; of a polygon, those of the box around it."""
    if len(cells) < 6 or len(cells) % 2:
        return cells[:4]
    xs, ys = cells[::2], cells[1::2]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _names(top: Path, labels: Path) -> tuple[str, ...] | None:
    for folder in (top, labels, top.parent):
        for name in _NAMES_FILES:
            if (path := folder / name).is_file():
                found = [line.strip() for line in read_text(path).splitlines()]
                return tuple(line for line in found if line)
        for file in (*files_in(folder, ".yaml"), *files_in(folder, ".yml")):
            if names := parse_names(read_text(file)):
                return names
    return None


def parse_names(text: str) -> tuple[str, ...] | None:
    """Return the `names` of a data.yaml: [a, b], a list of lines `- a`, or lines `0: a`."""
    found = re.search(r"^names:[ \t]*(.*)$", text, re.M)
    if found is None:
        return None
    if found[1].startswith(("[", "{")):
        inner = re.split(r"[\]}]", text[found.start(1) + 1 :], maxsplit=1)[0]
        cells = [re.sub(r"^\s*[0-9]+\s*:", "", cell) for cell in inner.split(",")]
    else:
        cells = []
        for line in text[found.end() :].splitlines():
            row = re.match(r"\s*(?:-|[0-9]+\s*:)\s*(.+)$", line)
            if row is None and line.strip() and not line.strip().startswith("#"):
                break
            cells += [row[1]] if row else []
    names = [_unquoted(re.sub(r"\s+#.*$", "", cell).strip()) for cell in cells]
    return tuple(name for name in names if name) or None


def _unquoted(text: str) -> str:
    quoted = re.fullmatch(r"(['\"])(.*)\1", text)
    return quoted[2] if quoted else text
