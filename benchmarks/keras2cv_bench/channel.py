"""The channel from a child process to its parent: JSON lines on stdout, and nothing else there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any


def channel() -> Callable[..., None]:
    """Return a function that writes a JSON line to stdout, and keep all other output off it."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # cv2 and TensorFlow print there

    def say(**facts: Any) -> None:
        print(json.dumps(facts), file=out, flush=True)

    return say
