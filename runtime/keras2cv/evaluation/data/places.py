"""Files below a folder, by their kind and by their stem."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keras2cv.errors import InputError
from keras2cv.evaluation.labelled import BadTruthError
from keras2cv.plain_files import read_plain
from keras2cv.streams.sources import IMAGE_SUFFIXES, natural_order

IMAGE_FOLDERS: Final = ("images", "jpegimages", "imgs", "img")
_MAX_TEXT_BYTES: Final = 2**30


@dataclass(frozen=True)
class DataPlace:
    """The paths that the user gave: data, and perhaps the truth apart from it."""

    data: Path
    truth: Path | None = None

    @property
    def shown(self) -> str:
        """Both, for messages."""
        return str(self.data) if self.truth is None else f"{self.data} and {self.truth}"

    def file_with(self, *suffixes: str) -> Path | None:
        """Return the path that ends in one of `suffixes` and is no folder, the truth first."""
        given = (path for path in (self.truth, self.data) if path is not None)
        return next(
            (path for path in given if path.suffix.lower() in suffixes and not path.is_dir()), None
        )


def is_file(path: Path) -> bool:
    """Return whether there is a file; a name that the system does not take is none."""
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def images_in(folder: Path, *, deep: bool = False) -> list[Path]:
    """Return the pictures in a folder (and below, if `deep`), img2 before img10."""
    if not folder.is_dir():
        return []
    found = (
        (Path(root, name) for root, _, names in os.walk(folder) for name in names)
        if deep
        else folder.iterdir()
    )
    chosen = [path for path in found if path.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(chosen, key=lambda path: natural_order(str(path)))


def subfolder(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the first folder in `folder` that has one of `names`, whatever its case."""
    if not folder.is_dir():
        return None
    there = {path.name.casefold(): path for path in folder.iterdir() if path.is_dir()}
    return next((there[name] for name in names if name in there), None)


def usual_folders(tops: Iterable[Path], names: Sequence[str]) -> list[str]:
    """Return some folders and those in them that have one of `names`: each that there is, once."""
    wanted = [folder for top in tops for folder in (top, *(top / name for name in names))]
    return [str(folder) for folder in dict.fromkeys(wanted) if folder.is_dir()]


def file_in(folders: Iterable[str], name: str) -> Path | None:
    """Return the file of a name in the first folder that has it; None if none has."""
    for folder in folders:
        path = os.path.join(folder, name)  # noqa: PTH118 - twice as fast, for 200,000 images
        if os.path.isfile(path):  # noqa: PTH113
            return Path(path)
    return None


def files_in(folder: Path, suffix: str) -> list[Path]:
    """Return the files in a folder that end in `suffix`, sorted."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == suffix)


def by_stem(paths: Sequence[Path], below: Path) -> dict[str, Path]:
    """Return the paths by their name without suffix, with the folders below `below`."""
    return {path.relative_to(below).with_suffix("").as_posix(): path for path in paths}


def read_label(path: Path) -> str:
    """Return the text of one sample's label.

    Raises:
        BadTruthError: it cannot be read, or is no text.
    """
    try:
        return read_text(path)
    except InputError as error:
        raise BadTruthError("label unreadable", str(error)) from error


def read_text(path: Path) -> str:
    """Return a file of labels as text.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        return read_plain(path, _MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason}. Save it as UTF-8.") from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}. Check the path."
        ) from error
