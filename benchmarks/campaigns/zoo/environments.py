"""An environment for each generation of Keras, which borrows TensorFlow from this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from keras2cv.errors import MissingDependency
from keras2cv_export.matrix.environment import cache_folder
from keras2cv_export.matrix.installer import clean_environment, condensed, find_uv, python_of
from keras2cv_export.matrix.pip_sources import find_sources


def prepared(generation: str, requirements: Sequence[str]) -> Path:
    """Return the Python of an environment with these packages; those that miss are installed.

    Raises:
        MissingDependency: A package cannot be installed.
    """
    folder = cache_folder() / "zoo" / generation
    python = python_of(folder)
    if not python.exists():
        _run(["venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)])
    _keep(_site_packages(folder) / "shared.pth", "\n".join(_borrowed()) + "\n")
    wanted = [*helpers(generation), *requirements]
    stamp = folder / "installed.txt"
    installed = set(stamp.read_text("utf-8").split()) if stamp.exists() else set()
    for requirement in [name for name in dict.fromkeys(wanted) if name not in installed]:
        _install(python, requirement)
        installed.add(requirement)
        stamp.write_text("\n".join(sorted(installed)), "utf-8")
    return python


def helpers(generation: str) -> list[str]:
    """Return what packages import beside TensorFlow, NumPy and Keras, pinned.

    Like the packages, they are installed without dependencies of their own, which would bring
    another TensorFlow.
    """
    lines = (Path(__file__).parent / f"{generation}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _keep(path: Path, text: str) -> None:
    """Write a file, unless it is so already: a process that starts may be reading it."""
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def _install(python: Path, requirement: str) -> None:
    options = ["--quiet", "--no-deps", *find_sources().options]
    _run(["pip", "install", *options, "--python", str(python), requirement])


def _run(words: Sequence[str]) -> None:
    done = subprocess.run(
        [find_uv(sys.executable).program, *words],
        env={**clean_environment(), **find_sources().variables},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise MissingDependency(f"{words[-1]} cannot be installed: {condensed(done.stderr)}.")


def _site_packages(folder: Path) -> Path:
    return next(folder.glob("lib/python*/site-packages"))


def _borrowed() -> list[str]:
    """Return this environment's packages, and this checkout's own."""
    root = Path(__file__).resolve().parents[3]
    own = [str(root / name) for name in ("runtime", "exporter", "benchmarks")]
    return [*own, *(p for p in sys.path if p.endswith("site-packages") and p not in own)]
