"""Whether `--against` names a model's answers, and no model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def is_answers(against: Any) -> bool:
    """Whether a value is the path of an .npz file with inputs and outputs by name."""
    return isinstance(against, str | os.PathLike) and Path(against).suffix.lower() == ".npz"
