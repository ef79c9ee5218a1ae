"""Import a function of the user's own by its name, MODULE:FUNCTION."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from keras2cv.errors import UsageError


def import_function(name: str, misnamed: str) -> Any:
    """Return the function `pkg.mod:fn`; the working folder is searched as well.

    Args:
        name: What the user gave.
        misnamed: The error's text where it is no MODULE:FUNCTION.

    Raises:
        UsageError: There is no such module or function.
    """
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise UsageError(misnamed)
    search_working_folder()
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever the user's own module raises
        raise UsageError(
            f"The function {name!r} cannot be imported ({type(error).__name__}: {error}). "
            "Give MODULE:FUNCTION, and run from the folder that holds the module."
        ) from error


def search_working_folder() -> None:
    """Let imports find modules in the working folder, which the installed command leaves out."""
    if "" not in sys.path:
        sys.path.insert(0, "")
