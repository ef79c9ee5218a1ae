"""The measurements as a table of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .measuring import House, Package, Part
from .words import COUNTED


def text_of(house: House) -> str:
    """Return the tables that the command prints."""
    tables = [_layout(house), _lines(house), _lengths(house), _words(house)]
    return "\n\n".join(
        [*("\n".join(table) for table in tables), *_folders(house), *_circles(house)]
    )


def _table(title: str, columns: Sequence[str], rows: dict[str, Sequence[object]]) -> Iterator[str]:
    yield f"{title:16}" + "".join(f"{column:>11}" for column in columns)
    for name, cells in rows.items():
        yield f"{name:16}" + "".join(f"{cell!s:>11}" for cell in cells)


def _layout(house: House) -> Iterator[str]:
    columns = (
        "modules",
        "at top",
        "rooms",
        "arrows",
        "floors",
        "circles",
        "room arr.",
        "floors",
        "circles",
    )
    return _table(
        "layout", columns, {name: _layout_row(one) for name, one in house.packages.items()}
    )


def _layout_row(package: Package) -> Sequence[object]:
    counts = package.folders
    rooms = {folder.split("/")[0] for folder in counts if folder != "."}
    inside, between = package.modules, package.rooms
    return (
        sum(counts.values()),
        counts.get(".", 0),
        len(rooms),
        *(inside.arrows, inside.floors, len(inside.circles)),
        *(between.arrows, between.floors, len(between.circles)),
    )


def _lines(house: House) -> Iterator[str]:
    columns = ("files", "lines", "code", "docstring", "comment", "blank", "text files")
    return _table("lines", columns, {name: _lines_row(one) for name, one in house.parts.items()})


def _lines_row(part: Part) -> Sequence[object]:
    lines = part.lines
    kinds = (lines.code, lines.docstring, lines.comment, lines.blank)
    return (part.files.count, lines.total, *kinds, part.text_lines)


def _lengths(house: House) -> Iterator[str]:
    columns = ("functions", "median", "p90", "p99", "max", "files", "median", "p90", "p99", "max")
    rows = {name: _lengths_row(one) for name, one in house.parts.items() if one.files.count}
    return _table("lengths", columns, rows)


def _lengths_row(part: Part) -> Sequence[object]:
    return [
        figure
        for spread in (part.functions, part.files)
        for figure in (spread.count, spread.median, spread.p90, spread.p99, spread.longest)
    ]


def _words(house: House) -> Iterator[str]:
    columns = ("docstrings", *COUNTED, "comments", *COUNTED)
    rows = {name: _words_row(one) for name, one in house.parts.items() if one.files.count}
    return _table("per 1000 words", columns, rows)


def _words_row(part: Part) -> Sequence[object]:
    return [
        figure
        for words in (part.docstring_words, part.comment_words)
        for figure in (words.total, *words.per_thousand.values())
    ]


def _folders(house: House) -> Iterator[str]:
    for name, package in house.packages.items():
        counts = ", ".join(f"{folder} {count}" for folder, count in sorted(package.folders.items()))
        yield f"modules per folder of {name}: {counts}"


def _circles(house: House) -> Iterator[str]:
    for name, package in house.packages.items():
        for kind, layout in (("modules", package.modules), ("rooms", package.rooms)):
            for circle in layout.circles:
                yield f"circle of {len(circle)} {kind} in {name}: {', '.join(circle)}"
