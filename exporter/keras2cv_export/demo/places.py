"""The demo's folder: what lies where in it, and whether it may be written into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import UsageError

_MARK: Final = "keras2cv_demo"
_VERSION: Final = 1


@dataclass(frozen=True)
class Places:
    """Where everything lies."""

    folder: Path

    @property
    def keras_bundle(self) -> Path:
        """The bundle made from the .keras file."""
        return self.folder / "shapes.cv"

    @property
    def h5_bundle(self) -> Path:
        """The bundle made from the .h5 file."""
        return self.folder / "shapes-h5.cv"

    @property
    def photos(self) -> Path:
        """Fresh images, PNG and JPEG."""
        return self.folder / "photos"

    @property
    def sheet(self) -> Path:
        """The fresh images with their predictions."""
        return self.folder / "contact-sheet.png"

    @property
    def record(self) -> Path:
        """What the demo measured; also what tells a demo's folder from any other."""
        return self.folder / "demo.json"

    def write_record(self, facts: Mapping[str, Any]) -> None:
        """Write `facts` to `record`."""
        text = json.dumps({_MARK: _VERSION, **facts}, indent=1, allow_nan=False)
        self.record.write_text(text + "\n", encoding="utf-8")


def prepare(folder: Path) -> Places:
    """Make `folder`, or take it over from an earlier demo, whose files will be replaced.

    Raises:
        UsageError: it is a file, cannot be written, or holds anything else than a demo.
    """
    places = Places(folder)
    try:
        if folder.is_dir() and any(folder.iterdir()) and not _is_demo(places.record):
            raise UsageError(
                f"{folder} is not empty, and holds no earlier demo. Name another folder with -o."
            )
        places.photos.mkdir(parents=True, exist_ok=True)
        places.write_record({"finished": False})
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}. "
            "Name a folder that you may write to with -o."
        ) from error
    return places


def _is_demo(record: Path) -> bool:
    try:
        facts = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(facts, dict) and _MARK in facts
