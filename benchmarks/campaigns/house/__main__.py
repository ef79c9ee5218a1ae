"""`python -m campaigns.house`: see the package."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .measuring import measure_house
from .report import text_of
from .touched import count_by_part, touched_files

THIS_CHECKOUT = Path(__file__).parents[3]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the measurements of a checkout, or the files that a range of commits touched."""
    args = _parser().parse_args(argv)
    if args.touched:
        return print_touched(args.checkout, args.touched)
    house = measure_house(args.checkout)
    print(text_of(house))
    if args.json:
        args.json.write_text(json.dumps(asdict(house), indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m campaigns.house", description=__doc__)
    parser.add_argument("checkout", type=Path, nargs="?", default=THIS_CHECKOUT)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--touched", metavar="OLD..NEW", help="count the files that these changed")
    return parser


def print_touched(checkout: Path, commits: str) -> int:
    """Print how many files of each part the commits touched, and which."""
    files = touched_files(checkout, commits)
    for part, count in count_by_part(files).items():
        print(f"{part:10}{count:5}")
    print("\n".join(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
