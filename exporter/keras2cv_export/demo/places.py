"""The demo's folder: its files, and whether it may be written into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv.plain_files import write_whole

KERAS_FILE, H5_FILE = "shapes.keras", "shapes.h5"
KERAS_BUNDLE, H5_BUNDLE = "shapes.cv", "shapes-h5.cv"
PHOTOS, SHEET, RECORD = "photos", "contact-sheet.png", "demo.json"
FILES: Final = {
    f"{KERAS_FILE}, {H5_FILE}": "the model, as Keras saves it",
    f"{KERAS_BUNDLE}, {H5_BUNDLE}": "the bundles made from them",
    PHOTOS: "fresh images, named after their shapes",
    SHEET: "the same with their predictions",
    RECORD: "every number above",
}
_MARK: Final = "keras2cv_demo"  # a key in the record that marks a demo's folder


def prepare(folder: Path) -> None:
    """Make `folder`, or take it over from an earlier demo, whose files will be replaced.

    Raises:
        UsageError: it is a file, cannot be written, or holds anything else than a demo.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()) and not _is_demo(folder / RECORD):
            raise UsageError(
                f"{folder} is not empty, and holds no earlier demo. Name another folder with -o."
            )
        (folder / PHOTOS).mkdir(parents=True, exist_ok=True)
        write_record(folder, {"finished": False})
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}. "
            "Name a folder that you may write to with -o."
        ) from error


def write_record(folder: Path, fields: Mapping[str, Any]) -> None:
    """Write `fields` to the folder's record."""
    text = json.dumps({_MARK: 1, **fields}, indent=1, allow_nan=False)
    write_whole(folder / RECORD, f"{text}\n".encode())


def _is_demo(record: Path) -> bool:
    try:
        fields = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(fields, dict) and _MARK in fields
