"""The nodes that passes left alone, grouped by pass and reason, with counts and layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keras2cv_export.graph.misses import Miss
from keras2cv_export.targets.importer_support import layer_of

_NAMED: Final = 3  # layers; the rest is counted


@dataclass(frozen=True)
class LeftAlone:
    """Nodes that one pass left alone for one reason.

    Attributes:
        name: The pass.
        reason: Why, as a clause.
        count: How many nodes.
        layers: The Keras layers that they came from, each once, in the graph's order.
    """

    name: str
    reason: str
    count: int
    layers: tuple[str, ...]

    def __str__(self) -> str:
        """Show as one line of a list."""
        more = len(self.layers) - _NAMED
        named = ", ".join(self.layers[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"{self.count:>4} x  {self.name}: {self.reason} ({named})"


def grouped(missed: Mapping[str, Sequence[Miss]]) -> tuple[LeftAlone, ...]:
    """Group the misses of each pass by their reason, in the order of passes and nodes."""
    return tuple(
        LeftAlone(name, reason, len(nodes), tuple(dict.fromkeys(map(layer_of, nodes))))
        for name, misses in missed.items()
        for reason, nodes in _by_reason(misses).items()
    )


def _by_reason(misses: Sequence[Miss]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node, reason in misses:
        found.setdefault(reason, []).append(node)
    return found
