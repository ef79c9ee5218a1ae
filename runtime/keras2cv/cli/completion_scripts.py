"""Scripts that complete commands in a shell, made from the verbs' own parsers."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_LONGEST_HELP: Final = 60  # characters beside a word


@dataclass(frozen=True)
class _Option:
    """An option: its flags, its help, whether a value follows, and the values there are."""

    flags: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """A verb: its name, its line of help, its options, and the words its arguments may be."""

    name: str
    summary: str
    options: tuple[_Option, ...]
    choices: tuple[str, ...]


def command_of(name: str, summary: str, parser: argparse.ArgumentParser | None) -> Command:
    """Return a verb as scripts know it; without a parser it has no options."""
    actions = [] if parser is None else parser._actions
    words = [word for action in actions if not action.option_strings for word in _choices(action)]
    options = tuple(_option(action) for action in actions if action.option_strings)
    return Command(name, summary, options, tuple(words))


def _option(action: argparse.Action) -> _Option:
    text = "" if action.help in (None, argparse.SUPPRESS) else str(action.help)
    return _Option(
        tuple(action.option_strings), _line(text), action.nargs != 0, tuple(_choices(action))
    )


def _choices(action: argparse.Action) -> list[str]:
    return [str(one) for one in action.choices or ()]


def _line(text: str) -> str:
    """Return the start of a help text, without what a shell would read as its own."""
    plain = "".join(c for c in " ".join(text.split()) if c.isalnum() or c in " ,.-+/()|")
    return plain if len(plain) <= _LONGEST_HELP else f"{plain[: _LONGEST_HELP - 3].rstrip()}..."


def _bash(commands: Sequence[Command]) -> str:
    cases = "\n".join(line for command in commands for line in _bash_case(command))
    return _BASH.format(verbs=" ".join(one.name for one in commands), cases=cases)


def _bash_case(command: Command) -> Iterator[str]:
    """Yield the lines of a verb: the values of its options by the word before, then its words."""
    flags = " ".join(flag for option in command.options for flag in option.flags)
    yield f"    {command.name})"
    yield f'      flags="{flags}"; words="{" ".join(command.choices)}"'
    yield '      case "$before" in'
    for option in command.options:
        if option.choices:
            yield f'        {"|".join(option.flags)}) words="{" ".join(option.choices)}"; only=1 ;;'
        elif option.takes_value:
            yield f'        {"|".join(option.flags)}) words=""; only=1 ;;'
    yield "      esac ;;"


_BASH: Final = """\
# bash completion of keras2cv, written by `keras2cv completion bash`
_keras2cv() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
  local verb="" flags="" words="" only="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{COMP_WORDS[i]}}" in -*) ;; *) verb="${{COMP_WORDS[i]}}"; break ;; esac
  done
  COMPREPLY=()
  case "$verb" in
    "") flags="--help --version --debug"; words="{verbs}"; only=1 ;;
{cases}
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
    return
  fi
  [[ -n "$words" ]] && COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ -n "$words" && -n "$only" ]] || COMPREPLY+=($(compgen -f -- "$word"))
}}
complete -o filenames -F _keras2cv keras2cv
"""


def _zsh(commands: Sequence[Command]) -> str:
    verbs = "\n".join(f"    '{one.name}:{_line(one.summary)}'" for one in commands)
    cases = "\n".join(line for command in commands for line in _zsh_case(command))
    return _ZSH.format(verbs=verbs, cases=cases)


def _zsh_case(command: Command) -> Iterator[str]:
    yield f"    {command.name})"
    yield "      _arguments \\"
    for option in command.options:
        for flag in option.flags:
            yield f"        '*{flag}[{option.help}]{_zsh_value(option)}' \\"
    words = f"({' '.join(command.choices)})" if command.choices else "_files"
    yield f"        '*: :{words}' ;;"


def _zsh_value(option: _Option) -> str:
    if not option.takes_value:
        return ""
    return f": :({' '.join(option.choices)})" if option.choices else ": :_files"


_ZSH: Final = """\
#compdef keras2cv
# zsh completion of keras2cv, written by `keras2cv completion zsh`
_keras2cv() {{
  local -a verbs
  verbs=(
{verbs}
  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
    return
  fi
  local verb="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$verb" in
{cases}
    *) _files ;;
  esac
}}
if [ "$funcstack[1]" = "_keras2cv" ]; then
  _keras2cv "$@"
else
  compdef _keras2cv keras2cv
fi
"""


def _fish(commands: Sequence[Command]) -> str:
    return "\n".join(("# fish completion of keras2cv", *_fish_lines(commands))) + "\n"


def _fish_lines(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        summary = _line(command.summary)
        yield f"complete -c keras2cv -n __fish_use_subcommand -f -a {command.name} -d '{summary}'"
        seen = f"complete -c keras2cv -n '__fish_seen_subcommand_from {command.name}'"
        if command.choices:
            yield f"{seen} -f -a '{' '.join(command.choices)}'"
        yield from (f"{seen} {_fish_option(option)}" for option in command.options)


def _fish_option(option: _Option) -> str:
    kinds = [f"-l {one[2:]}" if one.startswith("--") else f"-s {one[1:]}" for one in option.flags]
    value = ["-r"] if option.takes_value else []
    values = [f"-f -a '{' '.join(option.choices)}'"] if option.choices else []
    return " ".join([*kinds, *value, *values, f"-d '{option.help}'"])


SCRIPTS: Final[Mapping[str, Callable[[Sequence[Command]], str]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
