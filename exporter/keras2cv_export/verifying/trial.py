"""The outcome of loading and running a file in the installed OpenCV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trial:
    """How an installed OpenCV took the file.

    Attributes:
        opencv: Its version, "5.0.0".
        engine: "new" or "classic".
        ran: Whether it was run too; a file whose inputs are open, or no float32, is only loaded.
        problem: The problem in a sentence; None if there is none.
    """

    opencv: str
    engine: str
    ran: bool
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, without absent values."""
        record = {"opencv": self.opencv, "engine": self.engine, "ran": self.ran}
        return record if self.problem is None else {**record, "problem": self.problem}
