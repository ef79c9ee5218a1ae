"""Open the graph that `keras2cv inspect` looks at: a Keras model, a bundle or an ONNX file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.reading import MANIFEST, read_bundle
from keras2cv_export.formats.frozen_file import read_frozen
from keras2cv_export.model.onnx_files.reading import external_tensors, read_onnx
from keras2cv_export.targets.importer_support import Unsupported, examine

from .report import Finding

Notes = tuple[str, ...]


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
        for tensor in external_tensors(self.model):
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


def _bundle(path: Path) -> Opened:
    bundle = read_bundle(path)
    if bundle.manifest.model.format == "frozen":
        file = bundle.model_path
        return Opened(path.name, read_frozen(file), file, examine=lambda _: ())
    return Opened(path.name, read_onnx(bundle.model_path), bundle.model_path)
