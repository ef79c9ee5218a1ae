"""Heaps of texts on which HDF5 itself never returns are found before it reads them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import h5py
import pytest

from keras2cv.errors import ModelError
from keras2cv_export.model.config import read_saved


def with_texts() -> bytes:
    """Return a file whose attribute is a text in a heap."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {}}'
    return memory.getvalue()


def changed(data: bytes, number: int, size: int) -> bytes:
    """Return the file with another number and size in its heap's first entry."""
    start = data.index(b"GCOL") + 16
    return data[:start] + struct.pack("<HHIQ", number, 0, 0, size) + data[start + 16 :]


ENDLESS = [(0, 0), (0, 8), (1, 2**64 - 16), (1, 2**64 - 8)]


@pytest.mark.parametrize(("number", "size"), ENDLESS)
def test_an_entry_that_leads_nowhere(tmp_path: Path, number: int, size: int) -> None:
    """No size, one smaller than an entry, one that turns over."""
    path = tmp_path / "x.h5"
    path.write_bytes(changed(with_texts(), number, size))
    with pytest.raises(ModelError, match="has an entry without a size, and never ends"):
        read_saved(path)


def test_bytes_that_nobody_reads_hide_no_heap(tmp_path: Path) -> None:
    """HDF5 looks at the version alone, and not at the three bytes behind it."""
    data = bytearray(changed(with_texts(), 0, 0))
    data[data.index(b"GCOL") + 7] = 0x7F
    path = tmp_path / "x.h5"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="has an entry without a size, and never ends"):
        read_saved(path)


def test_sizes_of_four_bytes_hide_no_heap(tmp_path: Path) -> None:
    """HDF5 then reads half of the bytes that are looked at here; no Keras writes such a file."""
    path = tmp_path / "x.h5"
    plan = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    plan.set_sizes(8, 4)
    made = h5py.h5f.create(str(path).encode(), h5py.h5f.ACC_TRUNC, plan)
    with h5py.File(made) as file:
        file.attrs["model_config"] = "{}"
    with pytest.raises(ModelError, match="its addresses and sizes have 8 and 4 bytes"):
        read_saved(path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_same_in_an_archive(tmp_path: Path, packing: int) -> None:
    """As it is, and packed."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", changed(with_texts(), 0, 0))
    with pytest.raises(ModelError, match="never ends"):
        read_saved(path)


def test_honest_texts(tmp_path: Path) -> None:
    """Those that h5py writes are read."""
    path = tmp_path / "x.h5"
    path.write_bytes(with_texts())
    assert read_saved(path).config["class_name"] == "Sequential"
