"""Write docs/zoo.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from keras2cv_export.pages.templating import render

from .results import Found, Outcome
from .specimen import Specimen
from .tables import all_specimens

PLACE: Final = Path(__file__).resolve().parents[3] / "docs" / "zoo.md"
SPARE_MB: Final = 600  # beside three times the weights
SLOWEST_S: Final = 600
_VERDICTS: Final = ("right", "refused", "wrong", "traceback", "none")


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
        total=len(all_specimens()),
        columns=columns,
        totals=[_total(results, column) for column in columns],
        rows=[_row(one, found[one.name], columns) for one in made],
        reasons=_reasons(results, columns),
        left_out=[found[one.name] for one in specimens if found[one.name].verdict == "not made"],
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
    """Return each reason of our own export's columns, with the models and columns it is for."""
    places: dict[str, list[str]] = {}
    for one in results:
        for column in columns:
            cell = one.cells.get(column)
            if cell and cell.reason and not column.startswith("Keras"):
                places.setdefault(_plain(cell.reason), []).append(f"{one.name} on {column}")
    return [(", ".join(where), reason) for reason, where in places.items()]


def _packages(specimens: Sequence[Specimen]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for one in specimens:
        name = one.collection.requirements[0].replace("==", " ")
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items())


def _cost(results: Sequence[Found]) -> dict[str, object]:
    bars = [(one, 3 * one.weights_mb + SPARE_MB) for one in results]
    return {
        "slowest": max(results, key=lambda one: one.seconds),
        "largest": max(results, key=lambda one: one.peak_mb - 3 * one.weights_mb),
        "over": [one for one, bar in bars if one.peak_mb > bar],
        "late": [one for one in results if one.seconds > SLOWEST_S],
    }


def _plain(reason: str) -> str:
    """Return a reason that Markdown shows as it is."""
    for old, new in (("|", "/"), ("`", "'"), ("<", "&lt;"), ("[", "("), ("]", ")"), ("*", "\\*")):
        reason = reason.replace(old, new)
    return reason
