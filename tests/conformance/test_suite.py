"""The suite itself is complete, and none of its cases could pass by accident."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import keras
import numpy as np
import pytest

from . import Case, all_cases, reference, sample_cases
from .completeness import EXCLUDED_LAYERS, public_activations, public_layers
from .inputs import Array
from .layers_activation import FUNCTIONS

pytestmark = pytest.mark.filterwarnings(
    # Keras 3 on numpy 2: Normalization.adapt and TensorFlow's variables, nothing of ours.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

_SAMPLE = sample_cases()
_REST = tuple(case for case in all_cases() if case not in _SAMPLE)


@pytest.fixture(autouse=True)
def _forget_models() -> Iterator[None]:
    """Frees the state that Keras keeps of a model, and the names it has given out."""
    yield
    keras.backend.clear_session()


def _named(cases: tuple[Case, ...]) -> list[object]:
    return [pytest.param(case, id=case.name) for case in cases]


def test_every_case_has_a_name_of_its_own() -> None:
    """A name means one case, so that a report line can be traced to it."""
    repeated = [
        name for name, count in Counter(case.name for case in all_cases()).items() if count > 1
    ]
    assert not repeated


def test_the_suite_is_as_large_as_it_claims() -> None:
    """At least 250 cases beside the 40 applications, and something of every group."""
    sizes = Counter(case.group for case in all_cases())
    assert sizes["application"] == 40
    assert sum(sizes.values()) - sizes["application"] >= 250
    assert min(sizes[group] for group in ("layer", "activation", "ops", "pattern")) > 50


def test_the_sample_holds_every_group() -> None:
    """The sample stays small and still touches every group."""
    assert {case.group for case in _SAMPLE} == {case.group for case in all_cases()}
    assert 50 <= len(_SAMPLE) <= 80


def test_every_application_is_a_case() -> None:
    """keras.applications has no architecture that the suite does not build."""
    architectures = {
        name.lower() for name, value in vars(keras.applications).items() if callable(value)
    }
    covered = {c.name.removeprefix("application_") for c in all_cases() if c.group == "application"}
    assert covered == architectures


def test_every_activation_is_a_case() -> None:
    """keras.activations has no function that the suite does not call."""
    resolved = {getattr(keras.activations, name) for name in FUNCTIONS}
    assert {name for name, f in public_activations().items() if f not in resolved} == set()


def test_exclusions_name_real_layers() -> None:
    """A layer that Keras dropped or renamed does not linger among the exclusions."""
    assert set(EXCLUDED_LAYERS) <= set(public_layers())


@pytest.mark.slow
def test_every_public_layer_is_in_some_case() -> None:
    """keras.layers has no class with a meaning at inference that no layer case builds."""
    missing = set(public_layers()) - set(EXCLUDED_LAYERS)
    for case in all_cases():
        if case.group in {"layer", "activation"}:
            model = case.build()
            missing -= {type(layer).__name__ for layer in model._flatten_layers()}
            keras.backend.clear_session()
    assert not missing


@pytest.mark.parametrize("case", _named(_SAMPLE))
def test_a_sampled_case_is_informative(case: Case) -> None:
    """Outputs are finite and change with the input, and a sample does not depend on its batch."""
    _check(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", _named(_REST))
def test_every_other_case_is_informative(case: Case) -> None:
    """The same for all that the sample leaves out."""
    _check(case)


def _check(case: Case) -> None:
    model = case.model()
    batch = max(case.batches)
    inputs = case.inputs(model, batch, seed=11)
    outputs = reference(model, inputs)
    others = reference(model, case.inputs(model, batch, seed=14))
    for output, other in zip(outputs, others, strict=True):
        _assert_informative(output, other)
    if 1 in case.batches:
        alone = reference(model, [array[:1] for array in inputs])
        for output, single in zip(outputs, alone, strict=True):
            _assert_same(output[:1], single)


def _assert_informative(output: Array, other: Array) -> None:
    """An error of 1 % would show: not the same for all inputs, nor for all elements, nor tiny."""
    assert output.shape == other.shape
    assert output.size
    output, other = output.astype(np.float64), other.astype(np.float64)
    assert np.isfinite(output).all()
    largest = np.abs(output).max()
    assert 1e-3 < largest < 1e4
    assert np.abs(output - other).max() > 0.01 * largest
    assert np.ptp(output) > 0.01 * largest


def _assert_same(output: Array, single: Array) -> None:
    assert output.shape == single.shape
    difference = np.abs(output.astype(np.float64) - single.astype(np.float64)).max()
    assert difference <= 1e-4 * np.abs(single).max()
