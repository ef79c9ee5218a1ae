"""How often docstrings and comments use the words that plain English can do without."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

COUNTED: Final = ("what", "said", "told")


@dataclass(frozen=True)
class Words:
    """The number of words, and how often the counted ones stand in a thousand."""

    total: int
    per_thousand: dict[str, float]


def count_words(texts: Iterable[str]) -> Words:
    """Count over all texts together."""
    found = Counter(word for text in texts for word in re.findall(r"[a-z']+", text.lower()))
    total = found.total()
    rates = {word: round(1000 * found[word] / total, 2) if total else 0.0 for word in COUNTED}
    return Words(total, rates)
