"""`keras2cv doctor`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Final

from keras2cv.cli.output import add_json_argument, write_json
from keras2cv.cli.styles import Piece, Styled, print_line
from keras2cv.diagnosis.doctor import INSTALL_EXPORT, Diagnosis, OpenCv, diagnose
from keras2cv.errors import MissingDependency

USAGE: Final = "[options]"
ABOUT: Final = """\
Examine this machine for keras2cv: its OpenCV, engines and devices, and whether
it can export. Each problem is listed with the command that solves it; the exit
code is 3 if there is one.
"""
EXAMPLES: Final = """\
  keras2cv doctor
  keras2cv doctor --json -
"""
_TITLE: Final = 12  # columns of a line's title


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_json_argument(parser, "everything that was found")


def execute(args: Namespace) -> int:
    """Print the diagnosis."""
    diagnosis = diagnose()
    if args.json != "-":
        for line in _lines(diagnosis):
            print_line(*_pieces(line))
    if args.json:
        write_json(args.json, diagnosis.to_dict())
    return MissingDependency.exit_code if diagnosis.problems else 0


def _pieces(line: str) -> tuple[Piece, ...]:
    """Return a line of the diagnosis, its title in a style."""
    if line == "No problems found.":
        return (Styled(line, "green"),)
    title, end, text = line.partition(". ")
    if title.startswith("Problem ") and end:
        return Styled(f"{title}.", "red"), f" {text}"
    return Styled(line[:_TITLE], "cyan"), line[_TITLE:]


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"keras2cv    {found.keras2cv}"
    yield f"Python      {found.python}, {found.executable}"
    yield f"machine     {found.platform}, {found.cpus} CPUs"
    yield f"NumPy       {found.numpy or 'not installed'}"
    yield from _opencv_lines(found.opencv) if found.opencv else ["OpenCV      none that works"]
    yield from _export_lines(found)
    yield f"confinement {found.confinement}"
    if found.holes:
        yield "known holes"
        yield from (f"            {hole}" for hole in found.holes)
        names = sorted({hole.advisory.package for hole in found.holes})
        yield f"            update: pip install -U {' '.join(names)}"
    yield ""
    if not found.problems:
        yield "No problems found."
    for number, problem in enumerate(found.problems, 1):
        yield f"Problem {number}. {problem.what}"
        yield f"  {problem.fix}"


def _opencv_lines(opencv: OpenCv) -> Iterator[str]:
    yield f"OpenCV      {opencv.version}, {opencv.origin}"
    yield f"            {opencv.folder}"
    yield f"  engines   {', '.join(opencv.engines)}"
    yield f"  reads     {', '.join(name for name, why in opencv.formats.items() if not why)}"
    yield from (f"            not {name}: {why}" for name, why in opencv.formats.items() if why)
    for device in opencv.devices:
        yield f"  {device.name:<9} {'yes' if device.available else 'no'}: {device.why}"
    yield f"  windows   {'yes' if opencv.has_windows else 'no: built without them (run --show)'}"
    yield f"  threads   {opencv.threads}"
    yield f"  CPU uses  {opencv.cpu_features}"
    for number, fault in enumerate(opencv.resize_faults):
        yield f"  {'' if number else 'resize':<9} {fault}"


def _export_lines(found: Diagnosis) -> Iterator[str]:
    installed = ", ".join(f"{name} {v}" for name, v in found.packages.items() if v)
    if missing := found.missing_for_export:
        yield f"export      not here, which running bundles does not need: {INSTALL_EXPORT}"
        yield f"            missing: {', '.join(missing)}"
    else:
        yield "export      ready"
    if installed:
        yield f"            {installed}"
