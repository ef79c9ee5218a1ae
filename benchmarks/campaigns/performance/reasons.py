"""Why something was not measured, in words for a page that others read."""

from __future__ import annotations

import re
from typing import Final

_FOLDERS: Final = re.compile(r"(?<!\w)(?:/[^\s/:'\"]+)+/(?=[^\s/:'\"])")
_GLUED: Final = re.compile(r"(?<=[.,;:])(?=/)")  # a sentence's end and a path


def without_folders(reason: str) -> str:
    """Return a reason with files by their names alone: folders are of the machine that measured."""
    return _FOLDERS.sub("", _GLUED.sub(" ", reason))
