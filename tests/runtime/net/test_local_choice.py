"""`load` follows what `keras2cv tune` noted, on the machine that it was noted on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.local_tuning import MAX_MACHINES, SIDE_FILE, format_side_file
from keras2cv.bundle.manifest import Rate, Trial
from keras2cv.bundle.reading import read_manifest
from keras2cv.bundle.writing import check_replaceable
from keras2cv.cli import main
from keras2cv.net.engines import ENGINES
from keras2cv.net.local_choice import local_choice
from keras2cv.net.machine import cores, plain, processor
from keras2cv.tuning.noting import forget, note
from support.local_tuning import OTHERS, elsewhere, record_for, tune_by_hand
from support.tiny_bundle import Classifier
from support.two_forms import write_two

IMAGE = np.random.default_rng(3).uniform(-1, 1, (1, 9, 12, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep to a cache of the test's own, and give OpenCV its number of threads back."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """Return a fresh bundle of the tiny classifier."""
    return Classifier().write(tmp_path / "cat.cv")


def test_the_choice_is_followed_and_arguments_come_first(cat: Path) -> None:
    """Threads, here; the answers are the same."""
    place = tune_by_hand(cat)
    assert place == cat / SIDE_FILE
    model = keras2cv.load(cat)
    assert (model.engine, model.threads) == (ENGINES[0], 1)
    np.testing.assert_allclose(model.infer(IMAGE)[0], Classifier()(IMAGE), atol=1e-5)
    assert keras2cv.load(cat, threads=2).threads == 2


@pytest.mark.skipif(len(ENGINES) < 2, reason="this OpenCV has one engine")
def test_another_engine_than_the_chosen_one_runs_as_it_was_verified(cat: Path) -> None:
    """Its settings say nothing about the other engine."""
    tune_by_hand(cat)
    model = keras2cv.load(cat, engine=ENGINES[1])
    assert (model.engine, model.threads) == (ENGINES[1], 2)


def test_the_file_that_was_fastest_runs(tmp_path: Path) -> None:
    """Either of two, whichever would run by itself; `model.onnx` needs no file of its own."""
    two = write_two(tmp_path / "two.cv")
    assert keras2cv.load(two).manifest.model.file == "model.4.7.onnx"
    tune_by_hand(two, file="model.onnx")
    assert keras2cv.load(two).manifest.model.file == "model.onnx"
    assert keras2cv.load(two).threads == 1
    tune_by_hand(two, file="model.4.7.onnx")
    assert keras2cv.load(two).manifest.model.file == "model.4.7.onnx"


@pytest.mark.parametrize("difference", OTHERS)
def test_another_machine_or_net_is_not_followed(
    cat: Path, difference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`info` says why."""
    manifest = read_manifest(cat)
    other = elsewhere(record_for(manifest), difference)
    (cat / SIDE_FILE).write_bytes(format_side_file([other]))
    assert keras2cv.load(cat).threads == 2
    assert main(["info", str(cat)]) == 0
    shown = capsys.readouterr().out
    assert "tuned here" in shown
    assert f"{SIDE_FILE} is not followed: " in shown
    assert local_choice(cat, manifest).to_dict()["followed"] is False


def damaged_byte(data: bytes) -> bytes:
    """Change one digit of a measurement: the text is JSON still."""
    return data.replace(b'"ratio": 0.5', b'"ratio": 0.4')


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[: len(data) // 2],
        damaged_byte,
        lambda _: b"\xff\xfe{}",
        lambda _: b'{"schema": 2, "sha256": "", "machines": []}',
        lambda _: b"[" * 100_000,
        lambda _: b" " * (2**20 + 1),
    ],
    ids=["empty", "half", "one digit", "no UTF-8", "newer", "deep", "huge"],
)
def test_a_damaged_file_is_not_followed(cat: Path, damage: Callable[[bytes], bytes]) -> None:
    """And stands in nobody's way."""
    place = tune_by_hand(cat)
    place.write_bytes(damage(place.read_bytes()))
    assert keras2cv.load(cat).threads == 2
    assert "cannot be read" in local_choice(cat, read_manifest(cat)).why_not
    tune_by_hand(cat)
    assert keras2cv.load(cat).threads == 1


FORGED = {
    "threads": Trial(ENGINES[0], 4000, True, True, 1.0, 0.5, 0.6),  # type: ignore[arg-type]
    "engine": Trial("new" if "new" not in ENGINES else "classic", 1, True, True, 1.0, 0.5, 0.6),
}


@pytest.mark.parametrize("forgery", ["threads", "file", "rate", "link", "folder"])
def test_a_forged_file_asks_for_nothing_that_tune_would_not(
    cat: Path, tmp_path: Path, forgery: str
) -> None:
    """More threads than cores, files that are not the bundle's, huge batches, links."""
    manifest = read_manifest(cat)
    record = record_for(manifest)
    place = cat / SIDE_FILE
    if forgery == "threads":
        record = record_for(manifest, FORGED["threads"])
    elif forgery == "file":
        record = record_for(manifest, file="../other.cv/model.onnx")
    elif forgery == "rate":
        record = record_for(manifest, rate=Rate(1, 1, 60_000, 1.0, 1.0, 1.0))
    place.write_bytes(format_side_file([record]))
    if forgery == "link":
        place.rename(tmp_path / "elsewhere.json")
        place.symlink_to(tmp_path / "elsewhere.json")
    if forgery == "folder":
        place.unlink()
        place.mkdir()
    assert keras2cv.load(cat).threads == 2
    assert local_choice(cat, manifest).why_not


def test_what_was_verified_switched_off_stays_off(cat: Path) -> None:
    """A choice cannot switch fusion on."""
    manifest = read_manifest(cat)
    cautious = manifest.replace(engine=replace(manifest.engine, fusion=False))
    note(cat, cautious, record_for(cautious))
    assert "switched off" in local_choice(cat, cautious).why_not


def test_machines_that_share_a_bundle_have_a_record_each(cat: Path) -> None:
    """Tuning replaces one's own; other nets' records go, and so do the oldest of many."""
    manifest = read_manifest(cat)
    mine = record_for(manifest)
    others = [elsewhere(mine, name) for name in ("opencv", "processor", "net")]
    (cat / SIDE_FILE).write_bytes(format_side_file([*others, mine]))
    assert keras2cv.load(cat).threads == 1
    place = tune_by_hand(cat)
    assert place.read_bytes() == format_side_file([others[0], others[1], mine])
    assert forget(cat, manifest) == [place]
    assert place.read_bytes() == format_side_file(others[:2])
    cv2.setNumThreads(2)
    assert keras2cv.load(cat).threads == 2
    assert len(format_side_file([mine] * 50)) == len(format_side_file([mine] * MAX_MACHINES))


def test_a_bundle_that_cannot_be_written_is_noted_by_its_net(
    cat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the user's cache, which a copy of the bundle finds too; later the folder is preferred."""
    (cat / SIDE_FILE).mkdir()  # what stands there is no file, so that nothing can be written
    place = tune_by_hand(cat)
    assert place.parent == tmp_path / "cache" / "keras2cv" / "tuned"
    assert keras2cv.load(cat).threads == 1
    shutil.copytree(cat, tmp_path / "copy.cv")
    cv2.setNumThreads(2)
    assert keras2cv.load(tmp_path / "copy.cv").threads == 1
    (cat / SIDE_FILE).rmdir()
    assert tune_by_hand(cat) == cat / SIDE_FILE
    assert not place.exists()
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/x")
    (cat / SIDE_FILE).unlink()
    (cat / SIDE_FILE).mkdir()
    with pytest.raises(keras2cv.UsageError, match="cannot be noted"):
        tune_by_hand(cat)


def test_a_tuned_bundle_is_a_bundle_still(cat: Path, tmp_path: Path) -> None:
    """Export may replace it, a copy takes the choice along, and a link is never written through."""
    tune_by_hand(cat)
    check_replaceable(cat)
    (cat / ".keras2cv-0123abcd.tmp").touch()  # of a process that was killed while it noted
    check_replaceable(cat)
    target = tmp_path / "precious.txt"
    target.write_text("mine")
    (cat / SIDE_FILE).unlink()
    (cat / SIDE_FILE).symlink_to(target)
    tune_by_hand(cat)
    assert target.read_text() == "mine"
    assert keras2cv.load(cat).threads == 1


def test_this_machine_is_described_in_plain_words() -> None:
    """On one line each, whatever the system says."""
    assert processor().isprintable()
    assert cores() >= 1
    assert plain("a\tb\x00\n") == "a b"
