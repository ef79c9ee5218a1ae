"""The models, by generation of Keras."""

from __future__ import annotations

from campaigns.zoo.specimen import Specimen

from .keras2 import OLD
from .keras3 import NEW

__all__ = ["all_specimens"]


def all_specimens() -> tuple[Specimen, ...]:
    """Return every model."""
    return (*NEW, *OLD)
