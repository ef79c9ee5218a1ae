"""The whole page, from a record."""

from __future__ import annotations

from collections.abc import Iterator

from keras2cv_bench.findings import Outcome, against, fair_reference, is_result, quantiles
from keras2cv_bench.records import Record
from keras2cv_bench.report import remarks
from keras2cv_bench.subjects import OURS
from keras2cv_export.pages.templating import render

from . import charts
from .charts import Batch, Shown


def page(record: Record, outcome: Outcome) -> str:
    """Return the page of a benchmark."""
    batches = [Batch(size, tuple(_subjects(record, size))) for size in record.batches]
    first = batches[0].size
    fair = fair_reference(record, first)
    return render(
        __package__,
        "bench.html.jinja",
        bench=record,
        record=record.to_dict(),
        outcome=outcome,
        batches=batches,
        claim=against(record, first, fair),
        end_to_end=against(record, first, fair, "end to end"),
        remarks=list(remarks(record)),
        charts=charts,
    )


def _subjects(record: Record, size: int) -> Iterator[Shown]:
    """Yield the subjects that ran at a batch size."""
    for subject in record.subjects:
        timing = record.timing(subject.name, size)
        if timing is None:
            continue
        ours, right = subject.name == OURS, is_result(timing)
        yield Shown(
            subject.title,
            "ours" if ours else "theirs" if right else "wrong",
            timing,
            quantiles(timing),
            against(record, size, subject.name) if right and not ours else None,
            subject.file_mb,
        )
