"""Refuse tensors that are larger than a net can be, before anything computes them.

TensorFlow knows every static shape while the flat graph is made, and allocates nothing yet. Later
steps fold what depends on constants alone, and the reference computes the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from keras2cv.errors import ModelError
from keras2cv_export.model.spec import TensorSpec

from .tf_ops.node import INPUT, RefusedError

_LARGEST: Final = 2**28  # numbers: 1 GiB as float32
_LARGEST_CONSTANT: Final = 2**25
_USES: Final = 16  # results that are as large as the weights, and made of them
_SMALL: Final = 2**20  # of no concern
MAX_NODES: Final = 200_000  # a net of 1,000 layers has 10,000


@dataclass
class Budget:
    """The numbers that results made of constants and weights may have, and the nodes that follow.

    Attributes:
        weights: How many numbers the model's weights have.
    """

    weights: int = 0
    _constants: int = 0
    _nodes: int = 0
    _computed: dict[str, bool] = field(default_factory=dict)

    def count_node(self) -> None:
        """Count a node of the flat graph.

        Raises:
            ModelError: There are too many.
        """
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ModelError(
                f"The model's loops and calls make a graph of more than {MAX_NODES} nodes, which "
                "no OpenCV loads in reasonable time. Shorten the loops, or end the model before."
            )

    def check(self, outputs: Sequence[Any]) -> None:
        """Count a node's outputs.

        Raises:
            RefusedError: One is too large, or there are too many large ones of constants.
        """
        for tensor in outputs:
            count = _numbers(tensor)
            if count > _LARGEST:
                raise _too_large(tensor, count)
            if count > _SMALL and not self._is_computed(tensor.op):
                self._constants += count
                if self._constants > _LARGEST_CONSTANT + _USES * self.weights:
                    raise _too_large(tensor, self._constants)

    def check_all(self, operations: Iterable[Any]) -> None:
        """Look at every tensor of a graph, those inside of rules too.

        Raises:
            ModelError: One is too large.
        """
        for operation in operations:
            for tensor in operation.outputs:
                if _numbers(tensor) > _LARGEST:
                    raise ModelError(
                        f"The model makes a tensor of shape {tensor.shape} ({operation.type}), "
                        "more than there is room for. Give a smaller --input-shape, or end the "
                        "model before."
                    )

    def _is_computed(self, op: Any) -> bool:
        """Whether an operation depends on the model's inputs."""
        known, stack = self._computed, [op]
        while stack:
            top = stack[-1]
            sources = [source.op for source in top.inputs]
            missing = [source for source in sources if source.name not in known]
            if top.name in known or not missing:
                stack.pop()
                is_input = str(top.name).startswith(INPUT)
                known[top.name] = is_input or any(known[source.name] for source in sources)
            else:
                stack.extend(missing)
        return known[op.name]


def check_inputs(inputs: Sequence[TensorSpec]) -> None:
    """Refuse inputs that are larger than a net can be.

    Raises:
        ModelError: There is such an input.
    """
    for spec in inputs:
        if math.prod(int(d or 0) for d in spec.shape) > _LARGEST:
            raise ModelError(
                f"The input {spec} has more than {_LARGEST} numbers, more than there is room for. "
                "Give a smaller --input-shape."
            )


def _numbers(tensor: Any) -> int:
    shape = getattr(tensor, "shape", None)
    if shape is None or not hasattr(shape, "num_elements"):
        return 0
    return int(shape.num_elements() or 0)


def _too_large(tensor: Any, count: int) -> RefusedError:
    return RefusedError(
        f"it makes a tensor of shape {tensor.shape}, and {count} numbers in all, more than there "
        "is room for",
        "Give a smaller --input-shape, or end the model before that layer.",
    )
