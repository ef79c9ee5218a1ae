"""`keras2cv info BUNDLE`."""

from __future__ import annotations

import json
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.styles import Piece, Styled, print_line, verdict
from keras2cv.cli.terminal import print_lines
from keras2cv.errors import MissingDependency
from keras2cv.net.opencv import require_at_least, require_opencv

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv.bundle.reading import Bundle
    from keras2cv.bundle.standing import Standing
    from keras2cv.net.local_choice import LocalChoice

USAGE: Final = "BUNDLE [options]"
ABOUT: Final = """\
Describe a bundle: its inputs and outputs (with Keras' and the net's names), its
preprocessing, its task, its proof, and the devices of this machine that it runs
on. Then print the few lines of cv2 that run it without keras2cv.
"""
EXAMPLES: Final = """\
  keras2cv info cat.cv
  keras2cv info cat.cv --json -
"""
_TITLE: Final = 12  # columns of a line's title


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)
    add_json_argument(parser, "the manifest, the standing and the devices")


def execute(args: Namespace) -> int:
    """Print the card."""
    require_opencv()
    from keras2cv.bundle.reading import read_bundle
    from keras2cv.bundle.standing import standing_of, unproven
    from keras2cv.net.local_choice import local_choice

    bundle = read_bundle(args.bundle)
    standing = standing_of(bundle.folder, bundle.manifest)
    devices = _devices(bundle.manifest)
    local = local_choice(bundle.folder, bundle.manifest)
    if args.json != STDOUT:
        _print_card(bundle, standing, devices, local)
    if args.json:
        record = {
            "bundle": str(bundle.folder),
            "standing": standing,
            "advice": unproven(bundle.folder, bundle.manifest),
            "manifest": json.loads(bundle.manifest.to_json()),
            "devices": devices.to_dict(),
            "tuned_here": local.to_dict(),
        }
        write_json(args.json, record)
    return 0


@dataclass(frozen=True)
class _Devices:
    """The devices of this machine that a bundle runs on, and why not on the others.

    Attributes:
        there: The values of --device that work.
        auto: The one that `--device auto` takes; None where nothing runs it.
        missing: The others, with the reasons.
        problem: Why it runs on nothing here; "" if it runs.
    """

    there: tuple[str, ...]
    auto: str | None
    missing: Mapping[str, str]
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "runs_on": list(self.there),
            "auto": self.auto,
            "missing": dict(self.missing),
            "problem": self.problem,
        }


def _devices(manifest: Manifest) -> _Devices:
    import cv2

    from keras2cv.net.device import choose_device
    from keras2cv.net.engines import engines_to_try
    from keras2cv.net.importers import importer_of

    try:
        engines_to_try(None, manifest.engine.name, "cpu")
        importer_of(cv2, manifest.model.format)
        require_at_least(manifest.model.opencv, cv2.__version__, "the bundle")
    except MissingDependency as error:
        return _Devices((), None, {}, str(error))
    needs_new = manifest.engine.name == "new"
    choice = choose_device("auto", new_engine_only=needs_new)
    there = tuple(
        name
        for name, missing in choice.available.items()
        if not missing and (name == "cpu" or not needs_new)
    )
    missing = {name: why for name, why in choice.available.items() if why}
    return _Devices(there, choice.runs, missing)


def _device_lines(devices: _Devices) -> Iterator[str]:
    if devices.problem:
        yield f"does not run: {devices.problem}"
        return
    yield f"--device {', '.join(devices.there)}; auto takes {devices.auto}"
    yield from (f"no {name}: {why}" for name, why in devices.missing.items())


def _print_card(bundle: Bundle, standing: Standing, devices: _Devices, local: LocalChoice) -> None:
    from keras2cv.cli.card import describe
    from keras2cv.cli.snippet import opencv_snippet

    print_line(Styled(str(bundle.folder), "bold"))
    for line in describe(bundle.manifest, standing, local):
        print_line(*_card_pieces(line))
    for number, line in enumerate(_device_lines(devices)):
        print_line(*_card_pieces(f"{'' if number else 'here':<12} {line}"))
    print("", "Without keras2cv:", "", sep="\n")
    print_lines(textwrap.indent(opencv_snippet(bundle.manifest, bundle.folder), "    "))


def _card_pieces(line: str) -> tuple[Piece, ...]:
    """Return a line of the card, its title and a standing in their styles."""
    title, text = line[:_TITLE], line[_TITLE:]
    word, colon, rest = text.partition(":")
    pieces = (verdict(word), colon + rest) if title.startswith("status") else (text,)
    return Styled(title, "cyan"), *pieces
