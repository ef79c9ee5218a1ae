"""A child process that crashes or takes all memory does not harm its parent."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv.bundle.manifest import InputTensor, Manifest, OutputTensor
from keras2cv.bundle.writing import write_bundle
from keras2cv.cli import main
from keras2cv.errors import NetError
from keras2cv.isolation import ChildOutOfMemory, Entry, Limits, run_once
from keras2cv.trial.running import CrashError, run_worker
from support.net_reading import when_a_net_is_read
from support.processes import all_gone, numbers
from support.tiny_bundle import HEIGHT, WIDTH, Classifier, manifest_of, net, npz

GREEDY = "x = [bytearray(2**24) for _ in range(2000)]"  # 32 GiB, in pieces
DEADLY = {
    "segfault": "import ctypes; ctypes.string_at(0)",
    "abort": "import os; os.abort()",
    "memory": GREEDY,
}


def sabotage(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Make cv2 run `code` when it reads a net, in every process that starts from here."""
    (folder / "sitecustomize.py").write_text(when_a_net_is_read(code), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


SAID = {
    "segfault": "crashed .*SIGSEGV",
    "abort": "crashed .*SIGABRT",
    "memory": "asked for more than the .* GiB of memory that it may have here",
}


@pytest.mark.parametrize("end", SAID)
def test_a_net_that_ends_its_process_is_one_sentence(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """As `export`, `check` and `run` of an unverified bundle try nets."""
    sabotage(tmp_path, monkeypatch, DEADLY[end])
    sample = [np.zeros((1, HEIGHT, WIDTH, 3), np.float32)]
    with pytest.raises(NetError, match=rf"(?s){SAID[end]}.*while loading model.onnx") as caught:
        run_worker(cat_cv, [sample], timeout_s=60, memory=2**31)
    assert isinstance(caught.value, CrashError) == (end != "memory")
    assert "\n" not in str(caught.value)


def real(folder: Path, node: onnx.NodeProto, weights: dict[str, Any], out: Sequence[int]) -> Path:
    """Write a bundle around one node on an image of 3 x 9 x 12, with golden vectors of zeros."""
    shape = (1, 3, 9, 12)
    data = net([node], {"x": shape}, {"y": out}, weights)
    manifest = manifest_of(
        data,
        inputs=(InputTensor("x", "x", shape, shape, "same", "float32"),),
        outputs=(OutputTensor("y", "y", tuple(out), tuple(out), "same", "float32", True),),
    )
    arrays: dict[str, Any] = {"tolerance/0": np.float64(1e-3)}
    for i in range(3):
        arrays |= {
            f"in/{i}/0": np.full(shape, i, np.float32),
            f"out/{i}/0": np.zeros(1, np.float32),
        }
    write_bundle(folder, manifest, {"model.onnx": data, "selftest.npz": npz(arrays)})
    return folder


GREEDY_NET = """
import cv2, numpy as np

def answer(request, tell):
    net = cv2.dnn.readNetFromONNX(request["file"])
    net.setInput(np.zeros((1, 3, 9, 12), np.float32), "x")
    net.forward(net.getUnconnectedOutLayersNames())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a child's")
def test_a_graph_that_takes_all_memory_is_stopped(tmp_path: Path) -> None:
    """OpenCV asks for a Resize to 36 GB, and the kernel refuses it."""
    node = helper.make_node("Resize", ["x", "r", "s"], ["y"], mode="nearest")
    weights = {"s": np.array([1, 1, 5000, 5000], np.float32), "r": np.zeros(0, np.float32)}
    data = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 9, 12))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 3, 45000, 60000))],
        [numpy_helper.from_array(v, k) for k, v in weights.items()],
    )
    file = tmp_path / "greedy.onnx"
    onnx.save(helper.make_model(data, opset_imports=[helper.make_opsetid("", 11)]), file)
    program = tmp_path / "run.py"
    program.write_text(GREEDY_NET, encoding="utf-8")
    with pytest.raises(ChildOutOfMemory, match=r"more than the 2\.0 GiB"):
        run_once(Entry(f"{program}:answer"), {"file": str(file)}, Limits(60, memory_bytes=2**31))


@pytest.mark.parametrize("verb", ["selftest", "worker"])
def test_a_graph_that_divides_by_zero_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """A pooling with strides of 0 ends OpenCV 5.0's new engine by SIGFPE; others refuse it.

    `selftest` does not give it to OpenCV at all.
    """
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[1, 1])
    folder = real(tmp_path / "zero.cv", node, {}, (1, 3, 8, 11))
    model = onnx.load(folder / "model.onnx")
    model.graph.node[0].attribute[1].ints[:] = [0, 0]
    data = model.SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    manifest = Manifest.from_json((folder / "manifest.json").read_text(encoding="utf-8"))
    facts = replace(
        manifest.model, sha256=hashlib.sha256(data).hexdigest(), size_bytes=str(len(data))
    )
    changed = manifest.replace(model=facts).to_json()
    (folder / "manifest.json").write_text(changed, encoding="utf-8")
    if verb == "selftest":
        assert main(["selftest", str(folder)]) == 2
        message = capsys.readouterr().err
        assert "has a node of MaxPool whose window, steps or padding does not fit" in message
    else:
        with pytest.raises(NetError) as caught:
            run_worker(folder, [[np.zeros((1, 3, 9, 12), np.float32)]], timeout_s=60)
        message = str(caught.value)
        assert "SIGFPE" in message or "does not load" in message


@pytest.mark.parametrize("end", ["segfault", "abort"])
def test_selftest_survives_what_it_tests(
    cat_cv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: str,
) -> None:
    """It reports a failure in a sentence, and its own process goes on."""
    sabotage(tmp_path, monkeypatch, DEADLY[end])
    assert main(["selftest", str(cat_cv)]) == 1
    assert f"error: OpenCV crashed on {cat_cv} (SIG" in capsys.readouterr().err


def test_run_tries_an_unverified_bundle_elsewhere_first(
    cat_cv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A verified one is not tried: whoever verified it did, and start-up counts."""
    path = cat_cv / "manifest.json"
    bundle = Classifier().manifest().replace(status="unverified", evidence=None)
    path.write_text(bundle.to_json(), encoding="utf-8")
    np.save(tmp_path / "x.npy", np.zeros((1, HEIGHT, WIDTH, 3), np.float32))
    assert main(["run", str(cat_cv), str(tmp_path / "x.npy")]) == 0
    assert "is inconclusive" in capsys.readouterr().err
    sabotage(tmp_path, monkeypatch, DEADLY["segfault"])
    assert main(["run", str(cat_cv), str(tmp_path / "x.npy")]) == 1
    assert "crashed (SIGSEGV) while loading model.onnx" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="processes are looked up by signal 0")
def test_no_net_outlives_a_killed_selftest(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child that hangs in OpenCV ends with the command that started it."""
    note = tmp_path / "pid"
    hang = (
        f"import os, time; open({str(note)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    )
    sabotage(tmp_path, monkeypatch, hang)
    with subprocess.Popen([sys.executable, "-m", "keras2cv", "selftest", str(cat_cv)]) as command:
        (pid,) = numbers(note)
        assert pid != command.pid
        command.kill()
    assert all_gone([pid])
