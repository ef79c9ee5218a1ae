"""The atlas as a page of Markdown, which GitHub shows and `git diff` compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from campaigns.atlas.cells import Atlas, Cell, Family, Heading, Total
from campaigns.atlas.store import VERDICTS
from keras2cv_export.pages.templating import render

MIXED: Final = "Some results were measured with earlier sources, and kept."


@dataclass(frozen=True)
class FamilyTable:
    """A family as a table of Markdown.

    Attributes:
        family: Its title.
        heads: The columns' names.
        rows: Cells as they are printed, numbers of reasons included.
        reasons: Why cells are no pass; the first has number 1.
    """

    family: Family
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]


def markdown(atlas: Atlas) -> str:
    """Return the whole page."""
    return render_atlas(__package__, "compatibility.md.jinja", atlas)


def render_atlas(package: str, template: str, atlas: Atlas, **values: object) -> str:
    """Render an atlas in Markdown, with a template of a package.

    Args:
        package: Has the template.
        template: Its file name.
        atlas: The results.
        **values: Further values for the template.
    """
    return render(
        package,
        template,
        atlas=atlas,
        mixed=MIXED,
        verdicts=list(VERDICTS),
        totals=[_total_row(total) for total in atlas.totals],
        tables=[_table(family, atlas.headings) for family in atlas.families],
        **values,
    )


def _total_row(total: Total) -> tuple[str, ...]:
    heading = total.heading
    counts = [str(total.counts.get(verdict, 0)) for verdict in VERDICTS]
    counts[0] = f"**{counts[0]}** ({percent(total.share('pass'))})"
    return (heading.name, heading.runtime, heading.numpy, str(total.cases), *counts)


def percent(share: float) -> str:
    """Return "99.9 %", and "100 %" only for all of them."""
    return f"{min(round(100 * share, 1), 99.9):.1f} %" if share < 1 else "100 %"


def _table(family: Family, headings: Sequence[Heading]) -> FamilyTable:
    reasons: dict[str, int] = {}
    rows = tuple(
        (f"`{row.case}`", *(_cell(cell, reasons) for cell in row.cells)) for row in family.rows
    )
    heads = ("case", *(heading.name for heading in headings))
    return FamilyTable(family, heads, rows, tuple(_plain(reason) for reason in reasons))


def _cell(cell: Cell, reasons: dict[str, int]) -> str:
    if cell.verdict == "pass":
        note = f" ({cell.opencv})" if cell.opencv else ""
        return f"{error(cell.error)}{note}"
    number = reasons.setdefault(cell.reason, len(reasons) + 1)
    return f"**{cell.verdict}** [{number}]"


def error(value: float | None) -> str:
    """Return an error with one digit, "3e-07"; "0" is exact."""
    return "?" if value is None else f"{value:.0e}" if value else "0"


def _plain(text: str) -> str:
    """Return `text` so that Markdown shows it as it is."""
    for sign in ("\\", "`", "*", "_", "<", "[", "|"):
        text = text.replace(sign, f"\\{sign}")
    return text
