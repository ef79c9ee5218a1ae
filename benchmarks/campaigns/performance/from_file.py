"""The tables of what a user waits for: from a file to an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from keras2cv.tuning.interleave import Comparison
from keras2cv_bench.whole.record import WayRecord, WholeRecord
from keras2cv_bench.whole.subjects import BUNDLE, TUTORIAL
from keras2cv_export.pages.formats import duration

from .measure import Found

Cells = tuple[str, ...]

TITLE: Final = "the tutorials' loop, from file to answer"
_TASKS: Final = {"classify": "classifier", "detect": "detector", "segment": "segmenter"}
_ONE: Final[Mapping[str, str]] = {
    TUTORIAL: "`load_img`, `predict`",
    "onnx_cv2": "onnxruntime, cv2",
    "onnx_pil": "onnxruntime, Pillow",
}
_MANY: Final[Mapping[str, str]] = {**_ONE, "tf_data": "tf.data, `predict`"}


@dataclass(frozen=True)
class Tables:
    """Heads and rows: of pictures one by one, of many files, and of what else it costs."""

    source: str
    one_heads: Cells
    one: list[Cells]
    many_heads: Cells
    many: list[Cells]
    cost_heads: Cells
    costs: list[Cells]


def tables(models: Sequence[Found]) -> Tables | None:
    """Return the tables of the models that were measured so; None where none was."""
    timed = [(found, found.whole) for found in models if found.whole is not None]
    if not timed:
        return None
    ms = ("p50, ms", "p99, ms")
    return Tables(
        source=timed[0][1].source,
        one_heads=("model", *ms, *_ONE.values()),
        one=[_one_row(found, whole) for found, whole in timed],
        many_heads=("model", "images a second", "of a core", *_MANY.values()),
        many=[_many_row(found, whole) for found, whole in timed],
        cost_heads=("model", "way", "first answer, s", "memory, MB", "disk, MB"),
        costs=[row for found, whole in timed for row in _cost_rows(found, whole)],
    )


def ratios(models: Sequence[Found]) -> list[tuple[float, str]]:
    """Return each model's time over the tutorials' loop's, with its name."""
    pairs = ((found, found.whole) for found in models)
    compared = [(one.case.name, _compared(whole, TUTORIAL)) for one, whole in pairs if whole]
    return [(found.ratio, name) for name, found in compared if found is not None]


def reasons(models: Sequence[Found]) -> Iterator[str]:
    """Yield why a way has no ratio."""
    for one in models:
        for missing in one.whole.missing if one.whole else ():
            yield f"{one.case.name} from a file, {missing.subject}: {missing.reason}"[:300]
        for way in one.whole.ways if one.whole else ():
            if way.answers.verdict == "different":
                words = f"other answers ({way.answers.reason})"
                yield f"{one.case.name} from a file, {way.title}: {words}"[:300]


def _compared(whole: WholeRecord, name: str, *, many: bool = False) -> Comparison | None:
    way = whole.way(name)
    if way is None or way.answers.verdict == "different":
        return None
    return whole.of_many(way) if many else whole.one_by_one(way)


def _cell(found: Comparison | None) -> str:
    return "-" if found is None else f"{found.ratio:.2f} ({found.low:.2f}-{found.high:.2f})"


def _one_row(found: Found, whole: WholeRecord) -> Cells:
    ours = whole.way(BUNDLE)
    times = (ours.quantile_ms(share) if ours else None for share in (0.5, 0.99))
    cells = ("-" if ms is None else duration(ms) for ms in times)
    kind = _TASKS[str(found.case.answers["task"])]
    name = f"{found.case.name} ({kind})"
    return (name, *cells, *(_cell(_compared(whole, way)) for way in _ONE))


def _many_row(found: Found, whole: WholeRecord) -> Cells:
    ours = whole.way(BUNDLE)
    rounds = ours.many if ours else ()
    rates = ([one.per_s for one in rounds], [one.per_core_s for one in rounds])
    cells = (f"{np.median(rate):.1f}" if rate else "-" for rate in rates)
    return (
        found.case.name, *cells, *(_cell(_compared(whole, way, many=True)) for way in _MANY)
    )  # fmt: skip


def _cost_rows(found: Found, whole: WholeRecord) -> Iterator[Cells]:
    for name, title in {BUNDLE: "this bundle", **_MANY}.items():
        if (way := whole.way(name)) is not None:
            yield (found.case.name, title, *_costs(way))


def _costs(way: WayRecord) -> Cells:
    held = "-" if way.peak_mb is None else f"{way.peak_mb:.0f}"
    disk = way.installed_mb + way.file_mb
    return f"{np.median(way.starts_s):.2f}", held, f"{disk:.0f}"
