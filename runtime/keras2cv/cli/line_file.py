"""A file that grows by whole lines: a line that does not fit on the disk is removed again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

from keras2cv.cli.output import cannot_write


class LineFile:
    """JSON lines on disk: after a full disk, or a kill at any moment, all but the last are whole.

    Each line is handed to the system at once, so that nothing waits in a buffer of ours.
    """

    def __init__(self, path: Path, *, append: bool) -> None:
        """Open the file, for more lines if `append`, else emptied.

        Raises:
            UsageError: it cannot be written.
        """
        self._path = path
        try:
            self._file = path.open("ab" if append else "wb", buffering=0)
        except OSError as error:
            raise cannot_write(path, error) from error

    def write(self, line: str) -> None:
        """Append `line`, without its end, to the file.

        Raises:
            UsageError: it cannot be written; the file then ends with the line before.
        """
        data = memoryview(f"{line}\n".encode())
        written = 0
        try:
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            with contextlib.suppress(OSError):  # a pipe cannot be truncated
                self._file.truncate(self._file.tell() - written)
            raise cannot_write(self._path, error) from error

    def __enter__(self) -> LineFile:
        """It is open already."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Close it."""
        self._file.close()
