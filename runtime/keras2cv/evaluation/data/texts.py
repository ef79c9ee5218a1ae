"""Pictures of lines, each with its text: a file beside it, or a list of files and texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from keras2cv.evaluation.data.places import (
    DataPlace,
    files_in,
    images_in,
    read_label,
    read_text,
)
from keras2cv.evaluation.data.tables import TableFiles
from keras2cv.evaluation.labelled import BadTruthError, DataProblems, LabelledData, LabelledSample

_LISTS: Final = ("labels.txt", "gt.txt", "annotation.txt", "annotations.txt", "words.txt")


def read_texts(place: DataPlace, _: str) -> LabelledData | None:
    """Read `img.png` with `img.txt` or `img.gt.txt` beside it, or a list of files and texts."""
    if (listed := _list_at(place)) is not None:
        return _read_list(listed, place)
    labels = place.truth or place.data
    texts = {re.sub(r"\.gt$", "", path.stem): path for path in files_in(labels, ".txt")}
    pictures = images_in(place.data)
    if not pictures or not texts:
        return None
    problems, samples = DataProblems(), []
    for picture in pictures:
        file = texts.pop(picture.stem, None)
        if file is None:
            problems.note("label missing", str(picture), f"{picture} has no text in {labels}.")
            continue
        try:
            samples.append(LabelledSample(picture, _line(read_label(file))))
        except BadTruthError as error:
            problems.note(error.kind, str(file), str(error))
    for file in texts.values():
        problems.note("file missing", str(file), f"{file} is the text of no picture.")
    return LabelledData("a text for each picture", place.shown, samples, problems=problems)


def _list_at(place: DataPlace) -> Path | None:
    if (given := place.file_with(".txt")) is not None:
        return given
    if place.truth is not None or not place.data.is_dir():
        return None
    there = {path.name.casefold(): path for path in files_in(place.data, ".txt")}
    return next((there[name] for name in _LISTS if name in there), None)


def _read_list(path: Path, place: DataPlace) -> LabelledData:
    problems, samples, known = DataProblems(), [], set()
    files = TableFiles(path, place)
    for number, line in enumerate(read_text(path).splitlines(), 1):
        found = re.match(r"\s*(?:([^,\t]+?)[,\t]\s*|(\S+)\s+)(.*)$", line)
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{path}, line {number}"
        if found is None:
            problems.note("label unreadable", where, f"{where} has no text after its file.")
            continue
        name, text = (found[1] or found[2]).strip(), found[3].strip()
        quoted = re.fullmatch(r'"(.*)"', text)
        file = files.find(name)
        if file is None:
            note = f"{where} names {name}, and there is no such file."
            problems.note("file missing", where, note)
        elif file in known:
            problems.note("label twice", where, f"{where} gives {file.name} a text again.")
        else:
            known.add(file)
            samples.append(LabelledSample(file, quoted[1] if quoted else text))
    form = "a list of pictures and their texts"
    return LabelledData(form, str(path), samples, problems=problems)


def _line(text: str) -> str:
    return " ".join(text.splitlines()).strip()
