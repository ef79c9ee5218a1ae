"""Open the graph that `keras2cv inspect` looks at: a Keras model, a bundle or an ONNX file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx_ir as ir

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.onnx_file import OnnxError, check_onnx
from keras2cv.bundle.reading import MANIFEST, read_bundle
from keras2cv.errors import ModelError
from keras2cv.plain_files import require_plain
from keras2cv_export.formats.frozen_file import read_frozen
from keras2cv_export.targets.importer_support import Unsupported, examine

from .report import Finding

Notes = tuple[str, ...]

# One protobuf message holds 2 GiB at most, and OpenCV reads a model from one message.
_MAX_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Opened:
    """A graph, and the file that OpenCV would read.

    Attributes:
        name: The user's name for it.
        model: The graph.
        file: The file; one that was converted just now is gone after the `with` block.
        notes: Sentences for the user.
        is_ours: Whether keras2cv made it just now, so that it cannot hold a stranger's mistakes.
        examine: Lists the nodes of such a graph that are known not to run.
    """

    name: str
    model: ir.Model
    file: Path
    notes: Notes = ()
    is_ours: bool = False
    examine: Callable[[ir.Model], Sequence[Unsupported]] = examine

    def problems(self, targets: Sequence[str]) -> Iterator[Finding]:
        """Yield the faults of the file itself, whatever nodes are in it."""
        for tensor in _external(self.model):
            where = f"the file {tensor.location}"
            why = "it holds weights, and OpenCV reads one file only"
            hint = "Save the model with its weights inside."
            yield Finding(Unsupported("external data", where, why, hint), 1, tuple(targets))
            return


@contextmanager
def opened(
    path: Path, convert: Callable[[Path], tuple[ir.Model, Notes]], word: str = "onnx"
) -> Iterator[Opened]:
    """Yield the graph of `path`; `convert` makes that of a Keras model, for the format `word`.

    Raises:
        ModelError: It cannot be read, or not safely.
        BundleError: It is a damaged bundle.
    """
    if (path / MANIFEST).is_file():
        yield _bundle(path)
    elif path.suffix.lower() == ".onnx":
        yield Opened(path.name, read_onnx(path), path)
    else:
        with temporary_folder() as folder:
            from keras2cv_export.formats.formats import format_of

            file_format = format_of(word)
            model, notes = convert(path)
            file = Path(folder, file_format.file)
            if file_format.name == "onnx" or not file_format.examine(model):
                file_format.write(model, file)
            yield Opened(path.name, model, file, notes, True, file_format.examine)


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
    if path.stat().st_size > _MAX_BYTES:
        raise ModelError(f"{path} has more than 2 GiB, which OpenCV does not read.")
    _look_through(path)
    try:
        model: ir.Model = ir.load(path, format="protobuf")
    except Exception as error:  # protobuf's own errors, or those of a broken file's graph
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        raise ModelError(f"{path} is no ONNX file: {reason}. Export it again.") from error
    _refuse_outside(path, model)
    return model


def _look_through(path: Path) -> None:
    """Refuse a file that no exporter writes, before a library believes it."""
    try:
        with path.open("rb") as file:
            check_onnx(file.read(), external=True)
    except OnnxError as error:
        raise ModelError(
            f"{path} is no ONNX file that can be used: it {error}. Export it again."
        ) from None


def _refuse_outside(path: Path, model: ir.Model) -> None:
    """Refuse weights in files that are not beside the model; the user did not ask to read those.

    A model is a stranger's file, and `location` may be ../../.ssh/id_rsa.
    """
    folder = path.resolve().parent
    for tensor in _external(model):
        file = Path(tensor.path).resolve()
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


def _external(model: ir.Model) -> Iterator[ir.ExternalTensor]:
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


def _bundle(path: Path) -> Opened:
    bundle = read_bundle(path)
    if bundle.manifest.model.format == "frozen":
        file = bundle.model_path
        return Opened(path.name, read_frozen(file), file, examine=lambda _: ())
    return Opened(path.name, read_onnx(bundle.model_path), bundle.model_path)
