"""`cv2.dnn.Net` with named inputs and outputs, and the engine and device that really run.

How cv2 behaves, measured on 4.6 to 5.0 (both engines) with small nets that differ in one thing. A
test checks each of these on the installed OpenCV:

*   `forward(name)` takes the names of the ONNX file's outputs: also of one that is used inside,
    equals an input, or whose layer was fused away.
*   5.0's new engine wants *every* output of the graph asked for at once, in any order.
*   It also loses the whole net on `enableFusion` and `enableWinograd`, whatever the argument.
*   An array of rank 3 arrives as a 2-D image with channels up to 4.10, unless wrapped in `cv2.Mat`.
*   Outputs of rank 0 and 1 come back as (n, 1) up to 4.14.
*   `forward` returns copies (pyopencv_from in modules/python/src2/cv2_convert.cpp), so keeping
    an output is safe, and `setInput` copies too.
*   A Net is not thread-safe. Here calls wait for each other; load one per thread for speed.
*   Nor does it survive a fork in the middle of a run: so a fork waits until no net runs, and the
    child finds every net idle and free to be used.
*   Nor does OpenCV's own thread pool (4.6 to 5.0, pthreads): a worker that wakes after the run it
    was woken for holds a mutex, and a child forked just then waits for it for ever. So a fork ends
    the idle workers first; parent and child start new ones in their next run.
*   CUDA survives no fork: the child's first run would end it, whatever it catches (4.14).
"""

from __future__ import annotations

import functools
import os
import re
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.held_file import HeldFile
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.private_copy import PrivateCopy
from keras2cv.errors import InputError, NetError
from keras2cv.net.device import TARGETS
from keras2cv.net.engines import engines_to_try, other_engine_hint
from keras2cv.net.error_messages import condensed
from keras2cv.net.loading import load_net
from keras2cv.net.mats import as_mat

Array = NDArray[Any]


class Net:
    """A loaded network: `forward` maps the net's input names to arrays to its output names.

    Attributes:
        engine: "new" or "classic", read back from the loaded net.
        device: "cpu", "opencl", "cuda" or "cuda-fp16".
        fusion, winograd: whether these optimisations may be used.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        *,
        device: str = "cpu",
        engine: str | None = None,
        fusion: bool | None = None,
        winograd: bool | None = None,
        copy: PrivateCopy | HeldFile | None = None,
    ) -> None:
        """Load the file at `path`, which `manifest` describes.

        Args:
            path: the model file.
            manifest: the bundle's manifest.
            device: a name of `TARGETS`.
            engine: "new" or "classic"; None: the verified one.
            fusion: whether layers may be fused; None: as verified.
            winograd: whether Winograd convolution may be used; None: as verified.
            copy: the bytes that `read_bundle` checked, which are loaded; None: those of the file.

        Raises:
            UsageError: no such engine, or one that cannot run on `device`.
            MissingDependency: this OpenCV does not have the engine.
            NetError: OpenCV does not load the file.
        """
        self._path = path
        self._shapes_in = {t.net_name: t.net_shape for t in manifest.inputs}
        self._shapes_out = {t.net_name: t.net_shape for t in manifest.net_outputs}
        self._lock = threading.Lock()
        self._process = os.getpid()
        self.device = device
        choices = engines_to_try(engine, manifest.engine.name, device)
        self._net, self.engine = load_net(path, copy, manifest.model.format, choices)
        self.fusion = manifest.engine.fusion if fusion is None else fusion
        self.winograd = manifest.engine.winograd if winograd is None else winograd
        if self.engine == "classic":
            self._configure_classic()
        self._asked = self._outputs_to_ask()
        with _NETS_LOCK:
            _NETS.add(self)

    def forward(self, blobs: Mapping[str, Array]) -> dict[str, Array]:
        """Run the net once.

        Args:
            blobs: the net's input names -> float32 arrays of exactly the net's shapes.

        Returns:
            The net's output names -> arrays of the net's shapes, which are the caller's to keep.

        Raises:
            InputError: a wrong shape, dtype or set of names.
            NetError: OpenCV fails, or answers with another shape than was verified.
        """
        self._check(blobs)
        if self.device.startswith("cuda") and os.getpid() != self._process:
            raise NetError(
                f"{self._path.name} was loaded on {self.device} before this process was forked, "
                "which CUDA does not survive. Load it in this process, or start it by spawn."
            )
        try:
            with self._lock:
                for name, blob in blobs.items():
                    self._net.setInput(as_mat(blob), name)
                arrays = self._net.forward(self._asked)
        except (cv2.error, SystemError) as error:
            raise NetError(self._failed("running", error)) from error
        return self._named(arrays)

    def warm_up(self) -> None:
        """Run once on zeros: a GPU compiles and chooses its kernels on the first run, for seconds.

        Raises:
            NetError: OpenCV fails on the device.
        """
        self.forward({name: np.zeros(shape, np.float32) for name, shape in self._shapes_in.items()})

    def _check(self, blobs: Mapping[str, Array]) -> None:
        if blobs.keys() != self._shapes_in.keys():
            raise InputError(
                f"The net's inputs are {sorted(self._shapes_in)}, got {sorted(blobs)}. "
                "Give each of them, by the net's name."
            )
        for name, blob in blobs.items():
            if blob.shape != self._shapes_in[name] or blob.dtype != np.float32:
                raise InputError(
                    f"Input {name} of the net must be {self._shapes_in[name]} float32, "
                    f"got {blob.shape} {blob.dtype}. Use infer(), which takes Keras' arrays."
                )

    def _named(self, arrays: Sequence[Array]) -> dict[str, Array]:
        found = dict(zip(self._asked, arrays, strict=True))
        return {
            name: self._reshaped(name, found[name], shape)
            for name, shape in self._shapes_out.items()
        }

    def _reshaped(self, name: str, array: Array | None, shape: tuple[int, ...]) -> Array:
        """Return `array` in `shape`, which may differ from it in dimensions of 1 alone."""
        if array is None:  # cv2 returns None for an empty matrix
            raise NetError(f"{self._where()} gives nothing for output {name}. Export it again.")
        if array.shape == shape:
            return array
        if [n for n in array.shape if n != 1] != [n for n in shape if n != 1]:
            raise NetError(
                f"{self._where()} gives output {name} the shape {array.shape}, "
                f"the bundle was made for {shape}. Export it for this OpenCV, with --opencv."
            )
        return array.reshape(shape)

    def _configure_classic(self) -> None:
        backend, target = TARGETS[self.device]
        self._net.setPreferableBackend(backend)
        self._net.setPreferableTarget(target)
        if not self.fusion:
            self._net.enableFusion(False)
        if not self.winograd and hasattr(self._net, "enableWinograd"):  # from 4.7; 4.6 has none
            self._net.enableWinograd(False)

    def _outputs_to_ask(self) -> list[str]:
        wanted = list(self._shapes_out)
        try:
            present = list(self._net.getUnconnectedOutLayersNames())
        except UnicodeDecodeError as error:  # a name in the file that is no UTF-8
            raise NetError(
                f"{self._where()} has outputs whose names are no text. Export it again."
            ) from error
        missing = [name for name in wanted if name not in present]
        if self.engine == "classic":  # it can also stop at any layer
            missing = [name for name in missing if self._net.getLayerId(name) < 0]
        if missing:
            raise NetError(
                f"{self._where()} has no output {', '.join(missing)}; it has {', '.join(present)}. "
                "Export the bundle again."
            )
        return wanted if self.engine == "classic" else present

    def _where(self) -> str:
        device = "" if self.device == "cpu" else f", {self.device}"
        return f"OpenCV {cv2.__version__} ({self.engine} engine{device}) on {self._path.name}"

    def _failed(self, doing: str, error: Exception) -> str:
        why = condensed(error)
        hint = other_engine_hint(self.engine) if self.device == "cpu" else _other_device_hint(why)
        return f"{self._where()} failed while {doing} it: {why}. {hint}"


_NO_WEIGHTS: Final = "!blobs.empty()"  # ConvolutionLayer's initCUDA, up to 5.0

_NETS: Final[weakref.WeakSet[Net]] = weakref.WeakSet()
_NETS_LOCK: Final = threading.Lock()
_HELD: Final[list[threading.Lock]] = []  # while this process forks
_THREADS: Final[list[int]] = []  # how many OpenCV had, while this process forks


def _before_fork() -> None:
    """Wait until no net runs, let none begin, and end the threads of OpenCV's pool."""
    _NETS_LOCK.acquire()
    for net in list(_NETS):
        net._lock.acquire()
        _HELD.append(net._lock)
    if _has_thread_pool() and (threads := cv2.getNumThreads()) > 1:
        _THREADS.append(threads)
        cv2.setNumThreads(1)


def _after_fork() -> None:
    while _THREADS:
        cv2.setNumThreads(_THREADS.pop())
    while _HELD:
        _HELD.pop().release()
    _NETS_LOCK.release()


@functools.cache
def _has_thread_pool() -> bool:
    """Whether OpenCV's threads are its own pool, which forks badly, and not those of a library."""
    return bool(re.search(r"Parallel framework:\s+pthreads", cv2.getBuildInformation()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )


def _other_device_hint(why: str) -> str:
    """Return a sentence on what to try where a device fails.

    OpenCV's CUDA code takes no convolution with computed weights. The exporter writes them where
    they are fast: on the CPU, for the new engine.
    """
    hint = "Use device cpu or auto."
    return (
        f"{hint} A file from `export --engine classic` runs there." if _NO_WEIGHTS in why else hint
    )
