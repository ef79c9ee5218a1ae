"""The record of an export's options: its errors, and the documentation made of it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import MISSING, FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv_export
from keras2cv.errors import UsageError
from keras2cv_export.cli.option_arguments import add_options, taken
from keras2cv_export.options import CheckOptions, ExportOptions, in_group, options_of
from keras2cv_export.options import export_options as module
from keras2cv_export.options.reference import page
from keras2cv_export.tasks import TASKS

ROOT = Path(__file__).parents[3]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"format": "pb"}, "option format must be one of onnx, frozen, and is 'pb'"),
    ({"task": "depth"}, "option task must be one of classify, .*raw, and is 'depth'"),
    ({"interpolation": "soft"}, "There is no interpolation 'soft'. Choose one of nearest"),
    ({"resize": "squash"}, "option resize must be one of stretch, .* and is 'squash'"),
    ({"engine": "warp"}, "No engine is called 'warp'"),
    ({"opencv": 4.6}, "option opencv must be of type str, and is 4.6, of type float"),
    ({"opencv": "4.5"}, "older than what graphs are made for"),
    ({"opencv": "4.6", "engine": "new"}, "no new engine"),
    ({"opencv": "4.6", "weights": "int8"}, "cannot decode weights stored as int8"),
    ({"format": "frozen", "weights": "fp16"}, "no OpenCV decodes others"),
    ({"weights": "int4"}, "cannot be stored as 'int4'"),
    ({"batch": 0}, "option batch must be at least 1, and is 0"),
    ({"batch": True}, "option batch must be of type int, and is True"),
    ({"batch": "2"}, "option batch must be of type int, and is '2'"),
    ({"batch": None}, "option batch must be of type int, and is None"),
    ({"check": 0}, "option check must be of type bool, and is 0"),
    ({"imports": "my.layers"}, "option imports must be of type Sequence, and is 'my.layers'"),
    ({"size": 224}, "option size must be of type Sequence"),
    ({"size": (224, 0)}, r"must be \(width, height\) in whole pixels, and is \(224, 0\)"),
    ({"labels": 7}, "option labels must be of type Iterable or str or PathLike"),
    ({"tolerance": "exact"}, "No tolerance is called 'exact'"),
    ({"tolerance": ["fp32", "strict"]}, "Two tolerance presets are given"),
    ({"tolerance": "y:2"}, "is not OUTPUT:VALUE with a VALUE from 0 to 1"),
    ({"tune": True, "check": False}, "needs the comparison"),
    ({"progress": "loud"}, "option progress must be of type Callable"),
]


@pytest.mark.parametrize(("changes", "sentence"), BAD)
def test_a_wrong_option_is_refused_with_what_is_right(
    changes: dict[str, Any], sentence: str
) -> None:
    """The message has the option, the expected and the given value."""
    with pytest.raises(UsageError, match=sentence):
        ExportOptions("cat.keras", "cat.cv", **changes)


def test_the_numbers_and_names_of_other_libraries_are_right() -> None:
    """NumPy's integers and arrays, and names that can be read only once."""
    found = ExportOptions(
        "cat.keras",
        "cat.cv",
        batch=np.int64(2),  # type: ignore[arg-type]
        size=(np.int32(4), 5),  # type: ignore[arg-type]
        labels=iter(["a", "b"]),  # type: ignore[arg-type]
    )
    assert found.labels == ("a", "b")
    assert CheckOptions("cat.cv", "m.keras", labels=np.array(["a"])).labels == ("a",)  # type: ignore[arg-type]


def test_the_record_is_frozen() -> None:
    """A checked value cannot change."""
    with pytest.raises(FrozenInstanceError):
        ExportOptions("cat.keras", "cat.cv").batch = 2  # type: ignore[misc]


def test_a_word_that_is_no_option_is_a_type_error() -> None:
    """As for any function of Python, with the function's own name."""
    with pytest.raises(TypeError, match=r"export\(\): .*unexpected keyword argument 'batches'"):
        keras2cv_export.export("cat.keras", "cat.cv", batches=2)  # type: ignore[call-arg]


FUNCTIONS = [
    (keras2cv_export.export, ExportOptions, ["model", "bundle"]),
    (keras2cv_export.check, CheckOptions, ["bundle", "against"]),
]


@pytest.mark.parametrize(("function", "record", "positional"), FUNCTIONS)
def test_the_function_has_the_records_parameters(
    function: Any, record: Any, positional: list[str]
) -> None:
    """Names, order and defaults agree, as an editor and `help(export)` show them."""
    shown = inspect.signature(function).parameters.values()
    assert [(p.name, p.default) for p in shown] == [
        (f.name, inspect.Parameter.empty if f.default is MISSING else f.default)
        for f in fields(record)
    ]
    both = inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert [p.name for p in shown if p.kind is both] == positional


@pytest.mark.parametrize(("function", "record", "positional"), FUNCTIONS)
def test_the_function_documents_every_option(
    function: Any, record: type, positional: list[str]
) -> None:
    """`Args:` has an entry for each, before `Returns:` and `Raises:`."""
    text = inspect.getdoc(function) or ""
    arguments = text.partition("Args:")[2].partition("Returns:")[0]
    assert positional
    assert all(f"\n    {one.name}: " in arguments for one in options_of(record))
    assert max(map(len, text.splitlines())) <= 100
    assert "Raises:" in text.partition("Returns:")[2]


def test_the_page_is_made_of_the_record() -> None:
    """Or run `python -m keras2cv_export.options.reference > docs/export_options.md`."""
    assert (ROOT / "docs/export_options.md").read_text(encoding="utf-8") == page()


def test_a_command_line_without_options_is_the_records_defaults() -> None:
    """Argparse and Python leave the same things open."""
    parser = ArgumentParser()
    for group in ("", module.MEANING, module.NET):
        add_options(parser, ExportOptions, in_group(ExportOptions, group))
    found = ExportOptions(**taken(parser.parse_args(["m.keras", "-o", "m.cv"]), ExportOptions))
    assert found == ExportOptions(Path("m.keras"), Path("m.cv"), progress=found.progress)
    assert found.engine is None


def test_the_choices_are_those_of_the_rooms_that_carry_them_out() -> None:
    """Those import NumPy, OpenCV and more, and so are not read for the choices."""
    from keras2cv_export.formats.formats import FORMATS
    from keras2cv_export.passes import COMPRESS

    assert set(module.FORMATS) == set(FORMATS)
    assert ("fp32", *COMPRESS) == module.STORAGES


def test_every_task_with_a_description_has_an_option() -> None:
    """A task that a user describes in words of its own is one field more."""
    assert set(module.DESCRIBED_TASKS) == {
        name for name, row in TASKS.items() if row.describe is not None
    }


def test_the_record_needs_nothing_heavy() -> None:
    """It is known, and documented, without NumPy."""
    program = "import sys, keras2cv_export.options; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
        check=True,
        capture_output=True,
        text=True,
    )
    heavy = {"tensorflow", "keras", "onnx", "onnx_ir", "cv2", "numpy", "h5py", "rich"}
    assert not heavy & set(done.stdout.split())
