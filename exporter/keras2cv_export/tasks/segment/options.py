"""A user's description of a mask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentOptions:
    """A mask; None is settled by the output's shape and last activation.

    Attributes:
        output: Its name; (N, h, w, C), or (N, h, w).
        scores: "softmax", "sigmoid", "logits" or "labels".
        score: With one channel: the probability above which a pixel is class 1.
    """

    output: str | None = None
    scores: str | None = None
    score: float | None = None
