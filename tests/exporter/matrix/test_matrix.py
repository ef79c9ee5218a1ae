"""The matrix: environments made once and whole, self-tests in them, and their reports.

Environments here are made by a stand-in for uv: a venv, with stubs for cv2 and NumPy in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rich.console import Console
from uv import find_uv_bin

from keras2cv.bundle.leftovers import locked_folder, stage_name
from keras2cv.bundle.manifest import Engine
from keras2cv.bundle.writing import write_bundle
from keras2cv.cli import main
from keras2cv.errors import BundleError, MissingDependency, UsageError
from keras2cv_export import matrix
from keras2cv_export.matrix import MatrixReport, MatrixRow, render, run_matrix
from keras2cv_export.matrix.environment import (
    Environment,
    Environments,
    cache_folder,
    runtime_copy,
)
from keras2cv_export.matrix.installer import InstallError, Uv, condensed, find_uv, python_of
from keras2cv_export.matrix.pip_sources import Sources, find_sources, parse_settings
from keras2cv_export.matrix.trial import run_selftest
from keras2cv_export.matrix.wheels import engines_of, is_exact, newest, numpy_requirement
from support.processes import all_gone, numbers
from support.tiny_bundle import Classifier, manifest_of, npz

ROOT = Path(__file__).parents[3]
WHEEL = "4.6.0.66"
CRASH = "import ctypes; ctypes.string_at(0)"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep environments in the test's own folder."""
    monkeypatch.setenv("KERAS2CV_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "opencv"


@pytest.fixture
def cat_cv(tmp_path: Path) -> Path:
    """Write a small classifier of images, and return its folder."""
    return Classifier().write(tmp_path / "cat.cv")


@dataclass(frozen=True)
class StandIn(Uv):
    """An installer that makes real venvs, with two stubs in place of uv's packages."""

    program: str = "uv"
    python: str = sys.executable
    cv2: str = "__version__ = '4.6.0'"
    made: list[Sequence[str]] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    index: list[str] = field(default_factory=lambda: ["4.6.0.65", WHEEL, "4.7.0.72", "5.0.0.93"])

    def newest_wheel(self, line: str) -> str:
        """Look the line up in `index`; an empty one stands for no network."""
        found = newest(line, self.index)
        if found is None:
            raise InstallError("there is nothing of that name")
        return found

    def create(self, folder: Path, requirements: Sequence[str]) -> None:
        """Make it, and let `during` happen while it is half made."""
        self.made.append(tuple(requirements))
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.during()
        packages = sorted(folder.glob("[Ll]ib*/**/site-packages"))[0]  # lib64 is a link to lib
        (packages / "cv2.py").write_text(self.cv2, encoding="utf-8")
        (packages / "numpy.py").write_text("__version__ = '1.26.4'", encoding="utf-8")


def folders(cache: Path) -> list[str]:
    """Return the folders in the cache, without the Python's name that they all begin with."""
    return sorted(entry.name.partition("-opencv")[2] for entry in cache.iterdir())


@pytest.mark.parametrize(
    ("wheel", "requirement"),
    [
        ("4.5.5.64", "numpy<2"),
        ("4.6.0.66", "numpy<2"),
        ("4.10.0.82", "numpy<2"),
        ("4.10.0.84", "numpy"),
        ("5.0.0.93", "numpy"),
    ],
)
def test_wheels_get_the_numpy_that_they_were_built_for(wheel: str, requirement: str) -> None:
    """NumPy 2 changed the C interface; 4.10.0.84 is the first wheel made for it."""
    assert numpy_requirement(wheel) == requirement


@pytest.mark.parametrize(
    ("line", "wheel"),
    [("4.6", "4.6.0.66"), ("4", "4.10.0.84"), ("4.1", None), ("4.10.0", "4.10.0.84"), ("6", None)],
)
def test_a_line_means_its_newest_wheel(line: str, wheel: str | None) -> None:
    """Versions are compared as numbers, part by part: 4.10 is no 4.1, and newer than 4.6."""
    available = ["4.10.0.82", "4.6.0.66", "4.10.0.84", "4.6.0.58", "4.10.0.9"]
    assert newest(line, available) == wheel


def test_engines_and_exact_versions() -> None:
    """OpenCV 5 has two engines; four numbers need no look-up."""
    assert engines_of("4.14.0") == ("classic",)
    assert engines_of("5.0.0-pre") == ("new", "classic")
    assert [is_exact(v) for v in ("4.6", "4.6.0", "4.6.0.66")] == [False, False, True]


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because only these are available:\n             a<2\n"
            "         and you want 3.\n"
            "hint: Wheels are required.\n",
            "No solution found when resolving dependencies: Because only these are available: a<2 "
            "and you want 3",
        ),
        (
            "error: Request failed after 3 retries in 7s\n  cause: Failed to fetch: a\n"
            "  cause: dns error",
            "Request failed after 3 retries in 7s: Failed to fetch: a: dns error",
        ),
        ("error: No space left on device (os error 28)\n", "No space left on device (os error 28)"),
        (
            "  × No solution found:\n  ╰─▶ Because there is no b\n      and you want b.",  # noqa: RUF001
            "No solution found: Because there is no b and you want b",
        ),
        ("error: " + "a " * 300, "a " * 148 + "a..."),
        ("", ""),
    ],
)
def test_the_messages_of_uv_are_condensed(stderr: str, reason: str) -> None:
    """One line has the reason, however uv draws its causes."""
    assert condensed(stderr) == reason


def test_uv_is_found_in_its_package_or_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes with [export]; where it does not, one of the user's own will do."""
    assert find_uv("python3") == Uv(find_uv_bin(), "python3")
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name))
    assert find_uv("python3") == Uv(str(tmp_path / "uv"), "python3")


def test_without_uv_one_sentence_names_the_command(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3: the environment lacks something."""
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert main(["matrix", str(cat_cv), "--opencv", "4.6"]) == 3
    assert "Install it: pip install uv" in capsys.readouterr().err


def test_an_installer_that_does_not_start_is_a_reason(tmp_path: Path) -> None:
    """A missing program is one sentence, not a traceback."""
    with pytest.raises(InstallError, match="does not start: No such file"):
        Uv(str(tmp_path / "uv"), sys.executable).create(tmp_path / "e", ["numpy"])


PARENT = """
import sys
from pathlib import Path
from keras2cv_export.matrix.installer import Uv
Uv(sys.argv[1], sys.executable).create(Path("e"), ["numpy"])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG")
def test_an_installer_dies_with_its_parent(tmp_path: Path) -> None:
    """A download of many minutes does not go on when nobody waits for it."""
    program, file = tmp_path / "uv", tmp_path / "pid"
    program.write_text(f'#!/bin/sh\necho $$ > "{file}"\nexec sleep 600\n', encoding="utf-8")
    program.chmod(0o755)
    paths = os.pathsep.join(str(ROOT / name) for name in ("runtime", "exporter"))
    command = [sys.executable, "-c", PARENT, str(program)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}) as parent:
        pids = numbers(file)
        parent.kill()
    assert all_gone(pids)


LISTED = """\
:env:.find-links='/from/environment'
global.extra-index-url='https://a/simple https://b/simple'
global.find-links='/from/file'
global.index-url='https://user:secret@c/simple'
global.timeout='60'
install.no-index='true'
install.trusted-host='\\na\\nb'
"""


@pytest.fixture
def no_sources(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Take this machine's own configuration of pip and uv away."""
    for name in list(os.environ):
        if name.startswith(("UV_", "PIP_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return monkeypatch


def test_settings_of_pip_are_read_in_the_order_of_pip() -> None:
    """Its variables win over its files, as for pip itself."""
    settings = parse_settings(LISTED)
    assert settings["find-links"] == "/from/environment"
    assert settings["trusted-host"].split() == ["a", "b"]
    assert parse_settings("") == {}


def test_uv_looks_where_pip_looks(no_sources: pytest.MonkeyPatch) -> None:
    """Indices, folders of wheels and constraints of pip are put into the variables of uv."""
    no_sources.setenv("PIP_INDEX_URL", "https://user:secret@c/simple")
    no_sources.setenv("PIP_EXTRA_INDEX_URL", "https://a/simple https://b/simple")
    no_sources.setenv("PIP_FIND_LINKS", "/wheels /more")
    no_sources.setenv("PIP_CONSTRAINT", "/constraints.txt")
    found = find_sources()
    assert found.options == ()
    assert found.variables == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://user:secret@c/simple",
        "UV_INDEX": "https://a/simple https://b/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_CONSTRAINT": "/constraints.txt",
    }


def test_sources_of_uv_itself_win(no_sources: pytest.MonkeyPatch) -> None:
    """The settings of uv come first."""
    no_sources.setenv("PIP_INDEX_URL", "https://c/simple")
    no_sources.setenv("UV_DEFAULT_INDEX", "https://d/simple")
    assert find_sources() == Sources()


def test_wheels_in_a_folder_are_enough(no_sources: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an index, lines are looked up and environments made out of a folder of wheels."""
    for wheel in ("4.6.0.65", WHEEL, "4.7.0.72", "4.6.1rc1"):
        write_wheel(tmp_path, "opencv_python_headless", wheel, "cv2")
    write_wheel(tmp_path, "numpy", "1.26.4", "numpy")
    no_sources.setenv("PIP_FIND_LINKS", str(tmp_path))
    no_sources.setenv("PIP_NO_INDEX", "1")
    environments = Environments()
    assert environments.resolve("4.6") == WHEEL
    made = environments.prepare(WHEEL)
    assert (made.opencv, made.numpy) == ("4.6.0", "1.26.4")
    with pytest.raises(MissingDependency, match=r"No wheel of OpenCV 4\.8 is found \(No solution"):
        environments.resolve("4.8")
    with pytest.raises(MissingDependency, match=r"OpenCV 5\.0\.0\.93 can be made .*: No solution"):
        environments.prepare("5.0.0.93")


def test_a_broken_download_is_a_reason(
    no_sources: pytest.MonkeyPatch, tmp_path: Path, cache: Path
) -> None:
    """A wheel that is cut short leaves nothing behind."""
    whole = write_wheel(tmp_path, "opencv_python_headless", WHEEL, "cv2")
    whole.write_bytes(whole.read_bytes()[:-70])
    write_wheel(tmp_path, "numpy", "1.26.4", "numpy")
    no_sources.setenv("PIP_FIND_LINKS", str(tmp_path))
    no_sources.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(MissingDependency, match=r"OpenCV 4\.6\.0\.66 can be made"):
        Environments().prepare(WHEEL)
    assert folders(cache) == []


def write_wheel(folder: Path, package: str, version: str, module: str) -> Path:
    """Write a wheel whose only module holds its version, without the wheel's own number."""
    path = folder / f"{package}-{version}-py3-none-any.whl"
    about = f"{package}-{version}.dist-info"
    opencv = ".".join(version.split(".")[:3])
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{module}.py", f"__version__ = {opencv!r}\n")
        file.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        )
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return path


def test_an_environment_is_made_once(cache: Path) -> None:
    """The second time it is only checked; its versions are those that import there."""
    installer = StandIn()
    environments = Environments(installer=installer)
    assert not environments.has(WHEEL)
    first = environments.prepare(WHEEL)
    assert environments.has(WHEEL)
    assert environments.prepare(WHEEL) == first
    assert installer.made == [("opencv-python-headless==4.6.0.66", "numpy<2")]
    assert (first.opencv, first.numpy, first.wheel) == ("4.6.0", "1.26.4", WHEEL)
    assert folders(cache) == ["4.6.0.66-numpy1"]


def test_an_environment_sees_no_package_of_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONPATH does not lead out of it."""
    monkeypatch.setenv("PYTHONPATH", str(Path(np.__file__).parents[1]))
    assert Environments(installer=StandIn()).prepare(WHEEL).numpy == "1.26.4"


def test_an_environment_sees_nothing_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform.py of the user's is neither the standard library's nor run."""
    for name in ("platform", "json", "cv2", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(77)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert Environments(installer=StandIn()).prepare(WHEEL).opencv == "4.6.0"


def test_a_broken_environment_is_made_again(cache: Path) -> None:
    """Files may be lost after it was made; then it does not count as there."""
    installer = StandIn()
    environments = Environments(installer=installer)
    environments.prepare(WHEEL)
    for stub in cache.rglob("cv2.py"):
        stub.unlink()
    assert environments.prepare(WHEEL).opencv == "4.6.0"
    assert len(installer.made) == 2
    assert folders(cache) == ["4.6.0.66-numpy1"]


def test_what_a_killed_run_left_is_removed(cache: Path) -> None:
    """A half-made environment has another name, and goes when nobody holds a lock on it."""
    environments = Environments(installer=StandIn())
    target = environments.folder_of(WHEEL)
    (cache / stage_name(target) / "lib").mkdir(parents=True)
    with locked_folder(target) as alive:
        environments.prepare(WHEEL)
        assert sorted(entry.name for entry in cache.iterdir()) == sorted([target.name, alive.name])


def test_the_first_of_two_runs_wins(cache: Path) -> None:
    """The later one uses the first one's environment, and leaves nothing of its own."""
    first = StandIn()
    second = StandIn(during=lambda: Environments(installer=first).prepare(WHEEL))
    made = Environments(installer=second).prepare(WHEEL)
    assert (len(first.made), len(second.made)) == (1, 1)
    assert made.python.is_file()
    assert folders(cache) == ["4.6.0.66-numpy1"]


@pytest.mark.parametrize(
    ("stub", "reason"),
    [
        ("raise ImportError('numpy.core.multiarray failed to import')", "failed to import"),
        ("__version__ = '4.7.0'", r"the wheel 4\.6\.0\.66 holds OpenCV 4\.7\.0"),
    ],
)
def test_an_environment_that_does_not_import_is_not_kept(
    cache: Path, stub: str, reason: str
) -> None:
    """It is tried before it gets its name; the reason is Python's own."""
    with pytest.raises(MissingDependency, match=reason):
        Environments(installer=StandIn(cv2=stub)).prepare(WHEEL)
    assert folders(cache) == []


def test_a_failed_installation_leaves_nothing(cache: Path) -> None:
    """The installer's reason is in the one sentence, and the half-made folder is gone."""

    def fail() -> None:
        raise InstallError("No space left on device")

    with pytest.raises(MissingDependency, match=r"OpenCV 4\.6\.0\.66 .*: No space left on device"):
        Environments(installer=StandIn(during=fail)).prepare(WHEEL)
    assert folders(cache) == []


def test_a_python_too_new_for_numpy_1_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cure is another Python, not another network."""

    def fail() -> None:
        raise InstallError("there is no numpy<2")

    environments = Environments(installer=StandIn(during=fail))
    monkeypatch.setattr(environments, "_tag", "cpython3.13.1-x86_64")
    with pytest.raises(MissingDependency, match="give such a Python with --python"):
        environments.prepare(WHEEL)


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that moves it is named."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("KERAS2CV_CACHE", str(tmp_path / "file"))
    with pytest.raises(MissingDependency, match="Set KERAS2CV_CACHE"):
        Environments(installer=StandIn()).prepare(WHEEL)


def test_a_python_that_is_none_is_refused() -> None:
    """--python names a program that starts."""
    with pytest.raises(UsageError, match="no-python is not a Python"):
        Environments("no-python", StandIn())


def test_versions_are_looked_up_and_remembered() -> None:
    """A line is the index' newest wheel; without a network the cache's newest; else an error."""
    installer = StandIn()
    environments = Environments(installer=installer)
    assert environments.resolve("4.6") == WHEEL
    assert environments.resolve("4.6.0.99") == "4.6.0.99"
    environments.prepare(WHEEL)
    installer.index.clear()
    assert environments.resolve("4") == WHEEL
    with pytest.raises(MissingDependency, match=r"No wheel of OpenCV 4\.7 is found \(there is"):
        environments.resolve("4.7")


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"XDG_CACHE_HOME": os.path.abspath("/x/y")}, Path(os.path.abspath("/x/y"))),  # noqa: PTH100
        ("linux", {"XDG_CACHE_HOME": "x/y"}, Path("~/.cache")),
        ("darwin", {}, Path("~/Library/Caches")),
        ("win32", {"LOCALAPPDATA": "appdata"}, Path("appdata")),
    ],
)
def test_the_cache_is_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], folder: Path
) -> None:
    """Linux follows the XDG standard, which has relative paths ignored."""
    for name in ("KERAS2CV_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    found = cache_folder()
    assert found.is_relative_to(folder.expanduser())
    assert "keras2cv" in found.parts


def test_the_runtime_travels_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the copy lies nothing that could be imported: no cv2, NumPy or TensorFlow of ours."""
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    monkeypatch.setenv("OPENCV_FORCE_DNN_ENGINE", "1")
    with runtime_copy(tmp_path / "copy") as variables:
        assert [entry.name for entry in (tmp_path / "copy").iterdir()] == ["keras2cv"]
        assert variables["PYTHONPATH"] == str(tmp_path / "copy")
        assert "OPENCV_FORCE_DNN_ENGINE" not in variables
    assert list((tmp_path / "copy").iterdir()) == []


def here() -> Environment:
    """Return this Python as if it were an environment."""
    return Environment(Path(sys.executable), "9.9.9.9", cv2.__version__, np.__version__, "3")


def try_it(environment: Environment, bundle: Path, **options: Any) -> MatrixRow:
    """Run the self-test of `bundle` with the usual options."""
    usual = {"asked": "9.9", "engine": "classic", "force_engine": True, "required": True}
    return run_selftest(environment, bundle, **{**usual, "timeout_s": 100.0, **options})


def test_a_self_test_that_passes(cat_cv: Path) -> None:
    """The comparison nearest to its limit is in the row."""
    row = try_it(here(), cat_cv)
    assert (row.verdict, row.problem, row.limit) == ("pass", None, 1e-4)
    assert row.measured is not None
    assert 0 <= row.measured < 1e-5
    assert row.seconds is not None
    assert row.seconds > 0


def test_wrong_numbers_fail_with_their_place(tmp_path: Path) -> None:
    """The worst comparison is named, with its sample and output."""
    classifier = Classifier()
    rng = np.random.default_rng(3)
    arrays: dict[str, Any] = {"tolerance/0": np.float64(1e-4)}
    for index in range(3):
        image = rng.uniform(-1, 1, (1, 9, 12, 3)).astype(np.float32)
        offset = 0.25 * (index == 1)
        arrays |= {f"in/{index}/0": image, f"out/{index}/0": classifier(image) + np.float32(offset)}
    files: dict[str, bytes | Path] = {"model.onnx": classifier.onnx(), "selftest.npz": npz(arrays)}
    bundle = write_bundle(tmp_path / "off.cv", classifier.manifest(), files).folder
    row = try_it(here(), bundle)
    assert row.verdict == "fail"
    assert row.measured is not None
    assert row.measured > 1e-2
    assert str(row.problem).startswith("Wrong numbers: sample 1, output scores: ")
    assert str(row.problem).endswith(" of 1.0e-04 allowed.")


@pytest.mark.parametrize(
    ("stub", "problem"),
    [
        (CRASH, "crashed (SIGSEGV)" if os.name == "posix" else "crashed (access violation)"),
        ("raise SystemExit(0)", "The self-test wrote no report."),
        ("raise SystemExit('Goodbye')", "crashed (exit code 1); its last words: Goodbye"),
        ("raise ImportError('libfoo.so is missing')", "NumPy is not installed. Install it"),
        ("import time\ntime.sleep(90)", "It was not done after 1 s."),
    ],
    ids=["crash", "silence", "exit", "our error", "hang"],
)
def test_whatever_happens_is_one_sentence(
    cat_cv: Path, tmp_path: Path, stub: str, problem: str
) -> None:
    """The row fails, and this process lives on."""
    folder = tmp_path / "broken"
    StandIn(cv2=stub).create(folder, [])
    environment = Environment(python_of(folder), WHEEL, "4.6.0", "1.26.4", "3")
    row = try_it(environment, cat_cv, timeout_s=1.0 if "sleep" in stub else 100.0)
    assert row.verdict == "fail"
    assert problem in str(row.problem)
    assert "\n" not in str(row.problem)
    assert (row.measured, row.limit) == (None, None)


class Shelf(Environments):
    """Environments that exist already, or never will."""

    def __init__(self, **opencv: str) -> None:
        """Take the wheel of each version: v46="4.6.0"."""
        self.opencv = opencv

    def resolve(self, version: str) -> str:
        """Add the wheel's own number."""
        return f"{version}.0.1"

    def has(self, wheel: str) -> bool:
        """Whether it is of version 5."""
        return wheel.startswith("5")

    def prepare(self, wheel: str) -> Environment:
        """Return it, or raise that there is none."""
        key = "v" + "".join(wheel.split(".")[:2])
        if key not in self.opencv:
            raise MissingDependency(f"No {wheel}. Look elsewhere.")
        return Environment(Path("python"), wheel, self.opencv[key], "2.0.0", "3.12.1")


def answer(**verdicts: str) -> Callable[..., MatrixRow]:
    """Return a self-test that fails for the wheels and engines given as w50_new="fail"."""

    def selftest(environment: Environment, bundle: Path, **options: Any) -> MatrixRow:
        key = "w" + "".join(environment.wheel.split(".")[:2]) + "_" + options["engine"]
        failed = verdicts.get(key) == "fail"
        return MatrixRow(
            options["asked"],
            environment.wheel,
            environment.opencv,
            environment.numpy,
            options["engine"],
            "fail" if failed else "pass",
            options["required"],
            1.25 if options["force_engine"] else 0.5,
            problem="It is wrong." if failed else None,
        )

    return selftest


SHELF = Shelf(v46="4.6.0", v50="5.0.0")


def test_a_row_per_version_and_engine(cat_cv: Path) -> None:
    """OpenCV 5 is run on both engines, asked for by name; before, the bundle's choice runs."""
    steps: list[str] = []
    report = run_matrix(
        cat_cv,
        ["5.0", "4.6", "5.0"],
        environments=SHELF,
        selftest=answer(),
        progress=steps.append,
    )
    rows = [(r.asked, r.wheel, r.engine, r.seconds, r.required) for r in report.rows]
    assert rows == [
        ("5.0", "5.0.0.1", "new", 1.25, True),
        ("5.0", "5.0.0.1", "classic", 1.25, True),
        ("4.6", "4.6.0.1", "classic", 0.5, True),
    ]
    assert (report.verdict, report.exit_code) == ("pass", 0)
    assert steps == [
        "running on OpenCV 5.0.0.1, new engine",
        "running on OpenCV 5.0.0.1, classic engine",
        "making an environment with OpenCV 4.6.0.1",
        "running on OpenCV 4.6.0.1, classic engine",
    ]


@pytest.mark.parametrize(
    ("versions", "failing", "verdict", "code"),
    [
        (["4.6", "5.0"], {"w50_classic": "fail"}, "fail", 1),
        (["4.6", "4.8"], {}, "missing", 3),
        (["4.8", "4.6"], {"w46_classic": "fail"}, "fail", 1),
        (["4.8"], {}, "missing", 3),
    ],
)
def test_exit_codes(
    cat_cv: Path, versions: list[str], failing: dict[str, str], verdict: str, code: int
) -> None:
    """A failure is 1; without failures, a missing environment is 3."""
    report = run_matrix(cat_cv, versions, environments=SHELF, selftest=answer(**failing))
    assert (report.verdict, report.exit_code) == (verdict, code)


@pytest.mark.parametrize(("engine", "other"), [("new", "classic"), ("classic", "new")])
def test_an_engine_that_the_bundle_does_not_ask_for_does_not_count(
    tmp_path: Path, engine: Any, other: str
) -> None:
    """It is run and shown, and its failure changes nothing."""
    classifier = Classifier()
    manifest = classifier.manifest()
    picky = manifest_of(
        classifier.onnx(),
        inputs=manifest.inputs,
        outputs=manifest.outputs,
        engine=Engine(engine, fusion=True, winograd=True),
    )
    files = {"model.onnx": classifier.onnx(), "selftest.npz": classifier.selftest()}
    folder = write_bundle(tmp_path / "picky.cv", picky, files).folder
    failing = {f"w50_{other}": "fail"}
    report = run_matrix(folder, ["5.0"], environments=SHELF, selftest=answer(**failing))
    assert {row.engine: row.required for row in report.rows} == {engine: True, other: False}
    assert report.exit_code == 0


def test_a_bundle_without_golden_vectors_is_refused(cat_cv: Path) -> None:
    """There would be nothing to compare with."""
    manifest = json.loads((cat_cv / "manifest.json").read_text(encoding="utf-8"))
    manifest["status"] = "unverified"
    del manifest["evidence"]
    (cat_cv / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (cat_cv / "selftest.npz").unlink()
    with pytest.raises(BundleError, match=r"has no selftest\.npz.*without --no-check"):
        run_matrix(cat_cv, ["5.0"], environments=SHELF, selftest=answer())
    with pytest.raises(BundleError, match="does not exist"):
        run_matrix(cat_cv / "nowhere", ["5.0"], environments=SHELF, selftest=answer())


def test_no_versions_are_refused(cat_cv: Path) -> None:
    """An empty matrix would be a pass of nothing."""
    with pytest.raises(UsageError, match="Name some"):
        run_matrix(cat_cv, [], environments=SHELF, selftest=answer())
    with pytest.raises(ValueError, match="at least one row"):
        MatrixReport(cat_cv, ())


def test_a_row_gives_a_verdict_or_its_reason() -> None:
    """A failure without a reason, or a pass with one, is a bug of ours."""
    for verdict, problem in (("fail", None), ("missing", None), ("pass", "It is wrong.")):
        with pytest.raises(ValueError, match="give either"):
            MatrixRow("4.6", WHEEL, "4.6.0", "1", "classic", verdict, problem=problem)  # type: ignore[arg-type]


def shown(report: MatrixReport) -> str:
    """Return the printed report, 100 columns wide."""
    console = Console(width=100, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    with console.file:
        render(report, console)
    return console.export_text()


def test_the_table_shows_every_row_and_every_reason(cat_cv: Path) -> None:
    """Reasons stand below the table, after the version that they are about."""
    report = run_matrix(
        cat_cv, ["4.6", "5.0", "4.8"], environments=SHELF, selftest=answer(w46_classic="fail")
    )
    text = shown(report)
    assert text.startswith("matrix: fail (cat.cv, 2 of 4 pass)\n")
    lines = [line.split() for line in text.splitlines()]
    assert ["4.6.0.1", "classic", "2.0.0", "fail", "-", "-", "0.5"] in lines
    assert ["5.0.0.1", "new", "2.0.0", "pass", "-", "-", "1.2"] in lines
    assert ["4.8", "-", "-", "missing", "-", "-", "-"] in lines
    assert "  4.6.0.1 classic  It is wrong." in text
    assert "  4.8  No 4.8.0.1. Look elsewhere." in text


def test_the_command_line(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options arrive, the exit code is the report's, and --json is plain JSON on stdout."""
    asked: dict[str, Any] = {}

    def stand(path: Path, versions: Sequence[str], **options: Any) -> MatrixReport:
        asked.update(options, path=path, versions=versions)
        return run_matrix(path, versions, environments=SHELF, selftest=answer(w50_new="fail"))

    monkeypatch.setattr(matrix, "run_matrix", stand)
    command = ["matrix", str(cat_cv), "--opencv", "4.6, 5.0,4.8", "--timeout", "7"]
    assert main([*command, "--python", "py", "--json", "-"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], len(report["rows"])) == ("fail", 4)
    assert report["rows"][3]["verdict"] == "missing"
    assert "measured" not in report["rows"][0]
    assert asked["versions"] == ("4.6", "5.0", "4.8")
    assert (asked["python"], asked["timeout_s"]) == ("py", 7)
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("matrix: fail")


@pytest.mark.parametrize("versions", ["", ",", "latest", "4.6;5.0", "4"])
def test_versions_that_are_none_are_usage_errors(
    cat_cv: Path, versions: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The parser ends with 2 and shows a right one."""
    with pytest.raises(SystemExit, match="2"):
        main(["matrix", str(cat_cv), "--opencv", versions])
    assert "must be" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_environment(cat_cv: Path, cache: Path) -> None:
    """OpenCV 4.6 is installed from the index, with NumPy 1, and runs the bundle."""
    report = run_matrix(cat_cv, ["4.6"])
    (row,) = report.rows
    if row.verdict == "missing":
        pytest.skip(str(row.problem))
    assert (row.verdict, row.opencv) == ("pass", "4.6.0")
    assert str(row.numpy).startswith("1.")
    installed = {p.name.partition("-")[0] for p in cache.rglob("*.dist-info")}
    assert installed == {"numpy", "opencv_python_headless"}
