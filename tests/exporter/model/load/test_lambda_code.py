"""Bytecode of another Python is refused with the way out; this Python's own passes."""

from __future__ import annotations

import argparse
import base64
import json
import marshal
import statistics
import tarfile
import types
from pathlib import Path
from typing import Any

import keras
import pytest

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.load.lambda_code import refuse_other_bytecode

# `marshal.dumps((lambda x: x if x > 3 else abs(x)).__code__)`, written by Python 3.7 and 3.9.
OF_OTHERS = {
    "3.7 or earlier": "4wEAAAAAAAAAAQAAAAIAAABDAAAAcxQAAAB8AGQBawRyDHwAUwB0AHwAgwFTACkCTukDAAAA"
    "KQHaA2FicykB2gF4qQByBAAAANoIPHN0cmluZz7aCDxsYW1iZGE+AQAAAPMAAAAA",
    "3.8 to 3.10": "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMUAAAAfABkAWsEcgx8AFMAdAB8AIMBUwApAk7pAwAA"
    "ACkB2gNhYnMpAdoBeKkAcgQAAADaCDxzdHJpbmc+2gg8bGFtYmRhPgEAAADzAAAAAA==",
}


def config_of(code: str, *, old: bool) -> dict[str, Any]:
    """Return the architecture of a Lambda as Keras 2 (`old`) and Keras 3 write it."""
    function: Any = [code, None, None]
    if not old:
        function = {"class_name": "__lambda__", "config": {"code": code}}
    settings = {"name": "twice", "function": function, "function_type": "lambda"}
    layers = [{"class_name": "Lambda", "config": settings}]
    return {"class_name": "Sequential", "config": {"layers": layers}}


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("python", OF_OTHERS)
def test_bytecode_of_another_python_is_refused_with_the_way_out(python: str, old: bool) -> None:
    """The error names the layer, both Pythons, and what works."""
    with pytest.raises(ModelError) as caught:
        refuse_other_bytecode(Path("m.h5"), config_of(OF_OTHERS[python], old=old))
    said = str(caught.value)
    assert f"the Lambda in layer 'twice' holds bytecode of Python {python}" in said
    assert "save it there as a SavedModel" in said
    assert "\n" not in said


@pytest.mark.parametrize("text", ["", "////", "4wEAAAA=", "no base64 at all"])
def test_bytecode_that_is_none_is_refused(text: str) -> None:
    """Nothing is executed to find out."""
    with pytest.raises(ModelError, match="holds bytecode of another Python"):
        refuse_other_bytecode(Path("m.h5"), config_of(text, old=True))


def test_whatever_this_python_compiles_passes() -> None:
    """Hundreds of functions of the standard library, with inner functions and exceptions."""
    seen = 0
    for module in (argparse, json, statistics, tarfile):
        for thing in vars(module).values():
            inside = vars(thing).values() if isinstance(thing, type) else [thing]
            for function in inside:
                if isinstance(function, types.FunctionType):
                    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
                    refuse_other_bytecode(Path("m.h5"), config_of(code, old=True))
                    seen += 1
    assert seen > 300


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_lambda_of_this_python_is_opened_with_unsafe(tmp_path: Path, suffix: str) -> None:
    """As before."""
    layers = [keras.Input((3,)), keras.layers.Lambda(lambda x: 2 * x + 1, name="twice")]
    keras.Sequential(layers).save(tmp_path / f"m{suffix}")
    assert load_model(tmp_path / f"m{suffix}", unsafe=True).name
