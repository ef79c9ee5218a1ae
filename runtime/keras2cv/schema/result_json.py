"""Results as JSON: strict, in plain ASCII, whatever numbers they hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def to_json(value: Mapping[str, Any], indent: int | None = None) -> str:
    """Return `value` as JSON in plain ASCII, which every terminal, shell and reader takes.

    NaN and infinity, for which JSON has no numbers, become the strings "nan", "inf" and "-inf".
    """
    text = json.dumps(plain(value), allow_nan=False, indent=indent)
    return text.replace("\x7f", r"\u007f")  # DEL is ASCII, and no terminal shows it


def plain(value: Any) -> Any:
    """Return `value` as JSON has it: string keys, lists, and NaN and infinity as strings."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
