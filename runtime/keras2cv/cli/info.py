"""`keras2cv info BUNDLE`."""

from __future__ import annotations

import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from keras2cv.cli import values
from keras2cv.errors import MissingDependency
from keras2cv.net.opencv import require_at_least, require_opencv

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest

USAGE: Final = "BUNDLE"
ABOUT: Final = """\
Describe a bundle: its inputs and outputs (with Keras' and the net's names), its
preprocessing, its task, its proof, and the devices of this machine that it runs
on. Then print the few lines of cv2 that run it without keras2cv.
"""
EXAMPLES: Final = """\
  keras2cv info cat.cv
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)


def _devices(manifest: Manifest) -> Iterator[str]:
    """Yield the devices of this machine that the bundle runs on, and why not on the others."""
    import cv2

    from keras2cv.net.device import choose_device
    from keras2cv.net.engines import engines_to_try
    from keras2cv.net.importers import importer_of

    try:
        engines_to_try(None, manifest.engine.name, "cpu")
        importer_of(cv2, manifest.model.format)
        require_at_least(manifest.model.opencv, cv2.__version__, "the bundle")
    except MissingDependency as error:
        yield f"does not run: {error}"
        return

    needs_new = manifest.engine.name == "new"
    choice = choose_device("auto", new_engine_only=needs_new)
    there = [
        name
        for name, missing in choice.available.items()
        if not missing and (name == "cpu" or not needs_new)
    ]
    yield f"--device {', '.join(there)}; auto takes {choice.runs}"
    for name, missing in choice.available.items():
        if missing:
            yield f"no {name}: {missing}"


def execute(args: Namespace) -> int:
    """Print the card."""
    require_opencv()
    from keras2cv.bundle.reading import read_bundle
    from keras2cv.bundle.standing import standing_of
    from keras2cv.cli.card import describe
    from keras2cv.cli.snippet import opencv_snippet
    from keras2cv.cli.terminal import print_lines

    bundle = read_bundle(args.bundle)
    print(bundle.folder)
    print(*describe(bundle.manifest, standing_of(bundle.folder, bundle.manifest)), sep="\n")
    for number, line in enumerate(_devices(bundle.manifest)):
        print(f"{'' if number else 'here':<12} {line}")
    print("", "Without keras2cv:", "", sep="\n")
    print_lines(textwrap.indent(opencv_snippet(bundle.manifest, bundle.folder), "    "))
    return 0
