"""The engine of OpenCV that a test takes where any will do."""

from __future__ import annotations

from typing import Final

from keras2cv.net.engines import ENGINES

ONE_ENGINE: Final = ENGINES[-1]  # the classic one, or the only one
