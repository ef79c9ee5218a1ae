"""Boxes in a file per image: Pascal VOC's XML."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras2cv.evaluation.data.places import (
    IMAGE_FOLDERS,
    DataPlace,
    files_in,
    images_in,
    read_label,
    subfolder,
)
from keras2cv.evaluation.labelled import (
    BadTruthError,
    DataProblems,
    LabelledData,
    LabelledSample,
    boxes_of,
    clipped,
)


def read_voc(place: DataPlace, _: str) -> LabelledData | None:
    """Read Pascal VOC: an XML file for each image, in `Annotations` or beside the images."""
    top = place.data
    labels = place.truth or subfolder(top, ("annotations", "xml", "xmls", "labels")) or top
    files = files_in(labels, ".xml")
    if not files:
        return None
    images = subfolder(top, IMAGE_FOLDERS) or top
    pictures = {path.stem: path for path in images_in(images)}
    problems, objects = DataProblems(), {}
    for file in files:
        picture = pictures.get(file.stem)
        if picture is None:
            text = f"{file} is for an image {file.stem} in {images}, which is not there."
            problems.note("file missing", str(file), text)
            continue
        try:
            objects[picture] = _objects(file)
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


def _objects(file: Path) -> tuple[list[tuple[str, list[float], bool]], Any]:
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
