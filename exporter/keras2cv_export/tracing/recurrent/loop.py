"""A loop over the steps of a sequence: what its state has where, and a walk of one step.

The walk has stand-ins for what the step reads: an element of the sequence and of its mask, and the
states. What it computes can then be read off its tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.flatten_lists import TensorList
from keras2cv_export.tracing.tf_ops.node import known, must_know

FEWEST: Final = 3  # steps that are worth an op of their own

Call = Callable[[Sequence[Any]], list[Any]]
"""Walks the body of the loop once: its state in, the next state out."""


@dataclass(frozen=True)
class Loop:
    """A loop and how to walk it.

    Attributes:
        state: Its inputs.
        fixed: The places of those that it passes on unchanged.
        body: Walks its body.
        goes_on: Walks its condition; None where that is not known.
        bounds: The largest |number| of tensors that recurrent layers gave, by their names.
        stated: The cells that OpenCV begins with computed states: "lstm", "gru", "rnn".
    """

    state: Sequence[Any]
    fixed: frozenset[int]
    body: Call
    goes_on: Callable[[Sequence[Any]], bool | None]
    bounds: dict[str, float] = field(default_factory=dict)
    stated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Walk:
    """A walk of one step.

    Attributes:
        x: Stands for the element that the step reads, (N, F).
        mask: Stands for the element of the mask; None if there is none.
        states: Stand for the states: place -> (N, H).
        results: All that the step returned.
        writes: The place of the list that it wrote.
        written: What it wrote there.
    """

    x: Any
    mask: Any
    states: dict[int, Any]
    results: list[Any]
    writes: int
    written: Any


@dataclass(frozen=True)
class Places:
    """Where a loop's state has what.

    Attributes:
        source: The list of inputs.
        mask: The list that says which steps count; None if all do.
        written: The list of results.
        states: The states of the layer.
        counters: Whole numbers that each step changes.
        steps: How many elements the inputs have.
    """

    source: int
    mask: int | None
    written: int
    states: tuple[int, ...]
    counters: tuple[int, ...]
    steps: int

    @classmethod
    def of(cls, loop: Loop) -> Places | None:
        """Find them; None if it is another loop."""
        lists = [k for k, value in enumerate(loop.state) if isinstance(value, TensorList)]
        read = [k for k in lists if k in loop.fixed and loop.state[k].whole is not None]
        sources = [k for k in read if _is_sequence(loop.state[k].whole)]
        masks = [k for k in read if loop.state[k].whole.dtype == tf.bool]
        written = [k for k in lists if k not in loop.fixed]
        if len(sources) != 1 or len(written) != 1 or len(masks) > 1:
            return None
        steps = int(loop.state[sources[0]].whole.shape[0])
        if steps < FEWEST or any(len(loop.state[k].elements) != steps for k in masks):
            return None
        changed = [k for k in range(len(loop.state)) if k not in loop.fixed and k not in lists]
        states, counters = _states(loop, changed), _counters(loop, changed)
        if not states or len(states) + len(counters) != len(changed):
            return None
        mask = masks[0] if masks else None
        return cls(sources[0], mask, written[0], states, counters, steps)

    def at(self, loop: Loop, steps: int) -> list[Any]:
        """Return the loop's state with its counters so many steps on, each by one."""
        state = list(loop.state)
        for k in self.counters:
            begun = must_know(loop.state[k], "counter")
            state[k] = tf.constant(begun + steps, loop.state[k].dtype)
        return state

    def walk(self, loop: Loop, at: int) -> Walk | None:
        """Walk a step; None if it does not write one element of the list of results."""
        state = self.at(loop, at)
        x = _stand_in(loop, state, self.source, at)
        mask = None if self.mask is None else _stand_in(loop, state, self.mask, at)
        for k in self.states:
            state[k] = tf.identity(loop.state[k])
        states = {k: state[k] for k in self.states}
        results = loop.body(state)
        before, after = loop.state[self.written].elements, results[self.written]
        if not isinstance(after, TensorList):
            return None
        new = [k for k, e in enumerate(after.elements) if k >= len(before) or e is not before[k]]
        if len(new) != 1 or not isinstance(after.elements[new[0]], tf.Tensor):
            return None
        return Walk(x, mask, states, results, new[0], after.elements[new[0]])

    def ends(self, loop: Loop, walk: Walk) -> bool:
        """Whether each counter goes on by one, and the loop ends with the list of inputs."""
        for k in self.counters:
            before, after = known(loop.state[k]), known(walk.results[k])
            if before is None or after is None or not np.array_equal(before + 1, after):
                return False
        last, over = (loop.goes_on(self.at(loop, steps)) for steps in (self.steps - 1, self.steps))
        return last is True and over is False


def _is_sequence(whole: Any) -> bool:
    return bool(whole.dtype == tf.float32) and whole.shape.rank == 3


def _states(loop: Loop, changed: Sequence[int]) -> tuple[int, ...]:
    tensors = [k for k in changed if isinstance(loop.state[k], tf.Tensor)]
    floats = [k for k in tensors if loop.state[k].dtype == tf.float32]
    shapes = {k: loop.state[k].shape for k in floats}
    return tuple(k for k in floats if shapes[k].rank == 2 and shapes[k].is_fully_defined())


def _counters(loop: Loop, changed: Sequence[int]) -> tuple[int, ...]:
    tensors = [k for k in changed if isinstance(loop.state[k], tf.Tensor)]
    whole = [k for k in tensors if loop.state[k].dtype.is_integer]
    return tuple(k for k in whole if known(loop.state[k]) is not None)


def _stand_in(loop: Loop, state: list[Any], place: int, at: int) -> Any:
    """Put a stand-in for an element of a list into the state, and return it."""
    items = loop.state[place]
    element = tf.identity(items.elements[at])
    state[place] = items.holding([element if k == at else e for k, e in enumerate(items.elements)])
    return element
