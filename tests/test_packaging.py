"""The wheel: its files, its verbs and its metadata."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from keras2cv.cli.verbs import GROUP, SHIPPED

ROOT = Path(__file__).parents[1]
PACKAGES = ("keras2cv", "keras2cv_export", "keras2cv_bench")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project's wheel, built by hatchling without a network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [path] = folder.iterdir()
    return zipfile.ZipFile(path)


def metadata(wheel: zipfile.ZipFile, name: str) -> str:
    """Return a file of the wheel's dist-info folder."""
    [path] = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
    return wheel.read(path).decode("utf-8")


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """No campaign, no test, no page of the documentation."""
    tops = {path.partition("/")[0] for path in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    strangers = [
        path
        for path in wheel.namelist()
        if "campaigns" in path or Path(path).name.startswith(("test_", "conftest"))
    ]
    assert strangers == []


def test_every_module_of_the_packages_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """The installed modules are the tested ones."""
    folders = {"keras2cv": "runtime", "keras2cv_export": "exporter", "keras2cv_bench": "benchmarks"}
    for package, folder in folders.items():
        sources = (ROOT / folder / package).rglob("*.py")
        assert {path.relative_to(ROOT / folder).as_posix() for path in sources} <= set(
            wheel.namelist()
        )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_declares_that_it_is_typed(wheel: zipfile.ZipFile, package: str) -> None:
    """Type checkers read our annotations only where there is a py.typed."""
    assert f"{package}/py.typed" in wheel.namelist()


def test_the_verbs_of_the_wheel_are_those_of_a_checkout(wheel: zipfile.ZipFile) -> None:
    """The entry points, and the table that stands in for them, name the same modules."""
    _, _, text = metadata(wheel, "entry_points.txt").partition(f"[{GROUP}]\n")
    lines = text.partition("\n\n")[0].splitlines()
    found = dict(line.split(" = ") for line in lines)
    assert found == {name: shipped.module for name, shipped in SHIPPED.items()}


def test_pytest_finds_the_fixture(wheel: zipfile.ZipFile) -> None:
    """By an entry point that names a module of the wheel."""
    text = metadata(wheel, "entry_points.txt").partition("[pytest11]\n")[2]
    assert text.splitlines()[0] == "keras2cv = keras2cv_export.pytest_plugin"
    assert "keras2cv_export/pytest_plugin.py" in wheel.namelist()


def test_the_metadata_links_the_docs_and_lists_the_pythons(
    wheel: zipfile.ZipFile,
) -> None:
    """Project URLs, a classifier for each Python, and the extras that the verbs recommend."""
    found = Parser().parsestr(metadata(wheel, "METADATA"))
    urls = {url.partition(", ")[0] for url in found.get_all("Project-URL", [])}
    assert urls == {"Homepage", "Documentation", "Source", "Issues", "Changelog"}
    pythons = [f"Programming Language :: Python :: 3.{minor}" for minor in (10, 11, 12, 13)]
    assert set(pythons) <= set(found.get_all("Classifier", []))
    assert {shipped.extra for shipped in SHIPPED.values()} <= set(
        found.get_all("Provides-Extra", [])
    )
