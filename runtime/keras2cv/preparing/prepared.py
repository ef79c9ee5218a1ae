"""Samples on their way through a `Predictor`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """Samples on their way through a `Predictor`.

    Attributes:
        blobs: Of the first picture input, float32, for one run of the net each: (n, C, H, W).
        placements: Where each image lies in its blob; empty for tasks that do not need it.
        outputs: Gets the net's outputs for each blob, of a caller who wants to see them.
        others: For each run, the blobs of the other inputs, by the net's names.
    """

    blobs: tuple[Array, ...]
    placements: Sequence[Placement]
    outputs: list[dict[str, Array]] | None = None
    others: tuple[Mapping[str, Array], ...] = ()
