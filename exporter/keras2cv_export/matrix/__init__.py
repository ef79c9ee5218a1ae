"""`keras2cv matrix`: a bundle's self-test in an isolated environment per OpenCV version.

Each environment holds NumPy and one wheel of OpenCV, nothing else, and imports a copy of this
keras2cv: TensorFlow is never near, as on the device that the bundle is for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from keras2cv.bundle.reading import SELFTEST, Bundle, read_bundle
from keras2cv.errors import BundleError, MissingDependency, UsageError

from .environment import Environment, Environments
from .report import MatrixReport, MatrixRow
from .table import render
from .trial import run_selftest

__all__ = ["MatrixReport", "MatrixRow", "render", "run_matrix"]

Step = Callable[[str], None]
SelfTest = Callable[..., MatrixRow]


def run_matrix(
    path: str | os.PathLike[str],
    versions: Sequence[str],
    *,
    python: str | None = None,
    pre: bool = False,
    timeout_s: float = 600.0,
    progress: Step = lambda _: None,
    environments: Environments | None = None,
    selftest: SelfTest = run_selftest,
) -> MatrixReport:
    """Run a bundle's self-test on every requested version and engine.

    Args:
        path: The bundle.
        versions: Wheels ("4.6.0.66"), or lines of them ("4.6": the newest of its wheels).
        python: The interpreter to build environments with; None takes this one.
        pre: Whether pre-releases count among the wheels of a line.
        timeout_s: How long one self-test may take.
        progress: Called with a few words before each step.
        environments: The environments; None makes them in the user's cache.
        selftest: The self-test to run in them.

    Returns:
        A row per version and engine; a version that cannot be had is a row too.

    Raises:
        BundleError: `path` is not a bundle, or has no golden vectors to run.
        UsageError: no versions, or a `python` that does not start.
    """
    bundle = _whole(read_bundle(path))
    if not versions:
        raise UsageError("There is no version to run on. Name some, such as 4.6,4.14,5.0.")
    source = environments or Environments(python, pre=pre)
    rows: list[MatrixRow] = []
    for asked in dict.fromkeys(versions):
        try:
            environment = _environment(source, asked, progress)
        except MissingDependency as error:
            rows.append(_missing(asked, str(error)))
            continue
        run = partial(selftest, environment, bundle.folder, asked=asked, timeout_s=timeout_s)
        rows += _rows(run, environment, bundle.manifest.engine.name, progress)
    return MatrixReport(bundle.folder, tuple(rows))


def _whole(bundle: Bundle) -> Bundle:
    if not bundle.selftest_path.is_file():
        raise BundleError(
            f"{bundle.folder} has no {SELFTEST}, the golden vectors that are compared with. "
            "Export it again, without --no-check."
        )
    return bundle


def _environment(source: Environments, asked: str, progress: Step) -> Environment:
    wheel = source.resolve(asked)
    if not source.has(wheel):
        progress(f"making an environment with OpenCV {wheel}")
    return source.prepare(wheel)


def _rows(
    run: Callable[..., MatrixRow], environment: Environment, verified: str, progress: Step
) -> Iterator[MatrixRow]:
    """Yield a row per engine of an OpenCV, for a bundle verified on the engine `verified`.

    Where there is one engine only, the bundle is loaded as it asks to be: one that insists on the
    new engine has to refuse.
    """
    engines = environment.engines
    for engine in engines:
        progress(f"running on OpenCV {environment.wheel}, {engine} engine")
        several = len(engines) > 1
        required = not several or verified in ("any", engine)
        yield run(engine=engine, force_engine=several, required=required)


def _missing(asked: str, problem: str) -> MatrixRow:
    return MatrixRow(asked, None, None, None, "-", verdict="missing", problem=problem)
