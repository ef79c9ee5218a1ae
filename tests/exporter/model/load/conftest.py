"""Fixtures for the tests of loading."""

import keras
import pytest


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    """Draw the same weights whichever tests ran before."""
    keras.utils.set_random_seed(5)
