"""`keras2cv matrix BUNDLE --opencv 4.6,4.14,5.0`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv_export.cli.heavy import progress, require_modules
from keras2cv_export.cli.versions import wheel_versions

USAGE: Final = "BUNDLE --opencv VERSIONS [options]"
ABOUT: Final = """\
Run the bundle's self-test on other versions of OpenCV. Each version gets an
environment of its own with NumPy, its wheel of opencv-python-headless, and
nothing else. OpenCV 5 runs the test on both engines. "4.6" means the newest
wheel of 4.6.

uv makes the environments, from the package index that pip (or uv) is configured
for. They are kept in the user's cache, or in the folder KERAS2CV_CACHE. Wheels
before 4.10.0.84 get NumPy 1, which they were built for.

Exit code 1 if a self-test fails, 3 if an environment cannot be made.
"""
EXAMPLES: Final = """\
  keras2cv matrix cat.cv --opencv 4.6,4.10,5.0
  keras2cv matrix cat.cv --opencv 4.6.0.66,4.14.0.94 --json matrix.json
  keras2cv matrix cat.cv --opencv 4.6 --python python3.11
"""
_TIMEOUT_S: Final = 600


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        type=values.bundle,
        help="a folder made by export; `sample`: the one that ships with keras2cv",
    )
    parser.add_argument(
        "--opencv",
        metavar="VERSIONS",
        type=wheel_versions,
        required=True,
        help="the OpenCV versions to run on, separated by commas",
    )
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        help="the Python of the environments, a path or a name (default: this one)",
    )
    parser.add_argument(
        "--pre",
        action="store_true",
        help="let 5.1 mean a pre-release of 5.1, too; 5.1.0.90rc1 means that one anyway",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=values.positive,
        default=_TIMEOUT_S,
        help=f"time limit of one self-test (default: {_TIMEOUT_S})",
    )
    add_json_argument(parser, "every row")


def execute(args: Namespace) -> int:
    """Run the self-test on every version, and print the table."""
    require_modules("matrix", ("rich",))
    from keras2cv_export.cli.console import safe_console
    from keras2cv_export.matrix import render, run_matrix

    report = run_matrix(
        args.bundle,
        args.opencv,
        python=args.python,
        pre=args.pre,
        timeout_s=args.timeout,
        progress=progress,
    )
    if args.json != STDOUT:
        render(report, safe_console())
    if args.json:
        write_json(args.json, report.to_dict())
    return report.exit_code
