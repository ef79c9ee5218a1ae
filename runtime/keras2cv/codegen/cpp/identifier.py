"""A name for C++ from the name of a bundle's folder."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Keywords of C++ through C++23.
_KEYWORDS: Final = (
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t "
    "char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr "
    "constinit continue decltype default delete do double dynamic_cast else enum explicit export "
    "extern false float for friend goto if inline int long mutable namespace new noexcept not "
    "not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires "
    "return short signed sizeof static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename union unsigned using virtual void "
    "volatile wchar_t while xor xor_eq"
)
# Namespaces that the library itself uses, and macros of compilers and systems in small letters.
_OTHERS: Final = (
    "cv std keras2cv "
    "errno far i386 interface linux major minor near signals slots small stderr stdin stdout unix"
)
_TAKEN: Final = frozenset(f"{_KEYWORDS} {_OTHERS}".split())
_LONGEST: Final = 60  # characters: files are named by it


def identifier(name: str) -> str:
    """Return a bundle's name in small letters, digits and single underscores.

    "Cat v2.cv" becomes cat_v2, "3d.cv" model_3d, "class.cv" class_model, "naïve.cv" naive; other
    letters become their numbers, so that names that differ in them stay apart.
    """
    plain = unicodedata.normalize("NFKD", name.removesuffix(".cv")).lower()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    spelt = re.sub(r"[^\W\d_]", lambda c: c[0] if c[0].isascii() else f"_u{ord(c[0]):x}_", letters)
    word = re.sub(r"[^a-z0-9]+", "_", spelt).strip("_")[:_LONGEST].rstrip("_") or "bundle"
    if word[0].isdigit():
        return f"model_{word}"
    return f"{word}_model" if word in _TAKEN else word
