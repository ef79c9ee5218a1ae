"""The verbs: the runtime's own, the project's others, and whatever an installed package adds.

The runtime's own verbs are imported here. Every other verb is a module that a package offers under
the entry-point group `keras2cv.verbs`, and is looked up only when it is asked for. A checkout on
PYTHONPATH has no entry points: there, `SHIPPED` names the modules of the project's other packages.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from keras2cv.cli import codegen, completion, doctor, evaluate, info, run, selftest, tune, version
from keras2cv.errors import MissingDependency

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "keras2cv.verbs"


class Verb(Protocol):
    """The interface of a verb's module.

    It may have `OUTPUTS` too, {argument: kind}: what it writes, for `keras2cv.cli.output_guard`.
    """

    @property
    def USAGE(self) -> str:  # noqa: N802 - a module's constant
        """Its arguments in one line, options as [options]."""

    @property
    def ABOUT(self) -> str:  # noqa: N802
        """The first paragraphs of its help."""

    @property
    def EXAMPLES(self) -> str:  # noqa: N802
        """Commands that work as they stand, an indented line each."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the verb's arguments."""

    def execute(self, args: argparse.Namespace) -> int:
        """Do it, and return the exit code."""


_PARTS: Final = ("USAGE", "ABOUT", "EXAMPLES", "add_arguments", "execute")

OWN: Final[Mapping[str, Verb]] = {
    "run": run,
    "evaluate": evaluate,
    "selftest": selftest,
    "tune": tune,
    "info": info,
    "doctor": doctor,
    "codegen": codegen,
    "completion": completion,
    "version": version,
}
SUMMARIES: Final[Mapping[str, str]] = {
    "run": "predict images, folders, videos or arrays",
    "evaluate": "measure accuracy, mAP or IoU on labelled data",
    "selftest": "compare with TensorFlow's predictions, without TensorFlow",
    "tune": "find the fastest settings on this machine, and note them",
    "info": "describe a bundle, and how to use it without keras2cv",
    "doctor": "examine this machine, and list its problems",
    "codegen": "write a program that needs OpenCV and nothing else",
    "completion": "print what completes commands in bash, zsh or fish",
    "version": "print the versions of keras2cv, OpenCV and NumPy",
}


@dataclass(frozen=True)
class Shipped:
    """A verb of the project's other packages.

    Attributes:
        module: The module, as the entry point in pyproject.toml names it.
        extra: The extra to install for it.
        summary: Its line in `keras2cv --help`.
    """

    module: str
    extra: str
    summary: str


# The one place in the runtime that names the project's other packages.
SHIPPED: Final[Mapping[str, Shipped]] = {
    "export": Shipped(
        "keras2cv_export.cli.export", "export", "turn a Keras model into a bundle, and prove it"
    ),
    "check": Shipped(
        "keras2cv_export.cli.check", "export", "compare a bundle with the model it came from"
    ),
    "bench": Shipped(
        "keras2cv_bench.cli", "bench", "measure its speed beside TensorFlow and other runtimes"
    ),
    "inspect": Shipped(
        "keras2cv_export.cli.inspect",
        "export",
        "list the parts of a model that an OpenCV cannot run",
    ),
    "matrix": Shipped(
        "keras2cv_export.cli.matrix", "export", "self-test a bundle on other versions of OpenCV"
    ),
    "demo": Shipped(
        "keras2cv_export.cli.demo", "export", "train, export, check and run a small model"
    ),
}


def added_verbs() -> Mapping[str, EntryPoint]:
    """Return the entry points of verbs that packages outside the project add, by name."""
    return {name: found for name, found in _entry_points().items() if name not in {*OWN, *SHIPPED}}


def find_verb(name: str) -> Verb:
    """Import the verb called `name`.

    Raises:
        MissingDependency: Its package is not installed, or does not load.
        KeyError: Nothing offers a verb of that name.
    """
    if name in OWN:
        return OWN[name]
    entry_point = _entry_points().get(name)
    if name in SHIPPED:
        return _load_shipped(name, entry_point)
    if entry_point is None:
        raise KeyError(name)
    return _load_added(entry_point)


def _entry_points() -> dict[str, EntryPoint]:
    """Return every entry point of the group by verb; a name of the project stays the project's."""
    from importlib.metadata import entry_points  # takes longer than the whole runtime's import

    found: dict[str, EntryPoint] = {}
    for one in entry_points(group=GROUP):
        if one.name not in SHIPPED or one.value == SHIPPED[one.name].module:
            found.setdefault(one.name, one)
    return found


def _load_shipped(name: str, entry_point: EntryPoint | None) -> Verb:
    from importlib.metadata import EntryPoint

    shipped = SHIPPED[name]
    try:
        verb: Verb = (entry_point or EntryPoint(name, shipped.module, GROUP)).load()
    except ModuleNotFoundError as error:
        package = _package_of(error.name or "")
        if package not in {_package_of(one.module) for one in SHIPPED.values()}:
            raise
        raise MissingDependency(
            f"`keras2cv {name}` needs {package}, which is not installed for {sys.executable}. "
            f"Install it: pip install 'keras2cv[{shipped.extra}]'."
        ) from error
    return verb


def _package_of(module: str) -> str:
    return module.partition(".")[0]


def _load_added(entry_point: EntryPoint) -> Verb:
    """Import a verb of another package, whose faults must not look like the project's own."""
    try:
        verb: Any = entry_point.load()
    except Exception as error:  # whatever that package's import raises
        raise MissingDependency(_broken(entry_point, f"{type(error).__name__}: {error}")) from error
    absent = [part for part in _PARTS if not hasattr(verb, part)]
    if absent:
        raise MissingDependency(_broken(entry_point, f"it has no {', '.join(absent)}"))
    found: Verb = verb
    return found


def origin_of(entry_point: EntryPoint) -> str:
    """Name the package that adds a verb."""
    return entry_point.dist.name if entry_point.dist is not None else entry_point.value


def _broken(entry_point: EntryPoint, reason: str) -> str:
    package = origin_of(entry_point)
    return (
        f"`keras2cv {entry_point.name}` comes from {package}, and does not load ({reason}). "
        f"Update {package}, or uninstall it."
    )
