"""A name that cv2 can open, and print, for a file with any name."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def plainly_named(path: Path) -> Iterator[str]:
    """Give `path`, or a link to it if its name holds newlines, escape sequences or such.

    cv2's videos take no name that is not UTF-8, and print others as they are.
    """
    if str(path).isprintable():
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="keras2cv-") as folder:
        link = Path(folder, f"video{path.suffix.lower()}")
        link.symlink_to(path.absolute())
        yield str(link)
