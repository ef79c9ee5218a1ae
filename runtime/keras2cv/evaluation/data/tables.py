"""A table of files: CSV or TSV with a class, numbers, points or a text for each."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from keras2cv.errors import InputError
from keras2cv.evaluation.data.places import (
    DataPlace,
    file_in,
    files_in,
    read_text,
    subfolder,
    usual_folders,
)
from keras2cv.evaluation.labelled import (
    DataProblems,
    LabelledData,
    LabelledSample,
    TruePoints,
    Truth,
    class_number,
)
from keras2cv.streams.sources import IMAGE_SUFFIXES

_SUFFIXES: Final = (".csv", ".tsv")
_FILE_COLUMNS: Final = ("file", "filename", "file_name", "path", "filepath", "image", "img", "name")
_FOLDERS: Final = ("images", "imgs", "image", "train", "test", "val", "jpegimages")
_MOST_COLUMNS: Final = 10_000
_CLASS_COLUMNS: Final = ("label", "class", "category", "target", "species", "y")
_TEXT_COLUMNS: Final = ("text", "label", "words", "transcription")


def table_at(place: DataPlace) -> Path | None:
    """Return the table that the user means: a file, or the only one in the folder."""
    if (given := place.file_with(*_SUFFIXES)) is not None:
        return given
    if place.truth is not None:
        return None
    found = [path for suffix in _SUFFIXES for path in files_in(place.data, suffix)]
    return found[0] if len(found) == 1 else None


def read_table(place: DataPlace, task: str) -> LabelledData | None:
    """Read a table for a task: its first column names files.

    Raises:
        InputError: it has no rows, or no column for the task.
    """
    path = table_at(place)
    if path is None:
        return None
    header, rows = read_rows(path)
    if not rows:
        raise InputError(f"{path} has no rows. Write a file and its label in each.")
    file_column = _column(header, _FILE_COLUMNS, 0)
    if task in ("classify", "binary", "text"):
        wanted = _TEXT_COLUMNS if task == "text" else _CLASS_COLUMNS
        columns = [_column(header, wanted, 1 if file_column == 0 else 0)]
    else:
        width = len(rows[0]) if len(rows[0]) > 1 else len(header)
        columns = [k for k in range(width) if k != file_column]
    if not columns:
        raise InputError(f"{path} has one column. Write a file and its label in each row.")
    problems = DataProblems()
    texts: dict[Path, list[str]] = {}
    files = TableFiles(path, place)
    for number, row in enumerate(rows, 2 if header else 1):
        _read_row(path, files, number, row, file_column, columns, texts, problems)
    return _data(path, task, [header[k] if header else "" for k in columns], texts, problems)


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the header of a table (empty without one) and its rows.

    Raises:
        InputError: it cannot be read, or a row is too long.
    """
    text = read_text(path)
    first = text.partition("\n")[0]
    counts = {mark: first.count(mark) for mark in ("\t", ";", ",")}
    mark = "\t" if path.suffix.lower() == ".tsv" else max(counts, key=lambda key: counts[key])
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=mark) if any(row)]
    except csv.Error as error:
        raise InputError(f"{path} is no table of comma-separated values: {error}.") from error
    longest = max(map(len, rows), default=0)
    if longest > _MOST_COLUMNS:
        raise InputError(
            f"{path} has a row of {longest} cells, and {_MOST_COLUMNS} are the most that are read. "
            "Give arrays in an .npz file."
        )
    rows = [[cell.strip() for cell in row] for row in rows]
    if rows and not any(Path(cell).suffix.lower() in IMAGE_SUFFIXES for cell in rows[0]):
        return rows[0], rows[1:]
    return [], rows


def _column(header: Sequence[str], names: Sequence[str], default: int) -> int:
    found = [cell.casefold() for cell in header]
    return next((found.index(name) for name in names if name in found), default)


def _read_row(
    table: Path,
    files: TableFiles,
    number: int,
    row: Sequence[str],
    file_column: int,
    columns: Sequence[int],
    texts: dict[Path, list[str]],
    problems: DataProblems,
) -> None:
    where = f"{table}, row {number}"
    if len(row) <= max(file_column, *columns) or not row[file_column]:
        problems.note("label unreadable", where, f"{where} has {len(row)} cells, and lacks some.")
        return
    file = files.find(row[file_column])
    if file is None:
        text = f"{where} names {row[file_column]}, and there is no such file."
        problems.note("file missing", where, text)
        return
    cells = [row[k] for k in columns]
    if file in texts:
        if texts[file] != cells:
            text = f"{where} labels {file.name} again, as {cells[0]!r} and not {texts[file][0]!r}."
            problems.note("label twice", where, text)
        return
    texts[file] = cells


class TableFiles:
    """Finds the files that a table names: beside it, in the data's folder, or in a usual one."""

    def __init__(self, table: Path, place: DataPlace) -> None:
        """Look once for the folders that there are: a table may name 200,000 files."""
        tops = [place.data, table.parent] if place.data.is_dir() else [table.parent]
        inner = subfolder(tops[0], _FOLDERS)
        usual = usual_folders(tops, _FOLDERS)
        self._folders = list(dict.fromkeys(usual if inner is None else [*usual, str(inner)]))

    def find(self, name: str) -> Path | None:
        """Return the file of a name; None if there is none."""
        return file_in(self._folders, name)


def _data(
    path: Path,
    task: str,
    header: Sequence[str],
    texts: Mapping[Path, Sequence[str]],
    problems: DataProblems,
) -> LabelledData:
    if task in ("classify", "binary"):
        names = sorted({cells[0] for cells in texts.values()}, key=_class_order)
        numbers = {name: k for k, name in enumerate(names)}
        samples = [LabelledSample(file, numbers[cells[0]]) for file, cells in texts.items()]
        are_numbers = all(re.fullmatch(r"[0-9]+", name) for name in names)
        form = "a table of files and their classes"
        return LabelledData(form, str(path), samples, tuple(names), are_numbers, problems)
    title, parse = _PARSERS[task]
    samples = list(_parsed(path, texts, parse, problems))
    points = None
    if task == "keypoints" and all(header):
        points = tuple(re.sub(r"[_.\- ]?x$", "", name, flags=re.I) for name in header[::2])
    return LabelledData(title, str(path), samples, problems=problems, points=points)


def _class_order(name: str) -> tuple[int, str]:
    return (class_number(name) if name.isdecimal() else -1, name)


def _parsed(
    table: Path,
    texts: Mapping[Path, Sequence[str]],
    parse: Callable[[Sequence[str]], Truth],
    problems: DataProblems,
) -> Iterator[LabelledSample]:
    for file, cells in texts.items():
        try:
            yield LabelledSample(file, parse(cells))
        except ValueError:
            shown = ", ".join(cells)[:80]
            text = f"The label of {file.name} in {table} cannot be read: {shown!r}."
            problems.note("label unreadable", str(file), text)


def _numbers(cells: Sequence[str]) -> tuple[float, ...]:
    values = tuple(float(cell) for cell in cells)
    if not all(math.isfinite(value) for value in values):
        raise ValueError
    return values


def _points(cells: Sequence[str]) -> TruePoints:
    """Read x1, y1, x2, y2, ...; an empty cell is a point that is not labelled."""
    values = np.array([float(cell) if cell else math.nan for cell in cells], np.float64)
    if len(values) % 2:
        raise ValueError
    points = values.reshape(-1, 2)
    return TruePoints(points, np.asarray(np.isfinite(points).all(axis=1)), None)


_PARSERS: Final[Mapping[str, tuple[str, Callable[[Sequence[str]], Truth]]]] = MappingProxyType(
    {
        "regress": ("a table of files and their numbers", _numbers),
        "keypoints": ("a table of files and their points, x and y", _points),
        "text": ("a table of files and their texts", lambda cells: cells[0]),
    }
)
