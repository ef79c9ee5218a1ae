"""Turn Keras models into bundles that OpenCV runs, and prove that they predict the same.

    from keras2cv_export import export, check
    report = export("cat.keras", "cat.cv", preprocess="0-1", labels=["cat", "dog"])
    report.parity.verdict                     # "pass"

TensorFlow is imported when the first of them is called, not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .quiet.garbage import uncollected

if TYPE_CHECKING:
    from .checks.check_report import CheckReport
    from .export_report import ExportReport
    from .parity.parity import ParityReport
    from .public import check, export
    from .tasks.detect.options import DetectOptions
    from .tasks.image.options import ImageOptions
    from .tasks.keypoints.options import KeypointsOptions
    from .tasks.segment.options import SegmentOptions
    from .tasks.text.options import TextOptions

__all__ = [
    "CheckReport",
    "DetectOptions",
    "ExportReport",
    "ImageOptions",
    "KeypointsOptions",
    "ParityReport",
    "SegmentOptions",
    "TextOptions",
    "check",
    "export",
]

# Where each lives. The modules are not called like the functions: importing a submodule binds its
# name in the package, over the function.
_HOME = {
    "CheckReport": "checks.check_report",
    "check": "public",
    "DetectOptions": "tasks.detect.options",
    "ExportReport": "export_report",
    "export": "public",
    "KeypointsOptions": "tasks.keypoints.options",
    "ImageOptions": "tasks.image.options",
    "SegmentOptions": "tasks.segment.options",
    "TextOptions": "tasks.text.options",
    "ParityReport": "parity.parity",
}


def __getattr__(name: str) -> Any:
    """Import on first use: `verifying.samples` and friends work without TensorFlow."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with uncollected():
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
