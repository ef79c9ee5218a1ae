"""The folder of a SavedModel: read once, and given to TensorFlow as it was read.

TensorFlow gets a private folder with the very graphs that were looked at, and links to the two
folders of data beside them. Nothing else of the user's folder is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.errors import ModelError
from keras2cv.plain_files import real_path

from .danger import shown

_GRAPHS: Final = "saved_model.pb"
_DATA: Final = ("variables", "assets")
_MAX_GRAPH_BYTES: Final = 2**31 - 1  # of one protobuf message


def read_graphs(path: Path) -> bytes:
    """Return the bytes of a SavedModel's graphs, whose folder holds plain files alone.

    Raises:
        ModelError: There are none, they are too large, or a file leads out of the folder.
    """
    if (path / "saved_model.cpb").exists():  # TensorFlow prefers it, and OpenCV's limit is lower
        raise ModelError(
            f"{path} holds more than 2 GiB in saved_model.cpb. Export a smaller model."
        )
    for file in _files(path):
        _check_file(path, file)
    file = path / _GRAPHS
    try:
        if file.stat().st_size > _MAX_GRAPH_BYTES:
            raise ModelError(f"{file} has more than 2 GiB. Export a smaller model.")
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}). Check its permissions.") from (
            error
        )


@contextmanager
def private_copy(path: Path, graphs: bytes) -> Iterator[Path]:
    """Yield a temporary SavedModel of these graphs, with the variables and assets of `path`."""
    with temporary_folder() as folder:
        copy = Path(folder)
        (copy / _GRAPHS).write_bytes(graphs)
        for name in _DATA:
            if (path / name).is_dir():
                (copy / name).symlink_to(real_path(path / name), target_is_directory=True)
        yield copy


def _files(path: Path) -> Iterator[Path]:
    yield path / _GRAPHS
    for name in _DATA:
        if (path / name).is_symlink():
            yield path / name
        for folder, folders, files in os.walk(path / name):
            yield from (Path(folder, file) for file in files)
            yield from (Path(folder, one) for one in folders if Path(folder, one).is_symlink())


def _check_file(path: Path, file: Path) -> None:
    """Refuse pipes, devices, and links out of the folder (a download's cache is no way out)."""
    target, home = real_path(file), real_path(path)
    homes = [home]
    if home.parent.name == "snapshots":  # Hugging Face's cache keeps the files in ../../blobs
        homes.append(home.parent.parent / "blobs")
    if not any(target.is_relative_to(one) for one in homes):
        raise ModelError(
            f"{path} has {shown(file.relative_to(path))}, a link to {shown(target)}, outside its "
            "own folder. Copy the file into the folder."
        )
    if file.exists() and not (target.is_file() or target.is_dir()):
        raise ModelError(
            f"{path} has {shown(file.relative_to(path))}, which is no plain file. "
            "No library writes that: do not use the model."
        )
