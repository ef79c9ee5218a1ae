"""The inputs of a measurement's subjects: no two samples are the same, at any batch."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from keras2cv.bundle.reading import read_bundle
from keras2cv_bench.inputs import SAMPLES, Inputs, inputs_for
from support.tiny_bundle import Classifier


def assert_all_differ(inputs: Inputs) -> None:
    """Fail if two samples hold the same values in the same places."""
    for one, other in combinations(inputs.samples, 2):
        assert not all(map(np.array_equal, one, other))


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5, 8])
def test_drawn_pictures_differ_from_sample_to_sample(batch: int, tmp_path: Path) -> None:
    """And within one sample, so that the answer for a wrong row shows."""
    inputs = inputs_for(read_bundle(Classifier().write(tmp_path / "cat.cv")), batch)
    assert_all_differ(inputs)
    assert len(inputs.samples) == SAMPLES
    assert {len(sample) for sample in inputs.samples} == {batch}
    for one, other in combinations(inputs.samples[0], 2):
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 6])
def test_golden_arrays_differ_from_sample_to_sample(batch: int, tmp_path: Path) -> None:
    """Even with fewer golden rows than samples."""
    bundle = read_bundle(Classifier(batch).write(tmp_path / "cat.cv"))
    arrays = replace(bundle, manifest=replace(bundle.manifest, preprocessing=None))
    inputs = inputs_for(arrays, batch)
    assert_all_differ(inputs)
    assert len(inputs.samples) == 3  # as many as it has
    assert {len(sample[0]) for sample in inputs.samples} == {batch}
