"""`python -m campaigns.architectures MACHINES -w RESULTS`: measure, and write the page.

What RESULTS holds already is not measured again, so the same command goes on after an
interruption. Nets are measured again when a source of keras2cv has changed, unless `--keep` says
that the change does not matter to them. `--sample` measures a part, in minutes, and writes no page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from campaigns.architectures.bundles import failures, run_selftests
from campaigns.architectures.machines import columns_of, find_machines
from campaigns.architectures.nets import SUITE, bad_nets, run_nets
from campaigns.architectures.page import Results, page
from campaigns.architectures.pixels import Found, covers, measured, own_crashes, wrong_blobs
from campaigns.atlas.columns import Column
from campaigns.atlas.store import Record
from campaigns.atlas.sweep import list_suite
from campaigns.command_line import print_progress
from keras2cv.errors import Keras2cvError
from keras2cv_export.matrix.environment import Environment

_TARGETS: Final = "32,64,96,128,160,192,224,256,299,320,384,416,448,512,640,1280"

_PARTS: Final = ("images", "tasks", "nets")

_SAMPLED: Final = "1/6"  # of the suite's own sample


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is missing; return 1 if a pixel, an output or a self-test is wrong."""
    args = parser().parse_args(argv)
    try:
        found = measure(args)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if not args.sample and not args.part:
        args.output.write_text("\n".join(page(found)) + "\n", encoding="utf-8")
        print(args.output)
    bad = list(faults(found))
    print("\n".join(bad) or f"all right on {', '.join(found.machines)}")
    return int(bool(bad))


def measure(args: argparse.Namespace) -> Results:
    """Measure what is missing, and return everything.

    Raises:
        MissingDependency: A machine does not start, or the suite cannot be imported.
        UsageError: The folder for results cannot be written.
    """
    work: Path = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    machines = find_machines(args.machines, args.machine)
    columns = columns_of(machines)
    parts = args.part or _PARTS
    images = measure_images(args, work, machines) if "images" in parts else ({}, {}, {})
    return Results(
        columns,
        measured(work / "here" / "blobs.json", Path(sys.executable), "blobs"),
        *images,
        run_selftests(columns, work) if "tasks" in parts else {},
        measure_nets(args, work, columns) if "nets" in parts else [],
        len(list_suite(SUITE, work)[0]),
    )


def measure_nets(
    args: argparse.Namespace, work: Path, columns: Sequence[Column]
) -> Sequence[Record]:
    """Return the records of the conformance suite, those measured before included.

    Raises:
        MissingDependency: The suite cannot be imported.
        UsageError: The folder for results cannot be written.
    """
    return run_nets(
        columns,
        work,
        print_progress,
        sampled=args.sample,
        shard=_SAMPLED if args.sample else args.shard,
        workers=args.workers,
        keep=args.keep,
    )


def measure_images(
    args: argparse.Namespace, work: Path, machines: Mapping[str, Environment]
) -> tuple[dict[str, Found], dict[str, Found], dict[str, Found]]:
    """Return what each machine says of blobs, of guarded images and, alone, of costs.

    Raises:
        MissingDependency: A machine prints nothing.
    """
    targets, step = ("32,256", 64) if args.sample else (args.targets, args.step)

    def stored(name: str, part: str) -> tuple[Path, Path, str]:
        return work / name / f"{part}.json", machines[name].python, part

    def blobs(name: str) -> Found:
        return measured(*stored(name, "blobs"))

    def guards(name: str) -> Found:
        enough = partial(covers, targets=targets, step=step)
        return measured(*stored(name, "guards"), targets, str(step), suffices=enough)

    with ThreadPoolExecutor(args.workers) as pool:
        return (
            dict(zip(machines, pool.map(blobs, machines), strict=True)),
            dict(zip(machines, pool.map(guards, machines), strict=True)),
            {name: measured(*stored(name, "costs")) for name in machines},
        )


def faults(found: Results) -> list[str]:
    """Return a line for everything that is wrong."""
    lines = [*failures(found.selftests), *bad_nets(found.nets)]
    for name, blobs in found.blobs.items():
        lines += [f"{name}: {blob}" for blob in wrong_blobs(blobs, found.expected)]
    for name, guards in found.guards.items():
        lines += [f"{name}: {crash}" for crash in own_crashes(guards)]
    return lines


def parser() -> argparse.ArgumentParser:
    """Return the reader of the flags."""
    flags = argparse.ArgumentParser(
        prog="python -m campaigns.architectures", description=__doc__, allow_abbrev=False
    )
    flags.add_argument("machines", type=Path, help="the folder that machines.sh filled")
    flags.add_argument("-w", "--work", type=Path, required=True, help="for results so far")
    flags.add_argument("--machine", action="append", default=[], help="only this one; repeat it")
    about = "only this part, and no page; repeat it"
    flags.add_argument("--part", action="append", choices=_PARTS, default=[], help=about)
    flags.add_argument("--sample", action="store_true", help="a part of everything, and no page")
    flags.add_argument("--shard", default="1/1", help="of the nets: 2/4 is the second of four")
    flags.add_argument("--targets", default=_TARGETS, help="sides of inputs (default: %(default)s)")
    flags.add_argument("--step", type=int, default=8, help="of the images' sizes (default: 8)")
    flags.add_argument("--workers", type=int, default=2, help="processes at once (default: 2)")
    flags.add_argument("--keep", action="store_true", help="keep results of other sources")
    flags.add_argument("-o", "--output", type=Path, default=Path("../docs/architectures.md"))
    return flags


if __name__ == "__main__":
    sys.exit(main())
