"""The whole suite, in a fixed order."""

from __future__ import annotations

from functools import cache

from . import (
    applications,
    layers_activation,
    layers_attention,
    layers_conv,
    layers_dense,
    layers_merge,
    layers_normalization,
    layers_pooling,
    layers_preprocessing,
    layers_regularization,
    layers_reshape,
    layers_rnn,
    ops_math,
    ops_nn,
    ops_shape,
    ops_tensorflow,
    patterns_backbones,
    patterns_dense,
    patterns_detection,
    patterns_sequences,
    patterns_wiring,
)
from .case import Case

_FAMILIES = (
    layers_conv,
    layers_pooling,
    layers_normalization,
    layers_activation,
    layers_merge,
    layers_reshape,
    layers_dense,
    layers_rnn,
    layers_attention,
    layers_preprocessing,
    layers_regularization,
    ops_math,
    ops_shape,
    ops_nn,
    ops_tensorflow,
    patterns_backbones,
    patterns_dense,
    patterns_detection,
    patterns_sequences,
    patterns_wiring,
    applications,
)


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, names unique, in a fixed order."""
    return tuple(case for family in _FAMILIES for case in family.cases())


def sample_cases() -> tuple[Case, ...]:
    """A fixed sample for every run."""
    return all_cases()[::5]
