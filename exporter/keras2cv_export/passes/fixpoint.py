"""Run passes over a graph, in order, until nothing changes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import MutableMapping, Sequence
from itertools import chain, repeat

import onnx_ir as ir

from keras2cv_export.graph.edit import Pass
from keras2cv_export.graph.misses import Miss, listening

log = logging.getLogger("keras2cv.rewrite")

Stage = Sequence[Pass]
Missed = MutableMapping[str, Sequence[Miss]]
"""Name of a pass -> the nodes that its last run left alone, with reasons."""

# Passes only remove work or settle a form, so a handful of rounds is plenty; more is our bug.
MAX_ROUNDS = 12


class PassError(RuntimeError):
    """A pass crashed, or the pipeline does not settle: our bug; with the rounds so far."""


def rewrite(
    model: ir.Model, pipeline: Sequence[Pass] | Sequence[Stage], missed: Missed | None = None
) -> Counter[str]:
    """Apply the pipeline in place: each stage to a fixpoint before the next one begins.

    Args:
        model: The graph, changed in place.
        pipeline: Stages of passes; or passes, which are one stage.
        missed: Receives the nodes that each pass left alone in its last run, with reasons.

    Returns:
        How often each pass fired, by name.

    Raises:
        PassError: A pass raised, or the graph still changes after MAX_ROUNDS rounds of a stage.
    """
    fired: Counter[str] = Counter()
    found = {} if missed is None else missed
    for stage in _stages(pipeline):
        _settle(model, stage, fired, found)
    return +fired


def _stages(pipeline: Sequence[Pass] | Sequence[Stage]) -> list[Stage]:
    passes: list[Pass] = []
    stages: list[Stage] = [passes]
    for item in pipeline:
        if callable(item):
            passes.append(item)
        else:
            stages.append(item)
    return stages


def _settle(model: ir.Model, stage: Stage, fired: Counter[str], missed: Missed) -> None:
    idle = 0  # passes in a row that found nothing; the stage ends once that is all of them
    for one in chain.from_iterable(repeat(stage, MAX_ROUNDS)):
        count = _apply(model, one, fired, missed)
        idle = 0 if count else idle + 1
        if idle == len(stage):
            return
    if stage:
        raise PassError(
            f"the graph does not settle in {MAX_ROUNDS} rounds; fired so far: {dict(fired)}"
        )


def _apply(model: ir.Model, one: Pass, fired: Counter[str], missed: Missed) -> int:
    try:
        with listening() as misses:
            count = one(model)
    except Exception as error:
        raise PassError(
            f"{name_of(one)} failed: {error}; fired before it: {dict(fired)}"
        ) from error
    if count:
        log.debug("%s: %d", name_of(one), count)
    fired[name_of(one)] += count
    missed[name_of(one)] = misses
    return count


def name_of(one: Pass) -> str:
    """Return the name of a pass: the name of its function and file."""
    return getattr(one, "__name__", repr(one))
