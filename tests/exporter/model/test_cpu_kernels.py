"""Layers that TensorFlow computes on the CPU with oneDNN alone have a twin without it.

TensorFlow reads TF_ENABLE_ONEDNN_OPTS once, when it is imported: so every setting has a process of
its own, and both are in every run of the tests, whatever the processor.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from keras2cv_export.model.cpu_kernels import cpu_runner, twin_of
from support.cpu_kernel_cases import CASES, NEVER

TESTS = Path(__file__).parents[2]
Answers = Callable[[str, str], dict[str, NDArray[np.float32]]]


def ran(module: str, onednn: str, *arguments: str) -> str:
    """Run a module of the tests with oneDNN switched on (1) or off (0); return its output."""
    found = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=TESTS,
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Return a function that computes each case, with a setting, in one of three ways."""
    done: dict[str, dict[str, NDArray[np.float32]]] = {}

    def of(onednn: str, way: str) -> dict[str, NDArray[np.float32]]:
        if onednn not in done:
            file = tmp_path_factory.mktemp("answers") / "answers.npz"
            ran("support.cpu_kernel_cases", onednn, str(file))
            with np.load(file) as arrays:
                done[onednn] = dict(arrays)
        marked = {name.partition("/"): array for name, array in done[onednn].items()}
        return {name: array for (found, _, name), array in marked.items() if found == way}

    return of


@pytest.mark.parametrize("case", sorted(set(CASES) - NEVER))
def test_the_twin_computes_what_onednn_computes(case: str, answers: Answers) -> None:
    """The twin does not run there: the reference is TensorFlow's own answer where it has one."""
    own = answers("1", "own")
    if not own:
        pytest.skip("this TensorFlow is built without oneDNN")
    for onednn in "01":
        found = answers(onednn, "twin")[case]
        assert found.shape == own[case].shape
        assert np.abs(found - own[case]).max() <= 1e-6 * np.abs(own[case]).max()
    np.testing.assert_array_equal(answers("1", "runner")[case], own[case])


@pytest.mark.parametrize("case", sorted(CASES))
def test_without_onednn_the_twin_runs(case: str, answers: Answers) -> None:
    """TensorFlow has no kernel of its own there, or the case would prove nothing."""
    assert case not in answers("0", "own")
    np.testing.assert_array_equal(answers("0", "runner")[case], answers("0", "twin")[case])


@pytest.mark.parametrize("case", sorted(NEVER))
def test_blocks_of_channels_first(case: str, answers: Answers) -> None:
    """TensorFlow moves them on a GPU alone: the order is that of its documentation."""
    x = CASES[case].inputs
    n, c, h, w = x.shape
    if case == "depth_to_space":
        blocks = x.reshape(n, 2, 2, c // 4, h, w).transpose(0, 3, 4, 1, 5, 2)
        expected = blocks.reshape(n, c // 4, 2 * h, 2 * w)
    else:
        blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 3, 5, 1, 2, 4)
        expected = blocks.reshape(n, 4 * c, h // 2, w // 2)
    np.testing.assert_array_equal(answers("0", "twin")[case], expected)


def test_a_model_of_channels_first_is_verified_without_onednn(tmp_path: Path) -> None:
    """A live model, a .keras file, an .h5 file and a SavedModel, and every layer of the first."""
    printed = ran("support.channels_first_export", "0", str(tmp_path))
    assert printed.splitlines() == ["live", "keras", "h5", "savedmodel", "layers"]


def test_other_errors_of_tensorflow_stay() -> None:
    """A graph without such nodes has no twin, and one with them fails as itself."""
    spec = tf.TensorSpec([None], tf.int32)
    outside = tf.function(lambda k: tf.gather([1.0, 2.0], k)).get_concrete_function(spec)
    assert twin_of(outside) is None
    run = cpu_runner(outside)
    for _ in range(2):
        with pytest.raises(tf.errors.InvalidArgumentError, match="not in"):
            run(tf.constant([7]))
    np.testing.assert_array_equal(run(tf.constant([1])), [2.0])
