"""The page's plots, each a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from keras2cv_bench.page.lines import Axes, Line, lines
from keras2cv_bench.subjects import OURS, REFERENCE
from keras2cv_export.pages.bars import Bar, bars
from keras2cv_export.pages.chart import Drawing

from .measure import Found
from .ratios import LINES, SCALES, gflops, grown, milliseconds, ratio


def plots(found: Sequence[Found], peaks: Mapping[int, float]) -> Iterator[tuple[str, Drawing]]:
    """Yield name and chart: models beside TensorFlow, shares of the peak, and each scale."""
    models = [one for one in found if one.case.group == "models"]
    fast = [(1 / r.ratio, r.word, m) for m in models if (r := ratio(m, REFERENCE)) is not None]
    if fast:
        drawn = [
            Bar(
                one.case.name,
                "ours" if word == "faster" else "theirs",
                f"{times:.1f}x · {milliseconds(one, OURS)} ms",
                (times,),
            )
            for times, word, one in sorted(fast, key=lambda found: -found[0])
        ]
        yield "models", bars(drawn, "Times as fast as TensorFlow's tf.function")
    rates = [(rate, m) for m in models if (rate := gflops(m, OURS)) is not None]
    if rates:
        peak = peaks[models[0].record.threads]
        drawn = [
            Bar(m.case.name, "ours", f"{rate / peak:.0%} · {rate:.0f} GFLOP/s", (rate / peak,))
            for rate, m in sorted(rates, key=lambda pair: -pair[0])
        ]
        yield "share", bars([*drawn, Bar("peak", "theirs", f"{peak:.0f} GFLOP/s", (1.0,))], "Share")
    for group, (title, axis) in SCALES.items():
        points = grown(found, group)
        drawn_lines = [
            Line(name, kind, tuple(line))
            for subject, kind, name in LINES
            if (line := [(x, y) for x, m in points if (y := gflops(m, subject)) is not None])
        ]
        if len(points) > 1 and drawn_lines:
            threads = points[-1][1].record.threads
            ceiling = (peaks[threads], "one big matrix product")
            yield group, lines(drawn_lines, title, Axes(axis, "GFLOP/s", ceiling))
