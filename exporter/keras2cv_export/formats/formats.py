"""The formats that a net is written in: how a model becomes one, and which importer reads it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import onnx_ir as ir

from keras2cv.bundle.manifest import Model, OutputTensor
from keras2cv.errors import UsageError
from keras2cv.schema.vocabulary import Format, Storage
from keras2cv_export.convert import Converted, convert_unchecked
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.targets.importer_support import Unsupported, examine, require_supported
from keras2cv_export.targets.target import OLDEST, Target

from .frozen import examine_frozen, fit_names, require_writable
from .refusal import refuse_older
from .to_frozen import to_frozen
from .write_onnx import write_onnx

# One protobuf message holds 2 GiB at most, and OpenCV reads a model from one message.
_MAX_MODEL_BYTES = 2**31 - 1
_OLDEST_KEY: Final = "keras2cv.opencv"  # in the metadata of an ONNX file
_SMALLER: Final = {"fp16": 2, "int8": 4}  # times, at most: large kernels are nearly all of a model


class Convert(Protocol):
    """Convert a model to the graph that is written.

    `keep` also keeps the parts that other forms of the graph are made of.
    """

    def __call__(self, loaded: LoadedModel, target: Target, *, keep: bool = False) -> Converted:
        """Convert."""


@dataclass(frozen=True)
class FileFormat:
    """One format.

    Attributes:
        name: The manifest's word.
        file: The name of the file in a bundle.
        convert: Makes the graph that is written, whether OpenCV runs it or not.
        examine: Lists the nodes of that graph that some OpenCV does not run.
        require: Raises UnsupportedOpsError if one of them stands in the way of a target.
        write: Writes the graph to a file, and returns its sha256.
    """

    name: Format
    file: str
    convert: Convert
    examine: Callable[[ir.Model], list[Unsupported]]
    require: Callable[[ir.Model, Target], None]
    write: Callable[[ir.Model, Path], str]

    def require_room(self, loaded: LoadedModel, weights: Storage | None = None) -> None:
        """Refuse a model that is too large for a file, before minutes are spent on it.

        `save` checks again, since the written file may be larger. `weights` is how kernels are
        stored.

        Raises:
            UsageError: The file would be too large for OpenCV.
        """
        if loaded.keras_model is not None:
            size = sum(4 * math.prod(w.shape) for w in loaded.keras_model.weights)
            _require_readable(size // _SMALLER.get(weights or "", 1), weights)

    def has_room(self, model: ir.Model) -> bool:
        """Whether a file could hold all weights unshortened."""
        return _weight_bytes(model) <= _MAX_MODEL_BYTES

    def save(self, model: ir.Model, folder: Path, record: Model) -> Model:
        """Write the file; return the record with its sha256 and size.

        An ONNX file says itself which OpenCV it needs, as older ones may compute it wrongly, and
        is written so that they refuse it.

        Raises:
            UsageError: It would be too large for OpenCV.
        """
        _require_readable(_weight_bytes(model))
        model.metadata_props[_OLDEST_KEY] = record.opencv
        if self.name == "onnx":
            refuse_older(model, record.opencv)
        path = folder / self.file
        sha256 = self.write(model, path)
        return replace(record, sha256=sha256, size_bytes=str(path.stat().st_size))


def _weight_bytes(model: ir.Model) -> int:
    weights = (value.const_value for value in model.graph.initializers.values())
    return sum(tensor.nbytes for tensor in weights if tensor is not None)


def _require_readable(size: int, weights: Storage | None = None) -> None:
    if size > _MAX_MODEL_BYTES:
        smaller = {None: "with --weights fp16 or int8, or ", "fp16": "with --weights int8, or "}
        raise UsageError(
            f"The weights take {size / 2**30:.1f} GiB, and OpenCV reads at most 2 GiB from a file. "
            f"Export it {smaller.get(weights, '')}in parts: no OpenCV before 5.0 finds weights "
            "that lie in another file."
        )


def format_of(name: str) -> FileFormat:
    """Return the format of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in FORMATS:
        words = " or ".join(FORMATS)
        raise UsageError(f"The format {name!r} cannot be written. Use {words}.")
    return FORMATS[name]


def _convert_frozen(loaded: LoadedModel, target: Target, *, keep: bool = False) -> Converted:
    """Compile for the oldest OpenCV, whose TensorFlow importer knows the same few plain ops.

    That importer has hardly changed since: a newer target allows no more, and there are no other
    forms to `keep` anything for.
    """
    del target, keep
    converted = convert_unchecked(loaded, Target(OLDEST), unrolled=True)
    names = fit_names(converted.model)
    return replace(
        converted,
        inputs=tuple(replace(t, net_name=names[t.net_name]) for t in converted.inputs),
        outputs=tuple(_renamed(t, names) for t in converted.outputs),
    )


def _renamed(tensor: OutputTensor, names: Mapping[str, str]) -> OutputTensor:
    """Give an output its name in the file; those that a NumPy tail makes are not in the file."""
    return replace(tensor, net_name=names.get(tensor.net_name, tensor.net_name))


def _require_frozen(model: ir.Model, _target: Target) -> None:
    require_writable(model)


def _write_frozen(model: ir.Model, path: Path) -> str:
    content = to_frozen(model)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


FORMATS: Final[Mapping[str, FileFormat]] = {
    "onnx": FileFormat(
        "onnx", "model.onnx", convert_unchecked, examine, require_supported, write_onnx
    ),
    "frozen": FileFormat(
        "frozen", "model.pb", _convert_frozen, examine_frozen, _require_frozen, _write_frozen
    ),
}
