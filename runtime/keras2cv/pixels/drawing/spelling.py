"""Spell letters in ASCII, near to their sounds; the rest is `?`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

_CYRILLIC: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        [
        "a", "b", "v", "g", "d", "e", "yo", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p",
        "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
        "i", "yi", "ye", "g",
        ],
        strict=True,
    )
)  # fmt: skip
_GREEK: Final = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
        "a", "b", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s",
        "s", "t", "y", "f", "ch", "ps", "o",
        ],
        strict=True,
    )
)  # fmt: skip
_OTHERS: Final[Mapping[str, str]] = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
    "\u0131": "i",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
    "\u2026": "...", "\u00d7": "x", "\u00b0": " deg", "\u20ac": "EUR", "\u00b7": ".",
    "\u2044": "/", "\u3001": ",", "\u3002": ".", "\u30fc": "-",
}  # fmt: skip
_SOUNDS: Final[Mapping[str, str]] = {**_CYRILLIC, **_GREEK, **_OTHERS}
_NAMED: Final = ("HANGUL SYLLABLE ", "HIRAGANA LETTER ", "KATAKANA LETTER ")


def in_ascii(letter: str) -> str:
    """Return one letter in ASCII; `?` if it has no sound that is known here."""
    if not letter.isprintable():
        return "?"
    sound = _SOUNDS.get(letter.lower())
    if sound is not None:
        return sound.capitalize() if letter.isupper() else sound
    bare = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
    if bare.isascii():
        return bare
    if bare not in (letter, letter.upper()):  # an accent on a letter of the tables, or a ligature
        found = "".join(one if one.isascii() else in_ascii(one) for one in bare)
        return found if "?" not in found else _by_name(letter)
    return _by_name(letter)


def _by_name(letter: str) -> str:
    """Return the sound in a character's name, which those of Korean and Japanese have."""
    name = unicodedata.name(letter, "")
    start = next((start for start in _NAMED if name.startswith(start)), None)
    if start is None:
        return "?"
    return name.removeprefix(start).removeprefix("SMALL ").lower()
