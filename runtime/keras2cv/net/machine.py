"""What this machine is, as far as the speed of a net depends on it."""

from __future__ import annotations

import functools
import hashlib
import platform
import re
from pathlib import Path
from typing import Final

import cv2

_CPUINFO: Final = Path("/proc/cpuinfo")
_ARM: Final = ("CPU implementer", "CPU part")  # an ARM has numbers in place of a name
_MAX_TEXT: Final = 1000


def cores() -> int:
    """Return how many processors this process may use, as OpenCV counts them."""
    return max(int(cv2.getNumberOfCPUs()), 1)


def most_threads() -> int:
    """Return how many threads OpenCV may be asked for here: it starts as many as it is told to."""
    return max(4 * cores(), 256)


@functools.cache
def processor() -> str:
    """Return the processor's name, as the system has it."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(\S.*)$", text, re.MULTILINE)
    found = named[1] if named else _arm_numbers(text)
    return plain(found or platform.processor() or platform.machine()) or "unknown"


@functools.cache
def features() -> str:
    """Return the instruction sets that OpenCV was built for and finds here."""
    return plain(cv2.getCPUFeaturesLine())


@functools.cache
def build() -> str:
    """Return the sha256 of how this OpenCV was built: two builds of a version differ in speed."""
    return hashlib.sha256(cv2.getBuildInformation().encode("utf-8", "replace")).hexdigest()


def system() -> str:
    """Return the operating system and the architecture, such as "Linux x86_64"."""
    return plain(f"{platform.system()} {platform.machine()}")


def plain(text: str) -> str:
    """Return `text` on one line, without what no record may hold."""
    return "".join(c if c.isprintable() else " " for c in text).strip()[:_MAX_TEXT]


def _arm_numbers(text: str) -> str:
    """Return an ARM's numbers: of a processor with several kinds of cores, all of them."""
    found = [dict.fromkeys(re.findall(rf"^{key}\s*:\s*(\S+)$", text, re.MULTILINE)) for key in _ARM]
    return " ".join(("ARM", *found[0], *found[1])) if any(found) else ""
