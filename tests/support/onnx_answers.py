"""A bundle's file, read as ONNX and by nothing else: is it valid, and what does it compute?"""

from __future__ import annotations

from pathlib import Path

from campaigns.atlas.onnx_child import run_as_onnx
from campaigns.atlas.run_child import judge, samples
from conformance.child import ANSWERS


def worst_onnx_error(folder: Path) -> float:
    """Return onnxruntime's largest error for a bundle with answers beside it, of max|reference|.

    Raises:
        ValidationError, InferenceError: onnx.checker refuses the file.
        AssertionError: The shape is another, or a number is NaN.
    """
    answers = str(folder.parent / ANSWERS)
    found = judge(run_as_onnx(folder, samples(answers)), answers)
    assert found.get("error") is not None, found["reason"]
    return float(found["error"])
