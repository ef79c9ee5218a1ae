"""Fixtures of the runtime's tests."""

from pathlib import Path

import pytest

from support.tiny_bundle import Classifier


@pytest.fixture
def cat_cv(tmp_path: Path) -> Path:
    """Return a fresh bundle of the tiny image classifier."""
    return Classifier().write(tmp_path / "cat.cv")
