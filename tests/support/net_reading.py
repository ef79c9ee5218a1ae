"""Code that runs where cv2 reads a net, in every process that starts from a test."""

from __future__ import annotations

import textwrap

# Larger than the one node with which keras2cv asks which engines there are.
_LEAST_BYTES = 200


def when_a_net_is_read(code: str) -> str:
    """Return a sitecustomize that runs `code` instead of reading a net, but lets engines be."""
    return f"""
import cv2
from os import stat as _stat
_read = cv2.dnn.readNetFromONNX
def _other(path, **options):
    if _stat(path).st_size < {_LEAST_BYTES}:
        return _read(path, **options)
{textwrap.indent(code, "    ")}
cv2.dnn.readNetFromONNX = _other
"""
