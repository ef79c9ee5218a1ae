"""What a child hands back is read as data: no constructor and no code of its choosing runs."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv_export.confined_child.failure import Failure
from keras2cv_export.confined_child.plain_values import NotPlainError, read_values, write_values
from keras2cv_export.tasks.detect.options import DetectOptions


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": (1, 2.5, "é\n"), 3: [True, None], (4, 5): {6}},
        Path("a/b"),
        b"\0\xff",
        frozenset({"x"}),
        float("inf"),
        2**70,
        Failure("ModelError", "no", ("Twice",)),
        DetectOptions(),
    ],
)
def test_a_value_comes_back(tmp_path: Path, value: Any) -> None:
    """As itself, of its own type."""
    write_values(tmp_path, "x", value)
    found = read_values(tmp_path, "x")
    assert found == value
    assert type(found) is type(value)


def test_arrays_and_their_numbers_come_back(tmp_path: Path) -> None:
    """Of any type but objects; maps that only look like one become plain maps."""
    given = (np.arange(6, dtype=np.int16).reshape(2, 3), np.float32(0.1), np.array(["a", "bc"]))
    write_values(tmp_path, "x", MappingProxyType({"arrays": given}))
    found = read_values(tmp_path, "x")["arrays"]
    assert [one.dtype for one in found] == [one.dtype for one in given]
    assert all(np.array_equal(a, b) for a, b in zip(found, given, strict=True))
    write_values(tmp_path, "y", OrderedDict(a=1))
    assert read_values(tmp_path, "y") == {"a": 1}


@pytest.mark.parametrize("value", [print, object(), np.array([{}]), [lambda: 1], Exception("x")])
def test_anything_else_is_no_plain_value(tmp_path: Path, value: Any) -> None:
    """So the caller does without a child."""
    with pytest.raises(NotPlainError):
        write_values(tmp_path, "x", value)


@pytest.mark.parametrize(
    "tree",
    [
        {"record": ["os", "system", {}]},
        {"record": ["pathlib", "Path", {}]},
        {"record": ["keras2cv_export.confined_child.failure", "annotations", {}]},
        {"record": ["keras2cv.errors", "ModelError", {}]},
        {"record": ["keras2cv.no_such_module", "X", {}]},
        {"record": ["keras2cv_export.confined_child.failure", "Failure", {"__class__": 1}]},
        {"record": ["keras2cv_export.confined_child.failure", "Failure.__init__", {}]},
        {"array": 7},
        {"array": "../x"},
        {"map": [[{"list": []}, 1]]},
        {"map": [1]},
        {"path": 5},
        {"bytes": "zz"},
        {"eval": "1"},
        {},
        [1],
        {"list": 5},
    ],
)
def test_a_forged_file_is_one_sentence(tmp_path: Path, tree: Any) -> None:
    """Whatever a child writes that a stranger's model has taken over."""
    write_values(tmp_path, "x", None)
    (tmp_path / "x.values.json").write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(InputError, match="hands back no report"):
        read_values(tmp_path, "x")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff"])
def test_a_file_that_is_no_json_is_one_sentence(tmp_path: Path, text: str) -> None:
    """A child may be killed while it writes."""
    write_values(tmp_path, "x", None)
    (tmp_path / "x.values.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="hands back no report"):
        read_values(tmp_path, "x")
