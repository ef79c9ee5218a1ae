"""`--resume`: find the answers of an earlier run in its JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras2cv.cli.output import cannot_write
from keras2cv.errors import InputError


def answered(path: Path) -> frozenset[str]:
    """Return the names that the JSON lines at `path` hold results for; none without such a file.

    A last line that was cut off is removed from the file, and so are those of errors: these are
    tried again, and a name never has two lines.

    Raises:
        InputError: the file is something else than the JSON lines of `run`.
        UsageError: it cannot be read or written.
    """
    if not path.exists():
        return frozenset()
    names: set[str] = set()
    kept = path.with_name(f"{path.name}.resume")
    try:
        with kept.open("wb") as file:
            for line, record in _records(path):
                if "error" not in record:
                    names.add(record["source"])
                    file.write(line)
            file.flush()
            os.fsync(file.fileno())
        os.replace(kept, path)  # noqa: PTH105 - the name shows that it is atomic, on Windows too
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        kept.unlink(missing_ok=True)
    return frozenset(names)


def _records(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each whole line with its JSON record."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            yield line, _parsed(line, f"{path}, line {number}")


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("source"), str):
        shown = line.strip()[:60].decode("utf-8", "replace")
        raise InputError(
            f"{where} is no result of `keras2cv run --json`: {shown!r}. "
            "Name another file, or leave out --resume to overwrite this one."
        )
    return record
