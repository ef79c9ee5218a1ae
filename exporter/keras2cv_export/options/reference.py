"""The documentation of an options record: a docstring's `Args:`, and a table in Markdown.

python -m keras2cv_export.options.reference > docs/export_options.md
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from .export_options import ExportOptions
from .option import Named, options_of

_WIDTH: Final = 96
_HEAD: Final = """\
# Options of `export`

These are the options of `keras2cv export MODEL -o BUNDLE` and of
`keras2cv_export.export(model, bundle)`. The options of a single task, such as `--box-format`, are
in `keras2cv export --help`; in Python they are the fields of `DetectOptions` and the like.

This page is made from the fields of `ExportOptions`, as are `--help` and `help(export)`:
`python -m keras2cv_export.options.reference > docs/export_options.md`.

| command line | Python | |
|---|---|---|
"""


def arguments_section(record: type) -> str:
    """Return `Args:` with an entry per field, as a docstring has it."""
    entries = (
        textwrap.fill(
            f"{one.name}: {_sentences(one)}",
            _WIDTH,
            initial_indent="    ",
            subsequent_indent="        ",
            break_on_hyphens=False,
        )
        for one in options_of(record)
    )
    return "Args:\n" + "\n".join(entries)


def page() -> str:
    """Return docs/export_options.md."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for one in options_of(ExportOptions):
        flag = ", ".join(f"`{flag}`" for flag in one.option.flags)
        shown = f"{flag} `{one.option.metavar}`" if one.option.metavar else flag
        yield f"| {shown} | `{one.name}` | {_sentences(one)} |\n"


def _sentences(one: Named) -> str:
    """Return the help as a sentence, with the choices, the default, and the notes for Python."""
    notes = [", ".join(one.option.choices)] if one.option.choices else []
    notes += [f"default: {one.default_words}"] if one.default_words else []
    aside = f" ({'; '.join(notes)})" if notes else ""
    words = f"{_capital(one)}{aside}."
    return " ".join(filter(None, [words, one.option.python]))


def _capital(one: Named) -> str:
    if one.command_default is True:  # the flag switches it off
        return f"False: {one.option.help}"
    words = one.option.help
    return words[0].upper() + words[1:]


if __name__ == "__main__":
    print(page(), end="")
