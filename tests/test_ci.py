"""The job file of the public CI holds what the README promises, and names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
JOBS = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def test_every_python_is_tried_on_every_system() -> None:
    """Those of the package's classifiers; 3.14 for the runtime, as TensorFlow has no wheel."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert len(pythons) >= 4
    suite, runtime = (JOBS.partition(f"  {job}:\n")[2] for job in ("suite", "runtime"))
    assert set(re.findall(r'"(3\.\d+)"', suite.partition("\n    env:")[0])) >= set(pythons)
    assert '"3.14"' in runtime
    for system in ("ubuntu", "windows", "macos"):
        assert f"{system}-latest" in suite.partition("  runtime:\n")[0]
        assert f"{system}-latest" in runtime


def test_its_paths_exist() -> None:
    """A renamed file of tests is noticed here, and not on another system only."""
    paths = re.findall(r"tests/[\w/.]+", JOBS)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_it_plays_the_opencvs_of_the_suite() -> None:
    """The choices of `--opencv-like` are jobs."""
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    (choices,) = re.findall(r'"--opencv-like", choices=\[(.*?)\]', conftest)
    assert f"like: [{choices.replace(chr(34), '')}]" in JOBS
