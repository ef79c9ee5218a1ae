"""Import a function of the user's own by its name, MODULE:FUNCTION."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any, Final

from keras2cv.errors import UsageError

_MOST: Final = 300  # characters of an error of the user's code


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
        with prints_on_stderr():
            return getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:  # whatever the user's own module raises
        raise UsageError(
            f"The function {name!r} cannot be imported ({described(error)}). "
            "Give MODULE:FUNCTION, and run from the folder that holds the module."
        ) from error


def prints_on_stderr() -> contextlib.AbstractContextManager[object]:
    """Let what the user's code prints go to stderr: stdout may be a verb's JSON."""
    return contextlib.redirect_stdout(sys.stderr)


def described(error: BaseException) -> str:
    """Return an error's type and words; an `assert` has none, and a user's may have pages."""
    words = " ".join(str(error).split())
    if not words:
        return type(error).__name__
    return f"{type(error).__name__}: {words if len(words) <= _MOST else f'{words[:_MOST]}...'}"


def search_working_folder() -> None:
    """Let imports find modules in the working folder, which the installed command leaves out."""
    if "" not in sys.path:
        sys.path.insert(0, "")
