"""Predict records, a dict per row, as bags and streams have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.columns.batch import objects
from keras2cv.errors import InputError


@dataclass(frozen=True, slots=True)
class RecordPredictor:
    """A `BatchPredictor` for dicts, all of the same keys."""

    predictor: BatchPredictor

    def __call__(self, records: Iterable[Any]) -> list[dict[str, Any]]:
        """Return the records with the answers; none for none.

        Raises:
            InputError: something else than a dict, or other keys than the first has.
        """
        rows = list(records)
        if not rows:
            return []
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or row.keys() != rows[0].keys():
                raise InputError(
                    f"Record {index} must be a dict with the keys of the first, got "
                    f"{list(row) if isinstance(row, dict) else type(row).__name__}. Map them first."
                )
        columns = {name: objects([row[name] for row in rows]) for name in rows[0]}
        found = {name: list(column) for name, column in self.predictor(columns).items()}
        return [{name: column[k] for name, column in found.items()} for k in range(len(rows))]
