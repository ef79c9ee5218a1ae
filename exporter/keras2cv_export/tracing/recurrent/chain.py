"""What a step of a recurrent layer means: its cells in a row, and what it does where a mask is off.

cells       each reads x, or the new state of the one before it; the last one's is the output
mask off    states stay as they are; the output is the one before it, or zero
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from keras2cv_export.tracing.tf_ops.node import known

from .cells import Cell, Step
from .loop import Walk

_SPREADS: Final = ("ExpandDims", "Tile", "Reshape", "BroadcastTo", "Squeeze", "Identity")
_CHOICES: Final = ("Select", "SelectV2")


class Link(NamedTuple):
    """A cell, and the places of its states among the loop's."""

    h: int
    c: int | None
    cell: Cell


@dataclass(frozen=True)
class Chain:
    """A step that was understood.

    Attributes:
        links: Its cells, in their order.
        carried: The place of a state that is the output of the step before; None: there is none.
        zeroed: Whether the output is zero where the mask is off.
    """

    links: tuple[Link, ...]
    carried: int | None
    zeroed: bool

    @property
    def form(self) -> tuple[object, ...]:
        """All but the weights, which are the same at each step."""
        links = ((k.h, k.c, k.cell.kind, k.cell.functions) for k in self.links)
        return (*links, self.carried, self.zeroed)


def understood(walk: Walk) -> Chain | None:
    """Read a step; None if it is no row of cells that OpenCV has."""
    output, otherwise = _parted(walk, walk.written)
    if output is None:
        return None
    carried = _carried(walk, otherwise)
    news = {}
    for k in walk.states:
        if k == carried:
            continue
        new, old = _parted(walk, walk.results[k])
        if new is None or (walk.mask is not None and old is not walk.states[k]):
            return None
        news[k] = new
    links = _links(walk, news, output)
    goes_on = carried is not None and otherwise is walk.states[carried]
    zeroed = not goes_on and _is_zero(otherwise)
    if links is None or (walk.mask is not None and carried is None and not zeroed):
        return None
    return Chain(links, carried, zeroed)


def _parted(walk: Walk, value: Any) -> tuple[Any, Any]:
    """Return what a result is where the mask is on, and where it is off; None: it is no choice."""
    if walk.mask is None:
        return value, None
    if value.op.type not in _CHOICES:
        return None, None
    choice, new, old = value.op.inputs
    while choice is not walk.mask:
        if choice.op.type not in _SPREADS:
            return None, None
        choice = choice.op.inputs[0]
    return new, old


def _carried(walk: Walk, otherwise: Any) -> int | None:
    """Return the place of the state that is the output of the step before."""
    if walk.mask is None:
        return None
    for k, state in walk.states.items():
        if walk.results[k] is walk.written and (otherwise is state or _is_zero(otherwise)):
            return k
    return None


def _is_zero(value: Any) -> bool:
    number = None if value is None else known(value)
    return number is not None and not number.any()


def _links(walk: Walk, news: dict[int, Any], output: Any) -> tuple[Link, ...] | None:
    """Follow the cells from the input to the output; None if a state is left over."""
    ends = [walk.x, *walk.states.values()]
    x, left, links = walk.x, list(news), []
    while left:
        link = _link(walk, news, left, (x, ends))
        if link is None:
            return None
        links.append(link)
        left = [k for k in left if k not in (link.h, link.c)]
        x = news[link.h]
    return tuple(links) if x is output else None


def _link(
    walk: Walk, news: dict[int, Any], left: Sequence[int], reads: tuple[Any, Sequence[Any]]
) -> Link | None:
    """Return the cell among the states that are left that reads x."""
    x, ends = reads
    for h in left:
        for c in (*(k for k in left if k != h), None):
            new_c = (None, None) if c is None else (walk.states[c], news[c])
            step = Step(x, walk.states[h], new_c[0], news[h], new_c[1], tuple(ends))
            cell = step.cell()
            if cell is not None:
                return Link(h, c, cell)
    return None
