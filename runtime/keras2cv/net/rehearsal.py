"""A net with a form that nobody has measured runs in two processes of its own first.

OpenCV may crash on it, hang, take all memory, or read beyond an array. The last is seen by what it
reads: the two processes fill fresh memory with different bytes (glibc's MALLOC_PERTURB_), and an
answer that depends on them is no answer.

A net that passed is remembered, by its hash, its shapes, the engine and the OpenCV, in the user's
folder for caches; where that cannot be written, each process tries the net anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import BundleError, NetError
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits, in_child
from keras2cv.net.forms import form_in

_FUNCTION: Final = "keras2cv.net.rehearsal:answer"
_FILLS: Final = ("85", "170")
_SECONDS: Final = 8.0  # once OpenCV is imported
_START_SECONDS: Final = 120.0
_TIMES_START: Final = 10  # a machine that takes long to import OpenCV takes long for the net, too
_BYTES_A_SECOND: Final = 2**26  # of a net's file, at least: loading it and running it
_MEMORY: Final = 2**30  # beyond what its file needs
_COPIES: Final = 6  # of the weights, while OpenCV loads them
_DONE: Final[set[str]] = set()


def rehearse(bundle: Bundle, engine: str | None) -> None:
    """Run a net of unknown forms in processes of its own; does nothing for a known one.

    Args:
        bundle: Its bundle.
        engine: The engine that was asked for, as for `keras2cv.load`.

    Raises:
        NetError: OpenCV does not survive it, or its answers depend on more than its inputs.
        ChildNotStarted: The system starts no process.
    """
    if bundle.unknown is None or in_child():
        return
    key = _key(bundle, engine)
    if key in _DONE or _is_remembered(key):
        return
    size = int(bundle.manifest.model.size_bytes)
    seconds, memory = _SECONDS + size / _BYTES_A_SECOND, _MEMORY + _COPIES * size
    limits = Limits(seconds, _START_SECONDS, memory)
    request = {
        "bundle": str(bundle.folder.absolute()),
        "file": bundle.manifest.model.file,
        "sha256": bundle.manifest.model.sha256,
        "engine": engine,
    }
    try:
        answers = _answers(request, limits)
    except ChildLost as lost:
        raise NetError(
            f"OpenCV {cv2.__version__} {lost.how} on a trial of {bundle.model_path.name}, which "
            f"has {bundle.unknown}. Export it for this OpenCV, with --opencv; do not use a "
            "stranger's."
        ) from lost
    if answers[0] != answers[1]:
        raise NetError(
            f"OpenCV {cv2.__version__} reads memory beyond the arrays of {bundle.model_path.name} "
            f"({bundle.unknown}): its answers differ from run to run. Do not use it."
        )
    _DONE.add(key)
    _remember(key)


def _key(bundle: Bundle, engine: str | None) -> str:
    shapes = [(tensor.net_name, tensor.net_shape) for tensor in bundle.manifest.inputs]
    of = (bundle.manifest.model.sha256, engine, shapes, cv2.getBuildInformation())
    return hashlib.sha256(repr(of).encode()).hexdigest()


def _place(key: str) -> Path:
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
    return base / "keras2cv" / "tried" / key


def _is_remembered(key: str) -> bool:
    try:
        return _place(key).is_file()
    except (OSError, RuntimeError):  # there is no home
        return False


def _remember(key: str) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        _place(key).parent.mkdir(parents=True, exist_ok=True)
        _place(key).touch()


def _answers(request: Mapping[str, Any], limits: Limits) -> list[str]:
    """Return the answer of each process; they run at the same time.

    Raises:
        ChildLost: OpenCV does not survive it.
        ChildNotStarted: The system starts no process.
    """
    with contextlib.ExitStack() as stack:
        children = []
        for fill in _FILLS:
            entry = Entry(_FUNCTION, variables={**os.environ, "MALLOC_PERTURB_": fill})
            children.append(stack.enter_context(Conversation(entry, limits)))
            children[-1].send({})
        started = time.monotonic()
        for child in children:
            child.reply()  # it is ready
        seconds = max(limits.seconds, _TIMES_START * (time.monotonic() - started))
        for child in children:
            child.send(request)
        replies = [child.reply(seconds) for child in children]
        for child in children:
            child.close()
    return [str(reply["sha256"]) for reply in replies]


def answer(request: Mapping[str, Any], report: Callable[..., None]) -> dict[str, str]:
    """Load the bundle and run its net on two inputs; return the sha256 of its outputs.

    Args:
        request: "bundle", "file" and "sha256" of its model, and "engine"; nothing: only OpenCV is
            imported.
        report: Called with the stage.

    Raises:
        BundleError: It is another one by now.
        NetError: OpenCV refuses it.
    """
    from keras2cv.net.net import Net

    if not request:
        return {}
    cv2.setNumThreads(1)
    report(stage="loading")
    bundle = read_bundle(Path(request["bundle"]), choose=form_in(request["file"]))
    manifest = bundle.manifest
    if manifest.model.sha256 != request["sha256"]:
        raise BundleError(f"{bundle.folder} was replaced while it was being loaded. Load it again.")
    net = Net(bundle.model_path, manifest, engine=request["engine"], copy=bundle.copy)
    report(stage="running")
    digest = hashlib.sha256()
    for blobs in _samples(manifest):
        for name, array in sorted(net.forward(blobs).items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return {"sha256": digest.hexdigest()}


def _samples(manifest: Manifest) -> list[dict[str, Any]]:
    """Return zeros, and numbers from -2 to 2."""
    shapes = {t.net_name: t.net_shape for t in manifest.inputs}
    rng = np.random.default_rng(1)
    return [
        {name: np.zeros(shape, np.float32) for name, shape in shapes.items()},
        {name: rng.uniform(-2, 2, shape).astype(np.float32) for name, shape in shapes.items()},
    ]
