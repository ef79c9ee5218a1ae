"""`keras2cv info BUNDLE`."""

from __future__ import annotations

import textwrap
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from keras2cv.opencv import require_opencv

USAGE: Final = "BUNDLE"
ABOUT: Final = """\
Say what a bundle is: inputs and outputs under Keras' names and the net's, what
happens to an image, the task, the evidence; and the few lines of cv2 that run
it without keras2cv.
"""
EXAMPLES: Final = """\
  keras2cv info cat.cv
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")


def execute(args: Namespace) -> int:
    """Print the card."""
    require_opencv()
    from keras2cv.bundle import read_bundle
    from keras2cv.cli.card import describe
    from keras2cv.cli.snippet import opencv_snippet

    bundle = read_bundle(args.bundle)
    print(bundle.folder)
    print(*describe(bundle.manifest), sep="\n")
    print("\nWithout keras2cv:\n")
    print(textwrap.indent(opencv_snippet(bundle.manifest, bundle.folder), "    "), end="")
    return 0
