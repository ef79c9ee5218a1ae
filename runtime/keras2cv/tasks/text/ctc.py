"""Connectionist temporal classification: from scores of each step to the characters of a line.

Both decoders return the same as `keras.ops.ctc_decode` on TensorFlow, from the same logits. They
compute in float64, TensorFlow in float32. TensorFlow does not define the order of two texts that
are equally probable to the last bit; here the one found first comes first.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]  # (T, classes) log-probabilities

EPSILON: Final = 1e-7  # keras.config.epsilon(), which Keras' OCR example adds before the logarithm
_NEVER: Final = -math.inf  # the logarithm of probability 0


def logits_of(scores: NDArray[Any], *, are_probabilities: bool) -> NDArray[np.float32]:
    """Return scores (T, classes) as logits: of probabilities, log(p + 1e-7)."""
    scores = scores.astype(np.float32, copy=False)
    return np.log(scores + np.float32(EPSILON)) if are_probabilities else scores


def log_softmax(logits: NDArray[Any]) -> Rows:
    """Return the log-probabilities of each row."""
    with np.errstate(invalid="ignore"):
        shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
        result: Rows = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def best_path(logits: NDArray[Any], blank: int) -> tuple[int, ...]:
    """Return the classes of the best class of each step: runs once, blanks left out.

    This is `tf.nn.ctc_greedy_decoder`; of equal logits the first is the best.
    """
    best = logits.argmax(axis=1)
    starts = np.concatenate([[True], best[1:] != best[:-1]])
    return tuple(best[starts & (best != blank)].tolist())


def align(rows: Rows, classes: Sequence[int], blank: int) -> list[tuple[int, int]]:
    """Return the steps (first, last + 1) that each class takes on the most probable path.

    Args:
        rows: (T, classes) log-probabilities.
        classes: The decoded classes; their best path has a probability above 0.
        blank: The number of the class that is no character.
    """
    states = np.full(2 * len(classes) + 1, blank)
    states[1::2] = classes
    may_skip = np.zeros(len(states), bool)  # from one character to the next, without a blank
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    path = _viterbi(rows[:, states], may_skip)
    found = [np.flatnonzero(path == 2 * k + 1) for k in range(len(classes))]
    return [(int(steps[0]), int(steps[-1]) + 1) for steps in found]


def _viterbi(scores: Rows, may_skip: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the state of each step on the best way from the first states to the last ones."""
    steps, states = scores.shape
    best = np.full(states, _NEVER)
    best[:2] = scores[0, :2]
    moves = np.zeros((steps, states), np.intp)
    for t in range(1, steps):
        one = np.concatenate([[_NEVER], best[:-1]])
        two = np.where(may_skip, np.concatenate([[_NEVER, _NEVER], best])[:states], _NEVER)
        options = np.stack([best, one, two])
        moves[t] = options.argmax(axis=0)
        best = options.max(axis=0) + scores[t]
    state = states - 1 - int(states > 1 and best[-2] > best[-1])
    path = np.empty(steps, np.intp)
    for t in reversed(range(steps)):
        path[t] = state
        state -= moves[t, state]
    return path


@dataclass(eq=False, slots=True)
class _Prefix:
    """A beginning of a text, with log-probabilities now and (`old`) a step before.

    `total` is `blank` (it ends in a blank) and `label` (it ends in its last character) together.
    """

    parent: _Prefix | None
    last: int
    children: dict[int, _Prefix] = field(default_factory=dict)
    total: float = _NEVER
    blank: float = _NEVER
    label: float = _NEVER
    old_total: float = _NEVER
    old_blank: float = _NEVER

    def before(self, last: int) -> float:
        """Return how probable it was, a step before, that `last` may follow as a new character."""
        return self.old_blank if last == self.last else self.old_total

    def drop(self) -> None:
        """Leave the beam."""
        self.total = self.blank = self.label = _NEVER

    @property
    def classes(self) -> tuple[int, ...]:
        """Its characters' classes."""
        found, prefix = [], self
        while prefix.parent is not None:
            found.append(prefix.last)
            prefix = prefix.parent
        return tuple(reversed(found))


def beam_search(
    rows: Rows, blank: int, width: int, paths: int
) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable texts, best first: their classes and log-probabilities.

    This is `tf.nn.ctc_beam_search_decoder` (`CTCBeamSearchDecoder` of TensorFlow's
    `core/util/ctc/ctc_beam_search.h`), which adds up the paths that give the same text.

    Args:
        rows: (T, classes) log-probabilities.
        blank: The number of the class that is no character.
        width: How many beginnings are followed at a time.
        paths: How many texts are returned; fewer, if the beam holds no more.
    """
    beam = [_Prefix(None, -1, total=0.0, blank=0.0)]
    labels = np.delete(np.arange(rows.shape[1]), blank)
    for row in rows:
        beam = _step(beam, row, labels, blank, width)
    return [(prefix.classes, prefix.total) for prefix in beam[:paths]]


class _Leaves:
    """The beam that is being made: the best prefixes so far, the worst of them at hand."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._heap: list[tuple[float, int, _Prefix]] = []
        self._pushed = 0

    @property
    def floor(self) -> float:
        """The total that a new entry has to exceed."""
        return self._heap[0][0] if len(self._heap) == self._width else _NEVER

    def push(self, prefix: _Prefix) -> None:
        """Take a prefix in, and drop the worst if there is no room; of equals, the latest."""
        self._pushed += 1
        leaf = (prefix.total, -self._pushed, prefix)
        if len(self._heap) == self._width:
            heapq.heapreplace(self._heap, leaf)[2].drop()
        else:
            heapq.heappush(self._heap, leaf)

    def best_first(self) -> list[_Prefix]:
        """Return the prefixes, best first."""
        return [prefix for _, _, prefix in sorted(self._heap, reverse=True)]


def _step(
    beam: list[_Prefix], row: NDArray[np.float64], labels: NDArray[np.intp], blank: int, width: int
) -> list[_Prefix]:
    """Return the beam after one more step, best first."""
    for prefix in beam:
        prefix.old_total, prefix.old_blank = prefix.total, prefix.blank
    leaves = _Leaves(width)
    for prefix in beam:
        _stay(prefix, row, blank)
        leaves.push(prefix)
    for prefix in beam:
        if prefix.old_total > leaves.floor:
            _grow(prefix, row, labels, leaves)
    return leaves.best_first()


def _stay(prefix: _Prefix, row: NDArray[np.float64], blank: int) -> None:
    """Add the paths that end in this prefix still, or only now."""
    parent = prefix.parent
    if parent is not None:
        if parent.total != _NEVER:
            prefix.label = _add(prefix.label, parent.before(prefix.last))
        prefix.label += float(row[prefix.last])
    prefix.blank = prefix.old_total + float(row[blank])
    prefix.total = _add(prefix.blank, prefix.label)


def _grow(
    prefix: _Prefix, row: NDArray[np.float64], labels: NDArray[np.intp], leaves: _Leaves
) -> None:
    """Let the prefixes that are a character longer into the beam, where they are better."""
    before = np.full(len(labels), prefix.old_total)
    before[labels == prefix.last] = prefix.old_blank
    totals = row[labels] + before
    seen = totals > leaves.floor
    seen[[int(np.searchsorted(labels, label)) for label in prefix.children]] = True
    for k in np.flatnonzero(seen).tolist():
        label, total = int(labels[k]), float(totals[k])
        child = prefix.children.get(label)
        if child is not None and child.total != _NEVER:
            continue
        if total > leaves.floor:
            child = prefix.children.setdefault(label, _Prefix(prefix, label))
            child.total, child.blank, child.label = total, _NEVER, total
            leaves.push(child)
        elif child is not None:  # it left the beam in this very step, and grows no more
            child.old_total = child.old_blank = _NEVER


def _add(one: float, two: float) -> float:
    """Return log(exp(one) + exp(two))."""
    high, low = max(one, two), min(one, two)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
