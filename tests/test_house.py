"""The rules of the house: which package, and which room, may import which.

A room is the first folder below a package; a module at the top of a package is a room of its own.
FLOORS lists the rooms of each package from the bottom to the top: a module imports from its own
room and from those below. A new room is entered there.

keras2cv         imports cv2, numpy and the standard library
keras2cv_export  imports keras2cv too, and whatever the extra [export] installs; TensorFlow, Keras
                 and tf2onnx in the rooms that load, trace, convert and train, and nowhere else
passes           import onnx, onnx_ir, onnxscript, numpy and the room `graph`, never each other
keras2cv_bench   imports everything
campaigns        imports everything; it is in no wheel
pages            import jinja2 and matplotlib, and are imported lazily: [pages] is an extra
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from campaigns.house.graph import circles, module_graph
from campaigns.house.imports import Import, imports_of
from support.docstrings import gaps_below, gaps_in
from support.house import (
    imports_of_packages,
    paths_into_tests,
    rooms_without_a_floor,
    upward_imports,
    uses_of_tests,
)

ROOT = Path(__file__).parents[1]
SHIPPED = {
    "keras2cv": ROOT / "runtime" / "keras2cv",
    "keras2cv_export": ROOT / "exporter" / "keras2cv_export",
    "keras2cv_bench": ROOT / "benchmarks" / "keras2cv_bench",
}
PACKAGES = {**SHIPPED, "campaigns": ROOT / "benchmarks" / "campaigns"}
FRAMEWORKS = {"tensorflow", "keras", "tf_keras", "tf2onnx", "keras_hub", "h5py"}
TEST_MODULES = {path.stem for path in (ROOT / "tests").iterdir()} - set(PACKAGES)

FLOORS: dict[str, tuple[str, ...]] = {
    "keras2cv": (
        "_version",
        "errors",
        "plain_files",
        "visible_text",
        "sample",
        "isolation",
        "schema",
        "numpy_front",
        "numpy_tail",
        "pixels",
        "tasks",
        "bundle",
        "net",
        "preparing",
        "columns",
        "__init__",
        "selftest",
        "predictor",
        "loading",
        "trial",
        "streams",
        "tuning",
        "batches",
        "ray",
        "dask",
        "spark",
        "tracking",
        "evaluation",
        "diagnosis",
        "codegen",
        "cli",
        "__main__",
    ),
    "keras2cv_export": (
        "quiet",
        "__init__",
        "pages",
        "graph",
        "parity",
        "matrix",
        "targets",
        "model",
        "passes",
        "importing",
        "tracing",
        "tasks",
        "convert",
        "formats",
        "verifying",
        "storage",
        "speed",
        "tuning",
        "forms",
        "bisecting",
        "end_to_end",
        "answers",
        "options",
        "export_report",
        "exporting",
        "checks",
        "confined_child",
        "public",
        "inspecting",
        "cli",
        "evaluating",
        "demo",
        "pytest_plugin",
    ),
    "keras2cv_bench": (
        "__init__",
        "calibrate",
        "pipeline",
        "process",
        "artefacts",
        "records",
        "subjects",
        "environment",
        "inputs",
        "measure",
        "answers",
        "benching",
        "runners",
        "child",
        "findings",
        "report",
        "page",
        "whole",
        "cli",
    ),
    "campaigns": (
        "__init__",
        "command_line",
        "house",
        "same_files",
        "atlas",
        "models",
        "manifest_schema",
        "sample",
        "pictures",
        "faults",
        "right_bundles",
        "architectures",
        "fuzz",
        "guided",
        "devices",
        "hub",
        "importers",
        "onnx_import",
        "limits",
        "performance",
        "predict_cost",
        "passes_gain",
        "portability",
        "regressions",
        "parity_table",
        "video_cost",
        "weights_cost",
        "cluster_cost",
        "export_cost",
        "recurrent_cost",
        "reliability",
        "task_parity",
        "zoo",
    ),
}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_goes_up(package: str) -> None:
    """A room stands on those below it and knows nothing of those above."""
    assert upward_imports(package, PACKAGES[package], FLOORS[package]) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_has_its_floor(package: str) -> None:
    """A new room is entered in FLOORS, and one that is gone is taken out."""
    assert rooms_without_a_floor(package, PACKAGES[package], FLOORS[package]) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Imports inside functions count: each module can be read after those that it imports."""
    assert circles(module_graph(package, PACKAGES[package])) == []


@pytest.mark.parametrize("package", SHIPPED)
def test_no_package_reaches_into_the_tests(package: str) -> None:
    """A wheel has no tests: neither a module nor a path of theirs is used."""
    assert uses_of_tests(package, SHIPPED[package], TEST_MODULES) == []


@cache
def every_import() -> list[Import]:
    """Return every import of all packages."""
    return imports_of_packages(PACKAGES)


def runtime_arrow(found: Import) -> bool:
    """The runtime needs cv2 and numpy; its command line alone shows progress by rich."""
    if found.package != "keras2cv" or found.top in {"cv2", "numpy", "keras2cv"}:
        return True
    if found.top == "rich":
        return found.lazy and found.file.startswith("cli/")
    return found.top in sys.stdlib_module_names


def backward_arrow(found: Import) -> bool:
    """Neither the exporter nor the benchmarks import what measures the project."""
    beyond = {"keras2cv_export": {"keras2cv_bench", "campaigns"}, "keras2cv_bench": {"campaigns"}}
    return found.top not in beyond.get(found.package, set())


FRAMEWORK_ROOMS = ("model/", "tracing/", "quiet/", "demo/")


def framework_arrow(found: Import) -> bool:
    """The frameworks are imported where a model is loaded, traced, converted or trained."""
    if found.package != "keras2cv_export" or found.top not in FRAMEWORKS:
        return True
    if found.top == "h5py":  # a model's config is read from its file before anything is loaded
        return found.file in ("model/config.py", "model/untrusted/hdf5.py")
    untrusted = found.file.startswith("model/untrusted/")  # reads a file without loading it
    return found.file.startswith(FRAMEWORK_ROOMS) and not untrusted


PASSES = tuple(f"passes/{theme}/" for theme in ("compress", "legalise", "optimise"))
PASSES_MAY = ("keras2cv_export.graph.", "keras2cv_export.passes.tiles.")


def pass_arrow(found: Import) -> bool:
    """A pass knows the graph and nothing else: the pipeline chooses and orders."""
    if found.package != "keras2cv_export" or not found.file.startswith(PASSES):
        return True
    if found.top == "keras2cv_export":
        return found.module.startswith(PASSES_MAY)
    return found.top in {"numpy", "onnx", "onnx_ir", "onnxscript", *sys.stdlib_module_names}


PAGE_ROOMS = ("pages/", "page/", "checks/page/", "evaluating/page/")


def page_arrow(found: Import) -> bool:
    """Who makes no page needs nothing of the extra [pages]; the page rooms are imported lazily."""
    inside = found.file.startswith(PAGE_ROOMS) or found.package == "campaigns"
    if found.top in {"jinja2", "markupsafe", "matplotlib"}:
        return inside
    rooms = ("keras2cv_export.pages", "keras2cv_export.checks.page.", "keras2cv_bench.page.")
    rooms += ("keras2cv_export.evaluating.page.",)
    return inside or found.lazy or not found.module.startswith(rooms)


ARROWS: list[Callable[[Import], bool]] = [
    runtime_arrow,
    backward_arrow,
    framework_arrow,
    pass_arrow,
    page_arrow,
]


@pytest.mark.parametrize("arrow", ARROWS, ids=lambda arrow: arrow.__name__)
def test_every_import_follows_the_arrows(arrow: Callable[[Import], bool]) -> None:
    """No import of the packages goes against the house."""
    assert [str(found) for found in every_import() if not arrow(found)] == []


def test_every_package_is_looked_at() -> None:
    """Guard: the folders are where the test looks for them."""
    assert {found.package for found in every_import()} == set(PACKAGES)


@pytest.mark.parametrize(
    ("package", "file", "source", "arrow"),
    [
        ("keras2cv", "net/net.py", "import tensorflow", runtime_arrow),
        ("keras2cv", "net/net.py", "def f():\n    from rich import print", runtime_arrow),
        ("keras2cv", "net/net.py", "def f():\n    import keras2cv_export", runtime_arrow),
        ("keras2cv", "cli/export.py", "import keras2cv_export", runtime_arrow),
        ("keras2cv", "cli/export.py", "def f():\n    import keras2cv_export", runtime_arrow),
        ("keras2cv_export", "parity/a.py", "import keras.ops", framework_arrow),
        ("keras2cv_export", "parity/a.py", "def f():\n    import tensorflow", framework_arrow),
        ("keras2cv_export", "model/untrusted/a.py", "import keras", framework_arrow),
        ("keras2cv_export", "model/load/a.py", "import h5py", framework_arrow),
        ("keras2cv_export", "exporting.py", "from keras2cv_bench import measure", backward_arrow),
        ("keras2cv_export", "exporting.py", "import campaigns.fuzz", backward_arrow),
        ("keras2cv_bench", "measure.py", "from campaigns import models", backward_arrow),
        (
            "keras2cv_export",
            "passes/legalise/shapes/a.py",
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
        ("keras2cv_export", "passes/optimise/a.py", "from ...targets import T", pass_arrow),
        ("keras2cv_export", "parity/report.py", "def f():\n    import jinja2", page_arrow),
        ("keras2cv_bench", "report.py", "from .page import page", page_arrow),
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
        ("keras2cv", "cli/progress.py", "def f():\n    from rich import print"),
        ("keras2cv", "net/net.py", "import cv2, threading, numpy.typing, keras2cv.errors"),
        ("keras2cv_export", "tracing/to_onnx.py", "import tf2onnx.tfonnx"),
        ("keras2cv_export", "passes/optimise/a.py", "from keras2cv_export.graph.edit import uses"),
        ("keras2cv_export", "passes/optimise/a.py", "from ...graph.edit import uses"),
        ("keras2cv", "net/net.py", "if TYPE_CHECKING:\n    import tensorflow"),
    ],
)
def test_an_allowed_import_passes_every_arrow(package: str, file: str, source: str) -> None:
    """No arrow forbids an import that the house allows."""
    assert all(arrow(found) for found in imports_of(source, package, file) for arrow in ARROWS)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Write a package whose ground floor imports the one above, inside a function."""
    for file, source in {
        "__init__.py": "",
        "top.py": "from .upper import beams\n",
        "upper/__init__.py": "",
        "upper/beams.py": "from ..ground import stones\n",
        "ground/__init__.py": "",
        "ground/stones.py": "def f():\n    from ..upper.beams import b\n\nimport conformance\n",
    }.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(source)
    return tmp_path


def test_an_import_that_goes_up_is_named(house: Path) -> None:
    """With its file and line, inside a function too."""
    found = upward_imports("p", house, ("ground", "upper", "top", "__init__"))
    assert found == ["p/ground/stones.py:2 imports p.upper.beams.b"]


def test_rooms_are_compared_with_their_floors(house: Path) -> None:
    """One that has no floor, and a floor without a room."""
    floors = ("cellar", "ground", "upper", "top")
    assert rooms_without_a_floor("p", house, floors) == {"cellar", "__init__"}


def test_a_circle_through_a_function_is_found(house: Path) -> None:
    """It would break as soon as one of the imports moves to the top of its file."""
    assert circles(module_graph("p", house)) == [["p.ground.stones", "p.upper.beams"]]


def test_an_import_of_the_tests_is_found(house: Path) -> None:
    """Tests are on the path in a checkout, so that it works there and nowhere else."""
    found = uses_of_tests("p", house, {"conformance"})
    assert found == ["p/ground/stones.py:4 imports conformance"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('SUITE = ROOT / "tests" / "conformance"', [1]),
        ('\nSUITE = "../tests/conformance"', [2]),
        ('run("tests.conformance")', [1]),
        ('"""As tests/conformance does."""', []),
        ('name = "latests"', []),
    ],
)
def test_a_path_into_the_tests_is_found(source: str, lines: list[int]) -> None:
    """Prose may speak of the tests."""
    assert [line for line, _ in paths_into_tests(source)] == lines


# The arguments of these functions are the inputs of TensorFlow's op, in its order.
RULES_FOR_OPS = "tracing/tf_ops/"


@pytest.mark.parametrize("package", SHIPPED)
def test_public_functions_explain_their_arguments_and_errors(package: str) -> None:
    """Those of four parameters or more have `Args:`, those that raise have `Raises:`."""
    gaps = [gap for gap in gaps_below(SHIPPED[package]) if not gap.startswith(RULES_FOR_OPS)]
    assert gaps == []


@pytest.mark.parametrize(
    ("source", "gaps"),
    [
        ("def f(a, b, c, d):\n    'Add.'", ["f lacks Args"]),
        ("def f(a, b, c, *, d):\n    'Add.\\n\\nArgs:'", []),
        ("def f(a, b, c, _d):\n    'Add.'", []),
        ("def f():\n    raise ValueError", ["f lacks Raises"]),
        ("def f():\n    'Fail.\\n\\nRaises:'\n    raise ValueError", []),
        ("def f():\n    def g():\n        raise ValueError", []),
        ("def f():\n    try:\n        g()\n    except ValueError:\n        raise", []),
        ("class C:\n    def f(self, a, b, c):\n        raise ValueError", ["f lacks Raises"]),
        ("def _f(a, b, c, d):\n    raise ValueError", []),
    ],
)
def test_a_gap_of_a_docstring_is_found(source: str, gaps: list[str]) -> None:
    """In functions and methods that others may call."""
    assert [gap for _, gap in gaps_in(source)] == gaps
