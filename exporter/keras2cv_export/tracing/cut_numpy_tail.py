"""Cut a flat graph before the first ops that OpenCV lacks, and write the rest as NumPy steps.

    ... -> boxes, scores -> CombinedNonMaxSuppression -> Cast -> outputs
               heads     |          steps of the NumPy tail

Everything that depends on such an op comes after the cut; the rest stays in the net. The tensors
that cross the cut are the heads: they become outputs of the net. If any op after the cut cannot be
written as a step, the model is refused as if there were no tails.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from keras2cv.numpy_tail.step import MAX_CONSTANT, MAX_STEPS, Step
from keras2cv_export.passes.legalise.reductions.topk_to_ranks import MAX_COMPARED
from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.targets.importer_support import Unsupported, UnsupportedOpsError, layer_of

from .tail_loops import LOOP, LOOP_OF_UNKNOWN, SubGraph
from .tf_ops.finishing import CUTS, STEPS
from .tf_ops.node import RefusedError, known

_HINT = "End the model with the box selection, or do without that op."


@dataclass(frozen=True)
class CutNumpyTail:
    """The end of a model, cut off.

    Attributes:
        heads: Name -> tensor of the graph, for the steps to read.
        steps: The NumPy steps that make the remaining outputs.
        made: Place among the model's outputs -> name of the array that a step makes.
    """

    heads: dict[str, Any]
    steps: tuple[Step, ...]
    made: dict[int, str]


def is_after_cut(tensor: Any, seen: dict[str, bool]) -> bool:
    """Whether a tensor depends on an op that the net is cut before; `seen` caches the answers."""
    stack = [tensor.op]
    while stack:
        op = stack[-1]
        missing = [source.op for source in op.inputs if source.op.name not in seen]
        if op.name in seen:
            stack.pop()
        elif op.type in CUTS or not missing:
            seen[op.name] = op.type in CUTS or any(seen[source.op.name] for source in op.inputs)
        else:
            stack.extend(missing)
    return seen[tensor.op.name]


def cut_numpy_tail(
    outputs: Sequence[Any],
    taken: Sequence[str],
    *,
    ranking: bool = False,
    searches: Mapping[str, bool] = MappingProxyType({}),
) -> CutNumpyTail | None:
    """Write the ops after the cut as steps; return None where there is no cut.

    Args:
        outputs: The model's outputs, tensors of a flat graph.
        taken: Names that no head may have.
        ranking: Whether to cut before a top-k of many numbers as well, if all that follows can be
            written as steps. OpenCV has TopK only from 4.11 on, and counting ranks takes a square
            of comparisons.
        searches: Names of further ops to cut before, which `tf.where` became.

    Raises:
        UnsupportedOpsError: An op after the cut cannot be written as a step.
    """
    rankings = _large_rankings(outputs[0].graph) if ranking and outputs else {}
    if rankings:
        with contextlib.suppress(UnsupportedOpsError):
            return _cut(outputs, taken, {**rankings, **searches}, searches)
    return _cut(outputs, taken, searches, searches)


def _large_rankings(graph: Any) -> dict[str, bool]:
    """Name the ops that `topk_to_ranks` leaves alone; they come after the cut."""
    found = [op for op in graph.get_operations() if op.type == "TopKV2"]
    sizes = {op.name: op.inputs[0].shape for op in found if op.inputs[0].shape.is_fully_defined()}
    return {
        name: True for name, shape in sizes.items() if math.prod(shape) * shape[-1] > MAX_COMPARED
    }


def _cut(
    outputs: Sequence[Any],
    taken: Sequence[str],
    after: Mapping[str, bool],
    searches: Mapping[str, bool],
) -> CutNumpyTail | None:
    """Cut before the ops of `CUTS` and those that `after` names."""
    seen = dict(after)
    made = {k: t for k, t in enumerate(outputs) if is_after_cut(t, seen)}
    if not made:
        return None
    write = _Writer(seen, set(taken))
    try:
        names = {k: write.name(tensor) for k, tensor in made.items()}
        if len(write.steps) > MAX_STEPS:
            raise RefusedError(f"{len(write.steps)} steps, more than {MAX_STEPS}", _HINT)
    except RefusedError as error:
        operations = outputs[0].graph.get_operations()
        first = next(op for op in operations if op.type in CUTS or op.name in after)
        raise UnsupportedOpsError([_found(first, error, searches)]) from error
    return CutNumpyTail(write.heads, tuple(write.steps), names)


def _found(op: Any, error: RefusedError, searches: Mapping[str, bool]) -> Unsupported:
    """Name the op that the net is cut before, and why what follows cannot be done."""
    if op.type != LOOP:
        kind = "Where" if op.name in searches else op.type
        return Unsupported(kind, layer_of(op.name), error.why, error.hint)
    hint = "Loop a fixed number of times, or end the model with the loop."
    return Unsupported("While", layer_of(op.name), f"{LOOP_OF_UNKNOWN}: {error.why}", hint)


@dataclass
class _Writer:
    """Writes steps for the ops that a tensor needs, each once."""

    seen: dict[str, bool]
    taken: set[str]
    heads: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def name(self, tensor: Any) -> str:
        """Return the name of a tensor's array, after writing the steps that make it."""
        if isinstance(tensor, str):
            return tensor
        for op in self._pending(tensor):
            if op.type not in STEPS:
                raise RefusedError(
                    f"it is done after the net, and {op.type} in {layer_of(op.name)} behind it "
                    "cannot be",
                    _HINT,
                )
            STEPS[op.type](op, self)
        if tensor.name not in self._names:
            self._names[tensor.name] = self._constant(tensor) or self._head(tensor)
        return self._names[tensor.name]

    def add(self, op: str, read: list[Any], made: list[Any], **options: Any) -> None:
        """Write a step."""
        inputs = tuple(self.name(tensor) for tensor in read)
        outputs = tuple(self._new() for _ in made)
        self.steps.append(Step(op, inputs, outputs, **options))  # type: ignore[arg-type]
        pairs = zip(made, outputs, strict=True)
        self._names |= {tensor.name: name for tensor, name in pairs if tensor is not None}

    def between(self, op: str, read: list[Any], **options: Any) -> str:
        """Write a step whose result is no tensor of the graph; return its name."""
        inputs, output = tuple(self.name(tensor) for tensor in read), self._new()
        self.steps.append(Step(op, inputs, (output,), **options))  # type: ignore[arg-type]
        return output

    def repeated(
        self, graph: SubGraph
    ) -> tuple[tuple[str, ...], tuple[Step, ...], tuple[str, ...]]:
        """Write the steps of a loop's graph; return its arguments, steps and results."""
        inner = _InnerWriter({}, self.taken, _count=self._count)
        arguments = tuple(inner.bind(tensor) for tensor in graph.arguments)
        results = tuple(inner.name(tensor) for tensor in graph.results)
        self._count = inner._count
        return arguments, tuple(inner.steps), results

    def _pending(self, tensor: Any) -> list[Any]:
        return _pending(tensor, lambda t: is_after_cut(t, self.seen), self._names)

    def _constant(self, tensor: Any) -> str | None:
        """Write a small constant's numbers; return None for any other tensor."""
        value = known(tensor)
        if value is None or value.size > MAX_CONSTANT or not np.isfinite(value).all():
            return None
        numbers = tuple(float(v) for v in value.ravel())
        return self.between(
            "constant", [], dtype=value.dtype.name, shape=value.shape, values=numbers
        )

    def _head(self, tensor: Any) -> str:
        if tensor.dtype in (tf.float16, tf.bfloat16) or not tensor.shape.is_fully_defined():
            raise RefusedError(f"it reads {tensor.dtype.name} of {tensor.shape}", "Use float32.")
        name = f"head_{len(self.heads)}"
        while name in self.taken:
            name += "_"
        self.heads[name] = tensor
        return name

    def _new(self) -> str:
        self._count += 1
        name = f"tail_{self._count - 1}"
        while name in self.taken:
            name += "_"
        return name


class _InnerWriter(_Writer):
    """Writes the steps of a loop's graph, where everything is done in NumPy."""

    def bind(self, tensor: Any) -> str:
        """Name an argument."""
        self._names[tensor.name] = self._new()
        return self._names[tensor.name]

    def _pending(self, tensor: Any) -> list[Any]:
        return _pending(tensor, self._is_written, self._names)

    def _is_written(self, tensor: Any) -> bool:
        """Whether a step makes a tensor; small constants are numbers."""
        if tensor.name in self._names or tensor.op.type == "Const":
            return False
        value = known(tensor)
        return value is None or value.size > MAX_CONSTANT

    def _head(self, tensor: Any) -> str:
        raise RefusedError(
            f"a loop after the net needs {tensor.shape.num_elements()} fixed numbers", _HINT
        )


def _pending(tensor: Any, is_written: Callable[[Any], bool], done: Mapping[str, str]) -> list[Any]:
    """Return the ops that a tensor needs as steps and that are not written yet, in order."""
    order: dict[str, Any] = {}
    stack = [(tensor, False)]
    while stack:
        item, ready = stack.pop()
        if item.op.name in order or item.name in done or not is_written(item):
            continue
        if ready:
            order[item.op.name] = item.op
            continue
        stack.append((item, True))
        stack.extend((source, False) for source in reversed(item.op.inputs))
    return list(order.values())
