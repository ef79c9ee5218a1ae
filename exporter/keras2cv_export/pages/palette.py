"""The pages' colours, each for a light and for a dark background."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# name -> (light, dark). Charts are drawn in the light ones and refer to the names afterwards,
# so that one drawing follows the reader's setting: see `chart.py`.
PALETTE: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "back": ("#f6f7f9", "#14171c"),
        "card": ("#ffffff", "#1d2128"),
        "ink": ("#1c2128", "#e6e9ee"),
        "soft": ("#66707d", "#98a2b0"),
        "edge": ("#dde1e7", "#323843"),
        "good": ("#14804a", "#43c585"),
        "bad": ("#c62f3a", "#ff6b74"),
        "maybe": ("#a86400", "#eab04c"),
        "main": ("#2a6fdb", "#6ba2ff"),
        "s0": ("#7b61c9", "#a48ff0"),
        "s1": ("#d9822b", "#f0a35a"),
        "s2": ("#2e9e8f", "#5bc9b9"),
        "s3": ("#2b6fdb", "#6ca2ff"),
    }
)


def light(name: str) -> str:
    """Return the hexadecimal colour that charts draw `name` in."""
    return PALETTE[name][0]
