"""`python -m campaigns.task_parity`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from keras2cv.errors import Keras2cvError

from .page import page
from .sweep import environments, measure, subjects


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write and print the page; return 1 if anything is not within the bar."""
    flags = argparse.ArgumentParser(prog="python -m campaigns.task_parity")
    flags.add_argument("--opencv", default="5.0,4.14,4.6", help="versions (default: %(default)s)")
    flags.add_argument("--only", default="", help="subjects by name, separated by commas")
    flags.add_argument("-o", "--output", type=Path, default=Path("docs/tasks.md"))
    args = flags.parse_args(argv)
    wanted = [name for name in args.only.split(",") if name]
    try:
        found = [subject for subject in subjects() if not wanted or subject.name in wanted]
        columns = list(environments(args.opencv.split(",")))
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(found, columns, Path(folder), lambda text: print(text, file=sys.stderr))
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    text = page(rows, columns, _hub())
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(text, encoding="utf-8", newline="\n")
    print(text, end="")
    return 0 if rows and all(cell.passes for row in rows for cell in row.cells) else 1


def _hub() -> str | None:
    try:
        return version("keras-hub")
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
