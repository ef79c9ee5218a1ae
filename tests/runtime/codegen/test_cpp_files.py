"""The files of a C++ library: each short enough to be read, and apart from bundles where it can."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras2cv.codegen import program_files
from support.program_bundles import BUNDLES

# Lines of code that a class may have, header and source.
MOST = {"stretch": 550, "binary": 550, "mask of logits": 740, "heatmaps": 660, "text": 750}
ABOUT_BUNDLES = re.compile(r"\b(Manifest|Task|Preprocessing|TensorSpec|Sample)\b")


def code_lines(text: str) -> int:
    """Return how many lines are neither empty nor comments."""
    lines = (line.strip() for line in text.splitlines())
    return sum(1 for line in lines if line and not line.startswith("//"))


@pytest.mark.parametrize("name", MOST)
def test_a_class_is_short(name: str, tmp_path: Path) -> None:
    """With what knows nothing of bundles in headers beside it, which it includes."""
    files = program_files(BUNDLES[name](tmp_path / "cat.cv"), "cpp", tmp_path)
    source = files["src/cat.cpp"]
    assert code_lines(files["include/keras2cv/cat.hpp"]) + code_lines(source) <= MOST[name]
    headers = {file[4:]: text for file, text in files.items() if re.match(r"src/.*hpp$", file)}
    assert {"files.hpp", "json.hpp", "node.hpp", "sha256.hpp"} <= set(headers)
    for header, text in headers.items():
        assert f'#include "{header}"' in source
        assert code_lines(text) <= 150
        assert not ABOUT_BUNDLES.search(text), header
        assert "#pragma once" in text
