"""A file that grows by whole lines: a line that does not fit on the disk is removed again."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from keras2cv.cli.locked_file import open_locked
from keras2cv.cli.output import cannot_write


class LineFile:
    """JSON lines on disk: after a full disk, or a kill at any moment, all but the last are whole.

    Each line is handed to the system at once, so that nothing waits in a buffer of ours.
    """

    def __init__(self, path: Path, *, append: bool) -> None:
        """Open the file, for more lines if `append`, else emptied, and lock it.

        Raises:
            UsageError: it cannot be written, or another command writes it.
        """
        self.path = path
        self.file = open_locked(path)
        if not append:
            self.cut(0)

    def cut(self, size: int) -> None:
        """Drop all but the first `size` bytes.

        Raises:
            UsageError: the system refuses.
        """
        try:
            if os.fstat(self.file.fileno()).st_size > size:
                self.file.truncate(size)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def write(self, line: str) -> None:
        """Append `line`, without its end, to the file.

        Raises:
            UsageError: it cannot be written; the file then ends with the line before.
        """
        data = memoryview(f"{line}\n".encode())
        written = 0
        try:
            while written < len(data):
                written += self.file.write(data[written:])
        except OSError as error:
            with contextlib.suppress(OSError):  # a pipe cannot be truncated
                self.file.truncate(self.file.tell() - written)
            raise cannot_write(self.path, error) from error

    def whole_lines(self) -> Iterator[tuple[bytes, Any]]:
        """Yield each line with its JSON, None for what is none; not one that was cut off."""
        self.file.seek(0)
        reader = io.BufferedReader(self.file)
        try:
            for line in reader:
                if not line.endswith(b"\n"):
                    return
                yield line, _parsed(line)
        finally:
            reader.detach()

    def __enter__(self) -> LineFile:
        """It is open already."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Close it."""
        self.file.close()


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        return None


def is_record(value: Any) -> bool:
    """Return whether a line's JSON is a record: it has the name of its source."""
    return isinstance(value, dict) and isinstance(value.get("source"), str)
