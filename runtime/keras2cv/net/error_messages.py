"""Shorten cv2's error messages to one line that fits into a sentence."""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 300  # characters
# OpenCV(5.0.0) file.cpp:1: error: (-2:kind) message in function 'f'\n> details\n
_MESSAGE: Final = re.compile(
    r"error: \(-?\d+(?::([^)]*))?\) ?(.*?) ?(?:in function '([^\n]*)'\s*)?(^>.*)?\Z",
    re.DOTALL | re.MULTILINE,
)


def condensed(error: Exception) -> str:
    """Return cv2's message and the place it comes from, as one line of at most 300 characters.

    Only the text is used: cv2 sets `.err` and `.func` on the class, so they may belong to an
    older error, or to another thread's.
    """
    match = _MESSAGE.search(str(error))
    if match is None:
        return _one_line(str(error) or type(error).__name__)
    kind, message, function, details = match.groups(default="")
    text = f"{message}\n{details}".strip() or kind
    if kind and not kind.startswith("Unspecified") and text != kind:
        text = f"{kind}: {text}"
    name = re.findall(r"(\w+)(?=\(|$)", function)
    return _one_line(f"{_one_line(text)}, in {name[0]}" if name else text)


def _one_line(text: str) -> str:
    line = " ".join(re.sub(r"^> *", "", text, flags=re.MULTILINE).split()).rstrip(".")
    return line if len(line) <= MAX_LENGTH else f"{line[: MAX_LENGTH - 3]}..."
