"""How many pixels a picture may have: a file of 100 kB can hold a gigapixel.

OpenCV reads the variable when it is loaded, so this module imports nothing of it.
"""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "OPENCV_IO_MAX_IMAGE_PIXELS"
MAX_PIXELS: Final = 2**28  # 768 MiB as BGR; OpenCV's own limit is 2^30, which are 3 GiB


def limit_pictures() -> None:
    """Lower OpenCV's limit in this process and its children, unless the user has set one."""
    os.environ.setdefault(VARIABLE, str(MAX_PIXELS))
