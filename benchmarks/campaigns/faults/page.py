"""Write docs/faults.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .trying import Outcome

PLACE: Final = Path(__file__).parents[3] / "docs" / "faults.md"
_HEAD: Final = """\
# What the checker finds

{count} faults, one at a time, in right bundles of {subjects} small models of all tasks, trained \
on drawn pictures. Each changes an answer to a picture beyond rounding, or makes the bundle's own \
proof false; {idle} more changed nothing, and are left out. \
`check BUNDLE --against MODEL --samples DIR` finds {alone}; {user} more are found with \
`--reference-answers`, and are called "postprocessing: not compared" without it; {open} are named \
as not compared even so. Missed: {missed}. In the folder `benchmarks/` of a checkout:

    python -m campaigns.faults

*effect*: the first difference between the bundle's answers and the right ones; empty where no \
answer to these pictures changes beyond rounding. *found*: the verdict of `check` alone, or else \
what it takes; *refused* means that the bundle cannot be read or run. *reason*: what `check` \
prints, shortened. [parity.md](parity.md#the-answers) explains stages, answers and verdicts.

| fault | effect | found | reason |
|---|---|---|---|
"""


def text_of(outcomes: Sequence[Outcome]) -> str:
    """Return the page."""
    told = [one for one in outcomes if one.verdict != "no effect"]
    counts = Counter(one.verdict for one in told)
    head = _HEAD.format(
        count=len(told),
        subjects=len({one.fault.subject for one in told}),
        idle=len(outcomes) - len(told),
        alone=counts["caught"],
        user=counts["with --reference-answers"],
        open=counts["not compared"],
        missed=counts["MISSED"],
    )
    return head + "".join(_rows(told))


def _rows(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for one in outcomes:
        found = one.alone if one.verdict == "caught" else one.verdict
        cells = (f"{one.fault.group}, {one.fault.name}", one.effect, found, one.reason)
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |\n"


def _cell(text: str) -> str:
    short = text if len(text) <= 120 else f"{text[:117]}..."
    for old, new in (("|", "/"), ("`", "'"), ("<", "&lt;"), ("[", "("), ("]", ")")):
        short = short.replace(old, new)
    return short
