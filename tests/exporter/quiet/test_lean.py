"""Commands import Keras without what only its plots and wrappers use."""

from __future__ import annotations

import subprocess
import sys

import pytest

_ASKED = """
import sys
from keras2cv_export.cli.heavy import load_function
load_function("keras2cv_export.quiet.tensorflow", "keras", lean={lean})
print("sklearn" in sys.modules, "matplotlib" in sys.modules)
import matplotlib, sklearn.base  # as a page, or the user's code, does later
print(sklearn.base.BaseEstimator.__name__)
"""


@pytest.mark.parametrize("lean", [True, False])
def test_what_no_command_uses_is_imported_only_when_asked_for(lean: bool) -> None:
    """And whoever asks later finds it."""
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, "-P", "-c", _ASKED.format(lean=lean)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    there = "False False" if lean else "True True"
    assert done.stdout.splitlines() == [there, "BaseEstimator"]
