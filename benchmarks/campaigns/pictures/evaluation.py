"""The picture of what `evaluate --html` writes: the demo's pages, side by side."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 1000, 2600  # pixels of the window
_SCALE: Final = 0.55
_GAP: Final = 16
_PAPER_BGR: Final = (249, 247, 246)
_PAGES: Final = ("classifier.html", "detector.html")


def draw_evaluation(demo: Path) -> NDArray[Any]:
    """Return (H, W, 3) BGR of the pages that `examples/evaluate_demo.py -o DEMO` wrote.

    Raises:
        FileNotFoundError: A page, or a Chromium to look at it with, is missing.
    """
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise FileNotFoundError("there is no browser: apt install chromium")
    return _beside([_picture(browser, demo / page) for page in _PAGES])


def _picture(browser: str, page: Path) -> NDArray[Any]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        drawn = Path(folder) / "page.png"
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={folder}", f"--window-size={_WIDTH},{_HEIGHT}",
            f"--screenshot={drawn}", page.resolve(strict=True).as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        pixels = cv2.imread(str(drawn))
    if pixels is None:
        raise FileNotFoundError(f"{browser} drew nothing of {page}")
    return cv2.resize(pixels, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA)


def _beside(pictures: list[NDArray[Any]]) -> NDArray[Any]:
    gap = np.full((pictures[0].shape[0], _GAP, 3), _PAPER_BGR, np.uint8)
    return np.hstack([pictures[0], gap, *pictures[1:]])
