"""What somebody who mistyped a word may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_NEAR: Final = 0.6  # of difflib's similarity, 0 to 1
_MOST: Final = 3


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that `word` may stand for, the likeliest first: at most three."""
    by_fold = {one.casefold(): one for one in known}
    folded = word.casefold()
    if not folded.strip("-"):
        return []
    close = difflib.get_close_matches(folded, by_fold, _MOST, _NEAR)
    begun = [one for one in by_fold if one.startswith(folded)]
    return [by_fold[one] for one in dict.fromkeys([*close, *begun])][:_MOST]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for a mistyped word; "" where nothing is like it."""
    found = nearest(word, known)
    if not found:
        return ""
    *first, last = found
    return f" Did you mean {' or '.join([', '.join(first), last] if first else [last])}?"
