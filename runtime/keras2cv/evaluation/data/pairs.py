"""Pairs: of folders for image-to-image, and of pictures that show the same, or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import DataPlace, by_stem, files_in, images_in, read_text
from keras2cv.evaluation.data.tables import TableFiles, read_rows
from keras2cv.evaluation.labelled import DataProblems, LabelledData, LabelledSample, Pair

# What goes in, and what should come out.
_FOLDERS: Final = (
    ("input", "target"), ("inputs", "targets"), ("low", "high"), ("lr", "hr"), ("noisy", "clean"),
    ("a", "b"), ("x", "y"), ("source", "target"), ("blur", "sharp"), ("images", "targets"),
    ("input", "output"), ("input", "gt"), ("gray", "color"), ("gray", "colour"),
)  # fmt: skip
_YES: Final = ("1", "true", "yes", "same", "match", "genuine")
_NO: Final = ("0", "-1", "false", "no", "different", "mismatch", "impostor", "nonmatch")


def read_picture_pairs(place: DataPlace, _: str) -> LabelledData | None:
    """Read two folders whose pictures have the same names: what goes in, what should come out."""
    folders = _folders(place)
    if folders is None:
        return None
    inputs, targets = folders
    given = by_stem(images_in(inputs, deep=True), inputs)
    wanted = by_stem(images_in(targets, deep=True), targets)
    problems, samples = DataProblems(), []
    for stem, path in given.items():
        if stem in wanted:
            samples.append(LabelledSample(path, wanted[stem]))
        else:
            problems.note("label missing", str(path), f"{path} has no picture in {targets}.")
    for stem in wanted.keys() - given.keys():
        text = f"{wanted[stem]} belongs to no picture in {inputs}."
        problems.note("file missing", str(wanted[stem]), text)
    note = f"{inputs} goes in, {targets} should come out."
    form = "two folders of pictures"
    return LabelledData(form, place.shown, samples, problems=problems, notes=(note,))


def _folders(place: DataPlace) -> tuple[Path, Path] | None:
    if place.truth is not None:
        return (place.data, place.truth) if place.truth.is_dir() else None
    if not place.data.is_dir():
        return None
    there = {path.name.casefold(): path for path in place.data.iterdir() if path.is_dir()}
    for one, other in _FOLDERS:
        if one in there and other in there:
            return there[one], there[other]
    if len(there) == 2:
        names = " and ".join(sorted(path.name for path in there.values()))
        raise InputError(
            f"{place.data} has the folders {names}, and it is not clear which one goes in. "
            "Give both: first the one that goes in, then the one that should come out."
        )
    return None


def read_same_pairs(place: DataPlace, _: str) -> LabelledData | None:
    """Read a list of pairs: two files and 1 or 0 in each row, or the pairs.txt of LFW.

    Raises:
        InputError: no row is a pair.
    """
    path = _list_at(place)
    if path is None:
        return None
    problems, pairs = DataProblems(), []
    paths: dict[str, Path] = {}
    there = TableFiles(path, place)
    for where, one, other, is_same in _rows(path, problems):
        files = [there.find(name) or _lfw_file(name, there) for name in (one, other)]
        missing = [name for name, file in zip((one, other), files, strict=True) if file is None]
        if missing:
            text = f"{where} names {missing[0]}, and there is no such file."
            problems.note("file missing", where, text)
            continue
        names = [str(file) for file in files]
        paths |= {str(file): file for file in files if file is not None}
        pairs.append(Pair(names[0], names[1], is_same))
    if not pairs:
        raise InputError(
            f"{path} has no pair whose files are there. Write two files and 1 (the same) or 0 in "
            "each row."
        )
    samples = [LabelledSample(file, None) for file in paths.values()]
    form = "a list of pairs"
    return LabelledData(form, str(path), samples, problems=problems, pairs=tuple(pairs))


def _list_at(place: DataPlace) -> Path | None:
    suffixes = (".csv", ".tsv", ".txt")
    if (given := place.file_with(*suffixes)) is not None:
        return given
    found = [path for suffix in suffixes for path in files_in(place.data, suffix)]
    named = [path for path in found if "pairs" in path.name.casefold()] or found
    return named[0] if len(named) == 1 else None


def _rows(path: Path, problems: DataProblems) -> Iterator[tuple[str, str, str, bool]]:
    lines = read_text(path).splitlines()
    if path.suffix.lower() == ".txt" and "," not in "".join(lines[:3]):
        rows = [re.split(r"\s+", line.strip()) for line in lines if line.strip()]
    else:
        rows = read_rows(path)[1]
    for number, row in enumerate(rows, 1):
        where = f"{path}, row {number}"
        found = _pair(row)
        if found is not None:
            yield where, *found
        elif not (number == 1 and all(cell.isdecimal() for cell in row)):  # LFW's first: the folds
            text = f"{where} is no pair: {' '.join(row)[:80]!r}."
            problems.note("label unreadable", where, text)


def _pair(row: list[str]) -> tuple[str, str, bool] | None:
    if len(row) == 3 and row[2].casefold() in (*_YES, *_NO) and not row[1].isdecimal():
        return row[0], row[1], row[2].casefold() in _YES
    if len(row) == 3 and row[1].isdecimal() and row[2].isdecimal():
        return _lfw(row[0], row[1]), _lfw(row[0], row[2]), True
    if len(row) == 4 and row[1].isdecimal() and row[3].isdecimal():
        return _lfw(row[0], row[1]), _lfw(row[2], row[3]), False
    return None


def _lfw(name: str, number: str) -> str:
    return f"{name}/{name}_{number.zfill(4)}"


def _lfw_file(name: str, there: TableFiles) -> Path | None:
    for suffix in (".jpg", ".png", ".jpeg", ".bmp", ".webp"):
        if (found := there.find(name + suffix)) is not None:
            return found
    return None
