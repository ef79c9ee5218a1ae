"""What cv2 complains about, as one line that fits into a sentence."""

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
    """Return what cv2 complains about and where, as one line of at most 300 characters.

    From the text alone: cv2 puts `.err` and `.func` on the class, where they may be an older
    error's, or another thread's.
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
