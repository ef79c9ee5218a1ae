"""`python -m campaigns.same_files`: see the package."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .comparing import compare_folders
from .report import exit_code, text_of

SOURCE_ROOTS = ("runtime", "exporter", "benchmarks", "tests")


def main(argv: Sequence[str] | None = None) -> int:
    """Export from one checkout, or compare two folders; return the exit code."""
    args = _parser().parse_args(argv)
    if args.verb == "export":
        return export_from(args.checkout, args.folder, args.options)
    found = compare_folders(args.before, args.after)
    print(text_of(found))
    return exit_code(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m campaigns.same_files", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    export = verbs.add_parser("export", help="write the bundles of the sample from a checkout")
    export.add_argument("checkout", type=Path)
    export.add_argument("folder", type=Path, help="a new folder")
    export.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        help="--checked compares with Keras too; --only CASE... exports these alone",
    )
    compare = verbs.add_parser("compare", help="compare the bundles of two such folders")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    return parser


def export_from(checkout: Path, folder: Path, options: Sequence[str] = ()) -> int:
    """Write the sample's bundles in a process that imports that checkout's packages."""
    folder.mkdir(parents=True)
    roots = [str(checkout.resolve() / root) for root in SOURCE_ROOTS]
    program = Path(__file__).with_name("exporting.py")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(roots),
        "PYTHONSAFEPATH": "1",  # this folder must not hide the checkout's modules
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    command = [sys.executable, str(program), str(folder.resolve()), *options]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
