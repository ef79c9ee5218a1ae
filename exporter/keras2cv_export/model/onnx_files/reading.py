"""Read a stranger's ONNX file: looked through first, weights only from files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import onnx
import onnx_ir as ir

from keras2cv.bundle.onnx_file import OnnxError, check_onnx
from keras2cv.errors import ModelError
from keras2cv.plain_files import real_path, require_plain

# One protobuf message holds 2 GiB at most, and OpenCV reads a model from one message.
MAX_BYTES: Final = 2**31 - 1
_MOST_NODES: Final = 100_000  # constants included, which take ten seconds to read
ZIPPED: Final = "keras2cv.zipped"  # metadata: the outputs whose maps became arrays


def read_onnx(path: Path) -> ir.Model:
    """Return the graph in an ONNX file; its weights stay on the disk until they are read.

    Raises:
        ModelError: The file is missing, no ONNX, too large, or has its weights outside its folder.
    """
    try:
        require_plain(path)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}. Check the path.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path} has more than 2 GiB, which OpenCV does not read.")
    _look_through(path)
    try:
        model = _parsed(path)
    except Exception as error:  # protobuf's own errors, or those of a broken file's graph
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        raise ModelError(f"{path} is no ONNX file: {reason}. Export it again.") from error
    _refuse_outside(path, model)
    return model


def _parsed(path: Path) -> ir.Model:
    """Return the graph; a ZipMap at its end gives its array, as onnx-ir has no type for maps."""
    proto = onnx.load_model(path, load_external_data=False)
    zipped = _without_maps(proto.graph)
    model: ir.Model = ir.from_proto(proto)
    for graph in model.graphs():
        ir.external_data.set_base_dir(graph, path.parent)
    if zipped:
        model.metadata_props[ZIPPED] = "\n".join(zipped)
    return model


def _without_maps(graph: onnx.GraphProto) -> list[str]:
    """Give the arrays of ZipMaps in place of their maps; return the outputs' names."""
    names = []
    for node in [n for n in graph.node if n.op_type == "ZipMap" and n.domain == "ai.onnx.ml"]:
        for k, output in enumerate(graph.output):
            if output.name == node.output[0]:
                names.append(output.name)
                graph.output[k].CopyFrom(onnx.ValueInfoProto(name=output.name))
                node.op_type, node.domain = "Identity", ""
                del node.attribute[:]
    return names


def _look_through(path: Path) -> None:
    """Refuse a file that no exporter writes, before a library believes it."""
    try:
        with path.open("rb") as file:
            nodes = len(check_onnx(file.read(), external=True).nodes)
    except OnnxError as error:
        raise ModelError(
            f"{path} is no ONNX file that can be used: it {error}. Export it again."
        ) from None
    if nodes > _MOST_NODES:
        raise ModelError(
            f"{path} has {nodes} nodes, and {_MOST_NODES} are the most that are read. Simplify it "
            "before, or export a smaller part."
        )


def _refuse_outside(path: Path, model: ir.Model) -> None:
    """Refuse weights in files that are not beside the model; the user did not ask to read those.

    A model is a stranger's file, and `location` may be ../../.ssh/id_rsa.
    """
    folder = real_path(path).parent
    for tensor in external_tensors(model):
        file = real_path(tensor.path)
        if not file.is_relative_to(folder):
            raise ModelError(
                f"{path} has weights in {str(tensor.location)!r}, outside its own folder. "
                "Put the file beside it, or save the model with its weights inside."
            )
        if not file.is_file():
            raise ModelError(
                f"{path} has weights in {str(tensor.location)!r}, which is not there. "
                "Copy that file too."
            )
        if not _lies_within(tensor, file.stat().st_size):
            raise ModelError(
                f"{path} has the weights {tensor.name!r} in {str(tensor.location)!r}, which is "
                "too short or holds them elsewhere. Copy that file again."
            )


def _lies_within(tensor: ir.ExternalTensor, size: int) -> bool:
    """Whether a tensor's place in a file of `size` bytes holds exactly its numbers."""
    offset = tensor.offset or 0
    length = tensor.nbytes if tensor.length is None else tensor.length
    return offset >= 0 and length == tensor.nbytes and offset + length <= size


def external_tensors(model: ir.Model) -> Iterator[ir.ExternalTensor]:
    """Yield every tensor that is in another file, anywhere in the model."""
    graphs = [*model.graphs()]
    for function in model.functions.values():
        graphs += [function.graph, *function.graph.subgraphs()]
    for graph in graphs:
        tensors: list[Any] = [value.const_value for value in graph.initializers.values()]
        for node in graph:
            for attribute in node.attributes.values():
                if attribute.type == ir.AttributeType.TENSOR:
                    tensors.append(attribute.value)
                elif attribute.type == ir.AttributeType.TENSORS:
                    tensors += attribute.value
        yield from (t for t in tensors if isinstance(t, ir.ExternalTensor))
