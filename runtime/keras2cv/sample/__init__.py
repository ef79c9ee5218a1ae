"""The sample that ships with keras2cv: a small trained detector of drawn shapes, and a picture.

On the command line, `sample` stands for the bundle, and for its picture if no source is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

NAME: Final = "sample"
BUNDLE: Final = Path(__file__).parent / "shapes.cv"
PHOTO: Final = Path(__file__).parent / "shapes.jpg"


def is_meant(path: Path) -> bool:
    """Return whether `path` names the sample: nothing of that name is in the current folder."""
    return str(path) == NAME and not path.exists()
