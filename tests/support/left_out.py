"""What a test does without a tool that it needs."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import pytest


def leave_out(tool: str, problem: str) -> NoReturn:
    """Skip the test; fail it if CI=true on Linux.

    Args:
        tool: Its word in KERAS2CV_LEFT_OUT, where `.ci/run` names what it could not install.
        problem: What is missing, and how to get it.
    """
    is_expected = tool not in os.environ.get("KERAS2CV_LEFT_OUT", "").split()
    if is_expected and os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail(problem)
    pytest.skip(problem)
