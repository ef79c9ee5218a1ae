"""The command line's grammar: one parser, to which every verb adds its own arguments."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Protocol

from keras2cv._version import VERSION
from keras2cv.cli import codegen, doctor, info, run, selftest
from keras2cv_bench import cli as bench
from keras2cv_export.cli import check, demo, export, inspect, matrix


class Verb(Protocol):
    """What each verb's module has."""

    @property
    def USAGE(self) -> str:  # noqa: N802 - a module's constant
        """Its arguments in one line, options as [options]."""

    @property
    def ABOUT(self) -> str:  # noqa: N802
        """What it does: the help's first paragraphs."""

    @property
    def EXAMPLES(self) -> str:  # noqa: N802
        """Commands that work as they stand, an indented line each."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the verb takes."""

    def execute(self, args: argparse.Namespace) -> int:
        """Do it, and return the exit code."""


VERBS: Final[Mapping[str, Verb]] = {
    "run": run,
    "selftest": selftest,
    "info": info,
    "doctor": doctor,
    "codegen": codegen,
    "export": export,
    "check": check,
    "bench": bench,
    "inspect": inspect,
    "matrix": matrix,
    "demo": demo,
}

_ABOUT: Final = """\
A Keras model, running right and fast anywhere OpenCV runs.

With OpenCV and NumPy alone:
  run        predict images, folders, videos or arrays
  selftest   compare with TensorFlow's predictions, without TensorFlow
  info       what a bundle is, and how to use it without keras2cv
  doctor     what this machine has, and what is in the way
  codegen    write a program that needs OpenCV and nothing else

With TensorFlow as well (pip install 'keras2cv[export]'):
  export     turn a Keras model into a bundle, and prove it
  check      compare a bundle with the model it came from
  bench      say how fast it is, beside TensorFlow and other runtimes
  inspect    list what an OpenCV cannot run of a model
  matrix     self-test a bundle on other versions of OpenCV
  demo       train, export, check and run a small model
"""

_CLOSING: Final = """\
first steps:
  keras2cv demo
  keras2cv export my_model.keras -o my_model.cv
  keras2cv run my_model.cv photo.jpg

`keras2cv VERB --help` tells more. Exit codes: 0 yes; 1 no (parity, self-test,
unsupported); 2 usage or bad input; 3 something is not installed;
4 inconclusive; 130 interrupted.
"""


class Parser(argparse.ArgumentParser):
    """argparse, with abbreviations off, layout kept, and errors in the form that all ours have."""

    def __init__(self, **settings: object) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=layout, allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what is not known here and now, so that the verb's own help is recommended."""
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return namespace, unknown

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to read on, and exit with 2."""
        self.exit(2, f"error: {message}. See `{self.prog} --help`.\n")


def make_parser() -> Parser:
    """Return the parser of every verb; each sets `execute`, a function of the parsed arguments."""
    parser = Parser(prog="keras2cv", usage="keras2cv VERB ...", description=_ABOUT, epilog=_CLOSING)
    parser.add_argument(
        "--version", action="version", version=f"keras2cv {VERSION}", help="show the version"
    )
    _add_debug(parser, default=False)
    verbs = parser.add_subparsers(metavar="VERB", required=True, help=argparse.SUPPRESS)
    for name, verb in VERBS.items():
        own: Parser = verbs.add_parser(
            name,
            prog=f"keras2cv {name}",
            usage=f"keras2cv {name} {verb.USAGE}",
            description=verb.ABOUT,
            epilog=f"examples:\n{verb.EXAMPLES}",
        )
        verb.add_arguments(own)
        _add_debug(own, default=argparse.SUPPRESS)  # or it would undo `keras2cv --debug run`
        own.set_defaults(execute=verb.execute)
    return parser


def _add_debug(parser: Parser, default: object) -> None:
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show the traceback of every error"
    )
