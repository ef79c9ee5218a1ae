"""Java with the distribution's OpenCV: `apt install default-jdk-headless libopencv-java`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from support.left_out import leave_out

JAR: Final = Path("/usr/share/java/opencv.jar")
NATIVE: Final = Path("/usr/lib/jni")
_RUNNER: Final = Path(__file__).parent / "java" / "GoldenRunner.java"
_TIMEOUT_S: Final = 300


def run_jobs(jobs: Sequence[Sequence[object]], folder: Path) -> list[str]:
    """Return the reply of `GoldenRunner` to each job, whose words are apart by tabs.

    Args:
        jobs: See `java/GoldenRunner.java`.
        folder: Receives the runner's own classes.
    """
    compiled = [_tool("javac"), "-cp", JAR, "-d", folder, _RUNNER]
    assert _run(compiled, "").returncode == 0
    words = "".join("\t".join(map(str, job)) + "\n" for job in jobs)
    found = _run([*_java(folder), "GoldenRunner"], words)
    assert (found.stderr, found.returncode) == ("", 0)
    return found.stdout.splitlines()


def run_main(classes: Path, package: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a module's own program."""
    return _run([*_java(classes), f"{package}.Main", *arguments], "")


def _java(classes: Path) -> list[object]:
    return [
        *(_tool("java"), "-Xshare:auto", "-XX:TieredStopAtLevel=1"),
        *(f"-Djava.library.path={NATIVE}", "-cp", f"{classes}:{JAR}"),
    ]


def _run(words: Sequence[object], stdin: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        check=False,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=_TIMEOUT_S,
    )


def _tool(name: str) -> str:
    """Return a tool's path; skip the test where it or OpenCV is missing, and fail if CI=true."""
    path = shutil.which(name)
    if path is None or not JAR.exists():
        leave_out("java", f"no {name} or no {JAR}: apt install default-jdk-headless libopencv-java")
    return path
