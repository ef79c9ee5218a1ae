"""Every case of KerasHub, in a fixed order; `keras_hub` is imported when a model is built."""

from __future__ import annotations

from functools import cache

from conformance.case import Case

from . import convolutional, dense, transformers

_FAMILIES = (convolutional, transformers, dense)


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, names unique."""
    return tuple(case for family in _FAMILIES for case in family.cases())
