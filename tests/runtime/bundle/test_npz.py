"""Untrusted archives of arrays: honest ones are read, others are refused before they cost."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.errors import InputError

RNG = np.random.default_rng(37)


def header(shape: str, descr: str = "'<f4'") -> bytes:
    """Return the beginning of an .npy file that declares this shape and dtype."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (117 - len(text)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def archive(path: Path, data: bytes, name: str = "x.npy") -> Path:
    """Write a zip file with one member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read(tmp_path: Path, save: Any) -> None:
    """Numbers of every dtype and rank, booleans and strings come back as they were."""
    arrays = {
        "in/0/0": RNG.normal(size=(2, 3, 5)).astype(np.float32),
        "scalar": np.float64(0.1),
        "fortran": np.asfortranarray(RNG.integers(0, 9, (4, 7))),
        "flags": np.array([True, False]),
        "text": np.array('{"opencv": "5.0.0", "ä": 1}'),
        "empty": np.zeros((0, 3), np.uint8),
    }
    save(tmp_path / "a.npz", **arrays)
    read = read_npz(tmp_path / "a.npz")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert np.array_equal(read[name], array)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """An array of objects is refused by its header."""
    np.savez(tmp_path / "a.npz", x=np.array([print, {}], object))
    with pytest.raises(InputError, match=r"x\.npy declares \(2,\) object"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "shape", ["(1000000000000,)", "(1000000, 1000000, 1000000)", "(3,)", "(1,)", "(-1,)"]
)
def test_a_header_that_does_not_match_its_data_is_refused(tmp_path: Path, shape: str) -> None:
    """10**12 declared elements are refused, not allocated; so is any other mismatch."""
    path = archive(tmp_path / "a.npz", header(shape) + b"\x00" * 8)
    with pytest.raises(InputError, match="declares"):
        read_npz(path)
    good = archive(tmp_path / "good.npz", header("(2,)") + b"\x00" * 8)
    assert read_npz(good)["x"].tolist() == [0, 0]


@pytest.mark.parametrize("descr", ["'|O'", "'<c8'", "'<M8[s]'", "[('a', '<f4')]", "'|V4'", "'|S4'"])
def test_only_numbers_and_text_are_read(tmp_path: Path, descr: str) -> None:
    """Objects, complex numbers, dates and records have no place in a bundle."""
    path = archive(tmp_path / "a.npz", header("(2,)", descr) + b"\x00" * 8)
    with pytest.raises(InputError):
        read_npz(path)


def test_a_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    """An archive that unpacks to more than allowed, or has too many members, is not read."""
    path = archive(tmp_path / "a.npz", header("(250000,)") + b"\x00" * 1_000_000)
    assert path.stat().st_size < 5000
    with pytest.raises(InputError, match="holds 1 arrays of 1000128 bytes unpacked"):
        read_npz(path, max_bytes=1_000_000)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"PK\x03\x04", header("(2,)"), header("(2,)") + b"\x00" * 8],
    ids=["empty", "text", "cut zip", "npy header", "npy"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    """A file of another kind is named, with a cure."""
    path = tmp_path / "a.npz"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.npz cannot be read as \.npz: .*numpy\.savez"):
        read_npz(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The system's reason is passed on."""
    with pytest.raises(InputError, match="No such file"):
        read_npz(tmp_path / "nothing.npz")


@pytest.mark.parametrize("member", [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00", header("(2,")])
def test_a_member_that_is_no_array_is_refused(tmp_path: Path, member: bytes) -> None:
    """Damaged headers end in our error, for every exception of numpy's."""
    with pytest.raises(InputError):
        read_npz(archive(tmp_path / "a.npz", member))


def test_damaged_data_is_refused(tmp_path: Path) -> None:
    """Bit flips anywhere give the right answer or our error, never a crash."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=RNG.normal(size=50), y=np.arange(9))
    data = buffer.getvalue()
    path = tmp_path / "a.npz"
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        broken[RNG.integers(len(data))] ^= 1 << RNG.integers(8)
        path.write_bytes(broken)
        try:
            read_npz(path)
        except InputError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(
    "data",
    [
        b"",
        header("(1000000000000,)"),
        header("(2,)", "'|O'") + bytes(16),
        header("(3,)") + bytes(8),
        header("(18446744073709551616,)"),
        header("(2,").replace(b"}", b" "),
    ],
    ids=["empty", "huge", "objects", "short", "beyond 64 bits", "no literal"],
)
def test_an_npy_that_is_not_what_it_declares_is_refused(tmp_path: Path, data: bytes) -> None:
    """Before anything is allocated, and in one line; the fuzzer found each of them."""
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.npy cannot be read as \.npy: ") as error:
        read_npy(path)
    assert "\n" not in str(error.value)


def test_an_npy_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Bit for bit, in either order of axes; a larger one than is allowed is not read."""
    array = np.asfortranarray(RNG.normal(size=(3, 5)))
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), array)
    with pytest.raises(InputError, match="at most 100 are read"):
        read_npy(tmp_path / "a.npy", max_bytes=100)
