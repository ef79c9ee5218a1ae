"""Every kind of file: its seeds, their mutations, and the code that reads them."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import trying
from .corpus import Files
from .mutating import (
    mean_graph,
    mean_onnx,
    mutate_archive,
    mutate_bytes,
    mutate_graph,
    mutate_hdf5,
    mutate_json,
    mutate_npy,
    mutate_onnx,
    mutate_picture,
    mutate_text,
)
from .mutating.raw import Mutate
from .trying import Try

Change = Callable[[random.Random, Files], Files]


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        name: The name in `--only`.
        seeds: The kinds of the corpus that it starts from.
        change: Makes mutated files from those of a seed.
        attempt: Does with them as the product does.
        share: Of a hundred mutated inputs, how many are of this kind.
        batch: Inputs per child process; a heavy start is worth more of them.
        isolated: Whether the product itself does this in a child process, which may die.
        warm: Modules that are imported before children are forked, where there are seeds for them.
    """

    name: str
    seeds: tuple[str, ...]
    change: Change
    attempt: Try
    share: float
    batch: int = 400
    isolated: bool = False
    warm: tuple[str, ...] = ()


def case(kind: Kind, corpus: Mapping[str, list[Files]], seed: int, number: int) -> Files:
    """Return the mutated files of input `number`, always the same for a seed.

    Args:
        kind: The kind of files.
        corpus: Kind of seed -> the seeds.
        seed: Determines the mutations.
        number: Of the input.
    """
    rng = random.Random(f"{seed}/{kind.name}/{number}")  # noqa: S311 - to be repeatable
    return kind.change(rng, rng.choice([s for name in kind.seeds for s in corpus[name]]))


def _each(mutate: Mutate) -> Change:
    """Change the only file of a seed."""
    return lambda rng, files: {name: mutate(rng, data) for name, data in files.items()}


def _manifest(rng: random.Random, files: Files) -> Files:
    mutate = mutate_bytes if rng.random() < 0.25 else mutate_json
    return {"manifest.json": mutate(rng, files["manifest.json"])}


def _bundle(rng: random.Random, files: Files) -> Files:
    """Change one file of a bundle, as a bad copy or an attacker would; half with a right hash."""
    changed = dict(files)
    name = rng.choice(sorted(files))
    match rng.randrange(12):
        case 0:
            del changed[name]
        case 1:
            changed[name] = files[rng.choice(sorted(files))]
        case 2:
            changed[rng.choice(("notes.txt", "model.onnx.data", "x.pb"))] = b"more"
        case _:
            changed[name] = _BY_NAME[name](rng, files[name])
    return _rehashed(changed) if rng.random() < 0.5 else changed


def _net(mutate: Mutate, name: str) -> Change:
    """Change the net and its hash in the manifest, so that OpenCV really parses it."""
    return lambda rng, files: _rehashed({**files, name: mutate(rng, files[name])})


def _manifest_and_net(rng: random.Random, files: Files) -> Files:
    return {**files, "manifest.json": mutate_json(rng, files["manifest.json"])}


def _model_file(rng: random.Random, files: Files) -> Files:
    return {name: _BY_NAME[name](rng, data) for name, data in files.items()}


def _rehashed(files: dict[str, bytes]) -> Files:
    """Return the bundle with its model's own size and sha256, if its manifest can be read."""
    try:
        manifest: Any = json.loads(files["manifest.json"])
        data = files[manifest["model"]["file"]]
        manifest["model"]["sha256"] = hashlib.sha256(data).hexdigest()
        manifest["model"]["bytes"] = str(len(data))
        text = json.dumps(manifest, ensure_ascii=False).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return files
    return {**files, "manifest.json": text}


def _keras(rng: random.Random, data: bytes) -> bytes:
    return mutate_archive(rng, data, {"json": mutate_json, "h5": mutate_hdf5})


def _npz(rng: random.Random, data: bytes) -> bytes:
    if data.startswith(b"\x93NUMPY"):
        return mutate_npy(rng, data)
    return mutate_archive(rng, data, {"npy": mutate_npy})


_BY_NAME: Final[Mapping[str, Mutate]] = {
    "manifest.json": mutate_json,
    "model.onnx": mutate_onnx,
    "model.pb": mutate_graph,
    "selftest.npz": _npz,
    "model.keras": _keras,
    "model.h5": mutate_hdf5,
}
_LOADING: Final = ("keras2cv.predictor", "keras2cv.selftest")
_GRAPHS: Final = ("tensorflow.core.framework.graph_pb2",)
_FACTS: Final = ("keras2cv_export.tasks.decide",)
_LOOKING: Final = ("keras2cv_export.model.load.own_code", "h5py")

KINDS: Final[tuple[Kind, ...]] = (
    Kind("manifest", ("bundle", "pb"), _manifest, trying.try_manifest, 25),
    Kind("bundle", ("bundle", "pb"), _bundle, trying.try_bundle, 18, warm=_GRAPHS),
    Kind("run", ("bundle", "pb"), _manifest_and_net, trying.try_run, 5, warm=_LOADING),
    Kind(
        "onnx", ("bundle",), _net(mutate_onnx, "model.onnx"), trying.try_net, 10,
        isolated=True, warm=_LOADING,
    ),
    Kind(
        "pb", ("pb",), _net(mutate_graph, "model.pb"), trying.try_net, 6,
        isolated=True, warm=(*_LOADING, *_GRAPHS),
    ),
    Kind(
        "followed", ("bundle",), _net(mean_onnx, "model.onnx"), trying.try_followed, 10,
        warm=_LOADING,
    ),
    Kind(
        "meaning", ("bundle",), _net(mean_onnx, "model.onnx"), trying.try_net, 3,
        isolated=True, warm=_LOADING,
    ),
    Kind(
        "meaning-pb", ("pb",), _net(mean_graph, "model.pb"), trying.try_net, 3,
        isolated=True, warm=(*_LOADING, *_GRAPHS),
    ),
    Kind(
        "changing", ("bundle", "pb"), lambda _, files: files, trying.try_changing, 1,
        warm=_LOADING,
    ),
    Kind(
        "inspect", ("bundle",), _net(mutate_onnx, "model.onnx"), trying.try_inspect, 4,
        warm=("keras2cv_export.inspecting",),
    ),
    Kind("keras", ("keras",), _model_file, trying.try_look, 3, warm=_LOOKING),
    Kind("h5", ("h5",), _model_file, trying.try_look, 3, warm=_LOOKING),
    Kind(
        "load", ("keras", "h5"), _model_file, trying.try_load, 0.3, batch=50,
        warm=("keras2cv_export.model.load",),
    ),
    Kind("npz", ("npz",), _each(_npz), trying.try_arrays, 7),
    Kind("labels", ("labels",), _each(mutate_text), trying.try_labels, 4, warm=_FACTS),
    Kind("preprocess", ("preprocess",), _each(mutate_json), trying.try_preprocess, 3),
    Kind("lines", ("lines",), _each(mutate_text), trying.try_lines, 3),
    Kind("image", ("image",), _each(mutate_picture), trying.try_pictures, 7),
    Kind("video", ("video",), _each(mutate_bytes), trying.try_pictures, 2),
)  # fmt: skip
