"""What `evaluate` prints: numbers, classes, thresholds; on stderr what is wrong with the data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from keras2cv import sample

if TYPE_CHECKING:
    from keras2cv.evaluation.evaluation_report import Evaluation, SideBySide

_MOST_CLASSES: Final = 40
_MOST_PROBLEMS: Final = 20
_MOST_PARTED: Final = 5
_NAME: Final = 28


def table(found: Evaluation) -> Iterator[str]:
    """Yield the lines of the result."""
    runs = found.runs
    bundle = sample.NAME if found.bundle == str(sample.BUNDLE) else found.bundle
    yield (
        f"{bundle} on {counted(found.count, 'sample')}, {runs['device']}, {runs['engine']} engine, "
        f"OpenCV {runs['opencv']}"
    )
    other = found.comparison
    heading = f"{'':{_NAME}}  {'OpenCV':>9}"
    if other is not None:
        yield f"{heading}  {'Keras':>9}  {'difference':>10}"
    for name, value in found.metrics.items():
        yield _row(name, value, other)
    yield from _intervals(found.intervals)
    yield from _classes(found.per_class)
    if other is not None:
        yield from _comparison(other)
    if found.rule:
        yield from _thresholds(found)


def counted(count: int, noun: str) -> str:
    """Return "1 sample", "2 samples"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def notes(found: Evaluation) -> Iterator[str]:
    """Yield how the data was read, and what is wrong with it."""
    yield from (f"note: {note}" for note in found.notes)
    problems = found.problems
    if not len(problems):
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in problems.counts.most_common())
    yield f"{counted(len(problems), 'problem')} of the data ({kinds}):"
    yield from (f"  {problem.text}" for problem in problems.first[:_MOST_PROBLEMS])
    left = len(problems) - min(_MOST_PROBLEMS, len(problems.first))
    if left:
        yield f"  ... and {left} more; --json FILE lists the first of each kind"


def _row(name: str, value: float | None, other: SideBySide | None) -> str:
    line = f"{name:{_NAME}}  {_number(value):>9}"
    if other is None:
        return line
    theirs = other.numbers.metrics.get(name)
    gap = "-" if value is None or theirs is None else f"{value - theirs:+.4f}"
    return f"{line}  {_number(theirs):>9}  {gap:>10}"


def _intervals(intervals: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    known = [(name, *ends) for name, ends in intervals.items() if not math.isnan(ends[0])]
    if known:
        listed = ", ".join(f"{name} {low:.4f} to {high:.4f}" for name, low, high in known)
        yield f"95 % interval (bootstrap over samples): {listed}"


def _classes(per_class: Mapping[str, Mapping[str, float | None]]) -> Iterator[str]:
    if not per_class:
        return
    names = list(next(iter(per_class.values())))
    yield ""
    yield f"{'':{_NAME}}" + "".join(f"  {name[:12]:>12}" for name in names)
    for label, row in list(per_class.items())[:_MOST_CLASSES]:
        cells = "".join(f"  {_cell(name, row.get(name)):>12}" for name in names)
        yield f"{label[:_NAME]:{_NAME}}{cells}"
    if len(per_class) > _MOST_CLASSES:
        yield f"... and {len(per_class) - _MOST_CLASSES} more classes; --json FILE lists them all"


def _comparison(other: SideBySide) -> Iterator[str]:
    yield ""
    for name, (low, high) in other.intervals.items():
        yield f"{name}: OpenCV - {other.other} is {low:+.4f} to {high:+.4f} (95 %, paired)"
    if other.p_value is not None:
        yield (
            f"only OpenCV is right on {other.only_ours}, only Keras on {other.only_other} "
            f"(McNemar p = {other.p_value:.3g})"
        )
    yield f"{other.changed} answers differ"
    for case in other.parted[:_MOST_PARTED]:
        yield f"  {case.name}: {case.answer} | Keras {case.other} | truth {case.truth}"


def _thresholds(found: Evaluation) -> Iterator[str]:
    yield ""
    yield f"thresholds by {found.rule}"
    rows: Sequence[tuple[str, ...]] = [
        (c.label, f"{c.score:.4f}", f"{c.precision:.4f}", f"{c.recall:.4f}", f"{c.f1:.4f}")
        for c in found.choices
    ]
    heads = ("", "score", "precision", "recall", "f1")
    for label, *cells in (heads, *rows):
        yield f"{label[:_NAME]:{_NAME}}" + "".join(f"  {cell:>10}" for cell in cells)
    if not rows:
        yield "no class reaches it"
    elif left := _without_threshold(found):
        more = f" and {len(left) - _MOST_PARTED} more" if len(left) > _MOST_PARTED else ""
        yield (
            f"none reaches it for {', '.join(left[:_MOST_PARTED])}{more}: there the score that was "
            "in force stays"
        )


def _without_threshold(found: Evaluation) -> list[str]:
    """Return the classes of the data that have a score of their own, and no threshold by the rule.

    Binary answers and masks have one score for both of their classes.
    """
    if found.task not in ("classify", "detect"):
        return []
    chosen = {one.label for one in found.choices}
    return [
        label
        for label, row in found.per_class.items()
        if row.get("support") and label not in chosen
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _cell(name: str, value: float | None) -> str:
    return f"{value:.0f}" if name == "support" and value is not None else _number(value)
