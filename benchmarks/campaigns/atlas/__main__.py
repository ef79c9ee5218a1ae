"""Measure the conformance suite on every OpenCV, and write docs/compatibility.md and .html.

    python -m campaigns.atlas -o docs/
    python -m campaigns.atlas --opencv 5.0,4.6 --only 'conv*' -o /tmp/part

Each case is exported once, as a user exports it, and the files are run in each OpenCV, in
environments that `keras2cv matrix` makes and keeps. A crash or hang costs one cell. Results are
stored as they come: run the same command again to continue after an interruption.
"""

from __future__ import annotations

import argparse
import fnmatch
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import keras2cv
import keras2cv_export
from campaigns.atlas.cells import Atlas, Heading, families_of
from campaigns.atlas.columns import DEFAULT, Column, make_columns
from campaigns.atlas.markdown import markdown
from campaigns.atlas.store import Store, fingerprint
from campaigns.atlas.sweep import Listed, Sweep, list_suite
from campaigns.atlas.webpage import webpage
from campaigns.command_line import print_progress, versions_or_none
from keras2cv._version import VERSION
from keras2cv.errors import Keras2cvError, UsageError
from keras2cv_export.cli.versions import versions
from keras2cv_export.matrix.environment import cache_folder, runtime_copy

_SUITE = Path(__file__).resolve().parents[3] / "tests" / "conformance"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the missing cells, and write the pages; return the exit code."""
    args = parser().parse_args(argv)
    try:
        write(measure(args), args.output)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def measure(args: argparse.Namespace) -> Atlas:
    """List the suite, measure its missing cells, and return the atlas.

    Raises:
        UsageError: There is no suite, or no case of that name.
        MissingDependency: An environment cannot be made, or the suite not be imported.
    """
    suite = _suite(args.suite)
    work = args.work or cache_folder() / "atlas"
    work.mkdir(parents=True, exist_ok=True)
    print_progress("listing the suite")
    listed, tools = list_suite(suite, work)
    chosen = _chosen(listed, args.only, largest=args.largest_batch)
    pythons = _pythons(args.python)
    columns = make_columns(args.opencv, args.plain, pythons, frozen=args.frozen, onnx=args.onnx)
    stamp = {
        "sources": _sources(),
        "suite": fingerprint([suite]),
        **tools,
        **{c.name: c.runtime for c in columns},
    }
    store = Store(work, stamp, keep=args.keep)
    if store.outdated:
        consequence = (
            "kept all the same" if args.keep else "measuring anew (--keep goes on all the same)"
        )
        print_progress(
            f"the sources or versions have changed since the last results: {consequence}"
        )
    with tempfile.TemporaryDirectory(dir=work) as name, runtime_copy(Path(name)) as environment:
        Sweep(suite, columns, store, Path(name), environment, print_progress, args.workers).run(
            chosen
        )
    return Atlas(
        headings := tuple(map(_heading, columns)),
        tuple(families_of(chosen, headings, store.records)),
        date.today().isoformat(),
        _command(args),
        {"keras2cv": VERSION, "Python": platform.python_version(), **tools},
        len(listed),
        mixed=store.outdated and args.keep,
        batches="the largest batch size" if args.largest_batch else "all batch sizes",
    )


def write(atlas: Atlas, folder: Path) -> None:
    """Write both pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in (("md", markdown(atlas)), ("html", webpage(atlas))):
        path = folder / f"compatibility.{name}"
        path.write_text(page, encoding="utf-8", newline="\n")
        print(path)


def _suite(given: Path) -> Path:
    if not (given / "suite.py").is_file():
        raise UsageError(f"{given} is no conformance suite. Give tests/conformance with --suite.")
    return given


def _chosen(listed: Sequence[Listed], patterns: Sequence[str], *, largest: bool) -> list[Listed]:
    chosen = [
        replace(case, batches=(max(case.batches),)) if largest else case
        for case in listed
        if not patterns or any(fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns)
    ]
    if not chosen:
        raise UsageError(f"No case of the suite is called {', '.join(patterns)}. Try 'conv2d*'.")
    return chosen


def _pythons(given: Sequence[str]) -> dict[str, Path]:
    pairs = [text.partition("=") for text in given]
    if bad := [text for text, (_, equals, path) in zip(given, pairs, strict=True) if not path]:
        raise UsageError(f"--python takes VERSION=PATH, such as 4.6=/old/bin/python, got {bad[0]}.")
    return {version: Path(path) for version, _, path in pairs}


def _sources() -> str:
    packages = (keras2cv, keras2cv_export)
    return fingerprint(Path(str(p.__file__)).parent for p in packages)


def _heading(column: Column) -> Heading:
    where = column.where
    return Heading(column.name, column.kind, column.runtime, where.numpy, where.python_version)


def _command(args: argparse.Namespace) -> str:
    only = "".join(f" --only '{pattern}'" for pattern in args.only)
    given = {name: getattr(args, name) for name in ("opencv", "onnx", "frozen", "plain")}
    lists = " ".join(f"--{name} {','.join(found) or 'none'}" for name, found in given.items())
    only += " --largest-batch" if args.largest_batch else ""
    return f"python -m campaigns.atlas {lists}{only} -o {args.output.name or '.'}/"


def _targets_or_none(text: str) -> tuple[str, ...]:
    first, _, rest = text.partition(",")
    if first != DEFAULT:
        return versions_or_none(text)
    return (DEFAULT, *(versions(rest) if rest else ()))


def parser() -> argparse.ArgumentParser:
    """Return the reader of the flags that `measure` takes."""
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.atlas",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--opencv",
        type=versions_or_none,
        default=("5.0", "4.14", "4.12", "4.10", "4.8", "4.6"),
        help="versions for our bundles, or none (default: 5.0,4.14,4.12,4.10,4.8,4.6)",
    )
    parser.add_argument(
        "--onnx",
        type=_targets_or_none,
        default=(DEFAULT, "4.6", "5.0"),
        help="our files read as ONNX, by their --opencv, or none (default: default,4.6,5.0)",
    )
    parser.add_argument(
        "--frozen",
        type=versions_or_none,
        default=("5.0", "4.14", "4.10", "4.6"),
        help="versions for our bundles with frozen graphs, or none (default: 5.0,4.14,4.10,4.6)",
    )
    parser.add_argument(
        "--plain",
        type=versions_or_none,
        default=("5.0", "4.14"),
        help="versions for Keras' own export, or none (default: 5.0,4.14)",
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"), help="default: docs/")
    parser.add_argument("--only", action="append", default=[], help="a pattern of case names")
    parser.add_argument(
        "--largest-batch", action="store_true", help="of each case, only its largest batch size"
    )
    parser.add_argument("--suite", type=Path, default=_SUITE, help="default: tests/conformance")
    parser.add_argument("-w", "--work", type=Path, help="for results so far (default: the cache)")
    parser.add_argument("--workers", type=int, default=2, help="processes at once (default: 2)")
    parser.add_argument("--keep", action="store_true", help="keep results of other sources")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="VERSION=PATH",
        help="a Python that has that OpenCV already, in place of an environment",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
