"""uv, which chooses wheels and makes environments out of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from keras2cv.errors import MissingDependency
from keras2cv.isolation.bootstrap import die_with_parent

from .pip_sources import Sources, find_sources
from .wheels import PACKAGE

_TIMEOUT_S: Final = 1800.0  # a wheel has 60 MB, and networks are slow
_MAX_REASON: Final = 300
_WHEELS_ONLY: Final = ("--quiet", "--only-binary", ":all:")
# Variables that would let a fresh environment see packages, or settings, of this one.
_LEAKS: Final = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX")


class InstallError(Exception):
    """An environment or a version could not be had; the message is the reason, in one line."""


@dataclass(frozen=True)
class Uv:
    """uv, working for the interpreter `python`; it downloads wheels, and never a Python."""

    program: str
    python: str

    @cached_property
    def _sources(self) -> Sources:
        return find_sources()

    def newest_wheel(self, line: str, *, pre: bool = False) -> str:
        """Return the newest wheel of a line of versions such as "4.6"; `pre`: or a pre-release.

        Raises:
            InstallError: there is none, or no index can be reached.
        """
        options = ["--no-header", "--no-annotate", "--no-deps", "--python", self.python, "-"]
        chosen = self._pip("compile", *options, text=f"{PACKAGE}=={line}.*\n", pre=pre)
        found = re.search(rf"^{PACKAGE}==([0-9a-z.]+)$", chosen, re.MULTILINE)
        if found is None:
            raise InstallError(f"uv names no {PACKAGE} {line}")
        return found[1]

    def create(self, folder: Path, requirements: Sequence[str]) -> None:
        """Make an environment in `folder` with `requirements` and their dependencies, nothing else.

        Raises:
            InstallError: it cannot be made; the caller removes the files in `folder`.
        """
        options = ["--quiet", "--no-project", "--no-python-downloads", "--relocatable"]
        self._run("venv", *options, "--python", self.python, str(folder))
        self._pip("install", "--python", str(python_of(folder)), *requirements)

    def _pip(self, *arguments: str, text: str = "", pre: bool = False) -> str:
        verb, *rest = arguments
        allowed = ("--prerelease", "allow" if pre else "explicit")  # as "==5.1.0.90rc1" is
        options = (*_WHEELS_ONLY, *allowed, *self._sources.options)
        return self._run("pip", verb, *options, *rest, text=text)

    def _run(self, *arguments: str, text: str = "") -> str:
        """Return uv's stdout; `text` is its stdin."""
        try:
            done = subprocess.run(
                [self.program, *arguments],
                input=text,
                env={**clean_environment(), **self._sources.variables},
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
                preexec_fn=None if sys.platform == "win32" else die_with_parent,
            )
        except OSError as error:
            raise InstallError(f"{self.program} does not start: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            minutes = f"{_TIMEOUT_S / 60:g} minutes"
            raise InstallError(f"{self.program} was not done after {minutes}") from error
        if done.returncode != 0:
            raise InstallError(condensed(done.stderr) or f"exit code {done.returncode}")
        return done.stdout


def find_uv(python: str) -> Uv:
    """Return uv, from its Python package or from the PATH, to work for the interpreter `python`.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        from uv import find_uv_bin

        program: str | None = find_uv_bin()
    except (ImportError, FileNotFoundError):
        program = shutil.which("uv")
    if program is None:
        raise MissingDependency(
            "uv, which makes environments with other versions of OpenCV, is not installed. "
            "Install it: pip install uv"
        )
    return Uv(program, python)


def python_of(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def clean_environment() -> Mapping[str, str]:
    """Return this process' environment without the variables that lead to its own packages."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEAKS}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


def condensed(stderr: str) -> str:
    """Return uv's error and its causes in one line, without hints and signs that draw a tree."""
    error = re.split(r"^\W*hint: ", stderr, flags=re.MULTILINE)[0]
    error = re.sub(r"[│├╰└─▶×]", " ", error)  # noqa: RUF001 - as older versions of uv do
    error = re.sub(r"^\s*error: ", "", error)
    line = " ".join(re.sub(r":?\s*\n\s*cause: ", ": ", error).split()).rstrip(".")
    return line if len(line) <= _MAX_REASON else f"{line[: _MAX_REASON - 3]}..."
