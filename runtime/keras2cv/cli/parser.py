"""The command line's grammar: one parser, to which every verb adds its own arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

from keras2cv._version import VERSION
from keras2cv.cli.verbs import OWN, SHIPPED, SUMMARIES, Verb, added_verbs, find_verb, origin_of
from keras2cv.visible_text import shown

_CLOSING: Final = """\
first steps:
  keras2cv demo
  keras2cv export my_model.keras -o my_model.cv
  keras2cv run my_model.cv photo.jpg

`keras2cv VERB --help` lists its options. Exit codes: 0 yes; 1 no (parity,
self-test, unsupported); 2 usage or bad input; 3 something is not installed;
4 inconclusive; 130 interrupted (143, 129: by SIGTERM, SIGHUP).
"""


class Parser(argparse.ArgumentParser):
    """argparse, with abbreviations off, layout kept, and errors in the form that all ours have."""

    def __init__(self, **settings: object) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=layout, allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown arguments here, so that the error recommends the verb's own help."""
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return namespace, unknown

    def error(self, message: str) -> NoReturn:
        """Print the problem and the command for help, and exit with 2."""
        self.exit(2, f"error: {shown(message)}. See `{self.prog} --help`.\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the lines of a help text."""
        print(*message.removesuffix("\n").split("\n"), sep="\n", file=file or sys.stderr)


def make_parser(words: Sequence[str]) -> Parser:
    """Return a parser that reads `words`, a command line.

    It knows every verb by name, and the arguments of the verb in `words` alone; that one sets
    `execute`, a function of the parsed arguments. A verb of the runtime's own costs no look at the
    packages that are installed.

    Raises:
        MissingDependency: The verb's package is not installed, or does not load.
    """
    wanted = next((word for word in words if not word.startswith("-")), None)
    added = {} if wanted in OWN else added_verbs()
    parser = Parser(
        prog="keras2cv",
        usage="keras2cv VERB ...",
        description="\n".join(_about({name: origin_of(one) for name, one in added.items()})),
        epilog=_CLOSING,
    )
    parser.add_argument(
        "--version", action="version", version=f"keras2cv {VERSION}", help="show the version"
    )
    _add_debug(parser, default=False)
    verbs = parser.add_subparsers(metavar="VERB", required=True, help=argparse.SUPPRESS)
    for name in (*OWN, *SHIPPED, *added):
        if name == wanted:
            _add_verb(verbs, name, find_verb(name))
        else:
            verbs.add_parser(name)
    return parser


def _add_verb(verbs: Any, name: str, verb: Verb) -> None:
    own: Parser = verbs.add_parser(
        name,
        prog=f"keras2cv {name}",
        usage=f"keras2cv {name} {verb.USAGE}",
        description=verb.ABOUT,
        epilog=f"examples:\n{verb.EXAMPLES}",
    )
    verb.add_arguments(own)
    _add_debug(own, default=argparse.SUPPRESS)  # or it would undo `keras2cv --debug run`
    own.set_defaults(execute=verb.execute, outputs=getattr(verb, "OUTPUTS", {}))


def _about(added: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of `keras2cv --help`: the verbs in groups, by the packages they need."""
    yield "A Keras model, running right and fast anywhere OpenCV runs."
    yield "\nWith OpenCV and NumPy alone:"
    yield from _rows(SUMMARIES)
    yield "\nWith TensorFlow as well (pip install 'keras2cv[export]'):"
    yield from _rows({name: shipped.summary for name, shipped in SHIPPED.items()})
    if added:
        yield "\nFrom other packages:"
        yield from _rows(added)


def _rows(summaries: Mapping[str, str]) -> Iterator[str]:
    return (f"  {name:<10} {summary}" for name, summary in summaries.items())


def _add_debug(parser: Parser, default: object) -> None:
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show the traceback of every error"
    )
