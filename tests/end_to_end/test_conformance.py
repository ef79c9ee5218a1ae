"""Every layer, op and pattern of the suite: converted, and run in OpenCV on each of its engines.

The sample runs always, everything with `pytest -m slow`; the portable file likewise on older
OpenCVs, each in an environment of its own. What is known not to work is in
`tests/conformance/known_gaps.py`, and here expected to fail: a gap that closes fails the test until
its line is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import pytest

from conformance import Case, all_cases, sample_cases
from conformance.child import ANSWERS, Child
from conformance.known_gaps import gap
from keras2cv.bundle import read_bundle
from keras2cv.errors import MissingDependency
from keras2cv.net import ENGINES
from keras2cv.opencv import version_tuple
from keras2cv_export import export
from keras2cv_export.load import load_model
from keras2cv_export.matrix.environment import Environments, runtime_copy
from keras2cv_export.reference import reference

pytestmark = pytest.mark.filterwarnings(
    # Keras 3 on numpy 2: Normalization.adapt and TensorFlow's variables, nothing of ours.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

# In every run the oldest, and the one that computes the most of all wrongly; then the others.
OLDER = ("4.6", "4.8")
OTHERS = ("4.10", "4.12", "4.14")

LIMIT = 1e-4  # of max|reference|: "fp32" of `--tolerance`
SAMPLES = 2

Exported = Callable[[Case, int], Path]
ChildOf = Callable[[str], Child]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Return OpenCV in a process of its own."""
    child = Child()
    yield child
    child.close()


@pytest.fixture(scope="module")
def child_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildOf]:
    """Return a function that gives an older OpenCV in a process of its own."""
    children: dict[str, Child | MissingDependency] = {}
    with runtime_copy(tmp_path_factory.mktemp("runtime")) as environment:

        def of(version: str) -> Child:
            if version not in children:
                children[version] = _older(version, environment)
            found = children[version]
            if isinstance(found, MissingDependency):
                pytest.skip(f"no environment with OpenCV {version} can be made here: {found}")
            return found

        yield of
        for child in children.values():
            if isinstance(child, Child):
                child.close()


def _older(version: str, environment: Mapping[str, str]) -> Child | MissingDependency:
    try:
        environments = Environments()
        made = environments.prepare(environments.resolve(version))
    except MissingDependency as error:
        return error
    return Child(str(made.python), environment)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a function that makes a bundle of a case, once for all engines."""
    done: dict[tuple[str, int], Path | Exception] = {}

    def once(case: Case, batch: int) -> Path:
        key = (case.name, batch)
        if key not in done:
            try:
                done[key] = _export(case, batch, tmp_path_factory.mktemp(case.name))
            except Exception as error:  # the other engine's test fails for the same reason
                done[key] = error
            finally:
                keras.backend.clear_session()
        found = done[key]
        if isinstance(found, Exception):
            raise found
        return found

    return once


def _export(case: Case, batch: int, folder: Path) -> Path:
    """Write the case's bundle, and beside it what TensorFlow makes of two samples."""
    model = case.model()
    shapes = {name: (batch, *shape) for name, shape in case.input_shapes.items()}
    given = (next(iter(shapes.values())) if len(shapes) == 1 else shapes) or None
    export(model, folder / "case.cv", input_shapes=given, batch=batch, task="raw", check=False)
    loaded = load_model(model, input_shapes=given, batch=batch)
    native = reference(loaded)
    arrays = {}
    for i in range(SAMPLES):
        inputs = case.inputs(model, batch, seed=20 + i)
        named = {spec.name: array for spec, array in zip(loaded.inputs, inputs, strict=True)}
        arrays |= {f"in/{i}/{k}": array for k, array in enumerate(inputs)}
        arrays |= {f"out/{i}/{k}": array for k, array in enumerate(native(named).values())}
    np.savez(folder / ANSWERS, **arrays)
    return folder / "case.cv"


def _params(cases: tuple[Case, ...]) -> list[object]:
    """Give each case on each engine, at batch 1 and at its largest."""
    return [
        pytest.param(
            case, batch, engine, id=f"{case.name}-{batch}-{engine}", marks=gap(case.name, engine)
        )
        for case in cases
        for batch in sorted({min(case.batches), max(case.batches)})
        for engine in ENGINES
    ]


def _older_params(cases: tuple[Case, ...], versions: Sequence[str]) -> list[object]:
    """Give each case on each older OpenCV, at its largest batch, which is the harder one."""
    return [
        pytest.param(case, max(case.batches), version, id=f"{case.name}-{version}")
        for case in cases
        for version in versions
    ]


_SAMPLE = sample_cases()
_REST = tuple(case for case in all_cases() if case not in _SAMPLE)


@pytest.mark.parametrize(("case", "batch", "engine"), _params(_SAMPLE))
def test_a_sampled_case_is_right(
    case: Case, batch: int, engine: str, exported: Exported, child: Child
) -> None:
    """OpenCV gives what TensorFlow gives, to 1e-4 of the largest value."""
    assert child.worst_error(exported(case, batch), engine) <= LIMIT


@pytest.mark.slow
@pytest.mark.parametrize(("case", "batch", "engine"), _params(_REST))
def test_every_other_case_is_right(
    case: Case, batch: int, engine: str, exported: Exported, child: Child
) -> None:
    """The same for all that the sample leaves out."""
    assert child.worst_error(exported(case, batch), engine) <= LIMIT


@pytest.mark.parametrize(("case", "batch", "version"), _older_params(_SAMPLE, OLDER))
def test_a_sampled_case_is_right_or_refused_on_older_opencvs(
    case: Case, batch: int, version: str, exported: Exported, child_of: ChildOf
) -> None:
    """The same portable file, never a wrong number; what it needs is in its manifest."""
    _check_older(exported(case, batch), version, child_of(version))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "batch", "version"),
    [*_older_params(_SAMPLE, OTHERS), *_older_params(_REST, (*OLDER, *OTHERS))],
)
def test_every_other_case_is_right_or_refused_on_older_opencvs(
    case: Case, batch: int, version: str, exported: Exported, child_of: ChildOf
) -> None:
    """The same for all that the sample leaves out, and for the versions in between."""
    _check_older(exported(case, batch), version, child_of(version))


def _check_older(bundle: Path, version: str, child: Child) -> None:
    oldest = read_bundle(bundle).manifest.model.opencv
    if version_tuple(oldest) <= version_tuple(version):
        assert child.worst_error(bundle, "classic") <= LIMIT
        return
    with pytest.raises(AssertionError, match=f"needs OpenCV {oldest} or newer"):
        child.worst_error(bundle, "classic")
