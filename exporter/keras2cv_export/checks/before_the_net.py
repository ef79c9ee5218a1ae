"""Whether a bundle's steps before the net are the model's first layers."""

from __future__ import annotations

from keras2cv.bundle.manifest import Manifest
from keras2cv_export.model.fronts.proving import front_problem
from keras2cv_export.model.load import LoadedModel

from .findings import CheckFinding, Covered

_PART = "before the net"


def compare_front(
    manifest: Manifest, loaded: LoadedModel
) -> tuple[tuple[Covered, ...], tuple[CheckFinding, ...]]:
    """Compare the steps of a bundle with Keras' own layers, on drawn text and numbers."""
    if manifest.front is None and loaded.front is None:
        return (), ()
    if manifest.front is None or loaded.front is None:
        has, other = ("bundle", "model") if loaded.front is None else ("model", "bundle")
        text = f"The {has} has layers before its net, and the {other} has none. Export again."
        return (Covered(_PART, "", (text,)),), (CheckFinding(_PART, "fail", text),)
    problem = front_problem(loaded.front, manifest.front)
    if problem is None:
        return (Covered(_PART, "TensorFlow"),), ()
    text = f"The steps compute something else than Keras: {problem}. Export again."
    return (Covered(_PART, "TensorFlow"),), (CheckFinding(_PART, "fail", text),)
