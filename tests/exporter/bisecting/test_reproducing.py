"""The script of a reproduction is run, here and by whoever gets it: a name in it is no code."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from keras2cv_export.bisecting import reproducing
from keras2cv_export.options.repro_place import SIGN

EVIL = (
    '"""\nimport os; os.abort()\n"""',
    "conv\rimport os; os.abort()",
    "conv\u2028import os\u2029os.abort()",
    "conv\x0cimport os\x85os.abort()",
    "{opencv.__class__}",
    "```\n# heading\n`",
)


@pytest.mark.parametrize("name", EVIL)
def test_the_name_of_a_layer_is_no_code(name: str) -> None:
    """It stands in a comment of one line."""
    found: Any = SimpleNamespace(
        fault="ours", judge="TensorFlow", first=SimpleNamespace(found=SimpleNamespace(key=name))
    )
    title = reproducing._title(SimpleNamespace(ops=("Conv",)), found)  # type: ignore[arg-type]
    script = reproducing._SCRIPT.format(
        title=title, opencv="5.0.0", engine="new", constant="ENGINE_NEW", blob="0", limit=1e-4
    )
    first, *_ = ast.parse(script).body
    assert isinstance(first, ast.Import)
    assert [alias.name for alias in first.names] == ["pathlib"]
    assert title.isprintable()
    assert SIGN in script
