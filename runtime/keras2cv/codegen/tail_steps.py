"""The steps behind the net that are written by hand in C++, Java and JavaScript alike."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle.manifest import Manifest

TAIL_STEPS: Final = frozenset((
    "combined_nms", "nms", "top_k", "constant", "cast", "reshape", "slice", "concat", "stack",
    "gather", "transpose", "where", "not", "and", "or", "add", "subtract", "multiply", "divide",
    "minimum", "maximum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "floor_divide", "modulo",
))  # fmt: skip


def lacking(manifest: Manifest) -> list[str]:
    """Return the steps of a bundle that those languages do not have, each in words."""
    steps = manifest.tail.steps if manifest.tail else ()
    missing = dict.fromkeys(step.op for step in steps if step.op not in TAIL_STEPS)
    return [f"the step {op}" for op in missing]
