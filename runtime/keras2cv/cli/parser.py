"""The command line's grammar: one parser, to which every verb adds its own arguments."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

from keras2cv._version import VERSION
from keras2cv.cli.styles import Piece, Styled, print_line
from keras2cv.cli.suggestions import did_you_mean
from keras2cv.cli.verbs import OWN, SHIPPED, SUMMARIES, Verb, added_verbs, find_verb, origin_of
from keras2cv.errors import MissingDependency
from keras2cv.visible_text import shown

_CLOSING: Final = """\
first steps:
  keras2cv run sample photo --save drawn.png
  keras2cv export my_model.keras -o my_model.cv
  keras2cv run my_model.cv photo.jpg

`keras2cv VERB --help` lists its options.

{exit_codes}
"""
EXIT_CODES: Final = """\
exit codes:
  0 yes; 1 no (parity, self-test, unsupported); 2 usage or bad input;
  3 something is not installed; 4 inconclusive; 70 a bug of keras2cv;
  130 interrupted (143, 129: by SIGTERM, SIGHUP)
"""
_MODELS: Final = (".keras", ".h5", ".hdf5")
_OTHER_NAMES: Final = {
    "predict": "run", "infer": "run", "test": "selftest", "show": "info", "describe": "info",
    "generate": "codegen", "convert": "export", "verify": "check", "compare": "check",
    "benchmark": "bench", "help": "--help",
}  # fmt: skip
_HEADING: Final = re.compile(r"usage:|[A-Za-z][^:]*:$")
_TERM: Final = re.compile(r"  (-{1,2}[\w-]+|[a-z]+(?=  ))")


class Parser(argparse.ArgumentParser):
    """argparse, with abbreviations off, layout kept, and errors in the form that all ours have."""

    def __init__(self, **settings: Any) -> None:
        settings["formatter_class"] = argparse.RawDescriptionHelpFormatter
        if sys.version_info >= (3, 14):
            settings["color"] = False  # escape sequences that are not ours are shown as text
        super().__init__(allow_abbrev=False, **settings)
        self._words: list[str] = []
        self._spread: dict[str, re.Pattern[str]] = {}

    def may_spread(self, flag: str, pattern: str) -> None:
        """Let words that match follow the value of `flag`, as if each had the flag before it."""
        self._spread[flag] = re.compile(pattern)

    def _with_flags(self, words: Sequence[str]) -> Iterator[str]:
        """Yield the command line, the flag repeated before each word that a value spreads to."""
        flag = previous = ""
        for word in words:
            if word in self._spread:
                flag = word
            elif flag and previous != flag and self._spread[flag].fullmatch(word):
                yield flag
            elif previous != flag:
                flag = ""
            yield word
            previous = word

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown arguments here, so that the error recommends the verb's own help."""
        self._words = list(sys.argv[1:] if args is None else args)
        given = list(self._with_flags(self._words)) if self._spread else args
        namespace, unknown = super().parse_known_args(given, namespace)
        if unknown:
            meant = "".join(self._meant(word) for word in unknown[:1])
            self.error(f"unrecognized arguments: {' '.join(unknown)}", meant)
        return namespace, unknown

    def _unknown_option(self) -> str:
        """Return a sentence on the first option that there is not; "" if all exist."""
        words = (word.partition("=")[0] for word in self._words)
        known = self._option_string_actions
        for word in words:
            if word.startswith("--") and word != "--" and word not in known:
                return f" There is no option {word}.{self._meant(word)}"
        return ""

    def _meant(self, word: str) -> str:
        """Return which option somebody who wrote `word` may have meant."""
        return did_you_mean(word.partition("=")[0], self._option_string_actions)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is no choice, and name the nearest ones.

        Raises:
            ArgumentError: It is none.
        """
        if action.choices is None or value in action.choices:
            return
        names = ", ".join(map(repr, action.choices))
        meant = did_you_mean(str(value), map(str, action.choices))
        if isinstance(action, argparse._SubParsersAction):
            meant = _used_as_verb(value) or meant
        raise argparse.ArgumentError(
            action, f"invalid choice: {value!r} (choose from {names}){'.' * bool(meant)}{meant}"
        )

    def error(self, message: str, meant: str = "") -> NoReturn:
        """Print the problem and the command for help, and exit with 2."""
        if message.startswith("the following arguments are required"):
            meant = self._unknown_option()
        text = shown(message) + ("" if message.endswith("?") else ".") + shown(meant)
        print_line(Styled("error:", "red"), f" {text} See `{self.prog} --help`.", to_stderr=True)
        self.exit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the lines of a help text."""
        for line in message.removesuffix("\n").split("\n"):
            print_line(*_help_pieces(line), to_stderr=file is not sys.stdout)


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
        epilog=_CLOSING.format(exit_codes=EXIT_CODES.rstrip()),
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


def _add_verb(verbs: Any, name: str, verb: Verb) -> Parser:
    own: Parser = verbs.add_parser(
        name,
        prog=f"keras2cv {name}",
        usage=f"keras2cv {name} {verb.USAGE}".rstrip(),
        description=verb.ABOUT,
        epilog=f"examples:\n{verb.EXAMPLES.rstrip()}\n\n{EXIT_CODES}",
    )
    verb.add_arguments(own)
    _add_debug(own, default=argparse.SUPPRESS)  # or it would undo `keras2cv --debug run`
    own.set_defaults(
        execute=verb.execute, outputs=getattr(verb, "OUTPUTS", {}), every_verb=every_verb
    )
    return own


def every_verb() -> Iterator[tuple[str, str, Parser | None]]:
    """Yield every verb: its name, its summary, and its parser; None if it is not installed."""
    summaries = {
        **SUMMARIES,
        **{name: one.summary for name, one in SHIPPED.items()},
        **{name: f"a verb of {origin_of(one)}" for name, one in added_verbs().items()},
    }
    verbs = Parser(prog="keras2cv").add_subparsers()
    for name, summary in summaries.items():
        try:
            yield name, summary, _add_verb(verbs, name, find_verb(name))
        except MissingDependency:
            yield name, summary, None


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
    return (f"  {name:<11} {summary}" for name, summary in summaries.items())


def _add_debug(parser: Parser, default: object) -> None:
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show the traceback of every error"
    )


def _used_as_verb(word: str) -> str:
    """Return the verb that goes by another name here, or the command that a file is for."""
    if other := _OTHER_NAMES.get(word):
        return f" Did you mean {other}?"
    if not os.path.lexists(word):
        return ""
    verb = "export" if word.endswith(_MODELS) else "run"
    return f" Did you mean `keras2cv {verb} {shown(word)} ...`?"


def _help_pieces(line: str) -> Iterable[Piece]:
    """Return a line of help, its heading or the name of its verb or option in a style."""
    if found := _HEADING.match(line):
        return (Styled(found[0], "bold"), line[found.end() :])
    if found := _TERM.match(line):
        return ("  ", Styled(found[1], "cyan"), line[found.end() :])
    return (line,)
