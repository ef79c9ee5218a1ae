"""The conformance suite's nets on emulated machines.

Each case is exported once, here, as `export` does it without options, and its file is run on each
machine; `campaigns.atlas.sweep` does both. Results are stored as they come, so that shards may run
one after the other, in any order.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import keras2cv
import keras2cv_export
from campaigns import command_line
from campaigns.architectures.bundles import is_refused
from campaigns.architectures.limits import LIMITS
from campaigns.atlas.columns import Column
from campaigns.atlas.store import VERDICTS, Record, Store, Verdict, fingerprint
from campaigns.atlas.sweep import Listed, Progress, Sweep, list_suite
from keras2cv_export.matrix.environment import runtime_copy

SUITE: Final = Path(__file__).resolve().parents[3] / "tests" / "conformance"


def run_nets(
    columns: Sequence[Column],
    work: Path,
    progress: Progress,
    *,
    sampled: bool = False,
    shard: str = "1/1",
    workers: int = 2,
    keep: bool = False,
) -> list[Record]:
    """Measure the cells of a shard that are missing, and return all that are stored.

    Args:
        columns: The machines and engines.
        work: The folder for results.
        progress: Called with a line now and then.
        sampled: Only the suite's own sample.
        shard: "2/4" is the second of four.
        workers: How many processes may run at once.
        keep: Keep results of other sources.

    Raises:
        MissingDependency: The suite cannot be imported.
        UsageError: The folder for results cannot be written, or there is no such shard.
    """
    listed, tools = list_suite(SUITE, work)
    packages = [Path(str(p.__file__)).parent for p in (keras2cv, keras2cv_export)]
    stamp = {"sources": fingerprint(packages), "suite": fingerprint([SUITE]), **tools}
    store = Store(work, stamp, keep=keep)
    with tempfile.TemporaryDirectory(dir=work) as name, runtime_copy(Path(name)) as environment:
        sweep = Sweep(
            SUITE,
            columns,
            store,
            Path(name),
            environment,
            progress,
            workers,
            LIMITS,
        )
        sweep.run(chosen(listed, shard, sampled=sampled))
    return list(store.records.values())


def chosen(listed: Sequence[Listed], part: str, *, sampled: bool) -> list[Listed]:
    """Return the cases of a shard, such as "1/4", of the whole suite or of its sample.

    Those of keras.applications, of minutes each, have their smallest batch size alone.

    Raises:
        UsageError: There is no such shard.
    """
    cases = [case for case in listed if case.sampled or not sampled]
    return [
        replace(case, batches=case.batches[:1]) if case.group == "application" else case
        for case in command_line.shard(cases, part)
    ]


def bad_nets(records: Sequence[Record]) -> list[str]:
    """Return a line for each net that is wrong, fails or crashes."""
    return [
        f"{record.case} on {record.column}: {record.verdict}, {record.reason}"
        for record in records
        if verdict_of(record) not in ("pass", "refused")
    ]


def verdict_of(record: Record) -> Verdict:
    """Return the outcome; a bundle that says itself that it needs a newer OpenCV is refused."""
    return "refused" if is_refused(record.reason) else record.verdict


def counts_of(records: Sequence[Record], column: str) -> Mapping[str, int]:
    """Return verdict -> how many cases of a column have it; the worst of its batch sizes counts."""
    worst: dict[str, int] = {}
    for record in records:
        if record.column == column:
            found = VERDICTS.index(verdict_of(record))
            worst[record.case] = max(worst.get(record.case, 0), found)
    return {verdict: list(worst.values()).count(k) for k, verdict in enumerate(VERDICTS)}
