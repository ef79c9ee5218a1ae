r"""Show text of a stranger's file: no character of it acts on a terminal or on a page.

A character that is not shown (of an escape sequence, a direction mark, an invisible space, a
newline in a name) is written as Python writes it: `\x1b`, `\u202e`, `\n`.
"""

from __future__ import annotations

from typing import Final

_WORDS: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def shown(text: str) -> str:
    """Return `text` on one line, every character that a terminal does not show as an escape."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or _is_space(character):
        return character
    code = ord(character)
    word = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return _WORDS.get(character) or (word if code < 0x10000 else f"\\U{code:08x}")


def _is_space(character: str) -> bool:
    """Return whether it is a space of some width, such as Japanese uses, and no end of a line."""
    return character.isspace() and character not in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
