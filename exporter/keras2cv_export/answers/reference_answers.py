"""`--reference-answers`: the user's own pipeline, from a sample to its answer.

It is a function of a picture's path (of a model that takes arrays: of the sample's arrays), or a
FILE.json of answers by the pictures' names (of arrays: by their numbers, "0", "1", ...).
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeGuard

import numpy as np

from keras2cv.errors import InputError, UsageError
from keras2cv.plain_files import read_plain
from keras2cv_export.model.imported_function import described, import_function, prints_on_stderr
from keras2cv_export.tasks.answer_match import AnswerFormError

DEFAULT_TIMEOUT_S: Final = 60.0
_MAX_FILE_BYTES: Final = 2**30

Given: TypeAlias = "str | os.PathLike[str] | Callable[[Any], Any] | Mapping[str, Any]"


@dataclass(frozen=True, eq=False)
class ReferenceAnswers:
    """The answers of the user's own pipeline.

    Attributes:
        name: The function or the file, for messages.
        call: The function; None for a file.
        by_name: Answers by the samples' names; for a function, none.
        folder: Where files that the answers name lie; None: the current folder.
        timeout_s: How long the function may take for a sample.
    """

    name: str
    call: Callable[[Any], Any] | None = None
    by_name: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S

    def require_names(self, names: Sequence[str]) -> None:
        """Raise unless a file has an answer for each sample, and no other.

        Raises:
            UsageError: It has not.
        """
        if self.call is not None:
            return
        missing = [name for name in names if name not in self.by_name]
        unknown = sorted(set(self.by_name) - set(names))
        if unknown:
            raise UsageError(
                f"{self.name} has an answer for {unknown[0]!r}, which is none of the "
                f"{len(names)} samples ({_few(names)}). Take it out, or correct the name."
            )
        if missing:
            raise UsageError(
                f"{self.name} has no answer for {missing[0]!r} ({len(missing)} of {len(names)} are "
                "missing). Give one for every sample."
            )

    def answer(self, name: str, sample: Any) -> Any:
        """Return the answer to a sample.

        Raises:
            UsageError: The function raises an error, or takes too long.
        """
        if self.call is None:
            return self.by_name[name]
        return _within(self.timeout_s, self.call, _own(sample), f"{self.name}({name!r})")

    def unread(self, name: str, error: AnswerFormError) -> UsageError:
        """Return the error for an answer that has no known form."""
        return UsageError(
            f"The answer of {self.name} for {name!r} {error}. docs/parity.md lists the forms."
        )


def is_answers_file(given: Given | None) -> TypeGuard[str | os.PathLike[str]]:
    """Whether they are in a file, which can be read without running the user's code."""
    return isinstance(given, str | os.PathLike) and Path(given).suffix.lower() == ".json"


def load_answers(given: Given, timeout_s: float | None = None) -> ReferenceAnswers:
    """Return the answers: MODULE:FUNCTION, a FILE.json, a function, or a mapping.

    Raises:
        InputError: The file is not there, or holds something else.
        UsageError: There is no such function.
    """
    limit = DEFAULT_TIMEOUT_S if timeout_s is None else float(timeout_s)
    if isinstance(given, Mapping):
        return ReferenceAnswers("reference_answers", by_name={str(k): v for k, v in given.items()})
    if callable(given):
        name = getattr(given, "__name__", type(given).__name__)
        return ReferenceAnswers(name, given, timeout_s=limit)
    if is_answers_file(given):
        path = Path(given)
        return ReferenceAnswers(str(path), by_name=_read(path), folder=path.parent)
    return ReferenceAnswers(str(given), _function(str(given)), timeout_s=limit)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = read_plain(path, _MAX_FILE_BYTES).decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"The answers {path} cannot be read: {reason}. "
            'Write {"photo.jpg": answer, ...}, one for every sample.'
        ) from error
    if not isinstance(found, dict) or not found:
        raise InputError(
            f'{path} holds no answers. Write {{"photo.jpg": answer, ...}}, one for every sample.'
        )
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise ValueError(f"the key {counts.most_common(1)[0][0]!r} is there twice")
    return found


def _function(name: str) -> Callable[[Any], Any]:
    misnamed = (
        f"The reference answers {name!r} must be MODULE:FUNCTION, such as my.pipeline:answer, "
        "or a FILE.json."
    )
    found = import_function(name, misnamed)
    if not callable(found):
        raise UsageError(f"{name} is no function, but {type(found).__name__}. Give a function.")
    function: Callable[[Any], Any] = found
    return function


def _within(timeout_s: float, call: Callable[[Any], Any], sample: Any, shown: str) -> Any:
    """Return call(sample), from a thread that is given up when the time is over."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call(sample))
        except BaseException as error:  # also SystemExit, of a script that was not made for this
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True, name="reference answers")
    with prints_on_stderr():
        thread.start()
        thread.join(timeout_s)
    if results:
        return results[0]
    if errors:
        raise UsageError(
            f"{shown} raised {described(errors[0])}. "
            "Give a function that takes a sample and returns its answer."
        ) from errors[0]
    raise UsageError(
        f"{shown} gave no answer in {timeout_s:g} s. Make it faster, or give --reference-timeout."
    )


def _own(sample: Any) -> Any:
    """Copy a sample's arrays, which the function may change and the check needs again."""
    if isinstance(sample, tuple | list):
        return type(sample)(map(_own, sample))
    return sample.copy() if isinstance(sample, np.ndarray) else sample


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
