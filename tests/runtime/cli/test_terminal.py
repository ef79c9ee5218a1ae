"""Nothing of a stranger's file acts on the terminal: every verb prints through one stream."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.table import Table
from rich.text import Text

from keras2cv.cli import main
from keras2cv.cli.terminal import SafeStream, print_lines, safe_streams
from keras2cv.errors import InputError
from keras2cv.schema.result_json import to_json
from keras2cv.visible_text import shown
from keras2cv_export.cli.console import safe_console
from keras2cv_export.targets.importer_support.found import Unsupported, UnsupportedOpsError
from support.clips import write_clip
from support.tiny_bundle import CLASSES, Classifier

# What acts on a terminal, forges a line, or turns the reading direction.
HOSTILE = (
    "\x1b[31m", "\x1b]0;title\x07", "\x07", "\x08", "\x7f", "\x9b31m", "\x85", "\r", "\n", "\v",
    "\f", "\t", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\u061c",
    "\U000e0001", "\udcff",
)  # fmt: skip
EVERYTHING = "".join(HOSTILE)
INVISIBLE = "\u2028\u2029\u202e\u2066\u200b\u200f\ufeff\u061c"  # a manifest has no controls


def is_safe(text: str) -> bool:
    """Return whether each line of a text can be shown."""
    return all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_character_that_is_not_shown_is_escaped(text: str) -> None:
    """As Python writes it, and on one line."""
    assert shown(f"a{text}b").isprintable()
    assert shown(shown(text)) == shown(text)


@pytest.mark.parametrize("text", ["", "naïve 猫", "emoji 😀", "日本\u3000語", "10\u00a0%", "a\\n"])
def test_what_people_write_is_printed_as_it_is(text: str) -> None:
    """Letters, signs and wide spaces of any language."""
    assert shown(text) == text


def test_only_print_itself_ends_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A new verb cannot forget it: a newline inside a piece is not one."""
    with safe_streams():
        print("photo\nerror: forged.png", "cat", sep="  ")
        print("one", "two", sep="\n")
        print_lines("three\nfour\n", to_stderr=True)
    captured = capsys.readouterr()
    assert captured.out == "photo\\nerror: forged.png  cat\none\ntwo\n"
    assert captured.err == "three\nfour\n"


def test_a_table_escapes_its_cells_and_has_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Colours are rich's own alone."""
    table = Table("title\x1b[31m")
    table.add_row(Text(f"x{EVERYTHING}y"))
    table.add_row("[red]cell[/red]")
    console = safe_console()
    console.print(table)
    console.print(Text("one\nline", style="bold"), soft_wrap=True)
    printed = capsys.readouterr().out
    assert is_safe(printed)
    assert "[red]cell[/red]" in printed
    assert "one\\nline" in printed


def test_colours_pass_and_escapes_of_names_do_not() -> None:
    """On a terminal, too."""
    held = io.StringIO()
    stream = SafeStream(held)
    stream.write("\x1b[31m")
    stream.write_own("\x1b[1m")
    assert held.getvalue() == "\\x1b[31m\x1b[1m"


def test_json_is_plain_ascii() -> None:
    """DEL is ASCII, too; nothing is lost."""
    text = to_json({EVERYTHING[:-1]: EVERYTHING[:-1]})
    assert text.isprintable()
    assert json.loads(text) == {EVERYTHING[:-1]: EVERYTHING[:-1]}


def test_an_error_of_several_lines_has_its_own_lines_only() -> None:
    """The ops of a model are listed; the name of a layer begins no line."""
    error = UnsupportedOpsError([Unsupported("Op", "layer\nerror: all is well", "why", "hint")])
    assert len(error.lines) == 2
    assert InputError("a\nb").lines == ("a\nb",)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a bundle whose labels and names are hostile, as are names of files."""
    monkeypatch.chdir(tmp_path)
    bundle = Path("cat\x1b[31m\n.cv")
    Classifier().write(bundle)
    record = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    record["task"]["labels"] = [f"class {n}{INVISIBLE}" for n in range(CLASSES)]
    (bundle / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    Path("day").mkdir()
    image = cv2.imencode(".png", np.full((20, 30, 3), 90, np.uint8))[1].tobytes()
    for number, name in enumerate(HOSTILE):
        Path("day", f"{number}{name}.png").write_bytes(image)
        Path("day", f"broken {number}{name}.png").write_bytes(b"broken")
    return bundle


@pytest.mark.skipif(os.name != "posix", reason="no such names there")
def test_every_verb_prints_hostile_names_escaped(
    hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of files, labels, bundles; results, tables, errors and usage."""
    bundle = str(hostile)
    for words in (
        ["run", bundle, "day/2\x07.png", "--top", "3"],
        ["info", bundle],
        ["codegen", bundle, "--lang", "cpp", "-o", f"cpp{EVERYTHING}"],
        ["codegen", bundle, "--lang", "python", "-o", f"python{EVERYTHING}"],
        ["selftest", bundle, "--in-process"],
        ["selftest", bundle],
    ):
        assert main(words) == 0, words
    for words in (
        ["run", bundle, "day", "--top", "3"],
        ["run", bundle, "day/*.png", "--json", "-"],
        ["run", bundle, f"none{EVERYTHING}"],
        ["run", bundle, "day", "--save", f"drawn{EVERYTHING}", "--json", f"r{EVERYTHING}"],
        ["info", f"none{EVERYTHING}"],
        ["inspect", f"none{EVERYTHING}.onnx"],
        ["matrix", f"none{EVERYTHING}", "--opencv", "4.6"],
    ):
        assert main(words) == 2, words
    with pytest.raises(SystemExit):
        main(["run", bundle, "x", f"--none{EVERYTHING}"])
    with pytest.raises(SystemExit):
        main([f"verb{EVERYTHING}"])
    printed = capsys.readouterr()
    assert is_safe(printed.out)
    assert is_safe(printed.err)
    lines = (printed.out + printed.err).split("\n")
    assert not any(line.startswith((".png", "error: forged")) for line in lines)


@pytest.mark.skipif(os.name != "posix", reason="no such names there")
def test_programs_are_not_broken_by_names(hostile: Path) -> None:
    """The README is the only file of a program in which a name of the bundle is."""
    assert main(["codegen", str(hostile), "--lang", "cpp", "-o", "program"]) == 0
    for path in Path("program").rglob("*"):
        if path.is_file():
            assert is_safe(path.read_text(encoding="utf-8")), path


def test_warnings_are_escaped(capsys: pytest.CaptureFixture[str], cat_cv: Path) -> None:
    """And printed once, however often they are raised."""
    from keras2cv.cli import _shown_once

    with safe_streams(), warnings.catch_warnings():
        show = _shown_once()
        show(UserWarning("a\x1b[31m\nb"))
        show(UserWarning("a\x1b[31m\nb"))
    assert capsys.readouterr().err == "warning: a\\x1b[31m\\nb\n"


@pytest.mark.skipif(os.name != "posix", reason="C++ prints past Python there")
def test_what_a_library_prints_is_escaped(cat_cv: Path, tmp_path: Path) -> None:
    """OpenCV's reader of AVI files prints four bytes of the file as they are."""
    write_clip(tmp_path / "clip.avi", 3)
    data = (tmp_path / "clip.avi").read_bytes()
    place = data.index(b"LIST")
    (tmp_path / "evil.avi").write_bytes(data[:place] + b"\x1b[2J" + data[place + 4 :])
    words = [sys.executable, "-m", "keras2cv", "run", str(cat_cv), str(tmp_path / "evil.avi")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert is_safe(done.stdout + done.stderr)
    assert done.stderr.splitlines()[-2].endswith("could not be predicted:")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
@pytest.mark.parametrize(
    ("closed", "codes"),
    [("2>/dev/full", (0, 2)), ("2>&-", (0, 2)), ("<&-", (0, 2)), (">&- 2>&- <&-", (0, 2))],
)
def test_a_stream_that_takes_nothing_changes_no_answer(
    cat_cv: Path, tmp_path: Path, closed: str, codes: tuple[int, int]
) -> None:
    """The exit code and the files are the same."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((9, 8, 3), 90, np.uint8))
    for name, code in zip(("a.png", "none.png"), codes, strict=True):
        command = f'"{sys.executable}" -m keras2cv run "{cat_cv}" "{tmp_path / name}" --json '
        command += f'"{tmp_path / "r.jsonl"}" {closed}'
        assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == code
        assert (tmp_path / "r.jsonl").read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="the shell's redirection")
@pytest.mark.parametrize("words", [["info"], ["run"], ["--help"]])
def test_a_stdout_that_is_open_for_reading_is_no_bug(
    cat_cv: Path, tmp_path: Path, words: list[str]
) -> None:
    """`1</dev/null` for `1>/dev/null` is one sentence."""
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.full((9, 8, 3), 90, np.uint8))
    arguments = {"info": [cat_cv], "run": [cat_cv, image]}.get(words[0], [])
    line = [sys.executable, "-m", "keras2cv", *words, *map(str, arguments)]
    with Path(os.devnull).open("rb") as read_only:
        done = subprocess.run(
            line, stdout=read_only, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "error: The output cannot be written: Bad file descriptor. See where it leads."
    )
