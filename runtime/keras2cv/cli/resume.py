"""`--resume`: find the answers of an earlier run in its JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras2cv.cli.line_file import LineFile, is_record
from keras2cv.cli.output import cannot_write
from keras2cv.errors import InputError
from keras2cv.plain_files import write_whole


def resumed(path: Path) -> tuple[LineFile, frozenset[str]]:
    """Open the JSON lines at `path` to go on with them; return the names with results, too.

    A last line that was cut off is removed from the file, and so are those of errors: these are
    tried again, and a name never has two lines. The file is locked until it is closed.

    Raises:
        InputError: the file is something else than the JSON lines of `run`.
        UsageError: it cannot be read or written, or another command writes it.
    """
    lines = LineFile(path, append=True)
    try:
        names, size, is_clean = _read(lines)
        lines.cut(size)
        if is_clean:
            return lines, names
        write_whole(path, (line for line, record in _records(lines) if "error" not in record))
    except OSError as error:
        lines.file.close()
        raise cannot_write(path, error) from error
    except InputError:
        lines.file.close()
        raise
    lines.file.close()
    return LineFile(path, append=True), names  # another file now, by the same name


def answered(path: Path) -> frozenset[str]:
    """Return the names that the JSON lines at `path` hold results for; none without such a file.

    Raises:
        InputError: as `resumed`.
        UsageError: as `resumed`.
    """
    if not path.exists():
        return frozenset()
    lines, names = resumed(path)
    with lines:
        return names


def _read(lines: LineFile) -> tuple[frozenset[str], int, bool]:
    """Return the names with results, the size of the whole lines, and whether all have results."""
    names, size, is_clean = set(), 0, True
    for line, record in _records(lines):
        size += len(line)
        if "error" in record:
            is_clean = False
        else:
            names.add(record["source"])
    return frozenset(names), size, is_clean


def _records(lines: LineFile) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each whole line with its JSON record.

    Raises:
        InputError: a line is no record.
    """
    for number, (line, record) in enumerate(lines.whole_lines(), 1):
        if not is_record(record):
            shown = line.strip()[:60].decode("utf-8", "replace")
            raise InputError(
                f"{lines.path}, line {number} is no result of `keras2cv run --json`: {shown!r}. "
                "Name another file, or leave out --resume to overwrite this one."
            )
        yield line, record
