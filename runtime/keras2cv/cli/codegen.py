"""`keras2cv codegen BUNDLE --lang cpp|java|js|python -o DIR`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from keras2cv.cli import values
from keras2cv.cli.output import cannot_write
from keras2cv.net.opencv import require_opencv

USAGE: Final = "BUNDLE --lang cpp|java|js|python -o DIR"
ABOUT: Final = """\
Write code that predicts images with OpenCV and nothing else: a C++ class with
a CMake target and a program, a Java module for org.opencv, a JavaScript module
with a page for opencv.js, or a Python program (cv2 and NumPy) with as much of
keras2cv's own runtime in a folder beside it as such a bundle needs.

It reads the bundle's manifest when it starts, so it also runs later exports of
the model, and other bundles with the same task and resize.
"""
EXAMPLES: Final = """\
  keras2cv codegen cat.cv --lang cpp -o predict-cpp/
  keras2cv codegen cat.cv --lang java -o predict-java/
  keras2cv codegen cat.cv --lang js -o predict-js/
  keras2cv codegen cat.cv --lang python -o predict-python/
"""
# Those of `codegen.LANGUAGES`, which help does without: it needs NumPy.
LANGUAGE_NAMES: Final = ("cpp", "java", "js", "python")
OUTPUTS: Final = {"output": "folder"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)
    parser.add_argument(
        "--lang", choices=LANGUAGE_NAMES, required=True, help="the program's language"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        required=True,
        help="the folder to write the program into",
    )


def execute(args: Namespace) -> int:
    """Write the program, and list its files.

    Raises:
        UsageError: the folder cannot be written.
    """
    require_opencv()
    from keras2cv.bundle.reading import read_bundle
    from keras2cv.codegen import LANGUAGES, generate

    bundle = read_bundle(args.bundle)
    try:
        written = generate(bundle, args.lang, args.output)
    except OSError as error:
        raise cannot_write(args.output, error) from error
    shown = (args.output / path.relative_to(args.output).parts[0] for path in written)
    print(*dict.fromkeys(shown), sep="\n")
    print("", LANGUAGES[args.lang].next_step, sep="\n")
    return 0
