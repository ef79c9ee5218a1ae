"""Whether a path may be opened as a model: a plain file, or a folder of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keras2cv.errors import ModelError
from keras2cv.plain_files import kind_of, require_plain

_FOLDERS: Final = (".", "variables", "assets", "assets.extra")  # of a SavedModel
_MOST_FILES: Final = 10_000


def require_model(path: str | os.PathLike[str]) -> None:
    """Refuse a path at which no library could read a model: a pipe would never end.

    Raises:
        ModelError: There is nothing, or something other than a file or a folder of files.
    """
    try:
        if not Path(path).is_dir():
            require_plain(path)
            return
        for name, mode in _inside(Path(path)):
            if kind_of(mode) is not None and not stat.S_ISDIR(mode):
                raise ModelError(f"{name} is {kind_of(mode)}, and a model consists of files.")
    except FileNotFoundError as error:
        raise ModelError(f"There is no model at {path}. Check the path.") from error
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read as a model: {error.strerror or error}. Check the path."
        ) from error


def _inside(folder: Path) -> Iterator[tuple[Path, int]]:
    for place in _FOLDERS:
        if not (folder / place).is_dir():
            continue
        for number, entry in enumerate((folder / place).iterdir()):
            if number == _MOST_FILES:
                return
            if not entry.is_symlink() or entry.exists():
                yield entry, entry.stat().st_mode
