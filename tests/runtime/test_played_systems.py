"""The runtime's verbs on Windows and macOS, as far as Linux can play them.

`tests/support/played_system` says what is played.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import pytest

from support.drawn_image import draw_image
from support.played_systems import run_played
from support.system_child import NAME
from support.tiny_bundle import Classifier

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the real ones need no play"),
    pytest.mark.genuine,  # a process finds one of the players
]


@pytest.mark.parametrize("system", ["windows", "macos"])
def test_every_verb_works(system: str, tmp_path: Path) -> None:
    """With names that no code page has; both engines run; a bundle in use is replaced or stays."""
    Classifier().write(tmp_path / f"{NAME}.cv")
    photos = tmp_path / "photos ß"
    photos.mkdir()
    for k in range(3):
        _, data = cv2.imencode(".png", draw_image(40 + k, 50, seed=k))
        (photos / f"{NAME} {k}.png").write_bytes(data.tobytes())
    found = run_played(system, "runtime", tmp_path)
    facts = dict(found[-6:])
    assert found[0][1] == (["nt", "win32"] if system == "windows" else ["posix", "darwin"])
    assert [(name, code) for name, code in found[1:9] if code != 0] == []
    assert (facts["lines"], facts["engines"], facts["replaced"]) == (3, True, 3)
    if system == "windows":
        assert "End the programs that have it open" in facts["in use"]
    assert facts["whole"] == (3 if system == "windows" else 2)
    assert facts["left"] == []
