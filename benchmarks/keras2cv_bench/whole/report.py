"""Print what was measured from file to answer."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .record import WayRecord, WholeRecord
from .subjects import BUNDLE, TUTORIAL
from .task import STAGES


def render(record: WholeRecord, console: Console) -> None:
    """Print the tables, and what is missing or different."""
    console.print(Text(_headline(record), style="bold"), soft_wrap=True)
    console.print(_costs(record))
    console.print(_stages(record))
    for line in _remarks(record):
        console.print(Text(line), soft_wrap=True)


def _headline(record: WholeRecord) -> str:
    versions = record.host.versions
    return (
        f"{record.bundle} beside {record.model}, from file to answer: {record.source}, "
        f"{record.threads} threads, OpenCV {versions['opencv']} on {record.host.cpu}"
    )


def _costs(record: WholeRecord) -> Table:
    table = Table(
        title="a picture, ms; all files; start to first answer, s; memory and disk, MB",
        title_justify="left",
        box=None,
    )
    table.add_column("way", no_wrap=True)
    names = ("p50", "p90", "p99", "our/its", "img/s", "a core", "our/its", "start", "held", "disk")
    for name in names:
        table.add_column(name, justify="right")
    for way in record.ways:
        many = sorted(way.many, key=lambda one: one.per_s)[len(way.many) // 2]
        table.add_row(
            way.title,
            *(_number(way.quantile_ms(share)) for share in (0.5, 0.9, 0.99)),
            _ratio(record, way, one_by_one=True),
            _number(many.per_s),
            _number(many.per_core_s),
            _ratio(record, way, one_by_one=False),
            _number(sorted(way.starts_s)[len(way.starts_s) // 2]),
            _number(way.peak_mb),
            _number(way.installed_mb + way.file_mb),
        )
    return table


def _stages(record: WholeRecord) -> Table:
    table = Table(title="a picture's stages, median ms", title_justify="left", box=None)
    table.add_column("way")
    for stage in STAGES:
        table.add_column(stage, justify="right")
    for way in record.ways:
        if way.blocks:
            table.add_row(way.title, *(_number(way.stage_ms(stage)) for stage in STAGES))
    return table


def _ratio(record: WholeRecord, way: WayRecord, *, one_by_one: bool) -> str:
    if way.name == BUNDLE:
        return ""
    if way.answers.verdict == "different":
        return "no result"
    found = record.one_by_one(way) if one_by_one else record.of_many(way)
    return "-" if found is None else f"{found.ratio:.2f}"


def _remarks(record: WholeRecord) -> Iterator[str]:
    for one in record.missing:
        yield f"{one.subject}: {one.reason}"
    for way in record.ways:
        if way.answers.verdict in ("different", "unclear"):
            word = "other answers" if way.answers.verdict == "different" else "unclear answers"
            yield f"{way.title}: {word} than the tutorials' loop ({way.answers.reason})"
    others = record.host.others
    if others is not None and others > 0.1:
        yield f"Other programs used {others:.1f} of {record.host.cores} cores meanwhile."
    if record.way(TUTORIAL) is not None:
        yield "Pictures are decoded, answered and drawn; of many files, decoded and answered."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"
