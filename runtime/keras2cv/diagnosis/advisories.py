"""Versions with known security holes that a model can reach, of the packages that keras2cv uses.

A literal table, since a device has no network. Ranges are those of the advisories (GitHub's
database and NVD, read in November 2026); `first` is affected, `fixed` no longer. Where a hole was
closed in two lines of releases, it has two ranges. `refused`: a model's file can use it to run code
or read files in the process that loads it, and `export`, `check` and `inspect` do not start with
it. That they look into files before Keras does (docs/reliability.md) is a second wall, no excuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from keras2cv.net.opencv import WHEELS, VersionOf, version_tuple

Range = tuple[str, str]
"""The first version that is affected, and the first that no longer is."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """One hole: the package, the affected versions, a description, and its number."""

    package: str
    cve: str
    what: str
    ranges: tuple[Range, ...]
    refused: bool = False

    @property
    def url(self) -> str:
        """Where it is described."""
        return f"https://nvd.nist.gov/vuln/detail/{self.cve}"

    def affects(self, version: str) -> bool:
        """Whether a version has the hole."""
        found = version_tuple(version)
        return any(version_tuple(a) <= found < version_tuple(b) for a, b in self.ranges)


@dataclass(frozen=True, slots=True)
class Hole:
    """An advisory that applies here."""

    version: str
    advisory: Advisory

    def __str__(self) -> str:
        """Return it as a line."""
        known = self.advisory
        fixed = next(b for a, b in known.ranges if _between(a, self.version, b))
        return f"{known.package} {self.version}: {known.cve}, {known.what}; fixed in {fixed}"


def known_holes(version_of: VersionOf) -> list[Hole]:
    """Return the advisories that apply to the installed packages, in the table's order."""
    versions = {name: version_of(name) for name in {a.package for a in ADVISORIES}}
    return [
        Hole(version, advisory)
        for advisory in ADVISORIES
        if (version := versions[advisory.package]) and advisory.affects(version)
    ]


def _between(first: str, version: str, fixed: str) -> bool:
    return version_tuple(first) <= version_tuple(version) < version_tuple(fixed)


def _of_wheels(cve: str, what: str, *ranges: Range) -> Iterator[Advisory]:
    """Yield an advisory for each name under which OpenCV's wheels are published."""
    yield from (Advisory(name, cve, what, ranges) for name in WHEELS)


def _keras(cve: str, what: str, *ranges: Range, refused: bool = True) -> Advisory:
    return Advisory("keras", cve, what, ranges, refused)


ADVISORIES: Final[tuple[Advisory, ...]] = (
    # GHSA-48g7-3x6r-xfhp, -c9rc-mg46-23w3, -36fq-jgmw-4r9c: functions of any module, then its own
    _keras("CVE-2025-1550", "a .keras file runs any function", ("3.0", "3.9")),
    _keras("CVE-2025-8747", "a .keras file downloads and runs code", ("3.0", "3.11")),
    _keras("CVE-2025-9906", "a .keras file switches the safe mode off", ("3.0", "3.11")),
    _keras("CVE-2025-9905", "an .h5 file runs code, in safe mode too", ("3.0", "3.11.3")),
    _keras("CVE-2025-49655", "a .keras file unpickles anything", ("3.11", "3.11.3")),
    _keras("CVE-2025-12058", "a .keras file reads any file as a vocabulary", ("3.0", "3.12")),
    _keras("CVE-2025-12638", "downloads unpack anywhere", ("3.0", "3.12"), refused=False),
    # GHSA-4f3f-g24h-fr8m, -3m4q-jmj6-r34q, -xfhx-r7ww-5995: closed in 3.12.1, and in 3.13.2
    _keras("CVE-2026-1462", "a file loads any SavedModel", ("3.0", "3.12.1"), ("3.13", "3.13.2")),
    _keras("CVE-2026-1669", "weights read any file", ("3.0", "3.12.1"), ("3.13", "3.13.2")),
    _keras("CVE-2026-0897", "weights take all memory", ("3.0", "3.12.1"), ("3.13", "3.13.2")),
    # Keras 2, as the package keras and inside TensorFlow up to 2.15
    Advisory("keras", "CVE-2024-3660", "a model runs code on loading", (("0", "2.13"),), True),
    Advisory("tensorflow", "CVE-2023-25668", "heap buffer overflow", (("0", "2.11.1"),), True),
    # GHSA-q56x-g2fj-4rj6 and neighbours: weights in other files
    Advisory("onnx", "CVE-2022-25882", "a model reads any file", (("0", "1.13"),), True),
    Advisory("onnx", "CVE-2024-27318", "a model reads any file", (("0", "1.16"),), True),
    Advisory("onnx", "CVE-2026-27489", "a model reads any file by a link", (("0", "1.21"),), True),
    Advisory("onnx", "CVE-2026-34447", "a model reads any file by a link", (("0", "1.21"),), True),
    Advisory("onnx", "CVE-2026-34446", "a model reads hard-linked files", (("0", "1.21"),), True),
    Advisory("onnx", "CVE-2026-28500", "the hub's models are trusted in silence", (("0", "1.21"),)),
    Advisory(
        "protobuf",
        "CVE-2025-4565",
        "nested messages exhaust the stack",
        (("0", "4.25.8"), ("5.26", "5.29.5"), ("6.30", "6.31.1")),
    ),
    Advisory(
        "protobuf",
        "CVE-2026-0994",
        "nested JSON exhausts the stack",
        (("0", "5.29.6"), ("6.30", "6.33.5")),
    ),
    Advisory("pillow", "CVE-2023-4863", "a WebP image writes out of bounds", (("0", "10.0.1"),)),
    Advisory("pillow", "CVE-2023-50447", "ImageMath runs code", (("0", "10.2"),)),
    Advisory("pillow", "CVE-2024-28219", "a colour profile writes out of bounds", (("0", "10.3"),)),
    Advisory("pillow", "CVE-2025-48379", "a DDS image writes out of bounds", (("11.2", "11.3"),)),
    Advisory("pillow", "CVE-2026-25990", "a PSD image writes out of bounds", (("10.3", "12.1.1"),)),
    Advisory("numpy", "CVE-2021-34141", "comparing strings can crash", (("0", "1.22"),)),
    # GHSA-qr4w-53vh-m672: libwebp inside the wheels; a distribution's own OpenCV has its own
    *_of_wheels("CVE-2023-4863", "a WebP image writes out of bounds", ("0", "4.8.1.78")),
    *_of_wheels("CVE-2025-53644", "a JPEG image writes out of bounds", ("4.10", "4.12")),
)  # fmt: skip
