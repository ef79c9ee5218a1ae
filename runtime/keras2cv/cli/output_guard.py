"""Keep `--json` and `--html` from replacing a file that is not an earlier output of theirs.

A forgotten value (`run cat.cv --json photo.jpg`) or a `*` of the shell puts a user's file in the
place of an output. Every verb is checked here, before it does anything.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from keras2cv.cli.output import STDOUT
from keras2cv.errors import UsageError

# Each option, and how a file of its kind begins.
_BEGINNINGS: Final = {"json": (b"{", b"["), "html": (b"<!doctype html",)}
_NET_FILES: Final = ("model.onnx", "model.pb")
_LOOKED_AT: Final = 64  # bytes of an existing file


def check_outputs(args: Namespace) -> None:
    """Refuse an output path that would replace an input, a bundle's file or a file of another kind.

    Raises:
        UsageError: it would.
    """
    for option in _BEGINNINGS:
        where = getattr(args, option, None)
        if isinstance(where, str | Path) and str(where) != STDOUT:
            _check_output(Path(where), option, list(_inputs(args)))


def _check_output(path: Path, option: str, inputs: list[Path]) -> None:
    named = f"--{option} {path}"
    if path.parent.joinpath("manifest.json").is_file() and any(
        path.parent.joinpath(net).is_file() for net in _NET_FILES
    ):
        raise UsageError(f"{named} is inside a bundle, whose files it could replace. {_ADVICE}")
    if not path.is_file():  # a new file; a folder or a pipe is for the writer to open
        return
    if any(path.samefile(read) for read in inputs):
        raise UsageError(f"{named} would replace a file that the command reads. {_ADVICE}")
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT).lstrip().lower()
    if start and not start.startswith(_BEGINNINGS[option]):
        raise UsageError(
            f"{named} exists and holds something other than {option.upper()}. "
            "Is a value missing before it? Name a new file, or remove this one."
        )


_ADVICE: Final = "Name another place."


def _inputs(args: Namespace) -> Iterator[Path]:
    """Yield the files that any other argument names, `NAME=FILE` included."""
    for name, value in vars(args).items():
        if name not in _BEGINNINGS:
            yield from (path for path in _paths(value) if path.is_file())


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, Path):
        yield value
    elif isinstance(value, str) and "\0" not in value:
        yield Path(value)
        yield Path(value.partition("=")[2])
