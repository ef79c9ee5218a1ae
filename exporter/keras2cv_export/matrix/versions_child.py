"""Ask a Python for its versions (the child's side of `environment.py`).

Started as a file, by any Python; nothing of keras2cv is imported.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any


def python_tag(_: Mapping[str, Any], __: Callable[..., None]) -> dict[str, str]:
    """Return "cpython3.11.7-x86_64"."""
    name = sys.implementation.name
    return {"tag": f"{name}{platform.python_version()}-{platform.machine()}"}


def opencv_versions(_: Mapping[str, Any], report: Callable[..., None]) -> dict[str, str]:
    """Import cv2 and NumPy, and return their versions and Python's."""
    report(stage="importing cv2")
    import cv2
    import numpy as np

    versions = {"opencv": cv2.__version__, "numpy": np.__version__}
    return {**versions, "python_version": platform.python_version()}
