"""The order of passes: each stage, as listed, is checked against its rows' `after` and `before`.

    Rewrite(merge_reshapes, fits=anywhere, after={"merge_transposes": "it makes Reshapes"})

Within a stage a relation holds for the first round; later rounds can repair a wrong order only
where no rewrite was missed for good. Between stages it states which one comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from .registry import RegistryError, Rewrite

Rows = Sequence[Rewrite]


def check_order(stages: Sequence[Rows]) -> None:
    """Check that the stages are in the order that their rows ask for.

    Raises:
        RegistryError: They are not, or a relation names a pass that is in no stage.
    """
    for number, rows in enumerate(stages):
        for place, row in enumerate(rows):
            for other, why in row.after.items():
                _require(other, row.name, why, _places(stages, other, number) < (number, place))
            for other, why in row.before.items():
                _require(row.name, other, why, (number, place) < _places(stages, other, number))


def _places(stages: Sequence[Rows], name: str, stage: int) -> tuple[int, int]:
    """Return the stage of a pass and its place there: in the given stage, if it is there at all."""
    found = [
        (number, place)
        for number, rows in enumerate(stages)
        for place, row in enumerate(rows)
        if row.name == name
    ]
    if not found:
        raise RegistryError(f"A row is to come before or after {name}, which is in no stage.")
    return next((at for at in found if at[0] == stage), found[0])


def _require(first: str, second: str, why: str, holds: bool) -> None:
    if not holds:
        raise RegistryError(
            f"{first} has to come before {second}: {why}. Move a row, or change the relation."
        )
