"""Check an ONNX file before OpenCV parses it, with the standard library and NumPy alone.

OpenCV trusts an ONNX file: 5.0 opens any other file that a tensor names as its data (`../../` and
all), and every version takes a tensor's shape for the size of its data. So the protobuf is read
here first (`netfile/`), without the weights.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras2cv.bundle.netfile.following import Followed, follow
from keras2cv.bundle.netfile.onnx_graph import MAX_DEPTH, Graph, Reader
from keras2cv.bundle.netfile.protobuf import NetFileError as OnnxError

__all__ = ["MAX_DEPTH", "OnnxError", "check_onnx", "follow_onnx"]


def check_onnx(data: bytes | memoryview, *, external: bool = False) -> Graph:
    """Return what an ONNX file holds.

    Args:
        data: The file.
        external: Read files of other exporters, too, such as those with tensors in other files;
            the caller checks which.

    Raises:
        OnnxError: OpenCV should not see it.
    """
    return Reader(external).model(memoryview(data))


def follow_onnx(data: bytes | memoryview, inputs: Mapping[str, tuple[int, ...]]) -> Followed:
    """Check an ONNX file, and follow its net from inputs of these shapes.

    Raises:
        OnnxError: OpenCV should not see it.
    """
    reader = Reader(tolerant=False)
    graph = reader.model(memoryview(data))
    return follow(graph, reader.opset, {k.encode(): shape for k, shape in inputs.items()})
