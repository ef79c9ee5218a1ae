"""What a user can say of a mask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentOptions:
    """What is known of a mask; None is told by the output's shape and last activation.

    Attributes:
        output: Its name; (N, h, w, C), or (N, h, w).
        scores: "softmax", "sigmoid", "logits" or "labels".
        score: With one channel: the probability above which a pixel is class 1.
    """

    output: str | None = None
    scores: str | None = None
    score: float | None = None
