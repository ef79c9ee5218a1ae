"""How often docstrings and comments use the words that plain English can do without."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SAY_OR_TELL: Final = ("say", "says", "said", "saying", "tell", "tells", "told", "telling")
COUNTED: Final[Mapping[str, tuple[str, ...]]] = {
    "what": ("what",),
    "said": ("said",),
    "told": ("told",),
    "say|tell": SAY_OR_TELL,  # in all their forms
}


@dataclass(frozen=True)
class Words:
    """The number of words, and how often the counted ones stand in a thousand."""

    total: int
    per_thousand: dict[str, float]


def count_words(texts: Iterable[str]) -> Words:
    """Count over all texts together."""
    found = Counter(word for text in texts for word in re.findall(r"[a-z']+", text.lower()))
    total = found.total()
    per_thousand_words = {
        name: round(1000 * sum(found[form] for form in forms) / (total or 1), 2)
        for name, forms in COUNTED.items()
    }
    return Words(total, per_thousand_words)
