"""What a user can say of the image that comes out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageOptions:
    """What is known of the image that comes out; None is told by the output and the input.

    Attributes:
        output: Its name; (N, h, w, 3), (N, h, w, 1) or (N, h, w).
        color: "RGB", "BGR" or "GRAY"; of three channels, the input's order unless it is said.
        range: (low, high), the values of black and of full brightness; told for a sigmoid only.
    """

    output: str | None = None
    color: str | None = None
    range: tuple[float, float] | None = None
