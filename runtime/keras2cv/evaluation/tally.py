"""What adds up while samples are answered: both measures, and the cases that a report shows."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from keras2cv.evaluation.evaluation_report import Case, SideBySide
from keras2cv.evaluation.labelled import DataProblems
from keras2cv.evaluation.measures.embed import EmbedMeasure
from keras2cv.evaluation.measures.measure import Measure
from keras2cv.evaluation.metrics.paired import mcnemar
from keras2cv.evaluation.metrics.resampling import Interval, differences, intervals, resampled
from keras2cv.evaluation.outcome import Outcome

WORST: Final = 24
_FEWEST: Final = 10  # samples that have an interval
_ROUNDING: Final = 1e-4  # two pipelines whose scores are nearer do not part


@dataclass
class WorstCases:
    """The cases with the largest errors."""

    _heap: list[tuple[float, int, Case]] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=itertools.count)

    def add(self, error: float, case: Case) -> None:
        """Keep the case if it is among the worst; one without an error never is."""
        if error > 0:
            entry = (error, -next(self._number), case)
            if len(self._heap) < WORST:
                heapq.heappush(self._heap, entry)
            else:
                heapq.heappushpop(self._heap, entry)

    def cases(self) -> tuple[Case, ...]:
        """Return them, the worst first."""
        return tuple(case for _, _, case in sorted(self._heap, reverse=True))


@dataclass
class Tally:
    """Both measures while samples are added.

    Attributes:
        measure: The bundle's.
        other: The other pipeline's; None without one.
        problems: What is wrong with the data.
        worst: The bundle's worst answers.
        parted: Where the two pipelines part.
        rights: How many samples only the bundle, and only the other, answers right.
        changed: How many answers differ.
        judged: Whether answers are right or wrong, and not by degrees.
    """

    measure: Measure
    other: Measure | None
    problems: DataProblems
    worst: WorstCases = field(default_factory=WorstCases)
    parted: WorstCases = field(default_factory=WorstCases)
    rights: list[int] = field(default_factory=lambda: [0, 0])
    changed: int = 0
    judged: bool = False

    def add(self, ours: Outcome, theirs: Outcome | None) -> None:
        """Add a sample's outcome on each side."""
        self.measure.add(ours)
        self.worst.add(ours.error, Case(ours.name, ours.truth, ours.answer, ours.error))
        if self.other is None or theirs is None:
            return
        self.other.add(theirs)
        if ours.is_right is not None:
            self.judged = True
            self.rights[0] += bool(ours.is_right and not theirs.is_right)
            self.rights[1] += bool(theirs.is_right and not ours.is_right)
        self.changed += _bare(ours.answer) != _bare(theirs.answer)
        gap = self.measure.gap(ours, theirs)
        case = Case(ours.name, ours.truth, ours.answer, gap, theirs.answer)
        self.parted.add(gap if gap > _ROUNDING else 0.0, case)

    def worst_cases(self) -> tuple[Case, ...]:
        """Return the worst answers, or, of embeddings, the wrong pairs, the worst first."""
        if not isinstance(self.measure, EmbedMeasure):
            return self.worst.cases()
        return tuple(
            Case(
                f"{pair.one} | {pair.other}",
                "the same" if pair.is_same else "different",
                f"similarity {similarity:.3f}, threshold {threshold:.3f}",
                abs(similarity - threshold),
            )
            for pair, similarity, threshold in self.measure.wrong_pairs()[:WORST]
        )

    def compared(self, name: str | None) -> tuple[dict[str, Interval], SideBySide | None]:
        """Return the intervals of the bundle's metrics, and both sides compared.

        `name` is who the other is; None: there is no other.
        """
        sides = [one.resampler() for one in (self.measure, self.other) if one is not None]
        enough = sides[0].count >= _FEWEST
        ours, *others = resampled(sides) if enough else [{} for _ in sides]
        if name is None or self.other is None:
            return intervals(ours), None
        return intervals(ours), self._side_by_side(name, self.other, differences(ours, *others))

    def _side_by_side(self, name: str, other: Measure, apart: dict[str, Interval]) -> SideBySide:
        rights: Sequence[int | None] = self.rights if self.judged else (None, None)
        if isinstance(self.measure, EmbedMeasure):
            right = [side.terms()[:, 0] > 0 for side in (self.measure, other)]
            rights = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
        p_value = None
        if rights[0] is not None and rights[1] is not None:
            p_value = mcnemar(rights[0], rights[1])
        return SideBySide(
            name,
            other.numbers(),
            self.measure.primary,
            apart.get(self.measure.primary, (math.nan, math.nan)),
            apart,
            rights[0],
            rights[1],
            p_value,
            self.changed,
            self.parted.cases(),
        )


def _bare(answer: str) -> str:
    """Return an answer without the score at its end."""
    head, _, tail = answer.rpartition(" ")
    return head if head and tail.replace(".", "").isdecimal() else answer
