"""`python -m campaigns.zoo`: see the package."""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import campaigns.zoo
from campaigns.atlas.columns import Column, make_columns
from campaigns.command_line import print_progress, shard, versions_or_none
from keras2cv.errors import Keras2cvError, UsageError
from keras2cv_export.cli.versions import versions
from keras2cv_export.matrix.environment import cache_folder, runtime_copy

from .page import DOCS, write
from .results import Results
from .specimen import Specimen
from .sweep import Sweep
from .tables import all_specimens


def main(argv: Sequence[str] | None = None) -> int:
    """Try what has no result yet, and write the page when all have one."""
    args = _parser().parse_args(argv)
    try:
        return _run(args)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from here", file=sys.stderr)
        return 130


def _run(args: argparse.Namespace) -> int:
    specimens = all_specimens()
    columns = make_columns(args.opencv, args.plain, {})
    results = Results(args.work / "results.jsonl")
    for path in args.merge:
        results.add(Results(path).found.values())
    if args.again:
        for one in chosen(specimens, args.again):
            results.found.pop(one.name, None)
    if not args.no_run:
        _try(shard(chosen(specimens, args.only), args.shard), columns, results, args.work)
    whole = all(one.name in results.found for one in specimens)
    if whole or args.page or args.no_run:
        tried = [one for one in specimens if one.name in results.found]
        print_progress(str(write(tried, results.found, _names(columns), DOCS)))
    return 0


def _try(
    specimens: Sequence[Specimen], columns: Sequence[Column], results: Results, work: Path
) -> None:
    with (
        tempfile.TemporaryDirectory(dir=_made(work)) as name,
        runtime_copy(Path(name)) as environment,
    ):
        Sweep(columns, results, Path(name), environment, print_progress).run(specimens)


def chosen(specimens: Sequence[Specimen], patterns: Sequence[str]) -> list[Specimen]:
    """Return the specimens that a pattern fits; all without patterns.

    Raises:
        UsageError: None fits.
    """
    found = [
        one
        for one in specimens
        if not patterns or any(fnmatch.fnmatchcase(one.name, pattern) for pattern in patterns)
    ]
    if not found:
        raise UsageError(f"No model is called {', '.join(patterns)}. Try 'kimm/*'.")
    return found


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.zoo",
        description=campaigns.zoo.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--only", action="append", default=[], help="a pattern of names")
    parser.add_argument("--again", action="append", default=[], help="forget results of these")
    parser.add_argument("--shard", default="1/1", help="part K of N (default: 1/1)")
    parser.add_argument("--page", action="store_true", help="write the page of a part, too")
    parser.add_argument("--no-run", action="store_true", help="write the page of what was tried")
    parser.add_argument(
        "--merge", action="append", default=[], type=Path, help="results.jsonl of another shard"
    )
    parser.add_argument("--opencv", type=versions, default=("5.0", "4.14", "4.6"))
    parser.add_argument("--plain", type=versions_or_none, default=("5.0", "4.14"))
    parser.add_argument("-w", "--work", type=Path, default=cache_folder() / "zoo")
    return parser


if __name__ == "__main__":
    sys.exit(main())
