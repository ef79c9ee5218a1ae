"""The verbs, and their places: here, in a checkout, or in another package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import keras2cv
from keras2cv.cli.verbs import GROUP, OWN, SHIPPED, SUMMARIES

RUNTIME = Path(str(keras2cv.__file__)).parents[1]
EXPORTER = RUNTIME.parent / "exporter"
ADDED = """
USAGE = "BUNDLE"
ABOUT = "Bake a bundle."
EXAMPLES = "  keras2cv bake cat.cv"
def add_arguments(parser): parser.add_argument("bundle")
def execute(args): print("baked", args.bundle); return 4
"""


def keras2cv_run(*words: str, path: tuple[Path, ...]) -> subprocess.CompletedProcess[str]:
    """Run `keras2cv` in a Python that sees the standard library and `path`, and nothing else."""
    program = f"import sys; sys.path[:0] = {[str(one) for one in path]!r}\n"
    program += "from keras2cv.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-S", "-c", program, *words],
        check=False,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def install(folder: Path, verb: str, value: str, module: str = "") -> Path:
    """Write a package that is installed in `folder`, with one verb; return the folder."""
    metadata = folder / "baker-1.2.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: baker\nVersion: 1.2\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{verb} = {value}\n")
    (folder / "baker.py").write_text(module)
    return folder


def test_every_verb_is_listed_in_its_group_wherever_its_package_is() -> None:
    """The runtime alone lists its own verbs and those that need TensorFlow."""
    done = keras2cv_run("--help", path=(RUNTIME,))
    assert (done.returncode, done.stderr) == (0, "")
    alone, _, heavy = done.stdout.partition("With TensorFlow as well (pip install")
    assert list(OWN) == list(SUMMARIES)
    assert all(f"\n  {name} " in alone for name in OWN)
    assert all(f"\n  {name} " in heavy for name in SHIPPED)
    assert "From other packages" not in heavy


@pytest.mark.parametrize("verb", list(SHIPPED))
@pytest.mark.parametrize("words", [(), ("--help",), ("a", "--debug-level", "b")])
def test_the_error_of_a_verb_without_its_package_has_the_command(
    verb: str, words: tuple[str, ...]
) -> None:
    """The runtime was copied alone onto a device: one sentence, exit code 3."""
    done = keras2cv_run(verb, *words, path=(RUNTIME,))
    package, extra = SHIPPED[verb].module.partition(".")[0], SHIPPED[verb].extra
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"error: `keras2cv {verb}` needs {package}, which is not installed for {sys.executable}. "
        f"Install it: pip install 'keras2cv[{extra}]'.\n"
    )


def test_bench_is_missing_where_the_exporter_is_there() -> None:
    """Each package is looked for by itself."""
    done = keras2cv_run("bench", path=(RUNTIME, EXPORTER))
    assert done.returncode == 3
    assert "needs keras2cv_bench, which is not installed" in done.stderr


def test_a_checkout_on_the_path_needs_no_entry_point() -> None:
    """The exporter is importable and not installed: its verbs are there."""
    done = keras2cv_run("export", "--help", path=(RUNTIME, EXPORTER))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: keras2cv export MODEL")


def test_a_package_adds_a_verb(tmp_path: Path) -> None:
    """It is listed with its origin, has its help, and runs with its own exit code."""
    path = (RUNTIME, install(tmp_path, "bake", "baker", ADDED))
    assert (
        "\nFrom other packages:\n  bake        baker\n" in keras2cv_run("--help", path=path).stdout
    )
    assert "Bake a bundle." in keras2cv_run("bake", "--help", path=path).stdout
    done = keras2cv_run("bake", "cat.cv", path=path)
    assert (done.returncode, done.stdout, done.stderr) == (4, "baked cat.cv\n", "")


@pytest.mark.parametrize(
    ("value", "module", "reason"),
    [
        ("baker", "1 / 0", "ZeroDivisionError: division by zero"),
        ("baker", "import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("gone", "", "ModuleNotFoundError: No module named 'gone'"),
        ("baker", "USAGE = ABOUT = EXAMPLES = ''", "it has no add_arguments, execute"),
    ],
)
def test_a_broken_package_breaks_its_own_verb_alone(
    tmp_path: Path, value: str, module: str, reason: str
) -> None:
    """Its fault is named as its own, and every other verb works."""
    path = (RUNTIME, install(tmp_path, "bake", value, module))
    done = keras2cv_run("bake", path=path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"error: `keras2cv bake` comes from baker, and does not load ({reason}). "
        "Update baker, or uninstall it.\n"
    )
    assert keras2cv_run("run", "--help", path=path).returncode == 0
    assert keras2cv_run("--help", path=path).returncode == 0


@pytest.mark.parametrize("verb", ["run", "export"])
def test_a_package_cannot_take_the_projects_names(tmp_path: Path, verb: str) -> None:
    """`run` and `export` stay the project's own."""
    path = (RUNTIME, EXPORTER, install(tmp_path, verb, "baker", ADDED))
    assert f"usage: keras2cv {verb} " in keras2cv_run(verb, "--help", path=path).stdout
    assert "baker" not in keras2cv_run("--help", path=path).stdout


def test_a_verb_of_the_runtime_looks_at_no_installed_package() -> None:
    """`keras2cv run` starts without importlib.metadata and without the other packages."""
    program = (
        f"import sys; sys.path[:0] = [{str(RUNTIME)!r}, {str(EXPORTER)!r}]\n"
        "from keras2cv.cli.parser import make_parser\n"
        "make_parser(['run', 'cat.cv', 'a.png'])\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], check=True, capture_output=True, text=True
    )
    loaded = done.stdout.split()
    assert "importlib.metadata" not in loaded
    assert not [name for name in loaded if name.startswith(("keras2cv_export", "keras2cv_bench"))]
