"""Bundles on disk: read, refused, and replaced."""

import contextlib
import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.bundle import atomic_swap as swap
from keras2cv.bundle import leftovers as litter
from keras2cv.bundle.reading import MANIFEST, read_bundle
from keras2cv.bundle.writing import staged_bundle, write_bundle
from keras2cv.errors import BundleError, UsageError
from support.tiny_bundle import Classifier


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of `folder` by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_written_bundle_reads_back(cat_cv: Path) -> None:
    """A written bundle is found, with its manifest and the paths of its files."""
    bundle = read_bundle(cat_cv)
    assert bundle.manifest == Classifier().manifest()
    assert bundle.model_path.read_bytes() == Classifier().onnx()
    assert sorted(contents(cat_cv)) == ["manifest.json", "model.onnx", "selftest.npz"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("model.onnx", "model.onnx is missing"), ("selftest.npz", "selftest.npz is missing")],
)
def test_a_missing_file_is_named(cat_cv: Path, name: str, message: str) -> None:
    """An incomplete bundle is refused, and the missing file named."""
    (cat_cv / name).unlink()
    with pytest.raises(BundleError, match=message):
        read_bundle(cat_cv)


def test_an_unverified_bundle_may_lack_its_golden_vectors(cat_cv: Path) -> None:
    """Without verification there may be nothing to repeat."""
    manifest = Classifier().manifest().replace(status="unverified", evidence=None)
    write_bundle(cat_cv, manifest, {"model.onnx": Classifier().onnx()})
    assert read_bundle(cat_cv).manifest.status == "unverified"


def test_the_error_of_a_path_that_is_no_bundle_describes_it(tmp_path: Path) -> None:
    """Nothing there, a file, and some other folder each get their own sentence."""
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(BundleError, match="does not exist"):
        read_bundle(tmp_path / "nothing.cv")
    with pytest.raises(BundleError, match="is a file, and a bundle is a folder"):
        read_bundle(tmp_path / "model.onnx")
    with pytest.raises(BundleError, match=r"not a bundle: it has no manifest\.json"):
        read_bundle(tmp_path)


def test_an_altered_model_is_refused(cat_cv: Path) -> None:
    """One changed byte is found by its sha256, unless the check is switched off."""
    path = cat_cv / "model.onnx"
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleError, match="is not the file that was verified: sha256"):
        read_bundle(cat_cv)
    read_bundle(cat_cv, check_hash=False)


def test_a_truncated_model_is_refused_without_hashing(cat_cv: Path) -> None:
    """The size is always compared: a copy that broke off costs nothing to find."""
    path = cat_cv / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BundleError, match="bytes, its manifest says"):
        read_bundle(cat_cv, check_hash=False)


def test_a_manifest_that_is_not_text_is_refused(cat_cv: Path) -> None:
    """Bytes that are not UTF-8 are named by their position."""
    (cat_cv / MANIFEST).write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(BundleError, match="is not UTF-8: invalid start byte at byte 12"):
        read_bundle(cat_cv)


def test_a_huge_manifest_is_not_even_read(cat_cv: Path) -> None:
    """Its size is looked at before its bytes are."""
    with (cat_cv / MANIFEST).open("r+b") as file:
        file.truncate(2**25 + 1)
    with pytest.raises(BundleError, match="at most 33554432 are read"):
        read_bundle(cat_cv)


def test_a_schema_error_names_the_file_and_the_way_out(cat_cv: Path) -> None:
    """The JSON path alone would not show which of many bundles is meant."""
    text = (cat_cv / MANIFEST).read_text(encoding="utf-8")
    (cat_cv / MANIFEST).write_text(text.replace('"schema": 1', '"schema": 7'), encoding="utf-8")
    with pytest.raises(BundleError, match=r"cat\.cv.manifest\.json: schema: 7 is newer") as error:
        read_bundle(cat_cv)
    assert "install the keras2cv that it was written with" in str(error.value)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "selftest.npz"])
def test_a_link_out_of_the_folder_is_refused(cat_cv: Path, name: str) -> None:
    """A bundle must not read other files of the machine; a link within it is harmless."""
    outside = cat_cv.parent / "secret"
    (cat_cv / name).rename(outside)
    (cat_cv / name).symlink_to(outside)
    with pytest.raises(BundleError, match="outside the bundle"):
        read_bundle(cat_cv)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_a_link_to_the_folder_is_the_folder(cat_cv: Path) -> None:
    """Reading follows it, and writing replaces the folder that it points to, not the link."""
    link = cat_cv.parent / "current"
    link.symlink_to(cat_cv)
    Classifier(3).write(link)
    assert link.is_symlink()
    assert read_bundle(cat_cv).manifest.model.batch == 3


def test_a_bundle_is_replaced_whole(cat_cv: Path) -> None:
    """The new one is there, the old one is gone, and nothing lies beside it."""
    Classifier(3).write(cat_cv)
    assert read_bundle(cat_cv).manifest.model.batch == 3
    assert [path.name for path in cat_cv.parent.iterdir()] == ["cat.cv"]


@pytest.mark.parametrize("exchange", [True, False], ids=["one step", "two steps"])
def test_a_fault_at_any_step_leaves_the_old_bundle_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    """The n-th system call fails, for every n: the bundle stays whole, with no files left over."""
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    outcomes = []
    for fault in range(100):
        target = Classifier().write(tmp_path / str(fault) / "cat.cv")
        old = contents(target)
        with monkeypatch.context() as patch:
            calls = fail_at(fault, patch)
            with contextlib.suppress(UsageError):
                Classifier(3).write(target)
        new = read_bundle(target).manifest.model.batch == 3
        assert new or contents(target) == old
        assert [path.name for path in target.parent.iterdir()] == ["cat.cv"]
        outcomes.append(new)
        if next(calls) <= fault:  # there were fewer calls than that: all have been through
            break
    assert outcomes.count(False) >= 5
    assert outcomes[-1]


def fail_at(fault: int, patch: pytest.MonkeyPatch) -> Iterator[int]:
    """Let the call number `fault` of those that write fail; return the counter of calls."""
    calls = iter(range(1000))

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == fault:
                raise OSError(28, "No space left on device")
            return call(*args, **kwargs)

        return wrapper

    for name in ("mkdir", "rename", "write_bytes"):
        patch.setattr(Path, name, failing(getattr(Path, name)))
    patch.setattr(os, "fsync", failing(os.fsync))
    return calls


def test_dying_between_two_renames_loses_nothing(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where folders cannot be exchanged, the next write first puts the old one back."""
    old = contents(cat_cv)
    cat_cv.rename(cat_cv.with_name("cat.cv.tmp-old"))  # as a power cut would leave it
    with staged_bundle(cat_cv):
        assert contents(cat_cv) == old


def test_a_failed_export_leaves_the_previous_bundle(cat_cv: Path) -> None:
    """Without a commit nothing happens, whatever the stage holds."""
    old = contents(cat_cv)
    with staged_bundle(cat_cv) as stage:
        (stage.folder / "model.onnx").write_bytes(b"half")
    assert contents(cat_cv) == old
    assert [path.name for path in cat_cv.parent.iterdir()] == ["cat.cv"]


def test_what_is_not_whole_cannot_be_committed(cat_cv: Path) -> None:
    """The stage is verified like any bundle before it takes the old one's place."""
    old = contents(cat_cv)
    files = {"model.onnx": Classifier().onnx() + b"more", "selftest.npz": b"x"}
    with pytest.raises(BundleError, match="its manifest says"):
        write_bundle(cat_cv, Classifier().manifest(), files)
    assert contents(cat_cv) == old


def test_a_stage_is_a_readable_bundle_before_it_is_committed(tmp_path: Path) -> None:
    """A child process can try the staged bundle, while the target does not exist yet."""
    with staged_bundle(tmp_path / "new" / "dog.cv") as stage:
        Classifier().write(stage.folder)
        assert not stage.target.exists()
        stage.commit()
    assert read_bundle(tmp_path / "new" / "dog.cv").manifest.model.batch == 1


def test_folders_created_for_nothing_are_removed(tmp_path: Path) -> None:
    """A failed export into a new folder does not leave the empty folder."""
    with pytest.raises(RuntimeError), staged_bundle(tmp_path / "a" / "b" / "dog.cv"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_files_are_copied_into_a_bundle(tmp_path: Path) -> None:
    """A file may be given by its path instead of its bytes."""
    source = tmp_path / "source.npz"
    source.write_bytes(Classifier().selftest())
    files: dict[str, bytes | Path] = {"model.onnx": Classifier().onnx(), "selftest.npz": source}
    bundle = write_bundle(tmp_path / "cat.cv", Classifier().manifest(), files)
    assert bundle.selftest_path.read_bytes() == source.read_bytes()
    assert source.exists()


def test_nothing_but_a_bundle_is_overwritten(cat_cv: Path, tmp_path: Path) -> None:
    """A file, another folder, and a bundle with foreign files in it are left alone."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"precious")
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"precious")
    (cat_cv / "notes.txt").write_bytes(b"precious")
    for target, message in (
        (photo, "is a file, not a bundle"),
        (folder, "is a folder, not a bundle"),
        (cat_cv, r"not the bundle's \(notes\.txt\)"),
    ):
        with pytest.raises(UsageError, match=message):
            Classifier().write(target)
    assert (cat_cv / "notes.txt").exists()


def test_an_empty_folder_may_become_a_bundle(tmp_path: Path) -> None:
    """A folder made for the purpose is no obstacle; a system's own files in it are none either."""
    target = tmp_path / "cat.cv"
    target.mkdir()
    (target / ".DS_Store").write_bytes(b"")
    Classifier().write(target)
    assert read_bundle(target).folder == target


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A parent that is a file gets the system's reason and a way out."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match=r"dog\.cv cannot be written: .* Choose a folder"):
        Classifier().write(tmp_path / "file" / "dog.cv")


_MAKER = """
import sys, time
from pathlib import Path
from keras2cv.bundle.leftovers import locked_folder

with locked_folder(Path(sys.argv[1])) as folder:
    (folder / "model.onnx").write_bytes(b"half")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="no locks on folders there")
def test_leftovers_of_dead_runs_are_removed_and_those_of_running_ones_stay(cat_cv: Path) -> None:
    """The lock on a folder decides, not a process number, which another container has as well."""
    maker = subprocess.Popen(
        [sys.executable, "-c", _MAKER, str(cat_cv)], stdout=subprocess.PIPE, text=True
    )
    assert maker.stdout is not None
    folder = Path(maker.stdout.readline().strip())
    foreign = cat_cv.with_name("cat.cv.tmp-of-mine")
    foreign.mkdir()
    try:
        Classifier(3).write(cat_cv)
        assert (folder / "model.onnx").exists()
    finally:
        maker.kill()
        maker.communicate()
    assert folder.exists()
    Classifier(3).write(cat_cv)
    assert not folder.exists()
    assert foreign.exists()
    assert sorted(path.name for path in cat_cv.parent.iterdir()) == ["cat.cv", foreign.name]


@pytest.mark.skipif(os.name != "posix", reason="no locks on folders there")
def test_a_lock_of_a_reader_does_not_stop_a_writer_for_long(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds it is named; the bundle is as it was."""
    import fcntl

    monkeypatch.setattr(swap, "_PATIENCE_S", 0.1)
    before = (cat_cv / "manifest.json").read_bytes()
    reader = os.open(cat_cv.parent, os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    try:
        with pytest.raises(UsageError, match=r"another program holds a lock on .*") as caught:
            Classifier(3).write(cat_cv)
    finally:
        os.close(reader)
    assert not Path("/proc/locks").exists() or f"(process {os.getpid()}, " in str(caught.value)
    assert (cat_cv / "manifest.json").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="no locks on folders there")
def test_temporary_folders_of_dead_runs_are_removed(tmp_path: Path) -> None:
    """The next run removes the temporary folders of a killed one, and nothing else."""
    left = tmp_path / litter.stage_name(tmp_path / "keras2cv")
    left.mkdir()
    (left / "inputs.npz").write_bytes(b"half")
    (tmp_path / "keras2cv.tmp-of-mine").mkdir()
    with litter.temporary_folder(tmp_path) as folder:
        assert not left.exists()
        assert folder.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["keras2cv.tmp-of-mine"]


def test_no_room_for_temporary_files_is_an_error(tmp_path: Path) -> None:
    """A full disk there is an error with a cure; other errors pass through."""
    with (
        pytest.raises(UsageError, match=r"Temporary files cannot be written in .*TMPDIR"),
        litter.temporary_folder(tmp_path),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), litter.temporary_folder(tmp_path):
        (tmp_path / "other").read_bytes()
    with (
        pytest.raises(UsageError, match="No such file or directory"),
        litter.temporary_folder(tmp_path / "missing"),
    ):
        pass


def test_a_full_disk_while_a_bundle_is_made_is_an_error(cat_cv: Path) -> None:
    """The old bundle stays, nothing lies beside it, and the reason is one sentence."""
    old = contents(cat_cv)
    with (
        pytest.raises(UsageError, match=r"cat\.cv cannot be written: No space left"),
        staged_bundle(cat_cv),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert contents(cat_cv) == old
    assert [path.name for path in cat_cv.parent.iterdir()] == ["cat.cv"]


@pytest.mark.parametrize("exchange", [True, False], ids=["one step", "two steps"])
def test_many_writers_at_once_leave_one_whole_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    """Each succeeds, whoever comes last stays, and nothing is mixed or left."""
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    target = tmp_path / "cat.cv"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Classifier(1 + n % 4).write(target), range(40)))
    bundle = read_bundle(target)
    assert bundle.model_path.read_bytes() == Classifier(bundle.manifest.model.batch).onnx()
    assert [path.name for path in tmp_path.iterdir()] == ["cat.cv"]


def test_a_bundle_that_is_replaced_while_it_is_loaded_is_the_old_or_the_new_one(
    cat_cv: Path,
) -> None:
    """A reader loads one of the two with its own manifest, never a mixture."""
    done = threading.Event()

    def replace() -> None:
        for number in range(60):
            Classifier(1 + number % 2).write(cat_cv)
        done.set()

    writer = threading.Thread(target=replace)
    writer.start()
    loaded = 0
    while not done.is_set() or loaded == 0:
        model = keras2cv.load(cat_cv)
        batch = model.manifest.model.batch
        (scores,) = model.infer(np.ones((batch, 9, 12, 3), np.float32))
        assert np.allclose(scores, Classifier()(np.ones((batch, 9, 12, 3))), atol=1e-5)
        loaded += 1
    writer.join()
