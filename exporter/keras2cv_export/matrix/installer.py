"""The two programs that make environments: uv, and Python's own venv with pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from .wheels import PACKAGE, newest

_TIMEOUT_S: Final = 1800.0  # a wheel has 60 MB, and networks are slow
_MAX_REASON: Final = 300
_TREE: Final = " \t│├╰└─▶×"  # noqa: RUF001 - uv's own signs
# What would let a fresh environment see packages, or settings, of this one.
_LEAKS: Final = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX")


class InstallError(Exception):
    """An environment or a version could not be had; the message is the reason, in one line."""


class Installer(Protocol):
    """What makes environments."""

    def newest_wheel(self, line: str) -> str:
        """Return the newest wheel of a line of versions such as "4.6".

        Raises:
            InstallError: there is none, or nobody to ask.
        """

    def create(self, folder: Path, requirements: Sequence[str]) -> None:
        """Make an environment in `folder` with `requirements` and what they need, nothing else.

        Raises:
            InstallError: it cannot be made; what lies in `folder` is the caller's to remove.
        """


@dataclass(frozen=True, slots=True)
class Uv:
    """`uv`, which takes a second where pip takes ten; it finds the Python it is asked for."""

    program: str
    python: str

    def newest_wheel(self, line: str) -> str:
        """Let uv's resolver choose."""
        options = ["--quiet", "--no-header", "--no-annotate", "--no-deps", "--only-binary", ":all:"]
        chosen = call(
            [self.program, "pip", "compile", *options, "--python", self.python, "-"],
            text=f"{PACKAGE}=={line}.*\n",
        )
        found = re.search(rf"^{PACKAGE}==([0-9.]+)", chosen, re.MULTILINE)
        if found is None:
            raise InstallError(f"uv names no {PACKAGE} {line}")
        return found[1]

    def create(self, folder: Path, requirements: Sequence[str]) -> None:
        """Make and fill it."""
        call([self.program, "venv", "--quiet", "--no-project", "--python", self.python, folder])
        install = ["pip", "install", "--quiet", "--only-binary", ":all:"]
        call([self.program, *install, "--python", python_of(folder), *requirements])


@dataclass(frozen=True, slots=True)
class VenvAndPip:
    """The standard library's venv, filled by the pip of the Python that it is made with."""

    python: str

    def newest_wheel(self, line: str) -> str:
        """Ask the index for every version."""
        listed = call(
            [self.python, "-m", "pip", "index", "versions", PACKAGE, "--only-binary", ":all:"]
        )
        versions = re.findall(r"\d+(?:\.\d+){3}\b", listed)
        wheel = newest(line, versions)
        if wheel is None:
            lines = sorted({".".join(v.split(".")[:2]) for v in versions}, key=_numbers)
            raise InstallError(f"{PACKAGE} has no {line}; it has {', '.join(lines) or 'nothing'}")
        return wheel

    def create(self, folder: Path, requirements: Sequence[str]) -> None:
        """Make it without pip, which would cost seconds and be a third package in it."""
        call([self.python, "-m", "venv", "--without-pip", folder])
        install = ["install", "--quiet", "--no-input", "--only-binary", ":all:", *requirements]
        call([self.python, "-m", "pip", "--python", python_of(folder), *install])


def choose_installer(python: str) -> Installer:
    """Return uv if it is on the PATH, otherwise venv and pip; `python` is whom they work for."""
    uv = shutil.which("uv")
    return Uv(uv, python) if uv else VenvAndPip(python)


def python_of(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def call(command: Sequence[str | Path], text: str = "") -> str:
    """Return what a program says on stdout.

    Raises:
        InstallError: it does not start, fails, or takes half an hour.
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            input=text,
            env=clean_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        raise InstallError(f"{command[0]} does not start: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise InstallError(
            f"{command[0]} was not done after {_TIMEOUT_S / 60:g} minutes"
        ) from error
    if done.returncode != 0:
        raise InstallError(condensed(done.stderr + done.stdout) or f"exit code {done.returncode}")
    return done.stdout


def clean_environment() -> Mapping[str, str]:
    """Return this process' environment without what leads back to its own packages."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEAKS}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


def condensed(said: str) -> str:
    """Return why pip, venv or uv failed, out of all that it said, in one line.

    pip's own words are on the lines that begin with ERROR. uv names causes below its error; older
    versions draw them as a little tree.
    """
    lines = [line.strip(_TREE) for line in said.splitlines()]
    lines = [line for line in lines if line]
    errors = [re.sub(r"^error: ", "", x, flags=re.I) for x in lines if re.match("error: ", x, re.I)]
    if errors and re.match("Could not find a version", errors[0]):
        return _no_version(errors[0])
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    return _cut(": ".join([*errors[:1], *causes] or [" ".join(lines[-3:])]))


def _no_version(line: str) -> str:
    """Shorten pip's list of a hundred versions, and tell an empty index from a wrong number."""
    wanted = re.search(r"requirement (\S+)", line)
    what = wanted[1] if wanted else "what is needed"
    if "versions: none" in line:
        return f"nothing named {what} is found: no network, or no wheel for this Python"
    return f"there is no {what} for this Python and machine"


def _cut(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= _MAX_REASON else f"{line[: _MAX_REASON - 3]}..."


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
