"""The compiler: every rewrite between the converted graph and the file that OpenCV reads."""

from __future__ import annotations

from keras2cv_export.graph import Pass

from .legalise.fold_constants import fold_constants
from .legalise.gemm_to_dense import gemm_to_dense
from .legalise.remove_identity import remove_identity
from .legalise.resize_to_sizes import resize_to_sizes
from .legalise.squeeze_to_reshape import squeeze_to_reshape
from .optimise.fold_scale_into_conv import fold_scale_into_conv
from .optimise.merge_reshapes import merge_reshapes
from .optimise.merge_transposes import merge_transposes
from .optimise.sink_transposes import sink_transposes

# Without these OpenCV refuses the graph, or computes it wrongly.
LEGALISE: tuple[Pass, ...] = (
    resize_to_sizes,  # before shapes are inferred anew from scales that floor to one pixel less
    fold_constants,  # then this: every pass below looks for constants
    remove_identity,  # before patterns are matched: an Identity in between hides them
    squeeze_to_reshape,  # before the merges: it makes Reshapes
    gemm_to_dense,  # before scales are folded: those expect kernels stored as (out, in)
)

# With these the same numbers come out faster.
OPTIMISE: tuple[Pass, ...] = (
    sink_transposes,  # before the merges: it brings inverse Transposes together
    merge_transposes,
    merge_reshapes,  # after the merges above: they turn Transposes into Reshapes
    fold_scale_into_conv,  # last: it needs the arithmetic channels first
)


def pipeline() -> tuple[Pass, ...]:
    """Return the passes in the order in which they run, round after round."""
    return LEGALISE + OPTIMISE
