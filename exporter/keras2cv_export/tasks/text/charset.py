"""The characters that a model knows: given as they are, or in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import InputError
from keras2cv.plain_files import read_plain
from keras2cv.tasks.text.record import MAX_CHARSET

_MAX_BYTES: Final = 2**22  # a character a line, each of several code points
_SHOWN: Final = 40  # characters of the given text


def read_charset(given: Any) -> tuple[str, ...]:
    """Return the characters, in the order of the classes.

    A path names a file. A string is a file if there is one of that name, or if it ends in ".txt";
    else it holds the characters themselves, as a sequence of strings does. A file of one line holds
    all characters in that line; a file of several has a character a line, of any number of code
    points, so that "[UNK]" or a letter with its accents can be one.

    Raises:
        InputError: The file cannot be read; or there is no character, or one twice.
    """
    if isinstance(given, os.PathLike) or (isinstance(given, str) and _names_file(given)):
        path = Path(given)
        return _checked(_from_file(path), f"The charset file {path}")
    if isinstance(given, str):
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."
        return _checked(given, f"The charset {shown!r} (there is no file of that name)")
    return _checked(map(str, given), "The charset")


def _names_file(text: str) -> bool:
    try:
        return text.endswith(".txt") or (Path(text).exists() and not Path(text).is_dir())
    except (OSError, ValueError):  # longer than names can be, or with a NUL
        return False


def _from_file(path: Path) -> Iterable[str]:
    try:
        text = read_plain(path, _MAX_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The charset file {path} cannot be read: {getattr(error, 'strerror', None) or error}. "
            f"Give UTF-8 text: all characters in a line, or a character a line, at most "
            f"{MAX_CHARSET} of them."
        ) from error
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    return lines if len(lines) > 1 else lines[0]


def _checked(characters: Iterable[str], label: str) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for number, character in enumerate(characters):
        if not character or not character.isprintable():
            raise InputError(
                f"{label} has {character!r} as number {number}, which cannot be printed. "
                "Give characters, and let --blank say which class stands for none."
            )
        if character in found:
            raise InputError(
                f"{label} has {character!r} twice, as number {found[character]} and {number}. "
                "Give each character once, in the order of the classes."
            )
        found[character] = number
    if not 1 <= len(found) <= MAX_CHARSET:
        raise InputError(
            f"{label} has {len(found)} characters. Give 1 to {MAX_CHARSET}, in the order of the "
            "classes, without the blank."
        )
    return tuple(found)
