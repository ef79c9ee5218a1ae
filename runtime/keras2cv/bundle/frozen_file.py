"""Check a frozen TensorFlow graph before OpenCV parses it, with the standard library and NumPy.

OpenCV's importer believes a constant's shape, and makes any layer of an op that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from keras2cv.bundle.netfile.following import MAX_LIVE, Followed
from keras2cv.bundle.netfile.frozen_graph import check_nodes
from keras2cv.bundle.netfile.protobuf import NetFileError


def follow_frozen(data: bytes | memoryview, inputs: Mapping[str, tuple[int, ...]]) -> Followed:
    """Check a frozen graph; its shapes are not followed.

    Raises:
        NetFileError: OpenCV should not see it.
    """
    check_nodes(memoryview(data))
    if (count := sum(map(prod, inputs.values()))) > MAX_LIVE:
        raise NetFileError(f"has inputs of {count} numbers; a net has {MAX_LIVE} at most")
    return Followed("a frozen graph", 0)
