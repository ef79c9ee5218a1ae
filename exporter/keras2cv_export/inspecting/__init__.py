"""`keras2cv inspect`: everything in a model that an OpenCV cannot run, before anything is written.

A Keras model is converted for the oldest of the requested versions, as `export --opencv` does:
into one file, which all newer ones are to run.

Two sources complement each other: the measured table of each OpenCV's importer
(`importer_support`) covers versions that are not installed here; a trial shows how the installed
one takes the file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import cv2
import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv.isolation.confinement import freely
from keras2cv.net.opencv import version_tuple
from keras2cv_export.graph.layout import transposes
from keras2cv_export.matrix.environment import Environments
from keras2cv_export.matrix.installer import clean_environment
from keras2cv_export.matrix.wheels import engines_of
from keras2cv_export.model.untrusted.confined import confined
from keras2cv_export.targets.importer_support import Unsupported, UnsupportedOpsError, importer_of
from keras2cv_export.targets.target import Target
from keras2cv_export.verifying.probing import try_engines
from keras2cv_export.verifying.trial import Trial

from .opening import Notes, Opened, opened
from .report import Finding, Inspection
from .table import render

__all__ = ["Finding", "Inspection", "Trial", "inspect_model", "render"]

Step = Callable[[str], None]
Shapes = Mapping[str, Sequence[int]] | Sequence[int] | None


def inspect_model(
    path: str | os.PathLike[str],
    versions: Sequence[str] = (),
    *,
    format: str = "onnx",  # noqa: A002 - the command line's word
    input_shapes: Shapes = None,
    batch: int = 1,
    unsafe: bool = False,
    imports: Sequence[str] = (),
    signature: str | None = None,
    try_there: bool = False,
    timeout_s: float = 120.0,
    progress: Step = lambda _: None,
    environments: Environments | None = None,
) -> Inspection:
    """List the nodes of a model that OpenCV cannot run.

    Args:
        path: A .keras or .h5 file, a SavedModel folder, a bundle, or an .onnx file.
        versions: The OpenCVs to look at, "4.6"; none: the installed one.
        format: For a Keras model, as `export` takes it.
        input_shapes: The same.
        batch: The same.
        unsafe: The same.
        imports: The same.
        signature: The same.
        try_there: Try the file in each of `versions` too, in the environments of `matrix`.
        timeout_s: How long a trial on one engine may take.
        progress: Called with a few words before each step.
        environments: Provides them; None makes them in the user's cache.

    Raises:
        ModelError: The model cannot be read, or not safely.
        BundleError: It is a damaged bundle.
        MissingDependency: An environment of `try_there` cannot be made.
    """
    targets = tuple(dict.fromkeys(_targets(versions or [_installed()])))
    progress("reading the model")

    def convert(model: Path) -> tuple[ir.Model, Notes]:
        from keras2cv_export.formats.formats import format_of
        from keras2cv_export.model.load import load_model

        loaded = load_model(
            model,
            input_shapes=input_shapes,
            batch=batch,
            unsafe=unsafe,
            imports=imports,
            signature=signature,
        )
        return format_of(format).convert(loaded, _aim(versions)).model, loaded.notes

    try:
        with _confined(imports, unsafe=unsafe), opened(Path(path), convert, format) as found:
            progress("trying it in OpenCV, in a process of its own")
            trials = list(_trials_here(found, timeout_s))
            if try_there and found.file.exists():
                attempts = _trials_there(found, versions, environments, timeout_s, progress)
                trials += freely(list, attempts)  # an environment may have to be made
            listed, ops, transposed = survey(found, targets)
            return Inspection(
                found.name, targets, listed, tuple(trials), ops, transposed, found.notes
            )
    except UnsupportedOpsError as error:  # there is no graph: nothing converts these
        listed = tuple(findings(error.found, targets))
        ops = Counter(problem.op for problem in error.found)
        return Inspection(Path(path).name, targets, listed, (), ops, 0)


def _confined(imports: Sequence[str], *, unsafe: bool) -> AbstractContextManager[None]:
    """Import the user's modules with all rights, and open the model without."""
    if imports:
        from keras2cv_export.model.load import import_modules

        import_modules(imports)
    return confined(unsafe=unsafe, own_code=bool(imports))


def survey(
    found: Opened, targets: Sequence[str]
) -> tuple[tuple[Finding, ...], dict[str, int], int]:
    """Return a graph's unsupported nodes, its nodes per op, and its number of transposes.

    Raises:
        ModelError: It is a stranger's file, and its nodes break ONNX's own rules.
    """
    try:
        listed = (*found.problems(targets), *findings(found.examine(found.model), targets))
        return listed, histogram(found.model), transposes(found.model)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if found.is_ours:
            raise
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        raise ModelError(
            f"{found.name} breaks ONNX's rules ({reason or type(error).__name__}). Export it again."
        ) from error


def findings(problems: Sequence[Unsupported], targets: Sequence[str]) -> Iterator[Finding]:
    """Yield each problem once, with the targets that have it, in graph order."""
    by_problem: dict[Unsupported, dict[str, int]] = {}
    for target in targets:
        importer = importer_of(*target.split(" "))
        for problem in (one for one in problems if importer in one.importers):
            counts = by_problem.setdefault(problem, {})
            counts[target] = counts.get(target, 0) + 1
    for problem, counts in by_problem.items():
        yield Finding(problem, max(counts.values()), tuple(counts))


def histogram(model: ir.Model) -> dict[str, int]:
    """Count the nodes of each op, most first, subgraphs included; foreign ops with their domain."""
    nodes = ir.traversal.RecursiveGraphIterator(model.graph)
    names = (n.op_type if n.domain in ("", "ai.onnx") else f"{n.domain}.{n.op_type}" for n in nodes)
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _targets(versions: Sequence[str]) -> Iterator[str]:
    """Yield "4.6", and for an OpenCV with two engines "5.0 new" and "5.0 classic"."""
    for version in versions:
        engines = engines_of(version)
        yield from (f"{version} {engine}" for engine in engines) if engines[1:] else (version,)


def _trials_here(found: Opened, timeout_s: float) -> Iterator[Trial]:
    """Try the file in the installed OpenCV; a graph that could not be written is not tried."""
    if not found.file.exists():
        return iter(())
    engines, version = engines_of(cv2.__version__), cv2.__version__
    return try_engines(found.file, found.model, engines, opencv=version, timeout_s=timeout_s)


def _trials_there(
    found: Opened,
    versions: Sequence[str],
    environments: Environments | None,
    timeout_s: float,
    progress: Step,
) -> Iterator[Trial]:
    """Try the file in the versions that are not installed here."""
    source = environments or Environments()
    for version in versions:
        wheel = source.resolve(version)
        if wheel.startswith(f"{cv2.__version__}."):
            continue
        progress(f"trying it in OpenCV {wheel}")
        there = source.prepare(wheel)
        attempt = partial(try_engines, found.file, found.model, engines_of(there.opencv))
        yield from attempt(
            opencv=there.opencv,
            timeout_s=timeout_s,
            python=there.python,
            environment=clean_environment(),
        )


def _aim(versions: Sequence[str]) -> Target:
    """Return the target of a file for all of `versions`; none: the default, any from 4.6 on."""
    return Target.parse(min(versions, key=version_tuple, default=None))


def _installed() -> str:
    return ".".join(cv2.__version__.split(".")[:2])
