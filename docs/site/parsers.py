"""The parser of each verb, for the page that lists every option."""

from __future__ import annotations

from argparse import ArgumentParser

from keras2cv.cli.parser import make_parser


def _of(verb: str) -> ArgumentParser:
    parser = make_parser([verb])
    [actions] = [action for action in parser._actions if action.dest == "==SUPPRESS=="]
    found: ArgumentParser = actions.choices[verb]  # type: ignore[index, call-overload]
    return found


def _maker(verb: str) -> object:
    return lambda: _of(verb)


for _verb in (
    *("run", "evaluate", "selftest", "tune", "info", "doctor", "codegen", "completion", "version"),
    *("export", "check", "bench", "inspect", "matrix", "demo"),
):
    globals()[_verb] = _maker(_verb)
