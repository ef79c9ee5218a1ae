"""A user's description of keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class KeypointsOptions:
    """The keypoints; None is settled by the output's shape and last activation.

    Attributes:
        output: Its name.
        form: "heatmaps" (N, h, w, K), or the order of a point's numbers: "xy", "yx", "xys", "yxs",
            where s is a score. Recognised for heatmaps only.
        units: "normalised" (shares of the input's width and height) or "pixels" of the input.
        activation: Turns scores into probabilities: "none" or "sigmoid".
        refine: "quarter" (of a cell, towards the higher neighbour) or "none", for heatmaps.
        score: Points above it are drawn.
        skeleton: Pairs of points to join by a line.
    """

    output: str | None = None
    form: str | None = None
    units: str | None = None
    activation: str | None = None
    refine: str | None = None
    score: float | None = None
    skeleton: Sequence[tuple[int, int]] | None = None
