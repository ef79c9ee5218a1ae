"""Keep the outputs of every verb from replacing a file that is not an earlier output of theirs.

A forgotten value (`run cat.cv --json photo.jpg`) or a `*` of the shell puts a user's file in the
place of an output. Every verb is checked here, before it does anything. A verb names the options
that it writes to in its `OUTPUTS`, as {argument: kind}; `--json` and `--html` are outputs of all.

    json, html      a file; an earlier one is known by what is in it
    drawn           a picture, a video, or a folder for pictures
    folder          a folder for files, which the verb itself keeps from replacing others
    bundle          a folder whose place the verb checks itself
"""

from __future__ import annotations

import os
import stat
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from keras2cv.cli.earlier_outputs import is_drawn, is_our_html, is_our_json
from keras2cv.cli.locked_file import refuse_locked
from keras2cv.cli.output import STDOUT, is_null
from keras2cv.errors import UsageError
from keras2cv.plain_files import kind_of

OF_EVERY_VERB: Final[Mapping[str, str]] = {"json": "json", "html": "html"}
_BUNDLE_FILES: Final = ("model.onnx", "model.pb", "selftest.npz")
_MODEL_FILES: Final = ("saved_model.pb", "keras_metadata.pb")
_OURS: Final[Mapping[str, tuple[str, Callable[[Path], bool]]]] = {
    "json": ("JSON of `keras2cv`", is_our_json),
    "html": ("an HTML page of `keras2cv`", is_our_html),
    "drawn": ("a picture or video that `keras2cv run` drew", is_drawn),
}
_WITH_O: Final = ("output", "bundle")
_ADVICE: Final = "Name another place."


def check_outputs(args: Namespace) -> None:
    """Refuse an output path that would replace an input, a bundle's file or a file of another kind.

    Raises:
        UsageError: it would, or it is no place for an output.
    """
    outputs = dict(_outputs(args))
    inputs = list(_inputs(args, outputs))
    for option, (path, kind) in outputs.items():
        _check_output(path, kind, f"{_flag(option)} {path}", inputs)
    _require_distinct(outputs)
    for option, (path, kind) in outputs.items():
        if kind in ("json", "html"):
            _check_folder(path, f"{_flag(option)} {path}")


def outputs_of(args: Namespace) -> dict[str, str]:
    """Return the arguments of a command that are outputs, with their kinds."""
    return {**OF_EVERY_VERB, **getattr(args, "outputs", {})}


def _outputs(args: Namespace) -> Iterator[tuple[str, tuple[Path, str]]]:
    for option, kind in outputs_of(args).items():
        where = getattr(args, option, None)
        if isinstance(where, str | os.PathLike) and not (kind == "json" and where == STDOUT):
            yield option, (Path(where), kind)


def _check_output(path: Path, kind: str, label: str, inputs: list[Path]) -> None:
    try:
        real = Path(os.path.realpath(path))
        _refuse_inside(real, kind, label)
        mode = _mode_of(path)
        if mode is not None and not is_null(path):
            _check_existing(real, mode, kind, label, inputs)
    except OSError as error:
        raise UsageError(f"{label} cannot be used: {error.strerror or error}. {_ADVICE}") from error


def _check_folder(path: Path, label: str) -> None:
    """Refuse a new file for which there is no place, before hours of work are lost."""
    if os.path.lexists(path):
        return
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(f"{label} cannot be written: there is no folder {folder}. {_ADVICE}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(
            f"{label} cannot be written: you may not write to the folder {folder}. {_ADVICE}"
        )


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None  # a new file, the place that a link names, or one that the writer refuses


def _check_existing(path: Path, mode: int, kind: str, label: str, inputs: list[Path]) -> None:
    is_folder = stat.S_ISDIR(mode)
    if kind == "bundle":
        if any(_is_in(read, path) for read in inputs):
            raise UsageError(f"{label} would overwrite what it reads. {_ADVICE}")
        return
    if kind == "folder":
        if not is_folder:
            raise UsageError(f"{label} is {kind_of(mode) or 'a file'}, not a folder. {_ADVICE}")
        return
    if is_folder and kind == "drawn":
        return
    if (found := kind_of(mode)) is not None:
        raise UsageError(f"{label} is {found}, not a file. {_ADVICE}")
    if any(_is_same(path, read) for read in inputs):
        raise UsageError(f"{label} would overwrite what it reads. {_ADVICE}")
    words, is_ours = _OURS[kind]
    if path.stat().st_size and not is_ours(path):
        refuse_locked(path)  # a video has its mark when it is finished
        raise UsageError(
            f"{label} exists and holds something other than {words}. "
            "Is a value missing before it? Name a new file, or remove this one."
        )


def _refuse_inside(path: Path, kind: str, label: str) -> None:
    """Refuse a place in a bundle or in the folder of a model; `path` is without links."""
    for folder in path.parents if kind == "bundle" else (path, *path.parents):
        if _is_bundle(folder):
            raise UsageError(f"{label} is inside a bundle, whose files it could replace. {_ADVICE}")
        if any(folder.joinpath(name).is_file() for name in _MODEL_FILES):
            raise UsageError(
                f"{label} is inside a model's folder, whose files it could replace. {_ADVICE}"
            )


def _is_bundle(folder: Path) -> bool:
    return folder.joinpath("manifest.json").is_file() and any(
        folder.joinpath(name).is_file() for name in _BUNDLE_FILES
    )


def _require_distinct(outputs: Mapping[str, tuple[Path, str]]) -> None:
    """Refuse two outputs in one place, and one in the bundle that another makes."""
    for (one, (path, kind)), (other, (place, _)) in permutations(outputs.items(), 2):
        is_same = Path(os.path.realpath(path)) == Path(os.path.realpath(place))
        if is_same and not is_null(path):
            raise UsageError(f"{_flag(one)} and {_flag(other)} both name {path}. {_ADVICE}")
        if kind == "bundle" and _is_in(place, path):
            raise UsageError(
                f"{_flag(other)} {place} is inside a bundle, whose files it could replace. "
                f"{_ADVICE}"
            )


def _flag(option: str) -> str:
    return "-o" if option in _WITH_O else f"--{option.replace('_', '-')}"


def _is_in(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _is_same(path: Path, read: Path) -> bool:
    try:
        return path.samefile(read)
    except OSError:
        return False


def _inputs(args: Namespace, outputs: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files and folders that any other argument names, `NAME=FILE` included."""
    for name, value in vars(args).items():
        if name not in outputs and name != "outputs":
            yield from (path for path in _paths(value) if os.path.lexists(path))


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, Path):
        yield value
    elif isinstance(value, str) and value and "\0" not in value:
        yield Path(value)
        if file := value.partition("=")[2]:
            yield Path(file)
