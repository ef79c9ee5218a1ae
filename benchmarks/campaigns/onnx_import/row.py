"""One file on one engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RIGHT: Final = 1e-4  # of the largest number


@dataclass(frozen=True)
class Row:
    """One file on one engine of one OpenCV; each side is `child.py`'s map."""

    file: str
    opencv: str
    engine: str
    plain: Mapping[str, Any]
    ours: Mapping[str, Any]


def is_right(side: Mapping[str, Any]) -> bool:
    """Whether a side ran, and gave the right numbers."""
    return float(side.get("worst", "inf")) <= RIGHT
