"""A segmenting model's mask: which output it is, and what its numbers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, cast

from keras2cv.bundle.manifest import Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.roles import MaskScores, Segment

from .outputs import Output, listed, named, only

DEFAULT_THRESHOLD: Final = 0.5
_MASK = r"mask|seg"


@dataclass(frozen=True)
class Mask:
    """What is known of a mask; None is told by the output's shape and last activation.

    Attributes:
        output: Its name; (N, h, w, C), or (N, h, w).
        scores: "softmax", "sigmoid", "logits" or "labels".
        score: With one channel: the probability above which a pixel is class 1.
    """

    output: str | None = None
    scores: str | None = None
    score: float | None = None

    @classmethod
    def of(cls, said: Mask | Mapping[str, Any] | None) -> Mask:
        """Return what was said, in any of its forms.

        Raises:
            UsageError: There is no such thing to say.
        """
        if isinstance(said, Mask):
            return said
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(said or {}) - set(known)):
            raise UsageError(f"A mask has no {unknown[0]!r}. It has {', '.join(known)}.")
        return cls(**(said or {}))


def mask_task(
    said: Mask, outputs: Sequence[Output], labels: Sequence[str] | None
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and the sentences that say what was not stated.

    Raises:
        UsageError: No output, or more than one, can be the mask; or the labels do not fit it.
    """
    output = _mask(said, outputs)
    scores = said.scores or _scores(output)
    is_binary = scores != "labels" and (len(output.shape) == 2 or output.shape[2] == 1)
    if said.score is not None and not is_binary:
        raise UsageError(f"A score is for a mask of one channel, and {output} has more. Leave it.")
    threshold = (DEFAULT_THRESHOLD if said.score is None else said.score) if is_binary else None
    try:
        segment = Segment(output.name, cast("MaskScores", scores), threshold)
        classes = segment.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The mask {output}: {error.path} {error.problem}.") from error
    task = Task("segment", labels=_labels(labels, classes, is_binary), segment=segment)
    return task, _told(said, output, scores, threshold)


def _mask(said: Mask, outputs: Sequence[Output]) -> Output:
    if said.output is not None:
        return named(outputs, said.output, "the mask")
    found = only((o for o in outputs if len(o.shape) in (2, 3)), _MASK)
    if found is None:
        raise UsageError(
            f"Which output is the mask, (N, h, w, classes)? The model has {listed(outputs)}. "
            "Name it with --scores."
        )
    return found


def _scores(output: Output) -> str:
    if not output.dtype.startswith("float"):
        return "labels"
    return "logits" if output.activation == "linear" else output.activation


def _labels(
    labels: Sequence[str] | None, classes: int | None, is_binary: bool
) -> tuple[str, ...] | None:
    if labels is None:
        return None
    if is_binary and len(labels) == 1:
        return "background", labels[0]
    if classes not in (None, len(labels)):
        raise UsageError(
            f"There are {len(labels)} labels, and the mask has {classes} classes. "
            "Give one per class, one per line."
        )
    return tuple(labels)


def _told(said: Mask, output: Output, scores: str, threshold: float | None) -> tuple[str, ...]:
    notes = []
    if said.output is None or said.scores is None:
        notes.append(f"Mask: {output}, read as {scores}. Say --scores, --activation to change it.")
    if threshold is not None and said.score is None:
        notes.append(f"A pixel is class 1 above {threshold}. Say --score to change that.")
    return tuple(notes)
