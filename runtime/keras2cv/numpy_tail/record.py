"""The manifest's section on the steps that follow the net."""

from __future__ import annotations

from dataclasses import dataclass

from keras2cv.numpy_tail.step import MAX_DEPTH, MAX_STEPS, Step, check_order
from keras2cv.schema.checks import check_range, check_unique
from keras2cv.schema.fields import SchemaError
from keras2cv.schema.tensors import OutputTensor, check_tensors


@dataclass(frozen=True, slots=True)
class NumpyTail:
    """The end of the model that OpenCV has no layers for, as steps of NumPy after the net.

    `heads`: outputs of the net that only the steps read, by `name`. An output of the model whose
    `net_name` is an output of a step is made there; the others are the net's own.
    """

    heads: tuple[OutputTensor, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        check_tensors("heads", self.heads)
        check_unique("heads", "net_name", [head.net_name for head in self.heads])
        check_range("steps (count)", sum(step.count for step in self.steps), 1, MAX_STEPS)
        check_range("steps (loops in loops)", max(s.depth for s in self.steps), 0, MAX_DEPTH)
        check_order("steps", self.steps, {head.name for head in self.heads})
        if taken := [h.net_name for h in self.heads if h.net_name in self.made]:
            raise SchemaError("heads", f"a step makes {taken[0]!r}, too")

    @property
    def made(self) -> frozenset[str]:
        """The names of all arrays that the steps make."""
        return frozenset(name for step in self.steps for name in step.outputs)
