"""What a child and its parent need of each other before a model is opened, and if it is lost."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from keras2cv.isolation import ChildLost


def search_path() -> list[str]:
    """Return where this process finds modules; "", as in a console, is the working folder."""
    return [str(Path(place).absolute()) for place in sys.path]


def meet(places: Sequence[str], report: Callable[..., None]) -> None:
    """In the child: find the modules that its parent finds, and send it the warnings.

    Args:
        places: The parent's `search_path`.
        report: Sends fields to the parent.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.showwarning = lambda text, *_, **__: report(warning=str(text))
    sys.path.extend(place for place in places if place not in sys.path)


def cannot_be_opened(model: str | os.PathLike[str], lost: ChildLost) -> str:
    """Return in a sentence that the child was lost with the model."""
    return (
        f"{Path(model)} cannot be opened: the process for it {lost.how}; its last words: "
        f"{lost.last_words}."
    )
