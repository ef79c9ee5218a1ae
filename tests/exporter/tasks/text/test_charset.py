"""Charsets, as strings and as files of both forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keras2cv.errors import InputError, UsageError
from keras2cv_export.tasks.text.charset import read_charset
from keras2cv_export.tasks.text.options import TextOptions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0123", ("0", "1", "2", "3")),
        ("ab \n", ("a", "b", " ")),
        ("a\nb\n \n", ("a", "b", " ")),
        ("a\r\nb\r\n", ("a", "b")),
        ("\ufeffé\n猫", ("é", "猫")),
        ("[UNK]\na\n", ("[UNK]", "a")),
    ],
)
def test_a_file_has_characters_in_a_line_or_one_a_line(
    text: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    """A line of several code points is one character."""
    path = tmp_path / "charset"
    path.write_bytes(text.encode("utf-8"))
    assert read_charset(path) == read_charset(str(path)) == expected


def test_characters_are_given_as_they_are() -> None:
    """A string, a sequence, or what was read before."""
    assert read_charset("ab/. ") == ("a", "b", "/", ".", " ")
    assert read_charset(["[UNK]", "é"]) == ("[UNK]", "é")
    assert read_charset(read_charset("猫犬")) == ("猫", "犬")
    assert TextOptions(charset="01").charset == ("0", "1")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "has 0 characters"),
        ([], "has 0 characters"),
        ("0120", "has '0' twice, as number 0 and 3"),
        ("letters", "there is no file of that name"),
        ("missing.txt", "missing.txt cannot be read"),
        (Path("missing"), "missing cannot be read"),
        (["a", ""], "has '' as number 1"),
        ("a\tb", "cannot be printed"),
    ],
)
def test_a_charset_that_is_none_is_refused(given: Any, words: str) -> None:
    """In one sentence and one of advice, as a usage error."""
    with pytest.raises(InputError, match=words.replace(".", r"\.")) as caught:
        read_charset(given)
    assert caught.value.exit_code == 2
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "has 0 characters"),
        (b"\n", "has 0 characters"),
        (b"a\n\nb\n", "has '' as number 1"),
        (b"a\xff", "cannot be read"),
        (b"x" * (2**22 + 1), "has 4194305 bytes"),
        ("".join(map(chr, range(0x20000, 0x20000 + 42000))).encode() * 3, "twice"),
    ],
)
def test_a_file_that_is_no_charset_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    """Empty, with holes, not UTF-8, huge."""
    path = tmp_path / "charset.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words):
        read_charset(path)


@pytest.mark.parametrize("blank", ["middle", "-1", "1.5", "", "٣"])
def test_a_blank_is_first_last_or_a_number(blank: str) -> None:
    """Anything else is refused before a model is opened."""
    with pytest.raises(UsageError, match="must be first, last or the number"):
        TextOptions(blank=blank)
    for given, kept in (("first", "first"), ("last", "last"), ("3", 3), (3, 3)):
        assert TextOptions(blank=given).blank == kept  # type: ignore[arg-type]


def test_a_beam_belongs_to_beam_decoding() -> None:
    """Greedy decoding has no width."""
    with pytest.raises(UsageError, match="greedy decoding knows one path"):
        TextOptions(decode="greedy", beam_width=3)
