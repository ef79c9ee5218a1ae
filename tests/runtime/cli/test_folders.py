"""`keras2cv run` on many images: broken ones, known ones, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main, resume
from keras2cv.cli.problems import MAX_LISTED
from keras2cv.errors import InputError
from support.json_lines import records
from support.tiny_bundle import Classifier

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a bundle, cat.cv, and seven images, one of them broken, in day/."""
    monkeypatch.chdir(tmp_path)
    Classifier(batch=2).write(tmp_path / "cat.cv")
    (tmp_path / "day").mkdir()
    rng = np.random.default_rng(4)
    for number in range(7):
        image = rng.integers(0, 256, (20 + number, 31, 3), np.uint8)
        cv2.imwrite(f"day/{number}.png", image)
    (tmp_path / "day/3.png").write_bytes(b"broken")
    return tmp_path


def run(*arguments: str) -> int:
    """Return the exit code of `keras2cv run cat.cv day ...`."""
    return main(["run", "cat.cv", "day", *arguments])


def name(number: int) -> str:
    """Return the name of image `number`."""
    return str(Path("day", f"{number}.png"))


def test_resume_predicts_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Interrupted and resumed, the file holds every line once, the same as in one go."""
    assert run("--json", "whole.jsonl") == 2
    lines = Path("whole.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    Path("r.jsonl").write_text("".join(lines[:4]) + lines[4][:25], encoding="utf-8")
    read: list[str] = []
    decode = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *a: read.append("") or decode(*a))
    assert run("--json", "r.jsonl", "--resume") == 2
    shown = capsys.readouterr()
    assert "r.jsonl holds 3 results already\n" in shown.err
    assert len(read) == 4  # the broken one again, and the three that were never reached
    assert sorted(r["source"] for r in records()) == [name(n) for n in range(7)]
    whole = {record["source"]: record for record in records("whole.jsonl")}
    assert {record["source"]: record for record in records()} == whole


def test_resume_when_all_is_there_does_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No net runs, no line is added, and the answer is yes."""
    (folder / "day/3.png").unlink()
    assert run("--json", "r.jsonl", "--resume") == 0  # the first time, without a file
    before = Path("r.jsonl").read_bytes()
    capsys.readouterr()
    assert run("--json", "r.jsonl", "--resume") == 0
    assert capsys.readouterr().out == ""
    assert Path("r.jsonl").read_bytes() == before
    assert not list(folder.glob("*.resume"))


def test_a_file_that_was_repaired_is_answered(folder: Path) -> None:
    """Its error goes, and its result comes."""
    assert run("--json", "r.jsonl") == 2
    cv2.imwrite("day/3.png", np.full((9, 8, 3), 90, np.uint8))
    assert run("--json", "r.jsonl", "--resume") == 0
    assert sorted(r["source"] for r in records()) == [name(n) for n in range(7)]
    assert not any("error" in record for record in records())


def test_resume_goes_on_within_a_video(folder: Path) -> None:
    """Frames are known by their numbers."""
    writer = cv2.VideoWriter("clip.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for level in range(0, 250, 25):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    arguments = ["run", "cat.cv", "clip.avi", "--json"]
    assert main([*arguments, "whole.jsonl"]) == 0
    lines = Path("whole.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    Path("r.jsonl").write_text("".join(lines[:3] + lines[5:6]), encoding="utf-8")
    assert main([*arguments, "r.jsonl", "--resume"]) == 0
    assert sorted(r["source"][-1] for r in records()) == [str(n) for n in range(10)]
    assert sorted(Path("r.jsonl").read_text(encoding="utf-8").splitlines()) == sorted(
        line.strip() for line in lines
    )


def test_resume_overwrites_no_picture(folder: Path) -> None:
    """Two images of the same name in two folders keep a picture each."""
    for sub, level in (("a", 40), ("b", 200)):
        (folder / sub).mkdir()
        cv2.imwrite(f"{sub}/x.png", np.full((170, 180, 3), level, np.uint8))
    assert main(["run", "cat.cv", "a/x.png", "--save", "out/", "--json", "r.jsonl"]) == 0
    first = Path("out/x.png").read_bytes()
    arguments = ["a/x.png", "b/x.png", "--save", "out/", "--json", "r.jsonl", "--resume"]
    assert main(["run", "cat.cv", *arguments]) == 0
    assert Path("out/x.png").read_bytes() == first
    assert cv2.imread("out/x-2.png")[-1, -1].tolist() == [200, 200, 200]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--resume"], "--resume reads what is there already from --json FILE. "),
        (["--resume", "--json", "-"], "--resume reads what is there already from --json FILE. "),
        (["--resume", "--json", "labels.txt"], "labels.txt, line 2 is no result of `keras2cv run "),
    ],
)
def test_a_run_that_cannot_be_resumed_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """Exit code 2, and the file is as it was."""
    Path("labels.txt").write_text('{"source": "a", "task": "raw"}\ncat\ndog\n', encoding="utf-8")
    before = Path("labels.txt").read_bytes()
    assert run(*arguments) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {sentence}")
    assert Path("labels.txt").read_bytes() == before
    assert not list(folder.glob("*.resume"))


@pytest.mark.parametrize(
    "line",
    [b"\xff\n", b"[" * 100_000 + b"\n", '{"source": "a"}\n'.encode("utf-16"), b"\xef\xbb\xbf{}\n"],
)
def test_lines_that_are_no_results_are_refused_whatever_is_in_them(
    tmp_path: Path, line: bytes
) -> None:
    """Not UTF-8, nested without end, another encoding: a sentence, and the file is as it was."""
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"source": "a"}\n' + line + b"\n")
    with pytest.raises(InputError, match=r"line 2 is no result of"):
        resume.answered(path)
    assert path.read_bytes() == b'{"source": "a"}\n' + line + b"\n"


def test_names_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Escapes, and characters that end a line elsewhere, are part of a name."""
    path = tmp_path / "r.jsonl"
    names = ["naïve 猫.png", "a\u2028b.png", 'quote".png']
    path.write_text("".join(json.dumps({"source": n}) + "\n" for n in names), encoding="utf-8")
    assert resume.answered(path) == frozenset(names)
    path.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"line 1 is no result"):
        resume.answered(path)


def test_many_broken_files_are_counted_and_the_first_ones_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal is not buried; --json has every one."""
    for number in range(7, 7 + MAX_LISTED + 20):
        (folder / f"day/{number}.png").write_bytes(b"broken")
    assert run("--json", "r.jsonl") == 2
    shown = capsys.readouterr()
    *listed, _ = shown.err.split("could not be predicted:\n")[1].splitlines()
    assert f"{MAX_LISTED + 21} could not be predicted:" in shown.err
    assert len(listed) == MAX_LISTED + 1
    assert listed[-1] == "  ... and 21 more; --json FILE lists them all"
    assert len(shown.out.splitlines()) == 6
    assert sum("error" in record for record in records()) == MAX_LISTED + 21


@pytest.mark.parametrize("threads", ["1", "2"])
def test_batch_auto_changes_no_answer(
    folder: Path, capsys: pytest.CaptureFixture[str], threads: str
) -> None:
    """However many nets turn out to be fastest, each image gets its own answer, in order."""
    threads_before = cv2.getNumThreads()
    try:
        assert run("--json", "r.jsonl", "--batch", "auto", "--threads", threads) == 2
    finally:
        cv2.setNumThreads(threads_before)
    assert "fastest here: " in capsys.readouterr().err
    found = records()
    assert [record["source"] for record in found] == [name(n) for n in range(7)]
    model = keras2cv.load("cat.cv")
    for record in found:
        if "error" not in record:
            alone = model.predict(cv2.imread(record["source"])).to_dict()
            np.testing.assert_allclose(record["scores"], alone["scores"], rtol=1e-6)


SHOW_PEAK = """
import resource, sys
from keras2cv.cli import main
code = main(["run", "cat.cv", sys.argv[1], "--json", "r.jsonl", "--batch", sys.argv[2]])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, code, file=sys.stderr)
"""


def peak_kb(folder: str, batch: str) -> int:
    """Return the largest resident memory of a process that runs `folder`, in KiB."""
    child = subprocess.run(
        [sys.executable, "-c", SHOW_PEAK, folder, batch],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=600,
    )
    _, kilobytes, code = child.stderr.splitlines()[-1].split()
    assert code == "2", child.stderr[-2000:]
    return int(kilobytes)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss has other units")
@pytest.mark.parametrize(
    ("count", "batch"),
    [(600, "1"), (600, "auto"), pytest.param(10_000, "1", marks=pytest.mark.slow)],
)
def test_memory_does_not_grow_with_the_folder(folder: Path, count: int, batch: str) -> None:
    """Images of 1 MB each: however many there are, only a few are held, broken ones among them."""
    image = np.random.default_rng(1).integers(0, 256, (12, 10, 3), np.uint8)
    cv2.imwrite("large.jpg", cv2.resize(image, (700, 500)))
    for kind, number in (("few", 60), ("many", count)):
        (folder / kind).mkdir()
        (folder / kind / "0.jpg").write_bytes(b"broken")
        for k in range(1, number):
            (folder / kind / f"{k}.jpg").hardlink_to(folder / "large.jpg")
    few = peak_kb("few", batch)
    many = peak_kb("many", batch)
    assert len(records()) == count
    assert many - few < 30_000 + 2 * count  # 600 MB if all were held; a name costs a little
