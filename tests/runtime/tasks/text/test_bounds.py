"""A manifest cannot ask for a search that takes minutes."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.text.record import TextRecord


@pytest.mark.parametrize(
    ("steps", "beam"), [(2**20, {}), (2**17, {"decode": "beam", "beam_width": 10_000})]
)
def test_a_search_of_minutes_is_refused(steps: int, beam: dict[str, Any]) -> None:
    """Whatever the number of classes."""
    more = {"decode": "greedy", **beam}
    if beam:
        more["top_paths"] = 1
    record = TextRecord(
        output="y", class_axis="last", scores="logits", charset=("a",), blank=1, **more
    )
    assert record.count_classes({"output": (32, 2)}) is None
    with pytest.raises(SchemaError, match="takes minutes"):
        record.count_classes({"output": (steps, 2)})
