"""Every layer, op and pattern of the suite: converted, and run in OpenCV on each of its engines.

The sample runs always, everything with `pytest -m slow`. What is known not to work is in
`tests/conformance/known_gaps.py`, and here expected to fail: a gap that closes fails the test until
its line is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from conformance import Case, all_cases, sample_cases
from conformance.child import ANSWERS, Child
from conformance.known_gaps import gap
from keras2cv.net import ENGINES
from keras2cv_export import export
from keras2cv_export.load import load_model
from keras2cv_export.reference import reference

pytestmark = pytest.mark.filterwarnings(
    # Keras 3 on numpy 2: Normalization.adapt and TensorFlow's variables, nothing of ours.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

LIMIT = 1e-4  # of max|reference|: "fp32" of `--tolerance`
SAMPLES = 2

Exported = Callable[[Case, int], Path]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Return OpenCV in a process of its own."""
    child = Child()
    yield child
    child.close()


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
