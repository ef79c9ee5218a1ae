"""The command line at ease: verbs, guesses, colours, widths, completion, and the last line."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.cli.styles import Styled, has_colours, print_line, shortened, width_of
from keras2cv.cli.suggestions import nearest
from keras2cv.cli.table import lines
from keras2cv.cli.terminal import safe_streams
from keras2cv.cli.verbs import OWN, SHIPPED
from keras2cv.tasks.classify.result import Classification
from support.tiny_bundle import Classifier


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a bundle, cat.cv, and two images."""
    monkeypatch.chdir(tmp_path)
    Classifier().write(tmp_path / "cat.cv")
    for name in ("a.png", "b.png"):
        assert cv2.imwrite(name, np.full((30, 40, 3), 90, np.uint8))
    return tmp_path


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def refused(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the error of a command line that argparse refuses."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_a_bare_command_shows_the_verbs_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """In two groups, on stdout; the exit code says that nothing was done."""
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.err == ""
    alone, _, heavy = shown.out.partition("With TensorFlow as well")
    assert all(f"\n  {name} " in alone for name in OWN)
    assert all(f"\n  {name} " in heavy for name in SHIPPED)
    assert "\n  keras2cv run my_model.cv photo.jpg\n" in heavy
    assert "exit codes:\n" in heavy


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["rnu"], "Did you mean run?"),
        (["predict"], "Did you mean run?"),
        (["convert"], "Did you mean export?"),
        (["cat.cv"], "Did you mean `keras2cv run cat.cv ...`?"),
        (["run", "cat.cv", "a.png", "--tpo", "3"], "Did you mean --top?"),
        (["run", "cat.cv", "a.png", "--dev", "cpu"], "Did you mean --device?"),
        (["run", "cat.cv", "a.png", "--device", "cdua"], "Did you mean cuda"),
        (["run", "cat.cv", "a.png", "--device", "gpu"], "Did you mean cuda?"),
        (["run", "--device=cpu", "--trheads", "1"], "There is no option --trheads. Did you mean "),
    ],
)
def test_a_mistyped_word_is_guessed(
    folder: Path, words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verbs, files in a verb's place, options and their values."""
    error = refused(*words, capsys=capsys)
    assert meant in error
    assert error.startswith("error: ")
    assert error.endswith("--help`.\n")


@pytest.mark.parametrize("word", ["frobnicate", "--", "", "zzz"])
def test_what_is_like_nothing_is_no_guess(word: str) -> None:
    """A wrong guess is worse than none."""
    assert nearest(word, ("run", "export", "--top")) == []


@pytest.mark.parametrize("verb", [*OWN, "export"])
def test_every_help_has_the_exit_codes(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts branch on them."""
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert "exit codes:\n  0 yes; 1 no" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variables", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_only_a_terminal_has_colours(
    variables: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR wins, FORCE_COLOR colours a pipe."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.platform", "linux")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert has_colours(Terminal() if terminal else io.StringIO()) == coloured


def test_a_coloured_line_escapes_what_it_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only our own sequences act on the terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with safe_streams():
        print_line("a\x1b[2J", Styled("b\x1b]0;c\x07", "red"), "\nd")
    assert capsys.readouterr().out == "a\\x1b[2J\x1b[1;31mb\\x1b]0;c\\x07\x1b[0m\\nd\n"


def test_a_table_is_as_wide_as_the_terminal() -> None:
    """Long names lose their start, long labels their end; a file gets both whole."""
    scores = np.array([0.25, 0.75], np.float32)
    result = Classification(scores, ("x", "a very long label of a class " * 5))
    name = "archive/2026/" + "day/" * 20 + "photo.jpg"
    [cut] = lines(name, result, 1, 30, 60)
    text = "".join(piece if isinstance(piece, str) else piece.text for piece in cut)
    assert width_of(text) <= 60
    assert text.startswith("...")
    assert "photo.jpg" in text
    assert text.endswith("...  0.7500")
    [whole] = lines(name, result, 1, 30)
    text = "".join(piece if isinstance(piece, str) else piece.text for piece in whole)
    assert name in text
    assert "label of a class a very" in text


def test_wide_letters_take_two_columns() -> None:
    """Chinese lines up, and is cut where it should be."""
    assert [width_of(text) for text in ("cat", "猫", "e\u0301")] == [3, 2, 1]
    assert shortened("猫猫猫猫猫", 7) == "猫猫..."
    assert width_of(shortened("猫猫猫猫猫", 8)) <= 8


def test_a_run_ends_with_its_speed_and_places(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many, ms an image, fps, and where pictures and results are."""
    assert main(["run", "cat.cv", "a.png", "b.png", "--save", "out", "--json", "r.jsonl"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    many, each, rate = last.partition(";")[0].split(", ")
    assert many == "2 images"
    assert each.endswith(" ms an image")
    assert rate.endswith(" fps")
    assert float(each.split()[0]) * float(rate.split()[0]) == pytest.approx(1000, rel=0.02)
    assert last.endswith("; pictures in out; results in r.jsonl")
    assert main(["run", "cat.cv", "a.png", "--save", "one.png"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("1 image, ")
    assert last.endswith("; picture in one.png")


def test_info_is_json_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The manifest as it is, the standing, and the devices; a second time over the first."""
    for _ in range(2):
        assert main(["info", "cat.cv", "--json", "info.json"]) == 0
    capsys.readouterr()
    assert main(["info", "cat.cv", "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record == json.loads(Path("info.json").read_text(encoding="utf-8"))
    assert record["manifest"] == json.loads(Path("cat.cv/manifest.json").read_text("utf-8"))
    assert (record["standing"], record["advice"]) == ("verified", "")
    assert "cpu" in record["devices"]["runs_on"]


def test_version_is_a_verb(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With OpenCV's and NumPy's; as JSON too, over an earlier one."""
    assert main(["version"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"keras2cv {keras2cv.__version__}\npython ")
    assert f"\nopencv {cv2.__version__}\n" in shown
    for _ in range(2):
        assert main(["version", "--json", "v.json"]) == 0
    assert json.loads(Path("v.json").read_text("utf-8"))["numpy"] == np.__version__


def completed(shell: str, *words: str, script: Path) -> list[str]:
    """Return what a shell offers for the last of `words`."""
    programs = {
        "bash": f"source {script}; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
        '_keras2cv; printf "%s\\n" "${COMPREPLY[@]}"',
        "fish": f"source {script}; complete -C '{' '.join(words)}'",
    }
    done = subprocess.run(
        [shell, "-c", programs[shell]], check=True, capture_output=True, encoding="utf-8"
    )
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_shell_completes_verbs_options_and_values(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the parsers have them."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    assert completed(shell, "keras2cv", "ex", script=script) == ["export"]
    assert "--resume" in completed(shell, "keras2cv", "run", "--res", script=script)
    offered = completed(shell, "keras2cv", "run", "--device", "cu", script=script)
    assert offered == ["cuda", "cuda-fp16"]


def test_zsh_reads_its_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is whole, and has every verb."""
    assert main(["completion", "zsh"]) == 0
    script = capsys.readouterr().out
    assert script.startswith("#compdef keras2cv\n")
    assert all(f"    {name})\n" in script for name in (*OWN, *SHIPPED))
    if zsh := shutil.which("zsh"):
        (tmp_path / "_keras2cv").write_text(script, encoding="utf-8")
        subprocess.run([zsh, "-n", str(tmp_path / "_keras2cv")], check=True)
