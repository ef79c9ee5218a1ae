"""The output that is the mask, and the kind of its numbers: `task.segment`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from keras2cv.schema.checks import check_share
from keras2cv.schema.fields import SchemaError

MaskScores = Literal["softmax", "logits", "sigmoid", "labels"]


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """How a mask is read: `output` is (N, h, w, C), or (N, h, w) for one value per pixel.

    `scores`: "softmax", "sigmoid" (probabilities), "logits" (before them: sigmoid for one
    channel, else softmax), "labels" (class numbers). `threshold`: with one channel of scores, the
    probability above which a pixel is class 1 rather than 0.
    """

    output: str
    scores: MaskScores
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None:
            check_share("threshold", self.threshold)

    @property
    def outputs(self) -> dict[str, str]:
        """The output that is read: role -> Keras name."""
        return {"output": self.output}

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
        """Return the number of classes from the output's shape (of a sample); None if not known.

        Raises:
            SchemaError: it is no mask, or the threshold is missing or without use.
        """
        shape = shapes["output"]
        if len(shape) not in (2, 3):
            raise SchemaError("output", f"must be (h, w, C) or (h, w), got {list(shape)}")
        channels = shape[2] if len(shape) == 3 else 1
        if self.scores == "labels" and channels != 1:
            raise SchemaError("output", f"must be one label per pixel, got {channels}")
        if self.scores == "softmax" and channels == 1:
            raise SchemaError("scores", "a softmax over one channel is 1 everywhere")
        is_binary = channels == 1 and self.scores != "labels"
        if (self.threshold is not None) != is_binary:
            raise SchemaError("threshold", "belongs to one channel of scores, and must be said")
        return None if self.scores == "labels" else max(channels, 2)
