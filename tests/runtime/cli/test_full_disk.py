"""A disk that fills up while a bundle, JSON lines, pictures or a video are written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.errors import UsageError
from support.full_disk import disk, read_only
from support.tiny_bundle import Classifier

IMAGES = 60


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Return a folder of images beside the bundle cat.cv."""
    Classifier().write(tmp_path / "cat.cv")
    folder = tmp_path / "day"
    folder.mkdir()
    rng = np.random.default_rng(4)
    for number in range(IMAGES):
        cv2.imwrite(str(folder / f"{number:02d}.png"), rng.integers(0, 256, (9, 8, 3), np.uint8))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `keras2cv run cat.cv ...` in a process of its own."""
    root = str(Path(str(keras2cv.__file__)).parents[1])
    command = [sys.executable, "-m", "keras2cv", "run", str(folder.parent / "cat.cv"), *arguments]
    environment = {**os.environ, "PYTHONPATH": root}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def sources(lines: Path) -> list[str]:
    """Return the sources of the JSON lines; each line must be whole."""
    text = lines.read_text(encoding="utf-8")
    assert text == "" or text.endswith("\n")
    return [json.loads(line)["source"] for line in text.splitlines()]


@pytest.mark.parametrize("free_kib", [0, 4, 8])
def test_a_full_disk_leaves_the_old_bundle_and_nothing_beside_it(
    tmp_path: Path, free_kib: int
) -> None:
    """Without room for a new bundle, the old one stays whole, and an error reports it."""
    with disk(tmp_path / "disk", 128) as place:
        target = Classifier().write(place / "cat.cv")
        free = shutil.disk_usage(place).free
        (place / "ballast").write_bytes(bytes(free - 1024 * free_kib))
        with pytest.raises(UsageError, match=r"cat\.cv cannot be written: No space left on device"):
            Classifier(3).write(target)
        assert read_bundle(target).manifest.model.batch == 1
        assert sorted(path.name for path in place.iterdir()) == ["ballast", "cat.cv"]


def test_json_lines_on_a_full_disk_are_whole_and_go_on_later(tmp_path: Path, day: Path) -> None:
    """The run ends with one error; its lines are kept, and --resume does the rest."""
    with disk(tmp_path / "disk", 4) as place:
        lines = place / "r.jsonl"
        done = run(day, str(day), "--json", str(lines))
        assert done.returncode == 2
        assert done.stderr.count("No space left on device") == 1
        assert "Traceback" not in done.stderr
        found = sources(lines)
        assert found == [str(day / f"{number:02d}.png") for number in range(len(found))]
        assert 0 < len(found) < IMAGES
        (tmp_path / "r.jsonl").write_bytes(lines.read_bytes())
    done = run(day, str(day), "--json", str(tmp_path / "r.jsonl"), "--resume")
    assert done.returncode == 0
    assert len(sources(tmp_path / "r.jsonl")) == IMAGES


def test_a_full_disk_for_pictures_is_one_error(tmp_path: Path, day: Path) -> None:
    """Not for each picture; those that fitted are whole, and so are the JSON lines elsewhere."""
    with disk(tmp_path / "disk", 40) as place:
        lines = tmp_path / "r.jsonl"
        done = run(day, str(day), "--save", str(place / "drawn"), "--json", str(lines))
        assert done.returncode == 2
        assert done.stderr.count("No space left on device") == 1
        assert "Traceback" not in done.stderr
        written = sorted((place / "drawn").iterdir())
        assert written
        assert all(cv2.imread(str(path)) is not None for path in written)
        assert set(sources(lines)) <= {str(day / path.name) for path in written}


def test_a_full_disk_for_a_video_is_one_error(tmp_path: Path, day: Path) -> None:
    """cv2's writer does not report it: the video is read back, and is too short."""
    clip = _noise(tmp_path / "clip.avi", 40)
    with disk(tmp_path / "disk", 24) as place:
        lines = tmp_path / "r.jsonl"
        done = run(day, str(clip), "--save", str(place / "out.avi"), "--json", str(lines))
        assert done.returncode == 2
        assert done.stderr.count("the disk may be full") == 1
        assert "Traceback" not in done.stderr
        assert len(sources(lines)) == 40


def test_a_full_disk_leaves_no_video_that_cannot_be_read(tmp_path: Path, day: Path) -> None:
    """Whichever file finds the disk full: an .mp4 has its table at its end."""
    clip = _noise(tmp_path / "clip.avi", 60)
    with disk(tmp_path / "disk", 40) as place:
        done = run(day, str(clip), "--save", str(place / "o.mp4"), "--json", str(place / "r.jsonl"))
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert not (place / "o.mp4").exists()
        assert "o.mp4 cannot be read, and is removed" in done.stderr
        sources(place / "r.jsonl")


def test_thresholds_on_a_full_disk_leave_the_old_bundle(tmp_path: Path, day: Path) -> None:
    """A copy that does not fit names the file that it reads first, which is not the full one."""
    bundle = day.parent / "cat.cv"
    with disk(tmp_path / "disk", 128) as place:
        shutil.copytree(bundle, place / "cat.cv")
        before = (place / "cat.cv" / "manifest.json").read_bytes()
        (place / "ballast").write_bytes(bytes(shutil.disk_usage(place).free - 4096))
        found = read_bundle(place / "cat.cv")
        files = {entry.name: entry for entry in found.folder.iterdir()}
        files.pop("manifest.json")
        with pytest.raises(UsageError, match=r"cat\.cv cannot be written: No space left on device"):
            write_bundle(place / "cat.cv", found.manifest, files)
        assert (place / "cat.cv" / "manifest.json").read_bytes() == before
        assert sorted(path.name for path in place.iterdir()) == ["ballast", "cat.cv"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_may_not_be_written_is_an_error(tmp_path: Path, day: Path) -> None:
    """Bundle, lines and pictures: the place and the reason, before anything is computed."""
    if sys.platform.startswith("linux") and os.geteuid() == 0:  # root may write anywhere but there
        with disk(tmp_path / "disk", 64) as place:
            read_only(place)
            _check_refusals(place, day)
        return
    place = tmp_path / "closed"
    place.mkdir(mode=0o500)
    _check_refusals(place, day)


def _check_refusals(place: Path, day: Path) -> None:
    with pytest.raises(UsageError, match=r"cat\.cv cannot be written: "):
        Classifier().write(place / "cat.cv")
    for arguments in (["--json", str(place / "r.jsonl")], ["--save", str(place / "drawn")]):
        done = run(day, str(day), *arguments)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("error: ")
        assert "cannot be written" in done.stderr
        assert "Traceback" not in done.stderr
    assert list(place.iterdir()) == []


def _noise(path: Path, frames: int) -> Path:
    """Write a video that does not compress."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    rng = np.random.default_rng(1)
    for _ in range(frames):
        writer.write(rng.integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()
    return path
