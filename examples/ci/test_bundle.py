"""The same bounds as a test: the fixture `keras2cv` comes with keras2cv[export].

BUNDLE=cat.cv MODEL=cat.keras DATA=data/test pytest examples/ci/test_bundle.py
"""

from __future__ import annotations

import os

import pytest

BUNDLE, MODEL, DATA = (os.environ.get(name, "") for name in ("BUNDLE", "MODEL", "DATA"))
needs_files = pytest.mark.skipif(not BUNDLE, reason="set BUNDLE, MODEL and DATA")


@needs_files
def test_parity(keras2cv):
    """The bundle predicts what the Keras model predicts."""
    keras2cv.assert_parity(BUNDLE, MODEL)


@needs_files
def test_accuracy(keras2cv):
    """It is good enough, and no worse than the Keras model."""
    keras2cv.assert_accuracy(
        BUNDLE, DATA, against=MODEL, accuracy=0.95, max_drop={"accuracy": 0.005}
    )
