"""The known failures of OpenCV, by version and engine: the only list of them.

Each entry is a test that is expected to fail. When it passes, after a new OpenCV or a new pass, the
suite fails until the entry is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import pytest


@dataclass(frozen=True)
class Gap:
    """A case that OpenCV gets wrong, or refuses, on some of its engines."""

    engines: tuple[str, ...]
    reason: str


BOTH = ("new", "classic")

# Cases with ops that OpenCV's TensorFlow importer lacks: refused as frozen graphs.
FROZEN_REFUSED = frozenset(
    [
        "contrast_limited_equalization",  # a look-up at computed places
        "ops_argmax_columns",  # arithmetic with an index
        "ops_argmin_rows_float",
        "ops_one_hot_of_argmax",
        "ops_power",  # one tensor to the power of another
        "ops_tf_counts_of_logs",
        "ops_tf_gather_known_whole_numbers",
        "ops_tf_join_one_whole_number",
        "ops_tf_join_whole_numbers",
        "ops_tf_one_hot_argmax",
        "ops_tf_one_hot_of_far_numbers",
        "ops_tf_pad_whole_numbers",
        "ops_tf_stack_places_and_gather",
        "ops_tf_sums_of_logs_by_place",
    ]
)

# OpenCV's version, major and minor -> case -> gap
KNOWN: Mapping[str, Mapping[str, Gap]] = {
    "5.0": {},
}


def gap(case: str, engine: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks for a case on an engine of the OpenCV at hand."""
    version = ".".join(cv2.__version__.split(".")[:2])
    found = KNOWN.get(version, {}).get(case)
    if found is None or engine not in found.engines:
        return ()
    return (pytest.mark.xfail(strict=True, reason=f"OpenCV {version}, {engine}: {found.reason}"),)
