"""Why passes leave nodes alone that they look at, for `export --explain`.

    if only_reader(conv.outputs[0]) is not node:
        return miss(conv, "another node reads its output, too")

Nothing is kept unless somebody listens, as the fixpoint does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import onnx_ir as ir


class Miss(NamedTuple):
    """A node that a pass left alone.

    Attributes:
        node: Its name, which begins with the Keras layer that it came from.
        reason: Why, as a clause without numbers, so that alike ones can be counted.
    """

    node: str
    reason: str


_LISTENER: ContextVar[list[Miss] | None] = ContextVar("misses", default=None)


def miss(node: ir.Node, reason: str) -> int:
    """Note why a pass leaves a node alone; return 0, which is how often the pass fired there."""
    found = _LISTENER.get()
    if found is not None:
        found.append(Miss(node.name or node.op_type, reason))
    return 0


@contextmanager
def listening() -> Iterator[list[Miss]]:
    """Give the list that the misses of this context go to."""
    found: list[Miss] = []
    token = _LISTENER.set(found)
    try:
        yield found
    finally:
        _LISTENER.reset(token)
