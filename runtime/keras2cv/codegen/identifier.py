"""A name for a program's language from the name of a bundle's folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

_LONGEST: Final = 60  # characters: files are named by it


def identifier(name: str, reserved: Collection[str]) -> str:
    """Return a bundle's name in small letters, digits and single underscores.

    "Cat v2.cv" becomes cat_v2, "3d.cv" model_3d, "class.cv" class_model where `class` is reserved,
    "naïve.cv" naive; other letters become their numbers, so that names that differ in them stay
    apart.
    """
    plain = unicodedata.normalize("NFKD", name.removesuffix(".cv")).lower()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    spelt = re.sub(r"[^\W\d_]", lambda c: c[0] if c[0].isascii() else f"_u{ord(c[0]):x}_", letters)
    word = re.sub(r"[^a-z0-9]+", "_", spelt).strip("_")[:_LONGEST].rstrip("_") or "bundle"
    if word[0].isdigit():
        return f"model_{word}"
    return f"{word}_model" if word in reserved else word
