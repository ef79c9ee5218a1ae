"""Describe the machine and its load."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import cv2

from keras2cv._version import VERSION

from .records import Host
from .subjects import ONEDNN_VARIABLE

_PACKAGES: Final = (
    "tensorflow", "keras", "numpy", "onnx", "tf2onnx", "onnxruntime", "openvino", "ai-edge-litert",
)  # fmt: skip
# x86 and Arm.
_VECTORS: Final = (
    "avx", "fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile",
    "asimd", "asimddp", "sve",
)  # fmt: skip
_FLAGS: Final = ("flags", "Features")
_FOR_ONEDNN: Final = {"avx_vnni", "avx512_vnni", "avx512_bf16", "amx_tile"}
_BUSY: Final = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal in /proc/stat


def host(others: float | None) -> Host:
    """Describe this machine; `others` is the result of `Watch`."""
    build = cv2.getBuildInformation()
    return Host(
        cpu=_cpu(),
        cores=usable_cores(),
        system=f"{platform.system()} {platform.machine()}",
        opencv_build=hashlib.sha256(build.encode()).hexdigest()[:12],
        versions=_versions(),
        memory_gb=_memory_gb(),
        governor=_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        load_average=_load_average(),
        others=others,
        vectors=", ".join(instruction_sets()) or None,
    )


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def instruction_sets() -> tuple[str, ...]:
    """Return this CPU's vector instruction sets, as Linux names them, the oldest first."""
    flags = next(
        (x for x in (_read("/proc/cpuinfo") or "").splitlines() if x.startswith(_FLAGS)), ""
    )
    has = set(flags.partition(":")[2].split())
    return tuple(name for name in _VECTORS if name in has)


def onednn_by_default() -> bool:
    """Whether TensorFlow computes with oneDNN here without being asked.

    `DefaultOneDnnPolicy` of tensorflow/core/util/port.cc (2.21): on x86 Windows always, on Linux on
    processors that have instructions for neural networks. A variable that is set decides itself.
    """
    chosen = os.environ.get(ONEDNN_VARIABLE, "").strip().lower()
    if chosen:
        return chosen in ("1", "true")
    if platform.system() == "Windows":
        return platform.machine().lower() in ("amd64", "x86_64")
    return bool(_FOR_ONEDNN & set(instruction_sets()))


def has_onednn() -> bool:
    """Whether TensorFlow's wheel for this system can compute with oneDNN at all."""
    return platform.system() in ("Linux", "Windows")


class Watch:
    """How many cores other processes use between its making and `others()`; only on Linux."""

    def __init__(self, ours: Iterable[int] = ()) -> None:
        """Begin; `ours` are the processes that are measured."""
        self._ours = (os.getpid(), *ours)
        self._started = time.monotonic()
        self._all, self._own = _all_ticks(), self._own_ticks()

    def others(self) -> float | None:
        """Return the average since then, or None where the system does not count."""
        now = _all_ticks()
        seconds = time.monotonic() - self._started
        if now is None or self._all is None or seconds <= 0:
            return None
        ticks = (now - self._all) - (self._own_ticks() - self._own)
        return round(max(0.0, ticks / os.sysconf("SC_CLK_TCK") / seconds), 2)

    def _own_ticks(self) -> int:
        return sum(_process_ticks(pid) for pid in self._ours)


def _all_ticks() -> int | None:
    line = _read("/proc/stat")
    if line is None:
        return None
    numbers = [int(n) for n in line.split("\n", 1)[0].split()[1:]]
    return sum(numbers[k] for k in _BUSY if k < len(numbers))


def _process_ticks(pid: int) -> int:
    """Return utime + stime of proc(5); no blanks follow the last bracket of the name."""
    text = _read(f"/proc/{pid}/stat")
    if text is None:
        return 0
    fields = text.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _cpu() -> str:
    text = _read("/proc/cpuinfo") or ""
    names = [x.partition(":")[2].strip() for x in text.splitlines() if x.startswith("model name")]
    return names[0] if names and names[0] else platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    text = _read("/proc/meminfo") or ""
    line = next((x for x in text.splitlines() if x.startswith("MemTotal")), None)
    return None if line is None else round(int(line.split()[1]) / 2**20, 1)


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _versions() -> dict[str, str]:
    found = {
        "keras2cv": VERSION,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
    }
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None
