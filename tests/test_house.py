"""The arrows of the house: which package, and which file, may import what.

keras2cv         cv2, numpy, the standard library; the verbs of its command line import the
other two, and rich, when they are called
keras2cv_export  + keras2cv, and what the extra [export] installs; TensorFlow, Keras and tf2onnx
in the files that load, trace and convert, and nowhere else
passes           onnx, onnx_ir, onnxscript, numpy and the exporter's graph.py, elementwise.py,
contents.py and tiles.py: never each other
keras2cv_bench   everything
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "keras2cv": ROOT / "runtime" / "keras2cv",
    "keras2cv_export": ROOT / "exporter" / "keras2cv_export",
    "keras2cv_bench": ROOT / "benchmarks" / "keras2cv_bench",
}
FRAMEWORKS = {"tensorflow", "keras", "tf_keras", "tf2onnx", "keras_hub", "h5py"}


@dataclass(frozen=True)
class Import:
    """One imported module, in a file of the package, at module level or inside a function."""

    package: str
    file: str  # within the package, with slashes
    line: int
    module: str
    lazy: bool

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.split(".")[0]

    def __str__(self) -> str:
        """Return where it is and what it imports."""
        return f"{self.package}/{self.file}:{self.line} imports {self.module}"


def imports_of(source: str, package: str, file: str) -> Iterator[Import]:
    """Yield every import of `source`, without those under `if TYPE_CHECKING`: they never run."""
    yield from _visit(ast.parse(source), package, file, lazy=False)


def _visit(node: ast.AST, package: str, file: str, *, lazy: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for statement in node.orelse:
            yield from _visit(statement, package, file, lazy=lazy)
        return
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(package, file, node.lineno, alias.name, lazy)
    if isinstance(node, ast.ImportFrom):
        source = _absolute(node, package, file)
        for alias in node.names:  # `from a.b import c` may import the module a.b.c
            yield Import(package, file, node.lineno, f"{source}.{alias.name}", lazy)
    inner = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _visit(child, package, file, lazy=inner)


def _absolute(node: ast.ImportFrom, package: str, file: str) -> str:
    """Return the module that `from ..a import b` names, dots resolved."""
    if node.level == 0:
        return str(node.module)
    inside = [package, *Path(file).parts][: -node.level]
    return ".".join([*inside, *([node.module] if node.module else [])])


def all_imports() -> list[Import]:
    """Return every import of the three packages."""
    return [
        found
        for package, folder in PACKAGES.items()
        for path in sorted(folder.rglob("*.py"))
        for found in imports_of(
            path.read_text(encoding="utf-8"), package, path.relative_to(folder).as_posix()
        )
    ]


def runtime_arrow(found: Import) -> bool:
    """The runtime needs cv2 and numpy; its command line knows the other packages, lazily."""
    if found.package != "keras2cv" or found.top in {"cv2", "numpy", "keras2cv"}:
        return True
    if found.top in {*PACKAGES, "rich"}:
        return found.lazy and found.file.startswith("cli/")
    return found.top in sys.stdlib_module_names


def backward_arrow(found: Import) -> bool:
    """Nothing below the benchmarks imports them, the command line aside."""
    return found.top != "keras2cv_bench" or found.package != "keras2cv_export"


def framework_arrow(found: Import) -> bool:
    """The frameworks are imported where a model is loaded, traced, converted or trained."""
    if found.package != "keras2cv_export" or found.top not in FRAMEWORKS:
        return True
    if found.file.startswith(("load/", "to_", "handlers/", "demo/")):
        return True
    if found.top == "h5py":  # a model's config is read from its file before anything is loaded
        return found.file in ("config.py", "untrusted/hdf5.py")
    return found.file in ("reference.py", "reference_pictures.py")


PASSES_MAY = ("graph", "elementwise", "contents", "tiles")


def pass_arrow(found: Import) -> bool:
    """A pass knows the graph and nothing else: the pipeline chooses and orders."""
    if not found.file.startswith(("passes/compress/", "passes/legalise/", "passes/optimise/")):
        return True
    if found.top == "keras2cv_export":
        return found.module.startswith(tuple(f"keras2cv_export.{one}." for one in PASSES_MAY))
    return found.top in {"numpy", "onnx", "onnx_ir", "onnxscript", *sys.stdlib_module_names}


ARROWS: list[Callable[[Import], bool]] = [
    runtime_arrow,
    backward_arrow,
    framework_arrow,
    pass_arrow,
]


@pytest.mark.parametrize("arrow", ARROWS, ids=lambda arrow: arrow.__name__)
def test_every_import_follows_the_arrows(arrow: Callable[[Import], bool]) -> None:
    """No import of the three packages goes against the house."""
    assert [str(found) for found in all_imports() if not arrow(found)] == []


def test_every_package_is_looked_at() -> None:
    """Guard: the folders are where the test looks for them."""
    assert {found.package for found in all_imports()} >= {"keras2cv", "keras2cv_export"}


@pytest.mark.parametrize(
    ("package", "file", "source", "arrow"),
    [
        ("keras2cv", "net.py", "import tensorflow", runtime_arrow),
        ("keras2cv", "net.py", "def f():\n    from rich import print", runtime_arrow),
        ("keras2cv", "net.py", "def f():\n    import keras2cv_export", runtime_arrow),
        ("keras2cv", "cli/export.py", "import keras2cv_export", runtime_arrow),
        ("keras2cv_export", "parity.py", "import keras.ops", framework_arrow),
        ("keras2cv_export", "parity.py", "def f():\n    import tensorflow as tf", framework_arrow),
        ("keras2cv_export", "export.py", "from keras2cv_bench import measure", backward_arrow),
        (
            "keras2cv_export",
            "passes/legalise/a.py",
            "import keras2cv_export.targets.target",
            pass_arrow,
        ),
        (
            "keras2cv_export",
            "passes/optimise/a.py",
            "from keras2cv_export.passes.optimise import b",
            pass_arrow,
        ),
        ("keras2cv_export", "passes/optimise/a.py", "import keras2cv", pass_arrow),
        ("keras2cv_export", "passes/optimise/a.py", "from . import b", pass_arrow),
        ("keras2cv_export", "passes/optimise/a.py", "from ...target import T", pass_arrow),
    ],
)
def test_each_arrow_catches_its_breach(
    package: str, file: str, source: str, arrow: Callable[[Import], bool]
) -> None:
    """A forbidden import is found, also inside a function."""
    (found,) = imports_of(source, package, file)
    assert not arrow(found)


@pytest.mark.parametrize(
    ("package", "file", "source"),
    [
        ("keras2cv", "cli/export.py", "def f():\n    from keras2cv_export import export"),
        ("keras2cv", "net.py", "import cv2, threading, numpy.typing, keras2cv.errors"),
        ("keras2cv_export", "to_onnx.py", "import tf2onnx.tfonnx"),
        ("keras2cv_export", "passes/optimise/a.py", "from keras2cv_export.graph.edit import uses"),
        ("keras2cv_export", "passes/optimise/a.py", "from ...graph import uses"),
        ("keras2cv", "net.py", "if TYPE_CHECKING:\n    import tensorflow"),
    ],
)
def test_what_is_allowed_passes_every_arrow(package: str, file: str, source: str) -> None:
    """The arrows leave what the house wants alone."""
    assert all(arrow(found) for found in imports_of(source, package, file) for arrow in ARROWS)
