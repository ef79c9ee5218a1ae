"""`--reference-answers`: a function, or a file that is used whole."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import InputError, UsageError
from keras2cv_export.answers.reference_answers import load_answers


def test_a_function_of_a_module_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working folder too."""
    (tmp_path / "own_pipeline.py").write_text("def answer(path):\n    return 'cat ' + path\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = load_answers("own_pipeline:answer")
    assert found.name == "own_pipeline:answer"
    assert found.answer("a.png", "pictures/a.png") == "cat pictures/a.png"
    found.require_names(["whatever.png"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("answers.txt", "must be MODULE:FUNCTION, such as my.pipeline:answer, or a FILE.json"),
        ("no_such_module:answer", "cannot be imported"),
        ("json:nothing", "cannot be imported"),
        ("json:__name__", "is no function, but str"),
    ],
)
def test_what_is_no_function_is_refused(name: str, words: str) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=words):
        load_answers(name)


def test_a_module_that_exits_cannot_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that was not made to be imported ends nothing but itself."""
    (tmp_path / "a_script.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match=r"cannot be imported \(SystemExit: 3\)"):
        load_answers("a_script:answer")


def test_stdout_is_left_to_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Where `--json -` writes."""
    assert load_answers(lambda _: print("chatty")).answer("a.png", "a.png") is None
    assert capsys.readouterr() == ("", "chatty\n")


def test_a_function_may_change_what_it_is_given() -> None:
    """The check needs the sample again."""
    sample = np.zeros(3), np.zeros(2)

    def changes(arrays: Any) -> str:
        arrays[0][:] = arrays[1][:] = 7
        return "cat"

    assert load_answers(changes).answer("0", sample) == "cat"
    assert not sample[0].any()
    assert not sample[1].any()


def _asserts(_: Any) -> None:
    raise AssertionError


def int_of(words: str) -> None:
    """Raise an error of that many words."""
    raise ValueError(words)


def test_a_function_that_raises_or_hangs_is_refused() -> None:
    """With what it raised, or the time that it had."""

    def fails(_: Any) -> Any:
        raise ValueError("no such layer")

    with pytest.raises(UsageError, match=r"fails\('a.png'\) raised ValueError: no such layer"):
        load_answers(fails).answer("a.png", "a.png")
    with pytest.raises(UsageError, match="raised SystemExit: 3"):
        load_answers(lambda _: sys.exit(3)).answer("a.png", "a.png")
    with pytest.raises(UsageError, match=r"raised AssertionError\. Give"):
        load_answers(_asserts).answer("a.png", "a.png")
    with pytest.raises(UsageError, match=r"raised ValueError: x{300}\.\.\.\. Give"):
        load_answers(lambda _: int_of("x" * 10**5)).answer("a.png", "a.png")
    with pytest.raises(UsageError, match=r"gave no answer in 0\.05 s.*--reference-timeout"):
        load_answers(lambda _: time.sleep(2), 0.05).answer("a.png", "a.png")


def test_a_file_is_used_whole(tmp_path: Path) -> None:
    """Every sample has an answer there, and every answer a sample."""
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"a.png": "cat", "b.png": ["dog", 0.5]}), encoding="utf-8")
    found = load_answers(path)
    found.require_names(["b.png", "a.png"])
    assert found.answer("b.png", "pictures/b.png") == ["dog", 0.5]
    with pytest.raises(UsageError, match=r"has an answer for 'b.png', which is none of the 1"):
        found.require_names(["a.png"])
    with pytest.raises(UsageError, match=r"has no answer for 'c.png' \(1 of 3 are missing\)"):
        found.require_names(["a.png", "b.png", "c.png"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("[1]", "holds no answers"),
        ("{}", "holds no answers"),
        ('{"a.png": 1, "a.png": 2}', "the key 'a.png' is there twice"),
        ("[" * 10**5, "recursion"),
    ],
)
def test_a_damaged_file_is_refused(text: str, words: str, tmp_path: Path) -> None:
    """In one sentence that says what to write."""
    path = tmp_path / "answers.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        load_answers(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_answers(tmp_path / "nothing.json")


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe has no end, and a folder no text."""
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(InputError, match=r"cannot be read: it is a folder, not a file\. Write"):
        load_answers(tmp_path / "folder.json")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.json")
        with pytest.raises(InputError, match="it is a named pipe, not a file"):
            load_answers(tmp_path / "pipe.json")


@pytest.mark.timeout(60)
def test_many_answers_are_read_at_once(tmp_path: Path) -> None:
    """Keys are compared by a table, and not each with each."""
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({str(k): k for k in range(200_000)}), encoding="utf-8")
    assert len(load_answers(path).by_name) == 200_000
