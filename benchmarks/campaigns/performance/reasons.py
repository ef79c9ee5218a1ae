"""Why something was not measured, in words for a page that others read."""

from __future__ import annotations

import re
from typing import Final

_MOST: Final = 300  # characters
_FOLDERS: Final = re.compile(r"(?<!\w)(?:/[^\s/:'\"]+)+/(?=[^\s/:'\"])")
_GLUED: Final = re.compile(r"(?<=[.,;:])(?=/)")  # a sentence's end and a path


def short(reason: str) -> str:
    """Return a reason on one line, shortened, with files by their names alone.

    The folders are those of the machine that measured.
    """
    apart = _GLUED.sub(" ", " ".join(reason.split()))
    return _FOLDERS.sub("", apart)[:_MOST]
