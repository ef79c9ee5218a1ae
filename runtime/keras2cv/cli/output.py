"""Where results go: JSON to a file or stdout."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from keras2cv.cli.terminal import print_lines
from keras2cv.errors import UsageError
from keras2cv.isolation.confinement import freely
from keras2cv.plain_files import write_whole
from keras2cv.schema.result_json import to_json

STDOUT: Final = "-"


def add_json_argument(parser: ArgumentParser, what: str) -> None:
    """Add `--json FILE|-`."""
    parser.add_argument(
        "--json", metavar="FILE|-", help=f"write {what} as JSON to FILE, or to stdout instead"
    )


def write_json(where: str, value: Mapping[str, Any]) -> None:
    """Write `value` to the file `where`, or to stdout for "-".

    Raises:
        UsageError: it cannot be written.
    """
    text = to_json(value, indent=1)
    if where == STDOUT:
        print_lines(text)
    else:
        write_text(where, f"{text}\n")


def write_text(where: str | Path, text: str) -> None:
    """Write the file `where`.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        freely(write_whole, where, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise cannot_write(where, error) from error


def cannot_write(where: str | Path, error: OSError) -> UsageError:
    """Return the error for a file `where` that cannot be written."""
    reason = error.strerror or str(error)
    return UsageError(f"{where} cannot be written: {reason}. Choose a place that you may write to.")


def is_null(path: Path) -> bool:
    """Whether it is the system's null device, which takes anything."""
    return os.path.realpath(path) == os.path.realpath(os.devnull)
