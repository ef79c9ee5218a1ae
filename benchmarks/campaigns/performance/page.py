"""docs/performance.md and its plots, from measurements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from keras2cv.errors import UsageError
from keras2cv_bench.findings import fair_reference, is_result
from keras2cv_bench.subjects import NAIVE, ONEDNN, OURS, PREDICT, REFERENCE, SAME_ISA
from keras2cv_export.pages.templating import render

from . import from_file
from .figures import figures
from .measure import DEFAULT, FROZEN, PORTABLE, Found
from .plots import plots
from .ratios import (
    LINES,
    ORT,
    SCALES,
    default_ratio,
    geometric_mean,
    gflops,
    grown,
    milliseconds,
    ratio,
)

Cells = tuple[str, ...]

OTHERS: Final[Mapping[str, str]] = {
    REFERENCE: "`tf.function`",
    PREDICT: "`model.predict`",
    NAIVE: "Keras' ONNX export in cv2",
    ORT: "onnxruntime",
}
PEERS: Final[Mapping[str, str]] = {"openvino": "OpenVINO", "litert": "LiteRT"}  # if measured
_OWN_HEADS: Final = ("without a flag, ms", "file for every OpenCV, ms", "frozen graph, ms")
AT_AVX2: Final = "`tf.function`, AVX2 only"


@dataclass(frozen=True)
class Scale:
    """A table of one case that grows: by which axis, and a row for each size."""

    group: str
    title: str
    axis: str
    heads: Cells
    rows: tuple[Cells, ...]


def write(found: Sequence[Found], peaks: Mapping[int, float], output: Path) -> None:
    """Write performance.md, and its plots and numbers into a folder of that name.

    Raises:
        UsageError: It cannot be written there.
    """
    drawn = dict(plots(found, peaks))
    files = {
        "performance/figures.json": json.dumps(figures(found, peaks), indent=1) + "\n",
        "performance.md": text_of(found, peaks, tuple(drawn)),
    }
    for name, drawing in drawn.items():
        text = render(__package__, "standalone.svg.jinja", drawing=drawing)
        files[f"performance/{name}.svg"] = text
    try:
        (output / "performance").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (output / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}. Use -o.") from error


def text_of(found: Sequence[Found], peaks: Mapping[int, float], drawn: tuple[str, ...]) -> str:
    """Return the page, in Markdown; `drawn` are the names of its plots."""
    models = [one for one in found if one.case.group == "models"]
    explained = {SAME_ISA: AT_AVX2} if _ratios(models, SAME_ISA) else {}
    peers = {name: title for name, title in PEERS.items() if _ratios(models, name)}
    titles = {**OTHERS, **peers, **explained}
    threads = (models or found)[0].record.threads
    others = [one.record.host.others or 0.0 for one in found]
    return render(
        __package__,
        "performance.md.jinja",
        newest=max(found, key=lambda one: one.record.when).record,
        threads=threads,
        plots=drawn,
        against=list(_against(models)),
        whole=from_file.tables(models),
        default=_default(models),
        classic=_on_classic(models),
        at_avx2=bool(explained),
        onednn=onednn_of(models),
        peers=list(peers),
        model_heads=("model", "ms", *titles.values(), *_OWN_HEADS),
        models=[_model_row(one, tuple(titles)) for one in models],
        reasons=list(dict.fromkeys((*_missing(models), *from_file.reasons(models)))),
        peak=peaks[threads],
        rate_heads=("model", "GFLOP", *(f"{title}, GFLOP/s" for _, _, title in LINES)),
        rates=[_rate_row(one, peaks[threads]) for one in models],
        scales=list(_scales(found, peaks)),
        others=others,
        others_median=float(np.median(others)),
        cores=[t.cores for one in found if (t := one.record.timing(OURS, one.case.batch))],
    )


def _against(models: Sequence[Found]) -> Iterator[Cells]:
    # The ratio to TensorFlow at AVX2 explains the others.
    for theirs, title in {**OTHERS, **PEERS, SAME_ISA: AT_AVX2}.items():
        if pairs := _ratios(models, theirs):
            yield _mean_row(title, pairs)
    if pairs := from_file.ratios(models):
        yield _mean_row(from_file.TITLE, pairs)


def _mean_row(title: str, pairs: Sequence[tuple[float, str]]) -> Cells:
    mean, (worst, name) = geometric_mean([r for r, _ in pairs]), max(pairs)
    return title, f"{mean:.2f}", f"{worst:.2f} ({name})", str(len(pairs))


def _default(models: Sequence[Found]) -> str:
    """Say what an export without a flag costs; "" where that was not measured."""
    pairs = [(r.ratio, m.case.name) for m in models if (r := default_ratio(m)) is not None]
    if not pairs:
        return ""
    _, mean, worst, count = _mean_row("", pairs)
    return f"**{mean}** as a geometric mean over {count} models, and {worst} at most"


def _on_classic(models: Sequence[Found]) -> list[str]:
    """Return the models whose bundle chose the classic engine."""
    timed = ((m.case.name, m.record.timing(OURS, m.case.batch)) for m in models)
    return [name for name, timing in timed if timing and "classic engine" in timing.about]


def onednn_of(models: Sequence[Found]) -> str:
    """Say which tf.function is the faster one, where both settings of oneDNN were timed."""
    both = [one for one in models if one.record.timing(ONEDNN.name, one.case.batch) is not None]
    if not both:
        return ""
    on = [m.case.name for m in both if fair_reference(m.record, m.case.batch) == ONEDNN.name]
    return (
        "TensorFlow leaves oneDNN off on this processor. Both settings were timed "
        "(`TF_ENABLE_ONEDNN_OPTS`), and the faster one is `tf.function` here: with oneDNN on "
        f"{', '.join(on) or 'no model'}; off {_rest(both, on)}."
    )


def _rest(both: Sequence[Found], on: Sequence[str]) -> str:
    off = [one.case.name for one in both if one.case.name not in on]
    return ", ".join(off) or "no model"


def _ratios(models: Sequence[Found], theirs: str) -> list[tuple[float, str]]:
    return [(r.ratio, m.case.name) for m in models if (r := ratio(m, theirs)) is not None]


def _model_row(one: Found, others: Sequence[str]) -> Cells:
    ours, default, frozen = (milliseconds(one, name) for name in (OURS, DEFAULT, FROZEN))
    has_two = one.record.timing(PORTABLE, one.case.batch) is not None
    portable = milliseconds(one, PORTABLE) if has_two else default
    ratios = (_ratio_cell(one, theirs) for theirs in others)
    return (one.case.name, ours, *ratios, default, portable, frozen)


def _ratio_cell(one: Found, theirs: str) -> str:
    found = ratio(one, theirs)
    if found is None:
        return "-"
    timing = one.record.timing(theirs, one.case.batch)
    mark = "*" if timing is not None and "this bundle's file" in timing.about else ""
    return f"{found.ratio:.2f}{mark} ({found.low:.2f}-{found.high:.2f})"


def _missing(models: Sequence[Found]) -> Iterator[str]:
    for one in models:
        for missing in one.record.missing:
            sentence = f"{one.case.name}, {one.record.title(missing.subject)}: {missing.reason}"
            yield " ".join(sentence.split())[:300]
        for timing in one.record.timings:
            if not is_result(timing):
                title = one.record.title(timing.subject)
                yield f"{one.case.name}, {title}: other answers ({timing.answers.reason})"
        if one.why_not_frozen:
            yield f"{one.case.name}, frozen graph: {one.why_not_frozen}"


def _rate_row(one: Found, peak: float) -> Cells:
    rates = [gflops(one, subject) for subject, _, _ in LINES]
    cells = ["-" if rate is None else f"{rate:.0f} ({rate / peak:.0%})" for rate in rates]
    return (one.case.name, f"{one.gflop:.2f}", *cells)


def _scales(found: Sequence[Found], peaks: Mapping[int, float]) -> Iterator[Scale]:
    for group, (title, axis) in SCALES.items():
        points = grown(found, group)
        if len(points) > 1:
            heads = (axis, *(f"{name}, ms" for _, _, name in LINES), "keras2cv, share of the peak")
            rows = tuple(_scale_row(x, one, peaks[one.record.threads]) for x, one in points)
            yield Scale(group, title, axis, heads, rows)


def _scale_row(x: float, one: Found, peak: float) -> Cells:
    rate = gflops(one, OURS)
    share = "-" if rate is None else f"{rate / peak:.0%}"
    return (f"{x:g}", *(milliseconds(one, subject) for subject, _, _ in LINES), share)
