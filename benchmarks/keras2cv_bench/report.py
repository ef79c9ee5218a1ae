"""Print a benchmark in the terminal: each subject's times, and this bundle's time over theirs."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras2cv.tuning.interleave import Comparison

from .findings import Outcome, against, fair_reference, is_result, quantiles
from .records import STAGES, Record, Timing
from .subjects import ONEDNN, OURS

_STYLES = {"faster": "green", "slower": "red", "no difference": "", "too noisy": "yellow"}


def render(record: Record, outcome: Outcome, console: Console) -> None:
    """Print the tables, the missing subjects, and the outcome."""
    console.print(Text(headline(record), style="bold"), soft_wrap=True)
    for batch in record.batches:
        timings = [t for s in record.subjects if (t := record.timing(s.name, batch)) is not None]
        console.print(_forward(record, batch, timings))
        console.print(_costs(record, batch, timings))
    for line in (*remarks(record), *(_held(outcome)), *outcome.reasons):
        console.print(Text(line), soft_wrap=True)


def headline(record: Record) -> str:
    """Sum up what was measured, and on which machine."""
    versions = record.host.versions
    return (
        f"{record.bundle} beside {record.model}: {record.takes}, {record.threads} threads, "
        f"OpenCV {versions['opencv']} on {record.host.cpu}"
    )


def remarks(record: Record) -> Iterator[str]:
    """Yield remarks: subjects that are missing, answer wrongly, or were disturbed."""
    for one in record.missing:
        at = "" if one.batch is None else f" at batch {one.batch}"
        yield f"{record.title(one.subject)}{at}: {one.reason}"
    for timing in record.timings:
        if timing.subject != OURS and timing.answers.verdict in ("different", "unclear"):
            word = "answers that prove little" if is_result(timing) else "not TensorFlow's answers"
            at = f"{record.title(timing.subject)}, batch {timing.batch}"
            yield f"{at}: {word} ({timing.answers.reason})"
    yield from fair_remarks(record)
    others = record.host.others
    if others is not None and others > 0.1:
        yield f"Other programs used {others:.1f} of {record.host.cores} cores meanwhile."
    yield from record.notes


def fair_remarks(record: Record) -> Iterator[str]:
    """Yield which tf.function is the baseline, where both settings of oneDNN were timed."""
    for batch in record.batches:
        if record.timing(ONEDNN.name, batch) is not None:
            word = "on" if fair_reference(record, batch) == ONEDNN.name else "off, its default here"
            yield (
                f"batch {batch}: the faster tf.function, with oneDNN {word}, is the baseline for "
                "--max-ratio"
            )


def _held(outcome: Outcome) -> Iterator[str]:
    for one in outcome.held:
        yield f"batch {one.batch}: {one.comparison} times the baseline's time ({one.how})"


def ratio_text(found: Comparison | None) -> Text:
    """Return a ratio with its word, in its colour."""
    if found is None:
        return Text("")
    return Text(f"{found}  {found.word}", style=_STYLES[found.word])


def _forward(record: Record, batch: int, timings: list[Timing]) -> Table:
    per = "" if batch == 1 else f" of {batch}"
    table = Table(title=f"forward{per}, milliseconds", title_justify="left", box=None)
    table.add_column("subject")
    for name in ("median", "p90", "p99"):
        table.add_column(name, justify="right")
    table.add_column("our time / theirs (95 %)")
    for timing in timings:
        q = quantiles(timing)
        numbers = (f"{x:.2f}" for x in (q.median, q.p90, q.p99))
        if timing.subject == OURS:
            last = Text(f"{q.runs} runs in {len(timing.blocks)} turns", style="dim")
        elif not is_result(timing):
            last = Text("no result: other answers", style="red")
        else:
            last = ratio_text(against(record, batch, timing.subject))
        table.add_row(_short(timing.subject), *numbers, last)
    return table


def _costs(record: Record, batch: int, timings: list[Timing]) -> Table:
    per = "" if batch == 1 else f" of {batch}"
    table = Table(
        title=f"all of it{per}, milliseconds; memory held and file, MB",
        title_justify="left",
        box=None,
    )
    table.add_column("subject")
    names = ("before", "forward", "after", "all", "load", "first", "cores", "held", "file")
    for name in names:
        table.add_column(name, justify="right")
    sizes = {subject.name: subject.file_mb for subject in record.subjects}
    for timing in timings:
        stages = (f"{quantiles(timing, stage).median:.2f}" for stage in STAGES)
        rest = (
            f"{timing.load_ms:.0f}",
            f"{timing.first_ms:.0f}",
            f"{timing.cores:.1f}",
            _number(timing.peak_mb),
            _number(sizes[timing.subject]),
        )
        table.add_row(_short(timing.subject), *stages, *rest)
    return table


def _short(subject: str) -> str:
    """Return a name that leaves room for numbers."""
    return "this bundle" if subject == OURS else subject


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"
