"""Fill a template for a bundle's traits.

    @name@             a word, such as the kind or the bundle's path
    //@only a b !c     at the end of a line (#@only in Python): the line is there if the bundle has
                       the trait a or b, and has not c
    //@begin a b !c    the same for all lines up to its //@end; blocks may lie in blocks

A program holds nothing of a bundle but its kind and traits: its labels and names are read from the
manifest when the program runs, and its own name stands in the README.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Final

_MARK: Final = re.compile(r" *(?://|#)@(?P<mark>only|begin|end)(?P<traits>[a-z! ]*)$")


def read_template(language: str, name: str) -> str:
    """Return the text of a file of a language's folder `templates/`."""
    return (files("keras2cv.codegen") / language / "templates" / name).read_text(encoding="utf-8")


def fill(text: str, traits: Collection[str], words: Mapping[str, str]) -> str:
    """Return `text` without the lines of other traits, and with `words` for their names."""
    lines: list[str] = []
    blocks: list[bool] = []  # of those around the line: whether they are kept
    for line in text.splitlines():
        mark = _MARK.search(line)
        wanted = mark is None or applies(mark["traits"], traits)
        if mark is not None and mark["mark"] == "begin":
            blocks.append(wanted)
        elif mark is not None and mark["mark"] == "end":
            blocks.pop()
        elif wanted and all(blocks):
            lines.append(line[: mark.start()] if mark else line)
    filled = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines) + "\n")  # where a block was left out
    return re.sub(r"@([a-z]+)@", lambda found: words[found[1]], filled)


def fill_braces(text: str, traits: Collection[str], words: Mapping[str, str]) -> str:
    """Fill a template of a language that has braces, and leave no gap where a block was left out.

    No two empty lines follow each other, and none stands before a closing brace.
    """
    filled = re.sub(r"\n{3,}", "\n\n", fill(text, traits, words))
    return re.sub(r"\n(?=\n *\}[;),]*\n)", "", filled)


def applies(wanted: str, traits: Collection[str]) -> bool:
    """Return whether `traits` has one of the wanted, if any is named, and none of those after !."""
    names = wanted.split()
    positive = [name for name in names if not name.startswith("!")]
    unwanted = [name[1:] for name in names if name.startswith("!")]
    has_wanted = not positive or any(name in traits for name in positive)
    return has_wanted and not any(name in traits for name in unwanted)
