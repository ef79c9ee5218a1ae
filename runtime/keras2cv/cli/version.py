"""`keras2cv version`."""

from __future__ import annotations

import platform
from argparse import ArgumentParser, Namespace
from typing import Final

from keras2cv._version import VERSION
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.net.opencv import import_cv2, installed_version

USAGE: Final = "[options]"
ABOUT: Final = """\
Print the version of keras2cv, and of what it works with here. `keras2cv doctor`
examines the machine.
"""
EXAMPLES: Final = """\
  keras2cv version
  keras2cv version --json -
"""
_PACKAGES: Final = ("numpy", "tensorflow", "keras")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_json_argument(parser, "the versions")


def execute(args: Namespace) -> int:
    """Print a line for each."""
    versions = {"keras2cv": VERSION, "python": platform.python_version(), "opencv": _opencv()}
    versions |= {name: installed_version(name) for name in _PACKAGES}
    if args.json != STDOUT:
        print(*(f"{name} {found}" for name, found in versions.items() if found), sep="\n")
    if args.json:
        write_json(args.json, versions)
    return 0


def _opencv() -> str | None:
    """Return the version of the OpenCV that Python imports; None where none loads."""
    try:
        return str(import_cv2().__version__)
    except (ImportError, AttributeError):
        return None
