"""What somebody who mistyped a word may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_NEAR: Final = 0.65  # of difflib's similarity, 0 to 1
_AS_NEAR: Final = 0.1  # of the nearest one's
_MOST: Final = 3
_OTHER_WORDS: Final = {"gpu": "cuda"}  # of other programs -> ours


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that `word` may stand for, the likeliest first: at most three."""
    by_fold = {one.casefold().strip("-"): one for one in known}
    folded = word.casefold().strip("-")
    if (same := _OTHER_WORDS.get(folded)) in by_fold:
        return [by_fold[same]]
    begun = sorted(one for one in by_fold if one.startswith(folded)) if folded else []
    close = difflib.get_close_matches(folded, by_fold, _MOST, _NEAR)
    near = [
        one for one in close if _similarity(folded, one) > _similarity(folded, close[0]) - _AS_NEAR
    ]
    return [by_fold[one] for one in begun or near][:_MOST]


def _similarity(word: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, word).ratio()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for a mistyped word; "" where nothing is like it."""
    found = nearest(word, known)
    if not found:
        return ""
    *first, last = found
    return f" Did you mean {' or '.join([', '.join(first), last] if first else [last])}?"
