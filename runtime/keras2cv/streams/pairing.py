"""The samples of a model with several inputs, from NAME=FILE arguments and pairs of folders."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from keras2cv.errors import InputError
from keras2cv.plain_files import require_plain
from keras2cv.streams.files import ARRAY_SUFFIXES, IMAGE_SUFFIXES, files_in, source_of
from keras2cv.streams.frames import Source

URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PAIR: Final = re.compile(r"([^=]+?)=(.+)")
_NAMED: Final = 5  # files without a partner that an error names


def pair_of(name: str) -> re.Match[str] | None:
    """Return the match of NAME=FILE, unless it is a file, a URL or a pattern with that in it."""
    found = _PAIR.fullmatch(name)
    if found is None or URL.match(name) or glob.has_magic(name) or os.path.lexists(name):
        return None
    return found


def samples_of(names: Sequence[str], pairs: Sequence[re.Match[str] | None]) -> list[Source]:
    """Return a source per sample from `input=file` arguments; a repeated name begins a new sample.

    Folders are paired by their files' names, without the suffix.

    Raises:
        InputError: a file that is not there or is not for an input; other sources between; or
            folders whose files do not pair.
    """
    samples: list[dict[str, Source | Path]] = []
    for name, pair in zip(names, pairs, strict=True):
        if pair is None:
            raise InputError(
                f"{name} is for no input, and others are given as NAME=FILE. Give all of them so."
            )
        if not samples or pair[1] in samples[-1]:
            samples.append({})
        samples[-1][pair[1]] = _part(pair[1], pair[2])
    return [_joined(parts) for sample in samples for parts in _paired(sample)]


def _joined(parts: Mapping[str, Source]) -> Source:
    name = " ".join(f"{input_name}={part.name}" for input_name, part in parts.items())
    return Source(name, "inputs", Path(), parts=parts)


def _part(name: str, file: str) -> Source | Path:
    """Return the file for an input, or the folder."""
    path = Path(file)
    if _is_folder_of_files(path):
        return path
    try:
        require_plain(path)
    except OSError as error:
        raise InputError(
            f"{file}, for the input {name}, cannot be read: {error.strerror}. Check the path."
        ) from error
    return source_of(path)


def _is_folder_of_files(path: Path) -> bool:
    """Return whether a path is a folder with files in it, and no bundle."""
    try:
        return path.is_dir() and any(path.glob("*.*")) and not (path / "manifest.json").exists()
    except (OSError, ValueError):  # a name that leads nowhere
        return False


def _paired(sample: Mapping[str, Source | Path]) -> list[dict[str, Source]]:
    """Return the samples in a sample of folders, or the one of files.

    Raises:
        InputError: files and folders are mixed, or a file has no partner.
    """
    files = {name: part for name, part in sample.items() if isinstance(part, Source)}
    folders = {name: part for name, part in sample.items() if isinstance(part, Path)}
    if not folders:
        return [files]
    if files:
        (folder, path), (file, part) = next(iter(folders.items())), next(iter(files.items()))
        raise InputError(
            f"{folder}={path} is a folder, and {file}={part.name} a file. Give folders for all "
            "inputs, whose files pair by name, or a file for each."
        )
    found = {name: _by_stem(path) for name, path in folders.items()}
    _check_pairs(folders, found)
    return [{name: found[name][stem] for name in found} for stem in next(iter(found.values()))]


def _by_stem(folder: Path) -> dict[str, Source]:
    """Return the images and arrays of a folder by their names without suffixes.

    Raises:
        InputError: there are none, two of a name, or the folder cannot be read.
    """
    try:
        files = files_in(folder, (*IMAGE_SUFFIXES, *ARRAY_SUFFIXES))
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}. Check the path.") from error
    found: dict[str, Source] = {}
    for file in files:
        if file.path.stem in found:
            raise InputError(
                f"{folder} holds {found[file.path.stem].path.name} and {file.path.name}, which "
                "would be the same sample. Give each sample a name of its own."
            )
        found[file.path.stem] = file
    if not found:
        raise InputError(f"{folder} holds no image and no array. Check the path.")
    return found


def _check_pairs(folders: Mapping[str, Path], found: Mapping[str, Mapping[str, Source]]) -> None:
    everywhere = set.intersection(*(set(files) for files in found.values()))
    lonely = [
        str(source.path)
        for files in found.values()
        for stem, source in files.items()
        if stem not in everywhere
    ]
    if not lonely:
        return
    counts = " and ".join(f"{folders[name]} holds {len(files)}" for name, files in found.items())
    more = f" and {len(lonely) - _NAMED} more" if len(lonely) > _NAMED else ""
    raise InputError(
        f"{counts} files, and {len(lonely)} of them have no partner of the same name: "
        f"{', '.join(lonely[:_NAMED])}{more}. Add the missing files, or take these out."
    )
