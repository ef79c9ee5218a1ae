"""`keras2cv completion SHELL`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from keras2cv.cli.completion_scripts import SCRIPTS, command_of
from keras2cv.cli.terminal import print_lines

USAGE: Final = "bash|zsh|fish"
ABOUT: Final = """\
Print a script that lets a shell complete verbs, options and their values with
the Tab key. It knows the verbs that are installed now.
"""
EXAMPLES: Final = """\
  keras2cv completion bash > ~/.local/share/bash-completion/completions/keras2cv
  keras2cv completion zsh > ~/.zfunc/_keras2cv
  keras2cv completion fish > ~/.config/fish/completions/keras2cv.fish
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="bash, zsh or fish")


def execute(args: Namespace) -> int:
    """Print the script."""
    commands = [command_of(name, summary, parser) for name, summary, parser in args.every_verb()]
    print_lines(SCRIPTS[args.shell](commands))
    return 0
