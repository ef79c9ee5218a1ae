"""Models whose answers lie in pixels, each with its whole Keras pipeline: from image to answer.

`python -m campaigns.task_parity` compares them on several OpenCVs; KerasHub's are there where
it is installed.
"""

from __future__ import annotations

from importlib.util import find_spec

from . import detectors, hub, segmentation
from .subject import Answer, Subject

__all__ = ["Answer", "Subject", "all_subjects"]


def all_subjects() -> tuple[Subject, ...]:
    """Return every subject that can be built here, in a fixed order."""
    found = [*detectors.subjects(), *segmentation.subjects()]
    if find_spec("keras_hub") is not None:
        found += hub.subjects()
    return tuple(found)
