"""Write the loop of a recurrent layer as one op, where every OpenCV computes that right.

Unrolled, a layer of 40 steps is 500 nodes, which OpenCV takes seconds to load. It has had LSTM and
GRU since 4.6 (`ops.py`). One step is walked with stand-ins for what it reads (`loop.py`), at the
loop's beginning and at its end. If both are the same cells (`chain.py`, `cells.py`), reading and
writing the elements in turn, the loop is one op for each cell; `masks.py` has those whose steps do
not all count. Whatever else a loop computes is unrolled, such as relu.
"""

from __future__ import annotations

from typing import Any

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.flatten_lists import TensorList
from keras2cv_export.tracing.tf_ops.moving import reversed_along, reversed_once
from keras2cv_export.tracing.tf_ops.node import known

from .beginnings import bound
from .chain import Chain, Link, understood
from .loop import Loop, Places
from .masks import MOST, Mask
from .ops import Answers, Firsts, can_be_held, over_steps


def as_recurrence(loop: Loop) -> list[Any] | None:
    """Return the loop's results by one op for each cell; None if OpenCV has no such cell."""
    places = Places.of(loop)
    if places is None:
        return None
    first, last = (places.walk(loop, at) for at in (0, places.steps - 1))
    if first is None or last is None or not places.ends(loop, first):
        return None
    chain, again = understood(first), understood(last)
    if chain is None or again is None or chain.form != again.form or first.writes != 0:
        return None
    if last.writes not in (0, places.steps - 1) or not _can_begin(loop, places, chain):
        return None
    return _written(loop, places, chain, all_steps=last.writes > 0)


def _can_begin(loop: Loop, places: Places, chain: Chain) -> bool:
    """Whether OpenCV can begin with the loop's states, and its masked output begins with zeros.

    It must be able to hold the states, too, where a mask is off.
    """
    carried = None if chain.carried is None else known(loop.state[chain.carried])
    zeros = chain.carried is None or (carried is not None and not carried.any())
    short = places.mask is None or places.steps <= MOST
    held = places.mask is None or all(can_be_held(link.cell) for link in chain.links)
    begun = all(_firsts(loop, link).can_begin(link.cell) for link in chain.links)
    return zeros and short and held and begun


def _firsts(loop: Loop, link: Link) -> Firsts:
    """Return the states with which a cell begins."""
    c = None if link.c is None else loop.state[link.c]
    return Firsts(loop.state[link.h], c, link.cell.kind in loop.stated, loop.bounds)


def _written(loop: Loop, places: Places, chain: Chain, *, all_steps: bool) -> list[Any]:
    """Return the loop's results, of one op for each cell."""
    x, reverse = _unreversed(loop.state[places.source].whole)
    mask = None
    if places.mask is not None:
        mask = Mask.of(loop.state[places.mask].whole, reverse=reverse)
    results = places.at(loop, places.steps)
    y = x
    for link in chain.links:
        made = _of_link(loop, link, y, mask, reverse=reverse)
        y, results[link.h] = made.y, made.h
        if link.c is not None:
            results[link.c] = made.c
    if mask is not None and chain.zeroed:
        y = mask.zeroed(y)
    last = y[0] if reverse else y[-1]
    if chain.carried is not None:
        results[chain.carried] = last
    results[places.written] = _list(loop.state[places.written], y, reverse, all_steps, last)
    return results


def _of_link(loop: Loop, link: Link, x: Any, mask: Mask | None, *, reverse: bool) -> Answers:
    firsts = _firsts(loop, link)
    if mask is not None:
        made = mask.over_steps(x, firsts, link.cell)
    else:
        made = over_steps(x, firsts, link.cell, reverse=reverse)
    _bound(made, firsts, int(x.shape[0]))
    return made


def _bound(made: Answers, firsts: Firsts, steps: int) -> None:
    """Note the largest |number| of a layer's states: of h none above 1, or above its first."""
    h, c = bound(firsts.h, firsts.bounds), None
    if made.c is not None:
        h, c = 1.0, bound(firsts.c, firsts.bounds)
    if h is not None:
        firsts.bounds.update(dict.fromkeys((made.y.name, made.h.name), max(h, 1.0)))
    if c is not None:
        firsts.bounds[made.c.name] = c + steps


def _list(before: TensorList, y: Any, reverse: bool, all_steps: bool, last: Any) -> TensorList:
    """Return the list of results."""
    if not all_steps:
        return before.holding([last, *before.elements[1:]])
    elements = tf.unstack(y)
    ordered = elements[::-1] if reverse else elements
    whole = reversed_once(y, 0) if reverse else y
    return TensorList((*ordered[:-1], last), y.dtype, tuple(int(n) for n in y.shape[1:]), whole)


def _unreversed(whole: Any) -> tuple[Any, bool]:
    """Return a sequence as it was before it was reversed, and whether it was."""
    backwards = reversed_along(whole)
    return (backwards[0], True) if backwards is not None and backwards[1] == 0 else (whole, False)
