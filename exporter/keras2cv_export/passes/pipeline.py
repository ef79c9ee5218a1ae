"""The stages of passes for a target, from the registry."""

from __future__ import annotations

from collections.abc import Collection

from keras2cv_export.graph.edit import Pass
from keras2cv_export.targets.target import Target

from .order import check_order
from .registry import Rewrite
from .stages.form import FORM, UNFOLDED
from .stages.legalise import LEGALISE
from .stages.lower import LOWER
from .stages.optimise import OPTIMISE
from .stages.prepare import PREPARE

STAGES: tuple[tuple[Rewrite, ...], ...] = (PREPARE + OPTIMISE, FORM, LEGALISE, UNFOLDED, LOWER)
check_order(STAGES)

# Right everywhere; whether they gain time depends on engine and machine: `export --tune` tries.
OPTIONAL: tuple[Pass, ...] = tuple(row.run for row in FORM + UNFOLDED if row.is_optional)


def pipeline(
    target: Target | None = None, optional: Collection[str] | None = None
) -> tuple[tuple[Pass, ...], ...]:
    """Return the stages for a target, by default any OpenCV from 4.6 on.

    Each stage runs round after round until nothing changes, and then the next one begins. The first
    stage does not depend on `optional`.

    Args:
        target: Which OpenCV the graph is for.
        optional: Names of the OPTIONAL passes to run in the later stages, by default the target's.
            A pass of UNFOLDED runs only where it fits the target, even if it is named.
    """
    aim = target or Target()
    return tuple(tuple(row.run for row in rows if _runs(row, aim, optional)) for rows in STAGES)


def _runs(row: Rewrite, target: Target, optional: Collection[str] | None) -> bool:
    fits = row.runs_for(target)
    if optional is None or not row.is_optional:
        return fits
    return row.name in optional and (fits or row not in UNFOLDED)
