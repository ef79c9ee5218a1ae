"""What Keras complains about, in one sentence."""

from __future__ import annotations

import re

_DECORATION = re.compile(r"\x1b\[\d*m|\{\{.*?\}\} ?|Full object config: .*")


def sentence(error: Exception) -> str:
    """Return the line of a message of Keras' that says what is wrong, at most 300 characters."""
    said = str(error).rpartition("Exception encountered: ")[2]  # the innermost of those it wraps
    lines = [_DECORATION.sub("", line).strip() for line in said.splitlines()]
    told = [x for x in lines if x and not x.startswith("Exception encountered when calling")]
    text = told[0] if told else type(error).__name__
    return text[:300].rstrip(".") + "."
