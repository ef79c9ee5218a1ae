"""The readers of strangers' files, as functions of bytes that raise only errors of ours."""

from __future__ import annotations

import atexit
import contextlib
import pkgutil
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from campaigns.fuzz.corpus import Files
from keras2cv.errors import Keras2cvError

Mutate = Callable[[random.Random, bytes], bytes]


class NotOneLine(AssertionError):  # noqa: N818 - reads as a sentence
    """An error of ours whose message is no sentence."""


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        read: Reads bytes; it may raise `Keras2cvError`.
        seeds: (kind of the corpus, file name) where its first inputs come from.
        mutations: Names in `campaigns.fuzz.mutating` of changes that keep the format.
        modules: Packages whose coverage guides it.
    """

    read: Callable[[bytes], None]
    seeds: tuple[tuple[str, str], ...]
    mutations: tuple[str, ...] = ()
    modules: tuple[str, ...] = ("keras2cv",)


def check(target: Target, data: bytes) -> None:
    """Read `data`; an error of ours is a right answer if it is one line.

    Raises:
        NotOneLine: It is not.
    """
    try:
        target.read(data)
    except Keras2cvError as error:
        if "\n" in str(error) or not str(error):
            raise NotOneLine(repr(str(error))[:200]) from error


@cache
def _scratch() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own in it
    made = Path(tempfile.mkdtemp("", "keras2cv-guided-", memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@contextlib.contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    path = _scratch() / name
    path.write_bytes(data)
    yield path


def _manifest(data: bytes) -> None:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv.bundle.reading import read_manifest
    from keras2cv.cli.card import describe

    with _file("manifest.json", data) as path:
        manifest = read_manifest(path.parent)
    if Manifest.from_json(manifest.to_json()) != manifest:
        raise AssertionError("it does not survive writing")
    "\n".join(describe(manifest))


def _onnx(data: bytes) -> None:
    from keras2cv.bundle.onnx_file import OnnxError, check_onnx, follow_onnx

    try:
        graph = check_onnx(data)
        shapes = {
            str(name, "utf-8", "replace"): tuple(n or 1 for n in declared[1])
            for name, declared in graph.inputs.items()
            if declared is not None
        }
        follow_onnx(data, shapes)
    except OnnxError as error:
        raise Keras2cvError(str(error)) from error


def _frozen(data: bytes) -> None:
    from keras2cv.bundle.frozen_file import follow_frozen
    from keras2cv.bundle.netfile.protobuf import NetFileError

    try:
        follow_frozen(data, {"x": (1, 3, 8, 8)})
    except NetFileError as error:
        raise Keras2cvError(str(error)) from error


def _arrays(data: bytes) -> None:
    from keras2cv.bundle.npz import read_npy, read_npz

    suffix = "npy" if data.startswith(b"\x93NUMPY") else "npz"
    with _file(f"arrays.{suffix}", data) as path:
        read = read_npy if suffix == "npy" else read_npz
        read(path, max_bytes=2**28)


def _text_of(function: str, name: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        with _file(name, data) as path:
            pkgutil.resolve_name(function)(path)

    return read


def _saved(name: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        from keras2cv_export.model.config import read_saved
        from keras2cv_export.model.untrusted.danger import refuse
        from keras2cv_export.model.untrusted.dangers import dangers

        with _file(name, data) as path:
            saved = read_saved(path)
            refuse(path, dangers(saved.config), unsafe=False)

    return read


def _saved_model(data: bytes) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    from keras2cv_export.model.saved_graphs.graph_dangers import (
        check_assets,
        graph_dangers,
        meta_graphs,
    )
    from keras2cv_export.model.saved_graphs.graph_sizes import check_sizes
    from keras2cv_export.model.untrusted.danger import refuse

    graphs, path = saved_model_pb2.SavedModel(), Path("model")
    try:
        graphs.ParseFromString(data)
    except Exception as error:
        raise Keras2cvError(" ".join(str(error).split()) or "damaged") from error
    check_assets(path, graphs)
    refuse(path, graph_dangers(graphs), unsafe=False)
    check_sizes(path, meta_graphs(graphs))


_LABELS: Final = "keras2cv_export.tasks.labels.read_labels"
_CHARSET: Final = "keras2cv_export.tasks.text.charset.read_charset"
_RESUMED: Final = "keras2cv.cli.resume.answered"
_EXPORTER: Final = ("keras2cv", "keras2cv_export")
TARGETS: Final[Mapping[str, Target]] = {
    "manifest": Target(
        _manifest, (("bundle", "manifest.json"), ("pb", "manifest.json")), ("mutate_json",)
    ),
    "onnx": Target(_onnx, (("bundle", "model.onnx"),), ("mutate_onnx", "mean_onnx")),
    "frozen": Target(_frozen, (("pb", "model.pb"),), ("mutate_graph",)),
    "arrays": Target(_arrays, (("npz", "arrays.npz"), ("npz", "arrays.npy")), ("mutate_npy",)),
    "labels": Target(
        _text_of(_LABELS, "labels.txt"), (("labels", "labels.txt"),), ("mutate_text",), _EXPORTER
    ),
    "charset": Target(
        _text_of(_CHARSET, "charset.txt"), (("labels", "labels.txt"),), ("mutate_text",), _EXPORTER
    ),
    "resumed": Target(
        _text_of(_RESUMED, "lines.jsonl"), (("lines", "lines.jsonl"),), ("mutate_text",)
    ),
    "keras": Target(_saved("model.keras"), (("keras", "model.keras"),), (), _EXPORTER),
    "h5": Target(_saved("model.h5"), (("h5", "model.h5"),), ("mutate_hdf5",), _EXPORTER),
    "saved_model": Target(_saved_model, (("saved_model", "saved_model.pb"),), (), _EXPORTER),
}


def seeds_of(target: Target, corpus: Mapping[str, list[Files]]) -> Iterator[bytes]:
    """Yield the files of the corpus that a target starts from."""
    for kind, name in target.seeds:
        yield from (files[name] for files in corpus.get(kind, ()) if name in files)


def mutations_of(target: Target) -> list[Any]:
    """Return the changes that keep a target's format."""
    from campaigns.fuzz import mutating

    return [getattr(mutating, name) for name in target.mutations]
