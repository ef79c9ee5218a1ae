"""Every system call of an export that changes files fails once: the bundle stays whole.

    python -m campaigns.reliability.faults [--json FILE]

The calls are counted by a library of a page of C (faulty.c), preloaded before the C library's own:
open, write, fsync, rename, mkdir, unlink, flock and their kin, on files under the folder of the
test. For every n, the n-th call fails with ENOSPC, EIO or EACCES; the write before it is cut short,
as on a disk that fills up. A new bundle, one over an old one, one where two folders cannot be
exchanged in one step; and the same in OpenCV's child process.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

from keras2cv.bundle.writing import staged_bundle

from .exporting import Export, fork, is_old, leftovers, older_bundle, remembered_export, wait, whole

ERRORS: Final = (errno.ENOSPC, errno.EIO, errno.EACCES)
_SHIM: Final = Path(__file__).with_name("faulty.c")


@dataclass
class Result:
    """The outcomes of one kind of export under faults."""

    name: str
    calls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the row of the table in docs/reliability.md."""
        counts = ", ".join(f"{outcome} {count}" for outcome, count in sorted(self.outcomes.items()))
        tried = sum(self.outcomes.values())
        return f"| {self.name} | {self.calls} | {tried} | {counts} | {len(self.problems)} |"


def build_shim(folder: Path) -> Path:
    """Compile the library that lets calls fail.

    Raises:
        OSError, CalledProcessError: there is no C compiler.
    """
    library = folder / "faulty.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SHIM), "-ldl"]
    subprocess.run(command, check=True)
    return library


class Faults:
    """The library, in a process that it was preloaded to."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def arm(self, number: int, error: int, under: Path) -> None:
        """Let call `number` fail from now on; -1: count only."""
        self._library.fault_arm(ctypes.c_long(number), error, os.fsencode(under))

    @property
    def calls(self) -> int:
        """How many calls there have been since."""
        return int(self._library.fault_calls())


def every_call(
    name: str, export: Export, place: Path, faults: Faults, *, old: Path | None, step: int = 1
) -> Result:
    """Let each call of `export` fail once with each error.

    Args:
        name: Of the result.
        export: Exports to a path.
        place: Folder of the bundle.
        faults: The preloaded library.
        old: A bundle to export over; None for a new bundle.
        step: 1 tries every call, n every n-th one.
    """
    result = Result(name)
    result.calls = _count(export, place, faults, old)
    for error in ERRORS:
        for number in range(0, result.calls, step):
            target = _fresh(place, old)
            pid = fork(lambda: _armed(export, target, faults, number, error, place))  # noqa: B023
            code = wait(pid)
            where = f"{name}: call {number}, {errno.errorcode[error]}"
            _note(result, target, code, where, had_old=old is not None)
    return result


def _note(result: Result, target: Path, code: int, where: str, *, had_old: bool) -> None:
    try:
        outcome = _judged(target, code, had_old=had_old)
    except Exception as problem:  # any kind: the campaign looks for them
        result.problems.append(f"{where}: {problem!r}")
        outcome = "wrong"
    result.outcomes[outcome] += 1


def _armed(
    export: Export, target: Path, faults: Faults, number: int, error: int, place: Path
) -> None:
    faults.arm(number, error, place)
    export(target)


def _count(export: Export, place: Path, faults: Faults, old: Path | None) -> int:
    target = _fresh(place, old)
    found = place.parent / "calls"

    def counted() -> None:
        faults.arm(-1, 0, place)
        export(target)
        calls = faults.calls
        found.write_text(str(calls), encoding="ascii")

    code = wait(fork(counted))
    if code != 0:
        raise RuntimeError(f"the export fails without any fault ({code})")
    return int(found.read_text(encoding="ascii"))


def _fresh(place: Path, old: Path | None) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if old is not None:
        shutil.copytree(old, place / "cat.cv")
    return place / "cat.cv"


def _judged(target: Path, code: int, *, had_old: bool) -> str:
    """Return "old", "new" or "nothing"; raise for any other state."""
    if code not in (0, 1):
        raise AssertionError(f"exit code {code}: not one of our errors")
    bundle = whole(target)
    if code == 0 and (bundle is None or is_old(bundle)):
        raise AssertionError("it says that it is done, and is not")
    if bundle is None and had_old:
        with _next_run(target):  # it restores files that an interrupted export had moved aside
            bundle = whole(target)
        if bundle is None or not is_old(bundle):
            raise AssertionError("the old bundle is lost")
    left = leftovers(target)
    if len(left) > 1 or any(not name.startswith("cat.cv.tmp-") for name in left):
        raise AssertionError(f"leftovers: {left}")
    with _next_run(target):
        pass
    if leftovers(target):
        raise AssertionError(f"leftovers after the next run: {leftovers(target)}")
    return "nothing" if bundle is None else "old" if is_old(bundle) else "new"


@contextlib.contextmanager
def _next_run(target: Path) -> Iterator[None]:
    with staged_bundle(target):
        yield


def in_the_child(name: str, export: Export, place: Path, old: Path) -> Result:
    """Let the calls of OpenCV's child processes fail, one by one.

    Args:
        name: Of the result.
        export: Exports to a path.
        place: Folder of the bundle.
        old: A bundle to export over.
    """
    result = Result(name)
    count = place.parent / "count"
    with mock.patch.dict(os.environ, FAULT_UNDER=str(place), FAULT_COUNT=str(count)):
        wait(fork(lambda: export(_fresh(place, old))))
        result.calls = int(count.read_text(encoding="ascii"))
        for number in range(result.calls):
            target = _fresh(place, old)
            with mock.patch.dict(os.environ, FAULT_AT=str(number)):
                code = wait(fork(lambda: export(target)))  # noqa: B023
            _note(result, target, code, f"{name}: call {number}", had_old=True)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run every case; return 1 if a bundle was lost or mixed, or files were left over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--step", type=int, default=1, help="try every so many calls (default: 1)")
    parser.add_argument("--only", choices=("parent", "child"), help="one of the two processes")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="keras2cv-faults-") as name:
        work = Path(name).resolve()
        if "faulty.so" not in os.environ.get("LD_PRELOAD", ""):
            return _again_preloaded(build_shim(work))
        results = list(_results(work, args))
    print("| export | calls | faults | left behind | wrong |", "|---|---|---|---|---|", sep="\n")
    print(*results, sep="\n")
    problems = [problem for result in results for problem in result.problems]
    print(*problems[:20], sep="\n")
    if args.json:
        rows: list[Any] = [vars(result) for result in results]
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if problems else 0


def _again_preloaded(library: Path) -> int:
    command = [sys.executable, "-m", "campaigns.reliability.faults", *sys.argv[1:]]
    return subprocess.run(
        command, check=False, env={**os.environ, "LD_PRELOAD": str(library)}
    ).returncode


def _results(work: Path, args: argparse.Namespace) -> Iterator[Result]:
    from keras2cv.bundle import atomic_swap as swap

    faults, place, old = Faults(), work / "place", work / "old.cv"
    with remembered_export(work) as (export, quick):
        older_bundle(quick, old)
        if args.only != "child":
            yield every_call("a new bundle", quick, place, faults, old=None, step=args.step)
            yield every_call("over an old one", quick, place, faults, old=old, step=args.step)
            with mock.patch.object(swap, "_exchange", return_value=False):
                yield every_call("in two steps", quick, place, faults, old=old, step=args.step)
        if args.only != "parent":
            yield in_the_child("in OpenCV's child process", export, place, old)


if __name__ == "__main__":
    sys.exit(main())
