"""The page's parts, each from its part of the record: HTML out, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import chain

import numpy as np

from keras2cv_bench.findings import Outcome, against, is_result, quantiles
from keras2cv_bench.records import Record, Stage, Timing
from keras2cv_bench.report import remarks
from keras2cv_bench.subjects import OURS, REFERENCE
from keras2cv_export.speed.interleave import Comparison

from . import charts
from .charts import Bar, Line, number

_VERDICTS = {0: "pass", 1: "fail", 4: "inconclusive"}
_PARTS: tuple[Stage, ...] = ("preprocessing", "forward", "postprocessing")


def head(record: Record, outcome: Outcome) -> str:
    """Say the one number that people ask for."""
    batch = record.batches[0]
    ours = record.timing(OURS, batch)
    assert ours is not None  # noqa: S101 - nothing is measured without it
    found = against(record, batch, REFERENCE)
    said = "" if found is None else claim(found)
    tone = _VERDICTS[outcome.code]
    of = "" if batch == 1 else f" for a batch of {batch}"
    return (
        f'<section class="card head {tone}"><h1>{escape(record.bundle)}</h1>'
        f'<p class="claim"><b>{number(quantiles(ours).median)} ms</b>{of} in OpenCV'
        f'<span class="soft"> · </span>{said}</p>'
        f'<p class="soft">{escape(ours.about)} · {escape(record.takes)} · '
        f"{escape(record.host.cpu)}, {record.host.cores} cores · {escape(record.when[:10])}</p>"
        f"{_list(outcome.reasons)}</section>"
    )


def claim(found: Comparison) -> str:
    """Return the ratio to TensorFlow as a sentence, no bolder than its interval."""
    theirs = "TensorFlow's <code>tf.function</code>"
    if found.word == "faster":
        return f"<b>{1 / found.ratio:.1f} times as fast</b> as {theirs}"
    if found.word == "slower":
        return f"<b>{found.ratio:.1f} times the time</b> of {theirs}"
    if found.word == "no difference":
        return f"no difference to {theirs} that could be told"
    return f"too noisy to compare with {theirs}"


def forward(record: Record, batch: int) -> str:
    """Show the nets alone: every run as a dot."""
    timings = _timings(record, batch)
    ordered = sorted(timings, key=lambda t: quantiles(t).median)
    found = [
        Bar(
            record.title(t.subject),
            _kind(t),
            quantiles(t).median,
            f"{number(quantiles(t).median)} ms{_times(record, batch, t)}",
            tuple(chain.from_iterable(t.steady("forward"))),
        )
        for t in ordered
    ]
    title = "The net alone" if batch == 1 else f"The net alone, {batch} at a time"
    return (
        f'<section class="card"><h2>{title}</h2><p class="soft">From the ready input to NumPy '
        "arrays, in turns; a dot is a run, a bar the median. The shorter, the faster.</p>"
        f"{charts.bars(found, title)}{_table(record, batch, timings)}</section>"
    )


def _times(record: Record, batch: int, timing: Timing) -> str:
    if timing.subject == OURS:
        return ""
    if not is_result(timing):
        return " · wrong"
    found = against(record, batch, timing.subject)
    return "" if found is None else f" · {1 / found.ratio:.1f}x"


def _table(record: Record, batch: int, timings: list[Timing]) -> str:
    rows = []
    for timing in timings:
        q, found = quantiles(timing), against(record, batch, timing.subject)
        ratio, word = "", ""
        if timing.subject != OURS and found is not None:
            ratio, word = str(found), found.word
        if not is_result(timing):
            ratio, word = "", "no result: it answers something else"
        error = timing.answers.error
        rows.append(
            f"<tr><td>{_name(record, timing)}</td>"
            + _numbers(map(number, (q.median, q.p90, q.p99)))
            + f'<td class="r num">{ratio}</td><td class="{_tone(word)}"><span class="word">{word}'
            f'</span></td><td class="r num">{"" if error is None else f"{error:.1e}"}</td></tr>'
        )
    return (
        '<div class="scroll"><table><tr><th>subject</th><th class="r">median</th>'
        '<th class="r">p90</th><th class="r">p99</th><th class="r">our time / theirs (95 %)</th>'
        f'<th></th><th class="r">error</th></tr>{"".join(rows)}</table></div>'
    )


def whole(record: Record, batch: int) -> str:
    """Show the way from a picture to a result; nothing where arrays go in."""
    timings = _timings(record, batch)
    if not record.takes.startswith("pictures"):
        return ""
    parts = {t.subject: tuple(quantiles(t, p).median for p in _PARTS) for t in timings}
    rows = [
        (record.title(t.subject), _kind(t), parts[t.subject])
        for t in sorted(timings, key=lambda t: sum(parts[t.subject]))
    ]
    found = against(record, batch, REFERENCE, "end to end")
    said = f" End to end, our time over tf.function's is {found}." if found else ""
    keys = "".join(
        f'<span class="key" style="background:var(--s{kind[-1]})"></span>{part}&emsp;'
        for kind, part in zip(charts.STAGE_KINDS, _PARTS, strict=True)
    )
    return (
        '<section class="card"><h2>From a picture to an answer</h2>'
        f'<p class="soft">{escape(record.takes)}; what lies around the net is this bundle\'s own '
        f"runtime, for all of them.{escape(said)}</p><p>{keys}</p>"
        f"{charts.stages(rows, 'Stages')}</section>"  # type: ignore[arg-type]
    )


def batches(record: Record) -> str:
    """Show what a sample costs at each batch size; nothing with one of them."""
    if len(record.batches) < 2:
        return ""
    found = []
    for subject in record.subjects:
        points = [
            (float(b), quantiles(t).median / b)
            for b in record.batches
            if (t := record.timing(subject.name, b)) is not None and is_result(t)
        ]
        if points:
            kind = "ours" if subject.name == OURS else "theirs"
            found.append(Line(subject.title, kind, tuple(points)))
    drawn = charts.lines(found, "Batch sizes", "samples in a batch", "ms per sample")
    return (
        '<section class="card"><h2>Batch by batch</h2><p class="soft">Milliseconds of forward per '
        f"sample.</p>{drawn}</section>"
    )


def costs(record: Record, batch: int) -> str:
    """Show what it takes before and beside the steady runs: load, first run, memory, file."""
    sizes = {s.name: s.file_mb for s in record.subjects}
    timings = _timings(record, batch)
    memory = [
        Bar(record.title(t.subject), _kind(t), t.peak_mb, f"{t.peak_mb:.0f} MB")
        for t in sorted(timings, key=lambda t: t.peak_mb or 0.0)
        if t.peak_mb is not None
    ]
    rows = "".join(
        f"<tr><td>{_name(record, t)}</td>"
        + _numbers(number(ms) for ms in (t.import_ms, t.load_ms, t.first_ms))
        + _numbers((f"{t.cores:.2f}", _mb(t.peak_mb), _mb(sizes[t.subject])))
        + f"<td>{escape(t.about)}</td></tr>"
        for t in timings
    )
    return (
        '<section class="card"><h2>Memory, and getting started</h2>'
        '<p class="soft">The most that each process ever held, its framework included.</p>'
        f"{charts.bars(memory, 'Memory') if memory else ''}"
        '<div class="scroll"><table><tr><th>subject</th><th class="r">import ms</th>'
        '<th class="r">load ms</th><th class="r">first ms</th><th class="r">cores</th>'
        f'<th class="r">memory MB</th><th class="r">file MB</th><th></th></tr>{rows}</table></div>'
        "</section>"
    )


def rounds(record: Record, batch: int) -> str:
    """Show the rounds one after the other: whether the machine kept its pace."""
    timings = [t for t in _timings(record, batch) if is_result(t)]
    found = [
        Line(record.title(t.subject), _kind(t), _relative(t)) for t in timings if len(t.blocks) > 1
    ]
    if not found:
        return ""
    drawn = charts.lines(found, "Rounds", "round", "median / median of all rounds", height=240)
    return (
        '<section class="card"><h2>Did the machine keep its pace?</h2><p class="soft">Each '
        "subject's rounds over its own median. What moves all lines at once is the machine, and "
        f"leaves the ratios alone.</p>{drawn}{_list(remarks(record))}</section>"
    )


def _relative(timing: Timing) -> tuple[tuple[float, float], ...]:
    medians = [float(np.median(block)) for block in timing.steady("forward")]
    middle = float(np.median(medians))
    return tuple((float(i), m / middle) for i, m in enumerate(medians, start=1))


def foot(record: Record) -> str:
    """Say what it was found with."""
    versions = " · ".join(f"{escape(k)} {escape(v)}" for k, v in record.host.versions.items())
    host = record.host
    memory = "" if host.memory_gb is None else f", {host.memory_gb:g} GiB"
    return (
        f"<footer>{versions}<br>{escape(host.cpu)}, {host.cores} cores{memory}, "
        f"{escape(host.system)} · {escape(record.tool)} · every duration is in this page as JSON, "
        "under the id record</footer>"
    )


def _timings(record: Record, batch: int) -> list[Timing]:
    return [t for s in record.subjects if (t := record.timing(s.name, batch)) is not None]


def _kind(timing: Timing) -> str:
    if timing.subject == OURS:
        return "ours"
    return "theirs" if is_result(timing) else "wrong"


def _tone(word: str) -> str:
    tones = {"faster": "pass", "slower": "fail", "too noisy": "inconclusive", "": ""}
    return tones.get(word, "soft" if word == "no difference" else "fail")


def _name(record: Record, timing: Timing) -> str:
    title = escape(record.title(timing.subject))
    return f"<b>{title}</b>" if timing.subject == OURS else title


def _numbers(values: Iterable[str]) -> str:
    return "".join(f'<td class="r num">{value}</td>' for value in values)


def _mb(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _list(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="reasons">{items}</ul>' if items else ""
