"""A user's description of the image that comes out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageOptions:
    """The image that comes out; None is settled by the output and the input.

    Attributes:
        output: Its name; (N, h, w, 3), (N, h, w, 1) or (N, h, w).
        color: "RGB", "BGR" or "GRAY"; of three channels, the input's order by default.
        range: (low, high), the values of black and full brightness; recognised for a sigmoid only.
    """

    output: str | None = None
    color: str | None = None
    range: tuple[float, float] | None = None
