"""Ask a Python for its versions (the child's side of `environment.py`).

Started as a file, by any Python; nothing of keras2cv is imported.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from runpy import run_path
from typing import Any


def python_tag(_: Mapping[str, Any], __: Callable[..., None]) -> dict[str, str]:
    """Return "cpython3.11.7-x86_64"."""
    name = sys.implementation.name
    return {"tag": f"{name}{platform.python_version()}-{platform.machine()}"}


def opencv_versions(request: Mapping[str, Any], report: Callable[..., None]) -> dict[str, Any]:
    """Import cv2 and NumPy, and return their versions, Python's, and OpenCV's engines.

    `request` has "asking", the path of a file with `engine_options`.
    """
    report(stage="importing cv2")
    import cv2
    import numpy as np

    versions = {"opencv": cv2.__version__, "numpy": np.__version__}
    engines = list(run_path(request["asking"])["engine_options"](cv2))
    return {**versions, "python_version": platform.python_version(), "engines": engines}
