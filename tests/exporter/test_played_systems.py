"""The exporter's verbs on Windows and macOS, as far as Linux can play them."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import pytest

from support.played_systems import run_played
from support.system_child import NAME

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the real ones need no play"),
    pytest.mark.genuine,  # a process finds one of the players
]


@pytest.mark.parametrize("system", ["windows", pytest.param("macos", marks=pytest.mark.slow)])
def test_every_verb_works(system: str, tmp_path: Path) -> None:
    """With names that no code page has; nothing is left behind."""
    keras.utils.set_random_seed(4)
    image = keras.Input((16, 16, 3))
    h = keras.layers.Conv2D(4, 3, bias_initializer="random_normal")(image)
    h = keras.layers.GlobalAveragePooling2D()(h)
    model = keras.Model(image, keras.layers.Dense(5, activation="softmax")(h))
    model.save(tmp_path / f"{NAME}.keras")
    found = run_played(system, "exporter", tmp_path)
    assert found[-1] == ("left", [])
    assert [(name, code) for name, code in found[:-1] if code != 0] == []
