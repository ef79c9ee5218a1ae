"""`keras2cv demo`: the whole way once, from nothing to predictions in OpenCV, on drawn shapes."""

from __future__ import annotations

from .report import DemoReport
from .story import run_demo

__all__ = ["DemoReport", "run_demo"]
