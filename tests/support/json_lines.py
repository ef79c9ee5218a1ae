"""JSON lines, as `run --json` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def records(path: str = "r.jsonl") -> list[dict[str, Any]]:
    """Return the JSON lines of a file."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
