"""A short run of the fuzzer with a fixed seed, and proof that it notices failures."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.fuzz import children, kinds
from campaigns.fuzz.campaign import run as campaign
from campaigns.fuzz.children import GOOD, Outcome, run_inputs
from campaigns.fuzz.corpus import Files, read_corpus, write_small_files
from campaigns.fuzz.kinds import KINDS, Kind, case
from campaigns.fuzz.mutating import mutate_bytes, mutate_json, mutate_onnx
from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import BundleError
from support.tiny_bundle import Classifier

SEED = 1
OUTSIDE = Path(__file__).parent
# Inputs per kind in every run; kinds that need TensorFlow run with -m slow.
COUNTS = {
    "manifest": 250, "bundle": 120, "run": 40, "onnx": 60, "inspect": 40, "npz": 60,
    "preprocess": 60, "lines": 60, "image": 150, "video": 20,
}  # fmt: skip


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Files]]:
    """Return seeds that need no TensorFlow: a bundle, and files by OpenCV and NumPy."""
    folder = tmp_path_factory.mktemp("corpus")
    write_small_files(folder)
    (folder / "bundle").mkdir()
    Classifier().write(folder / "bundle" / "classifier")
    (folder / "pb").mkdir()
    return read_corpus(folder)


@pytest.mark.parametrize("name", COUNTS)
def test_mutated_files_are_read_right_or_refused(
    corpus: dict[str, list[Files]], tmp_path: Path, name: str
) -> None:
    """There is no other error, crash, hang, file or connection."""
    (kind,) = (kind for kind in KINDS if kind.name == name)
    outcomes = list(campaign(kind, SEED, range(COUNTS[name]), corpus, tmp_path))
    assert [o for o in outcomes if o.verdict not in GOOD] == []
    assert len(outcomes) == COUNTS[name]
    assert {o.verdict for o in outcomes} & set(GOOD)


def test_an_input_is_the_same_for_the_same_seed(corpus: dict[str, list[Files]]) -> None:
    """A failing input can be made again, alone; another number or seed gives another input."""
    kind = KINDS[0]
    again = [case(kind, corpus, seed, number) for seed, number in ((1, 7), (1, 7), (1, 8), (2, 7))]
    assert again[0] == again[1]
    assert again[0] not in again[2:]


@pytest.mark.parametrize(
    ("attempt", "verdict", "detail"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "died", "SIGSEGV"),
        (lambda: {}[1], "exception", "KeyError"),
        (lambda: (OUTSIDE / "x").write_text("x"), "breach", "outside the scratch"),
        (lambda: subprocess.run([sys.executable, "-V"], check=False), "breach", "subprocess.Popen"),
        (lambda: socket.create_connection(("127.0.0.1", 9)), "breach", "socket.connect"),
        (lambda: bytearray(2**33), "exception", "MemoryError"),
    ],
    ids=["segfault", "exception", "file", "program", "network", "memory"],
)  # fmt: skip
def test_what_must_not_happen_is_noticed(
    tmp_path: Path, attempt: Callable[[], Any], verdict: str, detail: str
) -> None:
    """Each kind of failure has its own name, and the inputs after it are still tried."""
    kind = Kind("x", (), lambda _, files: files, lambda *_: attempt(), 1)
    outcomes = list(run_inputs(kind, {0: dict, 1: dict}, tmp_path))
    assert [(o.number, o.verdict) for o in outcomes] == [(0, verdict), (1, verdict)]
    assert detail in outcomes[0].detail


def test_a_module_may_be_imported_late(tmp_path: Path) -> None:
    """Python writes its bytecode beside it, which counts as no breach."""
    scratch, modules = tmp_path / "scratch", tmp_path / "modules"
    for folder in (scratch, modules):
        folder.mkdir()
    (modules / "late.py").write_text("FOUND = 7\n", encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from campaigns.fuzz.guard import bound; "
        "sys.path.insert(0, sys.argv[2]); bound(Path(sys.argv[1])); "
        "import late; sys.exit(late.FOUND)"
    )
    cached = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program, str(scratch), str(modules)]
    assert subprocess.run(command, env=cached, check=False).returncode == 7


def test_a_hang_and_what_is_left_behind_are_noticed(tmp_path: Path) -> None:
    """A silent child is ended at the limit; files left beside the input are listed."""

    def attempt(folder: Path, _: random.Random) -> None:
        (folder.parent / "left.txt").write_text("x", encoding="utf-8")
        signal.pause()

    kind = Kind("x", (), lambda _, files: files, attempt, 1)
    hung, untidy = run_inputs(kind, {0: dict}, tmp_path, limit_s=1.0)
    assert (hung.verdict, untidy.verdict, untidy.detail) == ("hung", "leftovers", "left.txt")


def test_a_bundle_that_opencv_dies_of_is_refused_by_the_product(
    corpus: dict[str, list[Files]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An input that killed a fuzzer's child goes to `run_worker`, whose verdict counts."""
    from campaigns.fuzz.confirm import confirmed

    (files,) = corpus["bundle"]
    assert confirmed(Outcome(0, "died", "SIGSEGV"), files).verdict == "answer"  # it does not repeat
    broken = kinds._rehashed({**files, "model.onnx": b"no net"})
    found = confirmed(Outcome(0, "died", "SIGSEGV"), broken)
    assert (found.verdict, found.detail) == ("refused", "confirmed: died SIGSEGV")


def test_mutations_of_structure_keep_it(corpus: dict[str, list[Files]]) -> None:
    """Most changed manifests are JSON, most changed nets are ONNX: parsers do not stop at once."""
    (files,) = corpus["bundle"]
    rng = random.Random(3)  # noqa: S311 - to be repeatable
    parsed = 0
    for _ in range(100):
        try:
            json.loads(mutate_json(rng, files["manifest.json"]))
            onnx.ModelProto().ParseFromString(mutate_onnx(rng, files["model.onnx"]))
        except Exception:  # noqa: S112 - the readable ones are counted
            continue
        parsed += 1
    assert parsed > 60
    assert any(mutate_bytes(rng, b"") != b"" for _ in range(50))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
CHECKS = list(HealthCheck)  # the machine may be slow
MANIFEST: dict[str, Any] = json.loads(Classifier().manifest().to_json())
KEYS = [
    (key, inner)
    for key, value in MANIFEST.items()
    for inner in ([None, *value] if isinstance(value, dict) else [None])
]


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=CHECKS)
@given(where=st.sampled_from(KEYS), value=JSON)
def test_any_json_in_any_place_of_a_manifest_is_read_or_refused(
    where: tuple[str, str | None], value: Any
) -> None:
    """An accepted manifest survives being written; any other is a BundleError."""
    tree = json.loads(json.dumps(MANIFEST))
    key, inner = where
    if inner is None:
        tree[key] = value
    else:
        tree[key][inner] = value
    try:
        manifest = Manifest.from_json(json.dumps(tree))
    except BundleError:
        return
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_the_limit_for_one_input_leaves_out_pauses_of_this_process() -> None:
    """Waiting is counted in ticks that really passed here, so a stopped machine is no hang."""
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo")
    os.close(writing)
    assert list(children._lines(reading, 1.0)) == [b"one"]
    os.close(reading)


@pytest.mark.slow
def test_mutated_models_are_read_right_or_refused(tmp_path: Path) -> None:
    """The same with the seeds that TensorFlow makes: .keras, .h5, frozen graphs, labels."""
    from campaigns.fuzz.__main__ import main

    arguments = ["--seed", "1", "--count", "3000", "--failures", str(tmp_path / "failures")]
    assert main(arguments) == 0
