"""Run passes over a graph, in order, until nothing changes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import onnx_ir as ir

from .graph import Pass

log = logging.getLogger("keras2cv.rewrite")

# Passes only ever remove work, so that a handful of rounds is plenty; more is a bug of ours.
MAX_ROUNDS = 12


class PassError(RuntimeError):
    """A pass crashed, or the pipeline does not settle: a bug of ours, with the story so far."""


def rewrite(model: ir.Model, pipeline: Sequence[Pass]) -> Counter[str]:
    """Apply the pipeline in place, to a fixpoint.

    Returns:
        How often each pass fired, by name.

    Raises:
        PassError: A pass raised, or the graph still changes after MAX_ROUNDS rounds.
    """
    fired: Counter[str] = Counter()
    for _ in range(MAX_ROUNDS):
        if not _round(model, pipeline, fired):
            return +fired
    raise PassError(
        f"the graph does not settle in {MAX_ROUNDS} rounds; fired so far: {dict(fired)}"
    )


def _round(model: ir.Model, pipeline: Sequence[Pass], fired: Counter[str]) -> int:
    total = 0
    for one in pipeline:
        try:
            count = one(model)
        except Exception as error:
            raise PassError(
                f"{name_of(one)} failed: {error}; fired before it: {dict(fired)}"
            ) from error
        if count:
            log.debug("%s: %d", name_of(one), count)
        fired[name_of(one)] += count
        total += count
    return total


def name_of(one: Pass) -> str:
    """Return the name of a pass: its function's, which is its file's."""
    return getattr(one, "__name__", repr(one))
