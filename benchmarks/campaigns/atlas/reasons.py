"""OpenCV's errors about a node, reduced to the node and the innermost message."""

from __future__ import annotations

import re
from typing import Final

# Node [Clip@ai.onnx]:(onnx_node!model/relu/Relu6) parse error: OpenCV(4.6.0) f.cpp:1: error: (-2:
# Unspecified error) in function 'void parseClip(...)' > the words that matter, in handleNode
_NODE: Final = re.compile(r"\[(\w+)[^\]]*\]:\((?:onnx_node(?:_output_\d+)?!)?([^)\s]+)\)")
_ERROR: Final = re.compile(r"error: \(-?\d+(?::([^)]*))?\)?")
_NOISE: Final = re.compile(
    r"in function '[^']*'?|, in handleNode.*|OpenCV\([\w.-]+\) \S+|\.\.\.$|Export it for this.*"
)


def tidied(reason: str) -> str:
    """Return `reason`; if it is OpenCV's on a node: "Clip in model/relu: the innermost words"."""
    node = _NODE.search(reason)
    if node is None:
        return reason
    layer = node[2].rpartition("/")[0] or node[2]
    return f"{node[1]} in {layer}: {_innermost(reason) or 'OpenCV does not take this form'}"


def _innermost(reason: str) -> str:
    """Return the last of several nested errors, without its place in OpenCV's sources."""
    errors = list(_ERROR.finditer(reason))
    if not errors:
        return ""
    words = " ".join(_NOISE.sub(" ", reason[errors[-1].end() :]).replace(">", " ").split())
    if words.startswith("Can't create layer"):
        return "OpenCV has no such op"
    kind = errors[-1][1] or ""
    return words if not words or kind.startswith("Unspecified") else f"{kind.lower()}: {words}"
