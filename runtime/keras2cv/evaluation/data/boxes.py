"""Boxes in a file per image: Pascal VOC's XML and YOLO's text."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import (
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

_IMAGES: Final = ("images", "jpegimages", "imgs", "img")
_SPLITS: Final = ("val", "valid", "validation", "test", "train")
_NAMES_FILES: Final = ("classes.txt", "obj.names", "names.txt", "labels.txt", "data.names")
_HIGHEST: Final = 10**9  # of a class
_SHARE_SLACK: Final = 1e-3
_NOT_LABELS: Final = {*_NAMES_FILES, "train.txt", "val.txt", "test.txt", "readme.txt", "notes.txt"}


def read_voc(place: DataPlace, _: str) -> LabelledData | None:
    """Read Pascal VOC: an XML file for each image, in `Annotations` or beside the images."""
    top = place.data
    labels = place.truth or subfolder(top, ("annotations", "xml", "xmls", "labels")) or top
    files = files_in(labels, ".xml")
    if not files:
        return None
    images = subfolder(top, _IMAGES) or top
    pictures = {path.stem: path for path in images_in(images)}
    problems, objects = DataProblems(), {}
    for file in files:
        picture = pictures.get(file.stem)
        if picture is None:
            text = f"{file} is for an image {file.stem} in {images}, which is not there."
            problems.note("file missing", str(file), text)
            continue
        try:
            objects[picture] = _voc_objects(file)
        except BadTruthError as error:
            problems.note(error.kind, str(file), str(error))
    _note_unlabelled(pictures.values(), {file.stem for file in files}, labels, problems)
    classes = sorted({name for found, _ in objects.values() for name, _, _ in found})
    numbers = {name: k for k, name in enumerate(classes)}
    samples = []
    for picture, (found, size_wh) in objects.items():
        rows = []
        for name, box, difficult in found:
            row = _row(picture, box, size_wh, problems)
            if row is not None:
                rows.append((row, row[2] * row[3], numbers[name], False, difficult))
        samples.append(LabelledSample(picture, boxes_of(rows), size_wh))
    return LabelledData("Pascal VOC XML", place.shown, samples, tuple(classes), problems=problems)


def _voc_objects(file: Path) -> tuple[list[tuple[str, list[float], bool]], Any]:
    text = read_label(file)
    if "<!ENTITY" in text:
        raise BadTruthError("label unreadable", f"{file} declares entities, which no VOC file has.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without entities it cannot grow
        found = [
            (
                str(one.findtext("name", "")).strip(),
                [_number(one, f"bndbox/{edge}") for edge in ("xmin", "ymin", "xmax", "ymax")],
                one.findtext("difficult", "0").strip() == "1",
            )
            for one in root.iter("object")
        ]
        width, height = (int(_number(root, f"size/{side}")) for side in ("width", "height"))
    except (ET.ParseError, ValueError) as error:
        text = f"{file} is no Pascal VOC XML: {error}."
        raise BadTruthError("label unreadable", text) from error
    # The corners of the official data are pixels, counted from 1; those of other tools are edges.
    first = 1 if "VOC20" in root.findtext("source/database", "") else 0
    edges = [(name, [x - first, y - first, *end], d) for name, (x, y, *end), d in found]
    return edges, (width, height) if width > 0 and height > 0 else None


def _number(element: ET.Element, path: str) -> float:
    value = float(element.findtext(path, "nan"))
    if not math.isfinite(value):
        raise ValueError(f"{path} is no number")
    return value


def _row(
    picture: Path, box: Sequence[float], size_wh: tuple[int, int] | None, problems: DataProblems
) -> tuple[float, float, float, float] | None:
    inside, is_whole = clipped(box, size_wh)
    if not is_whole:
        edge = "outside" if inside is None else "partly outside"
        size = "" if size_wh is None else f" of {size_wh[0]}x{size_wh[1]}"
        shown = [round(float(value), 1) for value in box]
        text = f"{picture} has a box with the corners {shown} {edge} its image{size}."
        problems.note("box outside", str(picture), text)
    return inside


def _note_unlabelled(pictures: Any, known: set[str], labels: Path, problems: DataProblems) -> None:
    for picture in pictures:
        if picture.stem not in known:
            text = f"{picture} has no file of labels in {labels}."
            problems.note("label missing", str(picture), text)


def read_yolo(place: DataPlace, _: str) -> LabelledData | None:
    """Read YOLO: a text file for each image, `labels` beside `images`, or both in one folder.

    Each line is a class number, and centre, width and height as shares of the image.

    Raises:
        InputError: a class has no name, and others have.
    """
    folders = _yolo_folders(place)
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
            found = _yolo_row(files[stem], number, line, problems)
            if found is not None:
                rows.append(found)
                most = max(most, found[2])
        samples.append(LabelledSample(picture, boxes_of(rows, are_shares=True)))
    names = _yolo_names(top, labels)
    classes = names or numbered_classes(most, labels)
    if names and most >= len(names):
        raise InputError(
            f"{labels} has the class {most}, and there are {len(names)} names. Complete the names."
        )
    notes = () if names else ("The labels have no names of classes: numbers are the model's own.",)
    return LabelledData(
        "YOLO text files", place.shown, samples, classes, not names, problems, notes
    )


def _yolo_folders(place: DataPlace) -> tuple[Path, Path, Path] | None:
    top = place.data
    if top.suffix.lower() in (".yaml", ".yml") and top.is_file():
        top = top.parent
    if place.truth is not None:
        return (top, place.truth, top) if place.truth.is_dir() else None
    images, labels = subfolder(top, _IMAGES), subfolder(top, ("labels",))
    if images is None or labels is None:
        for split in _SPLITS:
            inner = top / split
            pair = subfolder(inner, _IMAGES), subfolder(inner, ("labels",))
            if pair[0] is not None and pair[1] is not None:
                return pair[0], pair[1], top
        return (top, top, top) if files_in(top, ".txt") else None
    for split in _SPLITS:
        if (images / split).is_dir() and (labels / split).is_dir():
            return images / split, labels / split, top
    return images, labels, top


def _yolo_row(
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
    x, y, w, h = _yolo_box(cells[1:])
    corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    box, is_whole = clipped(corners, (1, 1), slack=_SHARE_SLACK)
    if not is_whole:
        edge = "outside" if box is None else "partly outside"
        problems.note("box outside", where, f"{where} has a box {edge} its image.")
    return None if box is None else (box, box[2] * box[3], int(cells[0]), False, False)


def _yolo_box(cells: Sequence[float]) -> Sequence[float]:
    """Return centre, width and height; of a polygon, those of the box around it."""
    if len(cells) < 6 or len(cells) % 2:
        return cells[:4]
    xs, ys = cells[::2], cells[1::2]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _yolo_names(top: Path, labels: Path) -> tuple[str, ...] | None:
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
