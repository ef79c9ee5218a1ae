"""Shared by the verbs that need TensorFlow: the import, and the options of a Keras model."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keras2cv.diagnosis.advisories import known_holes
from keras2cv.diagnosis.doctor import INSTALL_EXPORT
from keras2cv.errors import MissingDependency
from keras2cv.net.opencv import VersionOf, installed_version, require_opencv
from keras2cv.trial.importing import require_loadable
from keras2cv_export.cli.option_arguments import add_options
from keras2cv_export.model.place import require_model
from keras2cv_export.options import ExportOptions
from keras2cv_export.quiet.lean import import_lean

if TYPE_CHECKING:
    from keras2cv_export.parity.report import ParityReport

# The modules behind the extra [export].
MODULES: Final = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx_ir", "onnxscript", "rich")
# The modules behind the extra [pages].
_PAGE_MODULES: Final = ("jinja2", "matplotlib")
_INSTALL_PAGES: Final = "pip install 'keras2cv[pages]'"


def load_exporter(
    verb: str,
    module: str,
    function: str,
    *,
    model: Path | None = None,
    page: bool = False,
    lean: bool = False,
) -> Callable[..., Any]:
    """Return a function of a module of keras2cv_export, for `keras2cv verb` on a `model`.

    Args:
        verb: The command that asks.
        module: The module's full name.
        function: Its name in the module.
        model: The file or folder that is opened next.
        page: Whether `--html` asks for a page.
        lean: Whether no code of the user's runs; see `quiet.lean`.

    Raises:
        MissingDependency: something of the extra [export], or [pages], is not installed.
        ModelError: there is no model; reported before TensorFlow takes seconds to start.
    """
    require_exporter(verb, page=page)
    if model is not None:
        require_model(model)
    return load_function(module, function, lean=lean)


def require_exporter(verb: str, *, page: bool = False) -> None:
    """Raise unless this environment has the packages of `keras2cv verb`, and of a `page`.

    Raises:
        MissingDependency: something of the extra [export], or [pages], is not installed.
    """
    require_opencv()
    require_modules(verb, MODULES)
    if page:
        require_pages(verb)
    refuse_holes(verb, installed_version)


def load_function(module: str, function: str, *, lean: bool = False) -> Callable[..., Any]:
    """Import a function of keras2cv_export, and with it TensorFlow, which takes seconds.

    `lean` leaves out what only the user's own code may want of Keras; see `quiet.lean`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or its log drowns ours later on
    require_loadable(("numpy", "cv2", "tensorflow"))
    with silenced():
        imported = (import_lean if lean else importlib.import_module)(module)
    found: Callable[..., Any] = getattr(imported, function)
    return found


def require_modules(verb: str, modules: Sequence[str]) -> None:
    """Raise MissingDependency unless all `modules` of the extra [export] are installed.

    Raises:
        MissingDependency: one is not installed.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependency(
            f"`keras2cv {verb}` needs {_joined(missing)}, not installed for {sys.executable}. "
            f"Install what exporting takes: {INSTALL_EXPORT}."
        )


def require_pages(verb: str) -> None:
    """Raise before minutes of work if `--html` cannot make its page.

    Raises:
        MissingDependency: something of the extra [pages] is not installed.
    """
    missing = [name for name in _PAGE_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependency(
            f"`keras2cv {verb} --html` needs {_joined(missing)}, not installed for "
            f"{sys.executable}. Install what pages take: {_INSTALL_PAGES}."
        )


def refuse_holes(verb: str, version_of: VersionOf) -> None:
    """Refuse to open a model's file with a package that has a known security hole.

    Raises:
        MissingDependency: an installed package has such a hole.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for hole in known_holes(version_of):
        if hole.advisory.refused:
            found.setdefault((hole.advisory.package, hole.version), []).append(hole.advisory.cve)
    if found:
        affected = [
            f"{name} {version} ({', '.join(cves)})" for (name, version), cves in found.items()
        ]
        raise MissingDependency(
            f"`keras2cv {verb}` does not open models with {_joined(affected)}, known holes that a "
            f"model's file can use. Update: pip install -U {' '.join(name for name, _ in found)}."
        )


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Hold back all output to stderr, by C++ too, and show it only if there is an error.

    TensorFlow prints six lines on oneDNN and CUDA while it loads, whatever its log level.
    """
    python = sys.stderr
    python.flush()
    with tempfile.TemporaryFile() as held, _python_held(held.fileno()):
        real = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            lines = held.read().decode("utf-8", "backslashreplace").splitlines()
            print(*lines, sep="\n", file=python)
            raise
        finally:
            os.dup2(real, 2)
            os.close(real)


@contextlib.contextmanager
def _python_held(descriptor: int) -> Iterator[None]:
    """Let Python's own stderr lead to `descriptor`, too."""
    file = io.FileIO(descriptor, "w", closefd=False)
    stream = io.TextIOWrapper(file, "utf-8", "backslashreplace", write_through=True)
    with contextlib.redirect_stderr(stream):
        yield


def add_model_arguments(parser: ArgumentParser) -> None:
    """Declare how a Keras model is opened and compared: --samples, --tolerance, --import, ..."""
    add_options(parser, ExportOptions, ("samples", "tolerance", "imports", "unsafe"))


def tolerance_of(args: Namespace) -> Sequence[str] | None:
    """Return the values of --tolerance; None if it is not given."""
    return args.tolerance or None


def progress(step: str) -> None:
    """Print the next step to stderr."""
    print(f"{step} ...", file=sys.stderr)


def print_parity(report: ParityReport) -> None:
    """Print the table of a comparison."""
    from keras2cv_export.cli.console import safe_console
    from keras2cv_export.parity.render import render

    render(report, safe_console())


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
