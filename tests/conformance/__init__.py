"""The conformance suite: every Keras layer, activation, op, pattern and application."""

from __future__ import annotations

from keras2cv_bench.calibrate import packed

from .case import Case, reference
from .inputs import inputs_for
from .suite import all_cases, sample_cases
from .weights import randomize

__all__ = ["Case", "all_cases", "inputs_for", "packed", "randomize", "reference", "sample_cases"]
