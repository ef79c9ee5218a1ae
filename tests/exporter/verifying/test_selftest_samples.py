"""The golden vectors' samples: those that say something come first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras2cv.bundle.golden_vectors import read_golden_vectors
from keras2cv.bundle.reading import SELFTEST
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.verifying.selftest import write_selftest
from support.tiny_bundle import HEIGHT, WIDTH, Classifier


def kept(folder: Path, *largest: float) -> list[float]:
    """Return the largest numbers of the samples that are kept, of samples with these."""
    samples, expected = [], []
    for k, number in enumerate(largest):
        samples.append((np.full((1, HEIGHT, WIDTH, 3), k, np.float32),))
        expected.append({"scores": np.array([[0.1, 0.2, 0.3, number]], np.float32)})
    manifest = Classifier().manifest()
    write_selftest(folder, manifest, samples, expected, Tolerance(), None)
    vectors = read_golden_vectors(folder / SELFTEST, manifest)
    return [float(sample.outputs[0][0, 3]) for sample in vectors.samples]


def test_samples_that_overflow_are_left_out_where_there_are_others(tmp_path: Path) -> None:
    """Infinity, NaN, and numbers at the border of overflow; without others they are kept."""
    assert kept(tmp_path, np.inf, 1, 2, 3) == [1, 2, 3]
    assert kept(tmp_path, 1, np.float32(3e38), 2, 3) == [1, 2, 3]
    assert kept(tmp_path, 1, -np.inf, 2) == [1, -np.inf, 2]
    assert np.isnan(kept(tmp_path, np.nan, 1, 2)[0])
