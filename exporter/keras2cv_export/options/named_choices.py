"""Choices that may differ from input to input: `P` for all, or `NAME=P` for each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from keras2cv.errors import UsageError

Choice = str | os.PathLike[str]


def preprocess_option(given: Sequence[str]) -> Choice | dict[str, Choice] | None:
    """Return what the command line's `--preprocess` say together; None if it is not given.

    Raises:
        UsageError: two for the same input, or one for all beside one for an input.
    """
    pairs = [_pair(word) for text in given for word in _words(text)]
    if not pairs:
        return None
    names = [name for name, _ in pairs]
    if len(pairs) == 1 and not names[0]:
        return pairs[0][1]
    if "" in names or len(set(names)) != len(names):
        raise UsageError(
            f"--preprocess got {', '.join(given)}. Give one for all images, or NAME=P once for "
            "each of them."
        )
    return dict(pairs)


def require_pictures_options(preprocess: Any, depth: int | None) -> None:
    """Raise unless both are what an export takes.

    Raises:
        UsageError: one is not.
    """
    if depth not in (None, 8, 16):
        raise UsageError(f"The option depth must be 8 or 16, and is {depth!r}. Correct it.")
    if not isinstance(preprocess, Mapping):
        return
    wrong = [
        f"{name!r}: {choice!r}"
        for name, choice in preprocess.items()
        if not isinstance(name, str) or not isinstance(choice, str | os.PathLike)
    ]
    if wrong or not preprocess:
        raise UsageError(
            "The option preprocess must be a preset or a file, or map the names of inputs to one, "
            f"and is {{{', '.join(wrong)}}}. Correct it, or leave it out."
        )


def choices_of(preprocess: Choice | Mapping[str, Choice] | None) -> list[Choice]:
    """Return all choices, of one or of several inputs."""
    if preprocess is None:
        return []
    return list(preprocess.values()) if isinstance(preprocess, Mapping) else [preprocess]


def _words(text: str) -> list[str]:
    """Return the NAME=P in a text that has several, with commas between them."""
    words = text.split(",")
    several = len(words) > 1 and all(_pair(word)[0] for word in words)
    return [word.strip() for word in words] if several else [text]


def _pair(text: str) -> tuple[str, str]:
    """Return the name and the choice of NAME=P; no name for one that is for all inputs."""
    name, equals, choice = text.partition("=")
    is_file = os.path.lexists(text) or os.sep in name
    return (name.strip(), choice) if equals and name and choice and not is_file else ("", text)
