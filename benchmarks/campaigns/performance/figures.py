"""performance/figures.json: the page's numbers, without the raw durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras2cv_bench.findings import quantiles
from keras2cv_bench.records import Record, Timing
from keras2cv_bench.subjects import OURS

from .measure import Found
from .ratios import ratio


def figures(found: Sequence[Found], peaks: Mapping[int, float]) -> dict[str, Any]:
    """Return the machine's peaks and every case's medians, ratios and versions."""
    return {
        "peaks_gflops": {str(k): round(v, 1) for k, v in peaks.items()},
        "cases": [_figure(one) for one in found],
    }


def _figure(one: Found) -> dict[str, Any]:
    record: Record = one.record
    return {
        "name": one.case.name,
        "group": one.case.group,
        "x": one.case.x,
        "batch": one.case.batch,
        "threads": record.threads,
        "gflop": round(one.gflop, 4),
        "when": record.when,
        "host": {"cpu": record.host.cpu, "cores": record.host.cores, "others": record.host.others},
        "versions": dict(record.host.versions),
        "subjects": {t.subject: _subject(one, t) for t in record.timings},
        "missing": {m.subject: m.reason for m in record.missing},
    }


def _subject(one: Found, timing: Timing) -> dict[str, Any]:
    q = quantiles(timing)
    found = None if timing.subject == OURS else ratio(one, timing.subject)
    return {
        "about": timing.about,
        "answers": timing.answers.verdict,
        "runs": q.runs,
        "median_ms": round(q.median, 4),
        "p90_ms": round(q.p90, 4),
        "p99_ms": round(q.p99, 4),
        "load_ms": timing.load_ms,
        "first_ms": timing.first_ms,
        "peak_mb": timing.peak_mb,
        "cores": round(timing.cores, 2),
        "our_time_over_it": None
        if found is None
        else [round(v, 4) for v in (found.ratio, found.low, found.high)],
    }
