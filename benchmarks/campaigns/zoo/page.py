"""Write docs/zoo.md, and its records to docs/zoo/models.json."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final

from campaigns.atlas.columns import PLAIN
from keras2cv_export.pages.templating import render

from .results import Found, Outcome
from .specimen import Specimen
from .tables import all_specimens

DOCS: Final = Path(__file__).resolve().parents[3] / "docs"
SPARE_MB: Final = 600  # beside three times the weights
SLOWEST_S: Final = 600
_VERDICTS: Final = ("right", "refused", "wrong", "traceback", "none")


def write(
    specimens: Sequence[Specimen], found: Mapping[str, Found], columns: Sequence[str], docs: Path
) -> Path:
    """Write the page of these models, and what was found about each; return the page.

    Args:
        specimens: Those that were tried.
        found: Name -> what was found.
        columns: In the page's order.
        docs: The folder.
    """
    page, records = docs / "zoo.md", docs / "zoo" / "models.json"
    records.parent.mkdir(parents=True, exist_ok=True)
    entries = [asdict(found[one.name]) for one in specimens]
    records.write_text(json.dumps(entries, indent=1) + "\n", "utf-8", newline="\n")
    page.write_text(text_of(specimens, found, columns), "utf-8", newline="\n")
    return page


def text_of(
    specimens: Sequence[Specimen], found: Mapping[str, Found], columns: Sequence[str]
) -> str:
    """Return the page."""
    made = [one for one in specimens if found[one.name].verdict != "not made"]
    results = [found[one.name] for one in made]
    return render(
        __package__,
        "zoo.md.jinja",
        count=len(made),
        tried=len(specimens),
        total=len(all_specimens()),
        columns=columns,
        beside=any(column.startswith(PLAIN) for column in columns),
        totals=[_total(results, column) for column in columns],
        rows=[_row(one, found[one.name], columns) for one in made],
        unsure=[one.name for one in results if one.verdict == "right" and one.reason],
        reasons=_reasons(results, [c for c in columns if not c.startswith(PLAIN)]),
        left_out=[_left_out(found[one.name]) for one in specimens if one not in made],
        packages=_packages(made),
        cost=_cost(results),
        today=dt.datetime.now(tz=dt.timezone.utc).date().isoformat(),
        versions={name: version(name) for name in ("tensorflow", "keras", "tf_keras")},
        spare_mb=SPARE_MB,
    )


def _total(results: Sequence[Found], column: str) -> list[str]:
    verdicts = [one.cells[column].verdict if column in one.cells else "none" for one in results]
    tried = len(verdicts) - verdicts.count("none")
    share = f"{100 * verdicts.count('right') / tried:.1f} %" if tried else ""
    return [column, *(str(verdicts.count(name)) for name in _VERDICTS), share]


def _row(one: Specimen, found: Found, columns: Sequence[str]) -> list[str]:
    file = f"{found.file}, trained" if one.trained else found.file
    cells = [_cell(found.cells.get(column, Outcome("none"))) for column in columns]
    cost = (f"{found.weights_mb:.1f}", f"{found.seconds:.0f}", f"{found.peak_mb:.0f}")
    return [f"`{one.name}`", file, *cells, *cost]


def _cell(outcome: Outcome) -> str:
    if outcome.verdict == "right":
        return f"{outcome.error:.0e}" if outcome.error else "0"
    return "" if outcome.verdict == "none" else f"**{outcome.verdict}**"


def _reasons(results: Sequence[Found], columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return each reason, with the models that it is for, and with columns if not for all."""
    places: dict[str, list[str]] = {}
    for one in results:
        reasons = {column: one.cells[column].reason for column in columns if column in one.cells}
        for reason in filter(None, dict.fromkeys(reasons.values())):
            where = [column for column in columns if reasons.get(column) == reason]
            named = f"`{one.name}`" if len(where) == len(columns) else _on(one, where)
            places.setdefault(_plain(reason), []).append(named)
    return [(", ".join(where), reason) for reason, where in places.items()]


def _on(one: Found, columns: Sequence[str]) -> str:
    return f"`{one.name}` on {' and '.join(columns)}"


def _left_out(found: Found) -> tuple[str, str]:
    reason = re.sub(r" \(\S+\.py\)", "", found.reason)  # the file that lacks a name
    return found.name, _plain(reason[:300])


def _packages(specimens: Sequence[Specimen]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for one in specimens:
        name = one.collection.requirements[0].replace("==", " ")
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items())


def _cost(results: Sequence[Found]) -> dict[str, object]:
    beside = [(_beside_mb(one), one) for one in results if one.before_mb]
    grown = sorted(mb for mb, _ in beside)
    return {
        "slowest": max(results, key=lambda one: one.seconds),
        "late": [one for one in results if one.seconds > SLOWEST_S],
        "over": sum(one.peak_mb > 3 * one.weights_mb + SPARE_MB for one in results),
        "imports": max((one.before_mb for one in results), default=0.0),
        "middle_mb": grown[len(grown) // 2] if grown else 0.0,
        "largest": max(beside, key=lambda pair: pair[0], default=None),
        "over_beside": [one for mb, one in beside if mb > SPARE_MB],
        "measured": len(beside),
    }


def _beside_mb(one: Found) -> float:
    """Return what an export held beside its imports and three times the weights."""
    return one.peak_mb - one.before_mb - 3 * one.weights_mb


def _plain(reason: str) -> str:
    """Return a reason that Markdown shows as it is."""
    for old, new in (("|", "/"), ("`", "'"), ("<", "&lt;"), ("[", "("), ("]", ")"), ("*", "\\*")):
        reason = reason.replace(old, new)
    return reason
