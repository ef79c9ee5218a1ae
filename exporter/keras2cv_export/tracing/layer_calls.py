"""Every call of a layer while a Keras model runs: which layer, which of its calls, which output.

A call is identified by its path below the model, so that two runs of one model give the same keys:

    conv            the layer `conv`
    tower/conv      the layer `conv` of the nested model `tower`
    tower/conv#2    its second call, as in a siamese net
    split:1         the second tensor that it returned

Keras 3 and Keras 2 are served alike, and neither is imported: the classes are the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

_KERAS = ("keras", "tf_keras")


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """One tensor that one call of a layer returned.

    Attributes:
        key: See above.
        layer: The path alone.
        kind: The layer's class, "Conv2D".
        tensor: The returned tensor.
    """

    key: str
    layer: str
    kind: str
    tensor: Any


@dataclass
class _Log:
    """The calls so far, and the layers that are being called."""

    found: list[LayerOutput] = field(default_factory=list)
    stack: list[Any] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def note(self, layer: Any, result: Any) -> None:
        path = "/".join(str(item.name) for item in (*self.stack[1:], layer))
        count = self.counts[path] = self.counts.get(path, 0) + 1
        call = path if count == 1 else f"{path}#{count}"
        for k, tensor in enumerate(_flat(result)):
            key = call if k == 0 else f"{call}:{k}"
            self.found.append(LayerOutput(key, path, type(layer).__name__, tensor))


@contextmanager
def layer_calls(model: Any) -> Iterator[list[LayerOutput]]:
    """Give a list that grows by every layer output while `model` is called; None has no layers.

    An inner layer comes before the one around it.
    """
    log = _Log()
    with ExitStack() as stack:
        for owner in type(model).__mro__:
            if "__call__" in vars(owner) and owner.__module__.split(".")[0] in _KERAS:
                stack.enter_context(_noted(owner, log))
        yield log.found


@contextmanager
def _noted(owner: type, log: _Log) -> Iterator[None]:
    original = vars(owner)["__call__"]

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if log.stack and log.stack[-1] is layer:  # its class calls its base's __call__
            return original(layer, *args, **kwargs)
        log.stack.append(layer)
        try:
            result = original(layer, *args, **kwargs)
        finally:
            log.stack.pop()
        if log.stack:  # the model itself is no layer of its own
            log.note(layer, result)
        return result

    _set_call(owner, call)
    try:
        yield
    finally:
        _set_call(owner, original)


def _set_call(owner: Any, call: Callable[..., Any]) -> None:
    owner.__call__ = call


def _flat(result: Any) -> Iterator[Any]:
    """Yield the tensors in a layer's result."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        for item in result:
            yield from _flat(item)
    elif hasattr(result, "dtype") and hasattr(result, "shape"):
        yield result
