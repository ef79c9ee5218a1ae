"""Known holes are found by version, with their numbers, without a network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from keras2cv.cli import main
from keras2cv.diagnosis import advisories
from keras2cv.diagnosis.advisories import ADVISORIES, Advisory, known_holes
from keras2cv.diagnosis.doctor import diagnose
from keras2cv.errors import MissingDependency
from keras2cv.net.opencv import WHEELS, installed_version, version_tuple
from keras2cv_export.cli.heavy import refuse_holes

ROOT = Path(__file__).parents[3]


def cves(**versions: str) -> set[str]:
    """Return the numbers of the advisories for some versions."""
    installed = {name.replace("_", "-"): version for name, version in versions.items()}
    return {hole.advisory.cve for hole in known_holes(installed.get)}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.8.0", "1550 8747 9906 9905 12058 12638 1462 1669 0897"),
        ("3.9.0", "8747 9906 9905 12058 12638 1462 1669 0897"),
        ("3.11.0", "9905 49655 12058 12638 1462 1669 0897"),
        ("3.11.3", "12058 12638 1462 1669 0897"),
        ("3.12.0", "1462 1669 0897"),
        ("3.12.1", ""),
        ("3.12.4", ""),
        ("3.13.0", "1462 1669 0897"),
        ("3.13.1", "1462 1669 0897"),
        ("3.13.2", ""),
        ("3.15.1", ""),
        ("2.12.0", "3660"),
        ("2.15.0", ""),
    ],
)
def test_each_keras_has_its_own_holes(version: str, expected: str) -> None:
    """The ranges are the advisories', including holes that were closed in two release lines."""
    assert {cve.rpartition("-")[2] for cve in cves(keras=version)} == set(expected.split())


@pytest.mark.parametrize(
    ("package", "version", "count"),
    [
        ("onnx", "1.12.0", 6),
        ("onnx", "1.20.1", 4),
        ("onnx", "1.21.0", 0),
        ("protobuf", "4.25.7", 2),
        ("protobuf", "4.25.8", 1),
        ("protobuf", "5.29.5", 1),
        ("protobuf", "5.29.6", 0),
        ("protobuf", "6.31.0", 2),
        ("protobuf", "6.33.5", 0),
        ("protobuf", "7.36.2", 0),
        ("pillow", "12.1.0", 1),
        ("pillow", "12.1.1", 0),
        ("pillow", "9.5.0", 3),
        ("opencv_python", "4.6.0.66", 1),
        ("opencv_python_headless", "4.8.1.78", 0),
        ("opencv_python", "4.11.0.86", 1),
        ("opencv_python", "4.12.0.88", 0),
        ("numpy", "1.21.6", 1),
        ("tensorflow", "2.11.0", 1),
        ("tensorflow", "2.18.0", 0),
    ],
)
def test_each_package_has_its_own_holes(package: str, version: str, count: int) -> None:
    """Each version has as many holes as its advisories list."""
    assert len(cves(**{package: version})) == count


def test_the_table_is_well_formed() -> None:
    """Numbers look like numbers, ranges are not empty, nothing is there twice."""
    for advisory in ADVISORIES:
        assert re.fullmatch(r"CVE-20\d\d-\d{4,6}", advisory.cve)
        assert advisory.url.endswith(advisory.cve)
        assert all(version_tuple(first) < version_tuple(fixed) for first, fixed in advisory.ranges)
    names = [(a.package, a.cve) for a in ADVISORIES]
    assert len(set(names)) == len(names)
    assert set(WHEELS) <= {package for package, _ in names}


def test_what_ci_installs_has_no_known_holes() -> None:
    """Neither the constraints, for every Python, nor the packages installed here have one."""
    assert known_holes(installed_version) == []
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.partition(";")[0].strip().split("==") for line in lines if "==" in line]
    assert len(pinned) > 50
    for name, version in pinned:
        assert known_holes({name: version}.get) == []


def test_the_oldest_that_may_be_installed_are_not_refused() -> None:
    """The minimums of pyproject.toml are beyond every hole that a model's file can use."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = dict(re.findall(r'^    "([a-z-]+)>=([\d.]+)', text, re.MULTILINE))
    refused = [h for h in known_holes(oldest.get) if h.advisory.refused]
    assert oldest["keras"] == "3.12.1"
    assert refused == []
    assert "!=3.13.0,!=3.13.1" in text


def test_exporting_does_not_start_with_a_keras_that_runs_code() -> None:
    """Each hole is named, and the command that closes it."""
    refuse_holes("export", {"keras": "3.15.1", "pillow": "9.5.0"}.get)
    with pytest.raises(MissingDependency) as caught:
        refuse_holes("export", {"keras": "3.8.0", "onnx": "1.20.1"}.get)
    message = str(caught.value)
    assert "keras 3.8.0 (CVE-2025-1550, CVE-2025-8747, " in message
    assert "onnx 1.20.1 (CVE-2026-27489, " in message
    assert "pip install -U keras onnx" in message


@pytest.mark.genuine
def test_the_doctor_lists_holes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are warnings, since a device may have no other OpenCV; the exit code ignores them."""
    found = diagnose({"numpy": "2.4.6", "opencv-python": "4.6.0.66"}.get)
    assert [str(hole) for hole in found.holes] == [
        "opencv-python 4.6.0.66: CVE-2023-4863, a WebP image writes out of bounds; "
        "fixed in 4.8.1.78"
    ]
    report = json.loads(json.dumps(found.to_dict()))
    assert report["holes"][0]["advisory"]["cve"] == "CVE-2023-4863"
    made_up = Advisory("numpy", "CVE-2030-0001", "x", (("1", "99"),))
    monkeypatch.setattr(advisories, "ADVISORIES", (made_up,))
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "known holes" in out
    assert "CVE-2030-0001, x; fixed in 99" in out
