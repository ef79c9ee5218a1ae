"""The conformance suite: every Keras layer, activation, op, pattern and application."""

from __future__ import annotations

from .case import Case, inputs_for, packed, randomize, reference
from .suite import all_cases, sample_cases

__all__ = ["Case", "all_cases", "inputs_for", "packed", "randomize", "reference", "sample_cases"]
