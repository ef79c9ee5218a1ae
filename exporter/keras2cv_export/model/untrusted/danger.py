"""A side effect that loading or running a model file would have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keras2cv.errors import ModelError

_SHOWN: Final = 5
_MAX_NAME: Final = 80


@dataclass(frozen=True)
class Danger:
    """A side effect and its cause: "the Lambda layer 'spy'" and "holds Python code, ..."."""

    subject: str
    does: str

    def __str__(self) -> str:
        return f"{self.subject} {self.does}"


def refuse(path: Path, dangers: Sequence[Danger], unsafe: bool) -> None:
    """Refuse a file with dangers, unless the user accepted them.

    Raises:
        ModelError: There are dangers, and `unsafe` is False.
    """
    if not dangers or unsafe:
        return
    sentences = list(dict.fromkeys(map(str, dangers)))
    more = f"; and {len(sentences) - _SHOWN} more" if len(sentences) > _SHOWN else ""
    raise ModelError(
        f"{path} is not loaded, since loading it would do more than that: "
        f"{'; '.join(sentences[:_SHOWN])}{more}. "
        "If you trust the file, pass --unsafe (in Python: unsafe=True)."
    )


def dishonest(path: Path, reason: str) -> ModelError:
    """Return the error for a file of which somebody made something else than a model."""
    return ModelError(f"{path} is no honest model: {reason}. No Keras writes that: do not use it.")


def shown(text: object) -> str:
    """Return a text from a file in a form that is safe to print: quoted, escaped, short."""
    whole = ascii(str(text))
    return whole if len(whole) <= _MAX_NAME else f"{whole[: _MAX_NAME - 4]}...'"
