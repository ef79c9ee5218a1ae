"""The targets of the guided fuzzer read good files, and refuse the crash corpus in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.fuzz.corpus import read_corpus, write_small_files
from campaigns.guided.targets import TARGETS, NotOneLine, Target, check, mutations_of, seeds_of
from keras2cv.errors import Keras2cvError
from support.hostile_graphs import BROKEN
from support.hostile_nets import FOLLOWED, STORED
from support.tiny_bundle import Classifier

LIGHT = ("manifest", "onnx", "frozen", "arrays", "labels", "charset", "resumed", "h5")
# What once broke a reader, or an OpenCV behind it, by the reader that has to refuse it.
CORPUS: dict[str, list[bytes]] = {
    "onnx": [*(data for data, _ in STORED.values()), *(make() for make in FOLLOWED.values())],
    "frozen": [data for data, _ in BROKEN.values()],
    "manifest": [b"[" * 100_000, b'{"a":' * 5000, b"\xff", b'{"schema": 1e999}'],
    "arrays": [b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'shape': (9", b"PK"],
    "labels": [b"\xff\xfe", b"\n" * 200_000, b"\0"],
    "charset": [b"", b"\xef\xbb\xbf", b"\n\n"],
    "resumed": [b'{"source": 1}\n', b"[]\n", b"\0\n", b"{" * 100_000],
    "h5": [b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(512)],
}  # fmt: skip


@pytest.mark.parametrize("name", LIGHT)
def test_what_once_broke_a_reader_is_an_answer_or_one_line(name: str) -> None:
    """No other exception comes out."""
    for data in CORPUS[name]:
        check(TARGETS[name], data)


def test_targets_start_from_real_files(tmp_path: Path) -> None:
    """Each reads its seeds; those of TensorFlow's are made by the campaign."""
    write_small_files(tmp_path)
    Classifier().write(tmp_path / "bundle" / "classifier")
    corpus = read_corpus(tmp_path)
    for name in ("manifest", "onnx", "arrays", "labels", "resumed"):
        found = list(seeds_of(TARGETS[name], corpus))
        assert found
        for data in found:
            TARGETS[name].read(data)
    assert all(callable(change) for target in TARGETS.values() for change in mutations_of(target))


def test_a_message_of_two_lines_is_a_failure() -> None:
    """So is any exception that is not ours, which goes through."""

    def two_lines(_: bytes) -> None:
        raise Keras2cvError("a\nb")

    with pytest.raises(NotOneLine):
        check(Target(two_lines, ()), b"")
    with pytest.raises(ZeroDivisionError):
        check(Target(lambda data: print(1 // len(data)), ()), b"")
