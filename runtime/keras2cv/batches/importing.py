"""Cluster engines, imported when somebody uses their adapter."""

from __future__ import annotations

import importlib
from typing import Any

from keras2cv.errors import MissingDependency


def import_engine(module: str, extra: str) -> Any:
    """Return a module of an engine that comes with an `extra` of keras2cv.

    Raises:
        MissingDependency: it is not installed, or without a part that it needs for data.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise MissingDependency(
            f"keras2cv.{extra} needs {missing}, which is not installed. "
            f"Install it: pip install 'keras2cv[{extra}]'."
        ) from error
