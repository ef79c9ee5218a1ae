"""The files that a pattern such as "day/**/*.jpg" matches."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path


def matches(pattern: str) -> list[str]:
    """Return the paths that match, as the module `glob` finds them, each once and unsorted.

    `**` stands for any folders. Each is entered once, whatever links lead to it, so that a link to
    a folder above is no loop. A folder that may not be entered is among the paths.
    """
    return [path for path in dict.fromkeys(_matches(pattern)) if not _is_entered(path)]


def _matches(pattern: str) -> Iterator[str]:
    parts = pattern.split(os.sep)  # noqa: PTH206 - a Path drops the "./" that a source's name has
    if "**" not in parts:
        yield from glob.glob(pattern)  # noqa: PTH207 - Path.glob takes no absolute pattern
        return
    place = parts.index("**")
    head, rest = _joined(parts[:place]), _joined(parts[place + 1 :]) or "*"
    if pattern.startswith(os.sep) and not head:
        head = os.sep
    for top in glob.glob(head) if head else [""]:  # noqa: PTH207 - as above
        for folder, is_open in _folders(top):
            if is_open:
                yield from _matches(os.path.join(glob.escape(folder), rest))  # noqa: PTH118 - "" is none
            else:
                yield folder


def _joined(parts: list[str]) -> str:
    return os.sep.join(parts)  # noqa: PTH118 - as above


def _folders(top: str) -> Iterator[tuple[str, bool]]:
    """Yield `top` and the folders below that are not hidden, and whether each can be entered."""
    closed: list[str] = []
    seen: set[tuple[int, int]] = set()
    walk = os.walk(top or ".", followlinks=True, onerror=lambda e: closed.append(str(e.filename)))
    for path, names, _ in walk:
        found = Path(path).stat()
        if (found.st_dev, found.st_ino) in seen:
            names.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        found_here = [name for name in names if not name.startswith(".")]
        names[:] = sorted(found_here, key=lambda name: (Path(path, name).is_symlink(), name))
        yield (path if top else os.path.relpath(path).removeprefix(".")), True
    yield from ((path, False) for path in closed)


def _is_entered(path: str) -> bool:
    """Return whether it is a folder, and one that can be read."""
    return os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)  # noqa: PTH112 - never raises
