"""A .keras file as an archive: members that Keras never writes are refused before unpacking."""

from __future__ import annotations

import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

import support.hostile_models as hostile
from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.untrusted.archive import check_archive

Write = Callable[[zipfile.ZipFile], None]


def member(name: str, content: bytes = b"owned", **attributes: int) -> Write:
    """Return a function that writes a member with some attributes of its own."""

    def write(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        for key, value in attributes.items():
            setattr(info, key, value)
        archive.writestr(info, content)

    return write


def link(archive: zipfile.ZipFile) -> None:
    """Write a symbolic link to the user's keys."""
    member("assets/w", b"/root/.ssh", external_attr=(stat.S_IFLNK | 0o777) << 16)(archive)


def twice(archive: zipfile.ZipFile) -> None:
    """Write a second architecture: one reader takes the first, another the last."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("config.json", json.dumps(hostile.model()))


def bomb(archive: zipfile.ZipFile) -> None:
    """Write 65 MiB of nothing, in 65 kB."""
    archive.writestr("assets/w", bytes(65 * 2**20), zipfile.ZIP_DEFLATED)


SAMPLES: dict[str, tuple[Write, str]] = {
    "a path out of the folder": (member("../evil.txt"), "'../evil.txt' leads out of the folder"),
    "the same further in": (member("assets/../../evil.txt"), "leads out of the folder"),
    "an absolute path": (member("/evil.txt"), "leads out of the folder"),
    "a path of Windows": (member("C:\\evil.txt"), "leads out of the folder"),
    "a path with the other slash": (member("a\\..\\..\\evil.txt"), "leads out of the folder"),
    "a symbolic link": (link, "is a link or a device"),
    "a device": (member("d", external_attr=stat.S_IFCHR << 16), "is a link or a device"),
    "two architectures": (twice, "has 2 members called 'config.json'"),
    "a bomb": (bomb, "bytes. No Keras writes that"),
    "an unusual method": (
        member("assets/w", bytes(999), compress_type=zipfile.ZIP_LZMA),
        "is packed by method 14",
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_keras_does_not_write_is_refused(tmp_path: Path, name: str) -> None:
    """With or without --unsafe, and nothing is unpacked."""
    write, message = SAMPLES[name]
    path = hostile.write_archive(tmp_path / "cat.keras", hostile.model(hostile.dense()))
    assert check_archive(path) == 32
    with zipfile.ZipFile(path, "a") as archive:
        write(archive)
    before = sorted(tmp_path.parent.rglob("*"))
    with pytest.raises(ModelError) as caught:
        load_model(path, unsafe=True)
    assert message in str(caught.value)
    assert "no honest model" in str(caught.value)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    """Encrypted bytes cannot be inspected."""
    path = hostile.write_archive(tmp_path / "cat.keras", hostile.model())
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1  # the flags of the last entry of the directory
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"'model.weights.h5' is encrypted"):
        load_model(path)


def test_an_architecture_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    """65 MiB, of which a parser would make a gigabyte of Python's objects."""
    path = tmp_path / "cat.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", b"[]," * (65 * 2**20 // 3))
    with pytest.raises(ModelError, match=r"'config.json' unpacks .* to 68157438 bytes"):
        load_model(path)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """The other kind of bomb: a directory whose entries all name the same packed bytes."""
    path = hostile.write_archive(tmp_path / "cat.keras", hostile.model())
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    last = data.rindex(b"PK\x01\x02")
    entry = data[last:end]
    copies = [entry.replace(b"model.weights.h5", b"assets/%08d!" % i) for i in range(50)]
    assert all(len(copy) == len(entry) for copy in copies)
    directory = data[start:end] + b"".join(copies)
    tail = bytearray(data[end:])
    tail[8:12] = (53).to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    path.write_bytes(data[:start] + directory + tail)
    with pytest.raises(ModelError, match=r"its members unpack to \d+ bytes, out of \d+"):
        load_model(path)


def _external(file: h5py.File) -> None:
    file["w"] = h5py.ExternalLink("/etc/passwd", "/")


def _soft(file: h5py.File) -> None:
    file["w"] = h5py.SoftLink("/layers")


def _stored_elsewhere(file: h5py.File) -> None:
    file.create_dataset("w", (4, 2), "u1", external=[("/etc/passwd", 0, 8)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4, 2), "u1")
    layout[:] = h5py.VirtualSource("/etc/passwd", "w", (4, 2), "u1")
    file.create_virtual_dataset("w", layout)


def _huge(file: h5py.File) -> None:
    file.create_dataset("w", (10**6, 10**6), "f4", chunks=(1000, 1000), compression="gzip")


def _references(file: h5py.File) -> None:
    file.create_dataset("w", (3,), h5py.ref_dtype)


def _opaque(file: h5py.File) -> None:
    file.create_dataset("w", (3,), np.dtype([("a", "f4"), ("b", "i4")]))


def _many(file: h5py.File) -> None:
    for i in range(40):
        file.create_dataset(f"w{i}", (60 * 2**20,), "u1", chunks=(2**20,))


def _packed_well(file: h5py.File) -> None:
    kept = {"chunks": (2**20,), "compression": "gzip"}
    file.create_dataset("w", data=np.zeros(2**25, np.float32), **kept)


def _large_pieces(file: h5py.File) -> None:
    file.create_dataset("w", (4,), "f4", maxshape=(None,), chunks=(2**26,), compression="gzip")


HDF5: dict[str, tuple[Callable[[h5py.File], None], str]] = {
    "CVE-2026-1669: a link to another file": (_external, "'/w' is a link to '/etc/passwd:/'"),
    "a link by name": (_soft, "'/w' is a link to '/layers'"),
    "CVE-2026-1669: bytes of another file": (_stored_elsewhere, "stored in the file '/etc/passwd'"),
    "a dataset put together from other files": (_virtual, "'/w' is put together from other files"),
    "CVE-2026-0897: 10^12 elements, not stored": (_huge, "the shape (1000000, 1000000), and 0"),
    "references": (_references, "'/w' holds 'object', which are no weights"),
    "records": (_opaque, "which are no weights"),
    "numbers that pack to nothing": (_packed_well, "declares the shape (33554432,), and"),
    "pieces that are larger than all": (_large_pieces, "declares the shape (4,), and 0 bytes"),
    "many datasets of nothing": (_many, "its datasets declare 2516582432 bytes"),
}


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("name", HDF5)
def test_weights_that_are_not_there_are_refused(tmp_path: Path, name: str, kind: str) -> None:
    """In an .h5, and in the weights of a .keras archive, --unsafe or not."""
    write, message = HDF5[name]
    file = io.BytesIO() if kind == "keras" else tmp_path / "cat.h5"
    with h5py.File(file, "w") as weights:
        weights["layers/y/vars/0"] = np.linspace(-1, 1, 8, dtype=np.float32)
        weights.attrs["model_config"] = json.dumps(hostile.model(hostile.dense()))
        write(weights)
    path = tmp_path / f"cat.{kind}"
    if isinstance(file, io.BytesIO):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", json.dumps(hostile.model(hostile.dense())))
            archive.writestr("model.weights.h5", file.getvalue())
    with pytest.raises(ModelError) as caught:
        load_model(path, unsafe=True)
    assert message in str(caught.value)


def test_a_group_that_holds_itself_ends(tmp_path: Path) -> None:
    """A cycle of hard links is walked through once."""
    path = tmp_path / "cat.h5"
    with h5py.File(path, "w") as file:
        file["a/w"] = np.arange(5.0)
        file["a/b"] = file["/"]
        file["a/b/again"] = file["a"]
    with pytest.raises(ModelError, match="holds weights without an architecture"):
        load_model(path)


@pytest.mark.parametrize("units", [10**9, 10**12, 10**30])
def test_a_layer_of_absurd_size_is_refused_before_memory_is_asked_for(
    tmp_path: Path, units: int
) -> None:
    """The file has 32 bytes of weights; the layer takes gigabytes or more."""
    layer = hostile.dense(units=units, kernel_initializer="zeros")
    path = hostile.write_archive(tmp_path / "cat.keras", hostile.model(layer))
    with pytest.raises(ModelError, match="holds 32 bytes of weights, and with its layer 'y'"):
        load_model(path)


def test_a_layer_of_absurd_size_is_refused_in_keras_2(tmp_path: Path) -> None:
    """Keras 3 stumbles over the old file, and tf_keras takes over, by the same rule."""
    layers = [
        hostile.old("InputLayer", {"name": "x", "batch_input_shape": [None, 8, 8, 3]}),
        hostile.old(
            "DepthwiseConv2D", {"name": "d", "kernel_size": [3, 3], "groups": 1, "strides": [1, 1]}
        ),
        hostile.old("Conv2D", {"name": "y", "filters": 10**10, "kernel_size": [3, 3]}),
    ]
    config = hostile.old("Sequential", {"name": "cat", "layers": layers})
    path = hostile.write_hdf5(tmp_path / "cat.h5", config)
    with pytest.raises(ModelError, match=r"holds 0 bytes of weights, and with its layer 'y'"):
        load_model(path)


def test_weights_count_as_the_numbers_that_they_become(tmp_path: Path) -> None:
    """A byte in the file is four in memory: 2^24 of them are no more than 2^24 numbers."""
    layer = hostile.dense(units=2**23, kernel_initializer="zeros")
    path = hostile.write_archive(tmp_path / "cat.keras", hostile.model(layer))
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["junk"] = np.zeros(2**24, np.int8)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(hostile.model(layer)))
        archive.writestr("model.weights.h5", weights.getvalue())
    with pytest.raises(ModelError, match="holds 67108864 bytes of weights, and with its layer"):
        load_model(path)
