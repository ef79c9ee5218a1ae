"""The sample that ships with keras2cv: a small trained detector of drawn shapes, and a picture.

The picture's true boxes are in `shapes.json`, in COCO's form. On the command line, `sample` stands
for the bundle, and `photo` after it for the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

NAME: Final = "sample"
PHOTO_NAME: Final = "photo"
BUNDLE: Final = Path(__file__).parent / "shapes.cv"
PHOTO: Final = Path(__file__).parent / "shapes.jpg"
TRUTH: Final = Path(__file__).parent / "shapes.json"


def is_meant(path: Path) -> bool:
    """Return whether `path` names the sample: nothing of that name is in the current folder."""
    return str(path) == NAME and not path.exists()


def is_photo(sources: Sequence[str]) -> bool:
    """Return whether the only source is the sample's picture, and no file of that name."""
    return list(sources) == [PHOTO_NAME] and not Path(PHOTO_NAME).exists()
