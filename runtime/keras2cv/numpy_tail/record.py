"""The manifest's section on the steps that follow the net."""

from __future__ import annotations

from dataclasses import dataclass

from keras2cv.numpy_tail.step import MAX_STEPS, Step
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
        check_range("steps (count)", len(self.steps), 1, MAX_STEPS)
        known = {head.name for head in self.heads}
        for number, step in enumerate(self.steps):
            for key, names, legal in (
                ("inputs", step.inputs, known),
                ("outputs", step.outputs, None),
            ):
                wrong = [n for n in names if (n not in legal if legal else n in known or not n)]
                if wrong:
                    problem = "is made by no head or step before" if legal else "is there already"
                    raise SchemaError(f"steps[{number}].{key}", f"{wrong[0]!r} {problem}")
            check_unique(f"steps[{number}].outputs", "name", list(step.outputs))
            known |= set(step.outputs)
        if taken := [h.net_name for h in self.heads if h.net_name in self.made]:
            raise SchemaError("heads", f"a step makes {taken[0]!r}, too")

    @property
    def made(self) -> frozenset[str]:
        """The names of all arrays that the steps make."""
        return frozenset(name for step in self.steps for name in step.outputs)
