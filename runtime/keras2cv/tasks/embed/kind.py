"""The task's row in the table."""

from __future__ import annotations

from typing import Final

from keras2cv.tasks.embed.postprocess import embed
from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.kind import Rows, TaskKind, without_placements


def _rows(result: Embedding, _: int) -> Rows:
    return [("embedding", f"{result.vector.size} numbers, length {result.norm:.6g}")]


KIND: Final = TaskKind(
    title="vectors that are near for images that are alike",
    result=Embedding,
    postprocess=without_placements(embed),
    rows=_rows,
    unnamed="the numbers of an embedding have no names",
    distance=Embedding.cosine_distance,
    traits=frozenset({"compared"}),
)
