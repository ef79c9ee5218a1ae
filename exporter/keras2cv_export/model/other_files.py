"""Tell what a file is that is no Keras model, and what its owner can do, before TensorFlow starts.

A file is told by its first bytes, as `file(1)` does; its name decides only where bytes are alike.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from keras2cv.errors import ModelError

_HEAD_BYTES: Final = 512
_KERAS: Final = "Give a .keras or .h5 file written by model.save(), or a SavedModel folder."
_CODE: Final = (
    "Build the model in Python, load the weights with model.load_weights(), and save it with "
    "model.save('model.keras')."
)
_SOURCE: Final = "Export the Keras model that it was made from."
_TORCH: Final = "Write ONNX with torch.onnx.export(), and give the .onnx file."

# Bytes at an offset, what such a file is, and what to do: the formats' own signatures.
_SIGNATURES: Final[Sequence[tuple[int, bytes, str, str]]] = (
    (4, b"TFL3", "a TensorFlow Lite model", _SOURCE),
    (0, b"GGUF", "a GGUF file of weights", _SOURCE),
    (0, b"\x93NUMPY", "a NumPy array", _CODE),
    (0, b"\x89PNG", "a picture", _KERAS),
    (0, b"\xff\xd8\xff", "a picture", _KERAS),
    (0, b"GIF8", "a picture", _KERAS),
    (0, b"BM", "a picture", _KERAS),
    (0, b"%PDF", "a PDF document", _KERAS),
    (0, b"\x7fELF", "a program", _KERAS),
    (0, b"\x1f\x8b", "a packed archive (gzip)", "Unpack it, and give the model inside."),
    (0, b"BZh", "a packed archive (bzip2)", "Unpack it, and give the model inside."),
    (0, b"\xfd7zXZ\0", "a packed archive (xz)", "Unpack it, and give the model inside."),
    (0, b"7z\xbc\xaf", "a packed archive (7z)", "Unpack it, and give the model inside."),
    (0, b"Rar!", "a packed archive (rar)", "Unpack it, and give the model inside."),
    (257, b"ustar", "a packed archive (tar)", "Unpack it, and give the model inside."),
    (0, b"version https://git-lfs", "a pointer of Git LFS, not the model itself",
     "Fetch the model with git lfs pull."),
)  # fmt: skip
_CHECKPOINT: Final = re.compile(r".*\.(index|meta|data-\d{5}-of-\d{5}|ckpt)|checkpoint")
_PICKLED: Final = re.compile(rb"\x80[\x02-\x05]")
# protobuf: field 1 of ModelProto is a small varint (ir_version), then producer_name or the graph.
_ONNX: Final = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x3a\x42]", re.DOTALL)
_NAMED: Final[dict[str, tuple[str, str]]] = {
    ".pb": ("a frozen TensorFlow graph, or the file of a SavedModel without its folder",
            "Give the SavedModel's whole folder, or export the Keras model that it was made from."),
    ".pbtxt": ("a TensorFlow graph as text", _SOURCE),
    ".mlmodel": ("a Core ML model", _SOURCE),
    ".caffemodel": ("a Caffe model", "OpenCV reads it as it is, by readNetFromCaffe."),
    ".prototxt": ("a Caffe model", "OpenCV reads it as it is, by readNetFromCaffe."),
    ".weights": ("weights of Darknet", "Build the model in Keras with these weights, and save it."),
    ".cfg": ("a network of Darknet", "Build the model in Keras with its weights, and save it."),
    ".engine": ("a TensorRT engine", _SOURCE),
    ".plan": ("a TensorRT engine", _SOURCE),
    ".py": ("Python code", "Save the model that it builds with model.save('model.keras')."),
    ".ipynb": ("a notebook", "Save the model that it builds with model.save('model.keras')."),
}  # fmt: skip


def refuse_other_kinds(path: Path) -> None:
    """Refuse a file or folder that shows by its first bytes that it is no Keras model.

    Raises:
        ModelError: It is of another kind, which the error names, with what to do.
    """
    found = _folder_kind(path) if path.is_dir() else _file_kind(path)
    if found is not None:
        kind, advice = found
        raise ModelError(f"{path} is not a Keras model: it is {kind}. {advice}")


def is_onnx(path: Path) -> bool:
    """Whether a path leads to an ONNX file, by its name or by its first bytes."""
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in (".keras", ".h5", ".hdf5", *_NAMED):
        return False
    if suffix == ".onnx":
        return True
    try:
        with path.open("rb") as file:
            return _ONNX.match(file.read(_HEAD_BYTES)) is not None
    except OSError:  # whoever opens it next names the reason
        return False


def _file_kind(path: Path) -> tuple[str, str] | None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:  # whoever opens it next names the reason
        return None
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return None
    if not head:
        return "an empty file", "Copy or download the model again."
    return _signed(head) or _archived(path, head) or _by_name(path) or _texts(path, head)


def _signed(head: bytes) -> tuple[str, str] | None:
    for offset, signature, kind, advice in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return kind, advice
    if head[8:9] == b"{" and head[1:8].count(0) >= 4:  # the header's length in 8 bytes, then JSON
        return "a safetensors file, which holds weights alone", _CODE
    if _PICKLED.match(head):
        return "a Python pickle, which could run any code", (
            "Load it where you trust it, and save the Keras model with model.save('model.keras')."
        )
    return None


def _archived(path: Path, head: bytes) -> tuple[str, str] | None:
    if not head.startswith(b"PK"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return None  # the reader of .keras files says what is wrong with it
    ends = {name.rpartition("/")[2] for name in names}
    return next((found for holds, found in _IN_ARCHIVES if holds(ends)), None)


_IN_ARCHIVES: Final[Sequence[tuple[Callable[[set[str]], bool], tuple[str, str] | None]]] = (
    (lambda ends: "config.json" in ends, None),  # a .keras file, whose reader looks further
    (lambda ends: "data.pkl" in ends, ("a PyTorch file", _TORCH)),
    (lambda ends: "saved_model.pb" in ends,
     ("a packed SavedModel", "Unpack it, and give its folder.")),
    (lambda ends: bool(ends) and all(end.endswith(".npy") for end in ends),
     ("an archive of NumPy arrays", _CODE)),
    (lambda ends: any(end.endswith((".keras", ".h5")) for end in ends),
     ("an archive with a model in it", "Unpack it, and give the model.")),
)  # fmt: skip


def _by_name(path: Path) -> tuple[str, str] | None:
    suffix = path.suffix.lower()
    if suffix in _NAMED:
        return _NAMED[suffix]
    if _CHECKPOINT.fullmatch(path.name):
        return "part of a TensorFlow checkpoint, which holds weights alone", _CODE
    return None


def _texts(path: Path, head: bytes) -> tuple[str, str] | None:
    text = head.lstrip()
    if re.match(rb"<(!doctype )?html", text, re.IGNORECASE):
        return "a web page, not the model itself", "Download the file that the page links to."
    if text.startswith((b"{", b"[")):
        return "JSON, which can hold an architecture but no weights", (
            "Build the model with keras.models.model_from_json(), load the weights, and save it "
            "with model.save('model.keras')."
        )
    if re.match(rb"(backend|class_name|config|keras_version):", text):
        return "an architecture in YAML, without weights", _CODE
    if path.suffix.lower() in (".txt", ".md", ".csv", ".yaml", ".yml", ".xml", ".log"):
        return f"a text file ({path.suffix})", _KERAS
    return None


def _folder_kind(path: Path) -> tuple[str, str] | None:
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError:
        return None
    if names & {"saved_model.pb", "saved_model.cpb", "saved_model.pbtxt"}:
        return None
    found = next((found for look in _FOLDERS if (found := look(names)) is not None), None)
    return found or (
        "a folder without a saved_model.pb",
        "Give a SavedModel folder, or a .keras or .h5 file.",
    )


def _bundle(names: set[str]) -> tuple[str, str] | None:
    if {"manifest.json", "model.onnx"} <= names or {"manifest.json", "model.pb"} <= names:
        return "a bundle already", "keras2cv run BUNDLE FILE predicts with it."
    return None


def _unpacked(names: set[str]) -> tuple[str, str] | None:
    if {"config.json", "model.weights.h5"} <= names:
        return "an unpacked .keras file", (
            "Pack config.json, metadata.json and model.weights.h5 into a zip file named .keras."
        )
    return None


def _browsers(names: set[str]) -> tuple[str, str] | None:
    return ("a model for TensorFlow.js", _SOURCE) if "model.json" in names else None


def _checkpoints(names: set[str]) -> tuple[str, str] | None:
    if any(_CHECKPOINT.fullmatch(name) for name in names):
        return "a folder with a TensorFlow checkpoint, which holds weights alone", _CODE
    return None


def _several(names: set[str]) -> tuple[str, str] | None:
    found = sorted(name for name in names if name.endswith((".keras", ".h5", ".hdf5")))
    if not found:
        return None
    return "a folder, no SavedModel", f"It holds {', '.join(found[:3])}: give one of these."


_FOLDERS: Final[Sequence[Callable[[set[str]], tuple[str, str] | None]]] = (
    _bundle,
    _unpacked,
    _browsers,
    _checkpoints,
    _several,
)
