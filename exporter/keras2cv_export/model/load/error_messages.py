"""Shorten Keras' error messages to one sentence."""

from __future__ import annotations

import re

_DECORATION = re.compile(r"\x1b\[\d*m|\{\{.*?\}\} ?|Full object config: .*")


def sentence(error: BaseException) -> str:
    """Return the line of Keras' message that names the fault, at most 300 characters."""
    # Keras wraps errors in each other.
    innermost = str(error).rpartition("Exception encountered: ")[2]
    lines = [_DECORATION.sub("", line).strip() for line in innermost.splitlines()]
    causes = [
        x
        for x in lines
        if x.strip("'\" ") and not x.startswith("Exception encountered when calling")
    ]
    text = causes[0] if causes else type(error).__name__
    if text.endswith(":") and len(causes) > 1:  # what it announces is the fault
        text = f"{text} {causes[1]}"
    return text[:300].rstrip(".") + "."
