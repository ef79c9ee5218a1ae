"""Records made by hand, for tests of the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from keras2cv_bench.records import (
    SCHEMA,
    Answers,
    Block,
    Host,
    Missing,
    Record,
    SubjectRecord,
    Timing,
)
from keras2cv_bench.whole.record import Many, WayRecord, WholeRecord
from keras2cv_bench.whole.task import STAGES

SAME = Answers("same", 1e-6)


def blocks(median_ms: float, noise: float = 0.01, seed: int = 0, count: int = 8) -> tuple[Any, ...]:
    """Return blocks of five runs around a median; the lead-in is ten times as slow.

    Args:
        median_ms: Of a run.
        noise: Standard deviation of a run's logarithm.
        seed: Determines the noise.
        count: How many blocks.
    """
    rng = np.random.default_rng(seed)

    def block() -> Block:
        paces = median_ms * np.exp(noise * rng.normal(size=5))
        forward = (10 * median_ms, *map(float, paces))
        return Block((0.5,) * 6, forward, (0.25,) * 6, 1.9)

    return tuple(block() for _ in range(count))


def timing(
    subject: str,
    median_ms: float,
    batch: int = 1,
    answers: Answers = SAME,
    found: Sequence[Block] | None = None,
    **more: Any,
) -> Timing:
    """Return a subject's timing.

    Args:
        subject: Its name.
        median_ms: Of a run.
        batch: Samples per run.
        answers: How its answers compare with the reference.
        found: Its blocks; None makes some of that median.
        **more: Other fields.
    """
    fields: dict[str, Any] = {"about": f"{subject} 1.0", "import_ms": 500.0, "load_ms": 40.0}
    fields |= {"first_ms": 20.0, "warm_up_runs": 9, "peak_mb": 120.5} | more
    made = tuple(found) if found is not None else blocks(median_ms, seed=len(subject) + batch)
    return Timing(subject=subject, batch=batch, answers=answers, blocks=made, **fields)


def record(
    *timings: Timing,
    missing: Sequence[Missing] = (),
    threads: int = 2,
    cpu: str = "Some CPU",
    titles: Mapping[str, str] | None = None,
) -> Record:
    """Return a record; by default the bundle takes 5 ms and tf.function 10.

    Args:
        *timings: Of the subjects.
        missing: Subjects that did not run.
        threads: Of each subject.
        cpu: Name of the processor.
        titles: Subject -> its title.
    """
    found = timings or (timing("bundle", 5.0), reference(10.0))
    names = dict.fromkeys([*(t.subject for t in found), *(m.subject for m in missing)])
    return Record(
        schema=SCHEMA,
        tool="keras2cv bench 0",
        when="2026-01-02T03:04:05+00:00",
        argv=("bench", "cat.cv"),
        bundle="cat.cv",
        sha256="0" * 64,
        model="cat.keras",
        task="classify",
        takes="pictures of 1280x720",
        threads=threads,
        host=Host(cpu, 2, "Linux x86_64", "0" * 12, {"opencv": "5.0.0"}, others=0.0),
        subjects=tuple(SubjectRecord(n, (titles or {}).get(n, n), 14.0) for n in names),
        timings=tuple(found),
        missing=tuple(missing),
    )


def reference(median_ms: float, batch: int = 1, **more: Any) -> Timing:
    """Return TensorFlow's timing, whose answers are the reference."""
    return timing("tf.function", median_ms, batch, Answers("reference"), **more)


def way_record(name: str, ms: float, **more: Any) -> WayRecord:
    """Return a way whose pictures take so many milliseconds, a fifth in each stage."""
    block = dict.fromkeys(STAGES, (ms / 5, ms / 5))
    many = (Many(10, ms / 100, ms / 50),) * 4
    answers = Answers("same")
    found = WayRecord(name, name, "it", answers, (1.0, 2.0), (block,) * 8, many, 99.0, 250.0, 5.0)
    return replace(found, **more)


def whole_of(*ways: WayRecord) -> WholeRecord:
    """Return a record of some ways."""
    host, missing = record().host, (Missing("onnx_pil", "not installed: PIL"),)
    return WholeRecord(
        "keras2cv", "2026", (), "cat.cv", "0", "cat.keras", "5 images", 2, host, ways, missing
    )
