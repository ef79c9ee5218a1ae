"""The conformance suite's nets on emulated machines: `python -m campaigns.architectures.nets`.

Each case is exported once, here, as `export` does it without options, and its file is run on each
machine; `campaigns.atlas.sweep` does both. Results are stored as they come: the same command goes
on after an interruption, and shards may run one after the other, in any order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import keras2cv
import keras2cv_export
from campaigns.architectures.machines import columns_of, find_machines
from campaigns.atlas.store import Store, fingerprint
from campaigns.atlas.sweep import Listed, Sweep, list_suite
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import Limits
from keras2cv_export.matrix.environment import runtime_copy

SUITE: Final = Path(__file__).resolve().parents[3] / "tests" / "conformance"
# A net of seconds on a machine takes minutes by emulation, and starting Python takes up to 20 s.
LIMITS: Final = Limits(1800.0, 600.0, None)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the cells that are missing; return 1 if one is wrong, fails or crashes."""
    flags = argparse.ArgumentParser(prog="python -m campaigns.architectures.nets")
    flags.add_argument("folder", type=Path, help="what machines.sh made")
    flags.add_argument("-w", "--work", type=Path, required=True, help="for results so far")
    flags.add_argument("--machine", action="append", default=[], help="only this one; repeat it")
    flags.add_argument("--sample", action="store_true", help="only the suite's own sample")
    flags.add_argument("--shard", default="1/1", help="the first of four: 1/4")
    flags.add_argument("--workers", type=int, default=2, help="processes at once (default: 2)")
    flags.add_argument("--keep", action="store_true", help="keep results of other sources")
    args = flags.parse_args(argv)
    try:
        store = measure(args)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    bad = [r for r in store.records.values() if r.verdict not in ("pass", "refused")]
    for record in bad:
        print(f"{record.case} on {record.column}: {record.verdict}, {record.reason}")
    return int(bool(bad))


def measure(args: argparse.Namespace) -> Store:
    """Measure the shard's missing cells, and return all that are stored.

    Raises:
        MissingDependency: A machine does not start, or the suite cannot be imported.
        UsageError: The folder for results cannot be written.
    """
    work: Path = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    listed, tools = list_suite(SUITE, work)
    columns = columns_of(find_machines(args.folder, args.machine))
    packages = [Path(str(p.__file__)).parent for p in (keras2cv, keras2cv_export)]
    stamp = {"sources": fingerprint(packages), "suite": fingerprint([SUITE]), **tools}
    store = Store(work, stamp, keep=args.keep)
    with tempfile.TemporaryDirectory(dir=work) as name, runtime_copy(Path(name)) as environment:
        sweep = Sweep(
            SUITE, columns, store, Path(name), environment, _print, args.workers, LIMITS
        )  # fmt: skip
        sweep.run(chosen(listed, args.shard, sample=args.sample))
    return store


def chosen(listed: Sequence[Listed], shard: str, *, sample: bool) -> list[Listed]:
    """Return the cases of a shard, of the whole suite or of its sample."""
    number, count = map(int, shard.split("/"))
    cases = [case for case in listed if case.sampled or not sample]
    return cases[number - 1 :: count]


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
