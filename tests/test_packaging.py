"""The wheel: its files, its verbs and its metadata."""

from __future__ import annotations

import re
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
    pytest.importorskip("hatch_fancy_pypi_readme")
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


def test_the_sample_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """The first command after `pip install` needs it."""
    folder = ROOT / "runtime" / "keras2cv" / "sample"
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(files) == 6
    assert {path.relative_to(ROOT / "runtime").as_posix() for path in files} <= set(
        wheel.namelist()
    )


def test_a_registry_page_has_whole_links(wheel: zipfile.ZipFile) -> None:
    """The README has relative links, and its copy in the metadata has none."""
    text = Parser().parsestr(metadata(wheel, "METADATA")).get_payload()
    links = re.findall(r"\]\(([^)\s]+)\)", str(text))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert any(link.startswith("https://raw.") and link.endswith("way.png") for link in links)


def test_a_release_is_published_with_attestations() -> None:
    """By trusted publishing: no job has a token, and only one may sign."""
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    assert "attestations: true" in text
    assert "secrets." not in text
    assert text.count("id-token: write") == 1
    assert ".ci/packages" in text


def test_the_conda_recipe_has_the_version_and_needs_of_the_wheel() -> None:
    """A change of pyproject.toml is noticed here."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    recipe = (ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    for name, there in (("version", 'version: "{}"'), ("requires-python", "python {}")):
        [value] = re.findall(rf'^{name} = "(.*)"$', project, re.M)
        assert there.format(value) in recipe
    [needs] = re.findall(r'^dependencies = \["(.*)"\]$', project, re.M)
    assert needs.replace(">=", " >=") in recipe


def test_a_cluster_runs_the_example_on_the_ray_that_is_tested() -> None:
    """The job of KubeRay and the image name files and versions of this checkout."""
    job = (ROOT / "packaging" / "kubernetes" / "rayjob.yaml").read_text(encoding="utf-8")
    image = (ROOT / "packaging" / "docker" / "Dockerfile.cluster").read_text(encoding="utf-8")
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    [version] = re.findall(r'rayVersion: "(.*)"', job)
    assert f"\nray=={version}\n" in constraints
    [script] = re.findall(r"python /app/(\w+\.py)", job)
    [folder] = re.findall(r"^COPY (\S+) /app$", image, re.M)
    assert (ROOT / folder / script).is_file()
    options = (ROOT / folder / "checkpoints.py").read_text(encoding="utf-8")
    assert all(f'"{option}"' in options for option in re.findall(r"--[a-z]+", job))
