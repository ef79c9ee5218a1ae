"""Tell rounding from an error by the exact answer, the model's in float64.

float32 limits the distance that two right nets keep: logarithms of small powers, statistics of a
flat picture, long chains. There TensorFlow's own float32 is as far from the exact answer as
OpenCV's. So where float32's limit is exceeded, a sample passes if OpenCV's distance to the exact
answer is at most `FACTOR` times TensorFlow's. An error does not pass so: TensorFlow does not share
it. A sample on which TensorFlow itself is further off than `SILENT` says nothing, and is set aside;
an output with too few others is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from numpy.typing import NDArray

from .metrics import TINY, Paired
from .tolerance import Limits

Array = NDArray[Any]
ExactAnswer = Callable[[int, float], "Array | None"]
"""The index of a sample, and the share of their largest value by which its inputs are moved at
random -> the answer in float64; None where TensorFlow cannot compute it."""
NearAnswers = Callable[[int, float], "tuple[Array, Array] | None"]
"""The same -> TensorFlow's answer in float32 and the one in float64, both to the moved inputs."""

TENSORFLOW: Final = "TensorFlow"  # who answers for a model, unless it is said otherwise

# Both sum in orders of their own, and OpenCV's Winograd convolutions round once more: the largest
# ratio of both distances that was measured on right nets is 4.4 (docs/parity.md).
FACTOR: Final = 8.0
# Far from what a model was made for, sums that cancel exactly in one order leave rounding in
# another: OpenCV's spectrum of a constant signal is 13 to 22 times as far off as TensorFlow's. Yet
# it is the exact one of a signal that is moved by a few roundings. So there, the change of the
# exact answer to inputs moved by `MOVED` of their largest value counts as TensorFlow's distance.
MOVED: Final = 2.0**-20
STRESS_ROOM: Final = (
    10.0  # times float32's limit: what only such inputs show is a hundredth and more
)
# A small sum of large terms is not known better than its terms are: inputs that are moved by four
# roundings change it as much. Where that explains a distance on which TensorFlow was lucky, it
# counts as TensorFlow's, up to `STRESS_ROOM` times float32's limit. Directions of their own: one
# alone may change nothing.
ROUNDED: Final = tuple(2.0**-22 * (1 - k / 16) for k in range(4))
# One answer of TensorFlow's may be nearer to the exact one by luck. Where OpenCV's distance is less
# than `LUCK` times its limit, TensorFlow's largest distance on inputs that are moved by each of
# `ROUNDED` counts: measured on a right net, 3.0e-4, and 4.0e-4 to 2.6e-3 so near to it.
LUCK: Final = 16.0
# Above, `FACTOR` times as much would hide errors of a hundredth: the sample says nothing.
SILENT: Final = 1.25e-3


@dataclass(frozen=True)
class Distances:
    """How far both sides are from the exact answer, in units of max |reference|.

    Attributes:
        candidate: OpenCV's largest distance, of the sample that comes nearest to its limit.
        reference: TensorFlow's, of the same sample.
        limit: What OpenCV's may be: a factor times TensorFlow's, or the limit for float32.
        samples: The samples that were judged so.
        silent: Those on which TensorFlow itself is too far from the exact answer to tell anything.
        between: How far both may be from each other on samples that the model was made for; 0 if
            none of those needed the exact answer.
        judge: Who gave the reference's answers.
    """

    candidate: float
    reference: float
    limit: float
    samples: tuple[int, ...]
    silent: tuple[int, ...]
    between: float = 0.0
    judge: str = TENSORFLOW

    def __str__(self) -> str:
        """Return both distances as a clause."""
        if len(self.silent) == len(self.samples):
            return (
                f"{self.judge} itself is {self.reference:.1e} from the exact answer (float64) for "
                f"{len(self.silent)} inputs, which say nothing"
            )
        return (
            f"OpenCV is {self.candidate:.1e} from the exact answer (float64), "
            f"{self.judge} {self.reference:.1e}"
        )


@dataclass(frozen=True)
class SampleDistance:
    """One sample's distances to the exact answer, in units of max |reference|.

    Attributes:
        sample: Its index.
        candidate: OpenCV's largest.
        reference: TensorFlow's largest, of this sample or of inputs beside it.
        candidate_mean: OpenCV's mean.
        unsure: What float32 itself may cause: TensorFlow's, or the change by moved inputs.
        limit: What OpenCV's largest may be.
        mean_limit: What its mean may be.
        stress: Whether the model was not made for such a sample.
    """

    sample: int
    candidate: float
    reference: float
    candidate_mean: float
    unsure: float
    limit: float
    mean_limit: float
    stress: bool = False

    @property
    def silent(self) -> bool:
        """Whether float32 itself is too far from the exact answer to judge by."""
        return not self.unsure <= SILENT * (STRESS_ROOM if self.stress else 1.0)

    @property
    def strain(self) -> float:
        """How much of its limits OpenCV's distance takes; above 1 it is an error."""
        return max(self.candidate / self.limit, self.candidate_mean / self.mean_limit)


def distance(
    sample: int,
    pairs: tuple[Paired, Paired],
    limits: Limits,
    scale: float,
    moved: Paired | None = None,
) -> SampleDistance:
    """Measure one sample; both pairs hold the exact answer as the reference.

    Args:
        sample: Its index.
        pairs: The exact answer as the reference of OpenCV's, and of TensorFlow's.
        limits: Those of the output.
        scale: max |reference|, the unit.
        moved: The exact answer, and the one to inputs that are moved by `MOVED`, for a sample that
            the model was not made for: there is more room then.
    """
    ours, theirs = (pair.errors() / scale for pair in pairs)
    count = max(pairs[0].count, 1)
    reference, reference_mean = float(theirs.max()), float(theirs.sum()) / count
    room, own, own_mean = 1.0, reference, reference_mean
    if moved is not None:
        change = moved.errors() / scale
        room, own = STRESS_ROOM, max(own, float(change.max()))
        own_mean = max(own_mean, float(change.sum()) / count)
    return SampleDistance(
        sample,
        float(ours.max()),
        reference,
        float(ours.sum()) / count,
        own,
        max(room * limits.max_abs, FACTOR * own, TINY),
        max(room * limits.mean_abs_over(count), FACTOR * own_mean, TINY),
        moved is not None,
    )


def with_rounding(
    found: SampleDistance, moved: Sequence[Paired], limits: Limits, scale: float
) -> SampleDistance:
    """Return a sample's distances with room for what rounded inputs change of the exact answer.

    Args:
        found: Its distances.
        moved: The exact answer, and that to inputs moved by each of `ROUNDED`.
        limits: Those of the output.
        scale: max |reference|, the unit.
    """
    changes = [pair.errors() / scale for pair in moved]
    count = max(moved[0].count, 1)
    largest = FACTOR * max(float(change.max()) for change in changes)
    mean = FACTOR * max(float(change.sum()) / count for change in changes)
    most, most_mean = STRESS_ROOM * limits.max_abs, STRESS_ROOM * limits.mean_abs_over(count)
    return replace(
        found,
        limit=max(found.limit, min(largest, most)),
        mean_limit=max(found.mean_limit, min(mean, most_mean)),
    )


def with_neighbours(found: SampleDistance, near: Sequence[Paired], scale: float) -> SampleDistance:
    """Return a sample's distances, with TensorFlow's largest on inputs beside it as its own.

    Args:
        found: Its distances.
        near: The exact answer as the reference of TensorFlow's, for inputs moved by each of
            `ROUNDED`.
        scale: max |reference|, the unit.
    """
    errors = [pair.errors() / scale for pair in near]
    count = max(near[0].count, 1)
    largest = max(found.unsure, *(float(one.max()) for one in errors))
    mean = max(float(one.sum()) / count for one in errors)
    return replace(
        found,
        reference=max(found.reference, *(float(one.max()) for one in errors)),
        unsure=largest,
        limit=max(found.limit, FACTOR * largest),
        mean_limit=max(found.mean_limit, FACTOR * mean),
    )


def summed_up(found: Sequence[SampleDistance], judge: str) -> Distances | None:
    """Return the distances of the worst sample that tells something; None if there is none.

    `judge` gave the reference's answers.
    """
    silent = tuple(sorted({d.sample for d in found if d.silent}))
    telling = [d for d in found if d.sample not in silent]
    if not found:
        return None
    worst = max(telling or found, key=lambda d: d.strain)
    return Distances(
        worst.candidate,
        worst.reference,
        worst.limit,
        tuple(sorted({d.sample for d in found})),
        silent,
        max((d.limit + d.reference for d in telling if not d.stress), default=0.0),
        judge,
    )
