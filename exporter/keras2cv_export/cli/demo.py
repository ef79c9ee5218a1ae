"""`keras2cv demo`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from keras2cv_export.cli.heavy import load_exporter

USAGE: Final = "[-o DIR]"
ABOUT: Final = """\
See every step once: train a small classifier on drawn shapes, save it as .keras
and .h5, export it, check it against TensorFlow, self-test it, and run it on
fresh images. Nothing is downloaded.
"""
EXAMPLES: Final = """\
  keras2cv demo
  keras2cv demo -o somewhere/
"""
OUTPUTS: Final = {"output": "folder"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        default=Path("keras2cv-demo"),
        help="the folder to write into (default: keras2cv-demo)",
    )


def execute(args: Namespace) -> int:
    """Run the demo; it prints its own report."""
    run_demo = load_exporter("demo", "keras2cv_export.demo", "run_demo")
    return int(run_demo(args.output).exit_code)
