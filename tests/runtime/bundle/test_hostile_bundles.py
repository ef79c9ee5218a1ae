"""Bundles with hostile nets: no verb crashes, hangs, leaks memory, or ends in a traceback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keras2cv.bundle.manifest import InputTensor, OutputTensor
from keras2cv.cli import main
from keras2cv.errors import Keras2cvError, NetError
from keras2cv.loading import load
from keras2cv.net import rehearsal
from support.hostile_graphs import BROKEN
from support.hostile_nets import FOLLOWED, STORED, one, shape_of_x
from support.tiny_bundle import Classifier, manifest_of, npz


def bundle(folder: Path, data: bytes, shape: tuple[int, ...], suffix: str = "onnx") -> Path:
    """Write a bundle around a net, x -> y of one shape, that says it is verified."""
    manifest = manifest_of(
        data,
        inputs=(InputTensor("x", "x", shape, shape, "same", "float32"),),
        outputs=(OutputTensor("y", "y", shape, shape, "same", "float32", True),),
    )
    if suffix == "pb":
        manifest = manifest.replace(model=replace(manifest.model, file="model.pb", format="frozen"))
    ones = np.ones(shape, np.float32)
    golden = npz({"tolerance/0": np.float64(1e-3), "in/0/0": ones, "out/0/0": ones})
    folder.mkdir()  # `write_bundle` would refuse it
    for name, content in {
        f"model.{suffix}": data,
        "selftest.npz": golden,
        "manifest.json": manifest.to_json().encode(),
    }.items():
        (folder / name).write_bytes(content)
    return folder


CASES: dict[str, tuple[bytes, tuple[int, ...], str]] = {
    **{f"onnx, {name}": (data, (1, 8), "onnx") for name, (data, _) in STORED.items()},
    **{f"pb, {name}": (data, (1, 8), "pb") for name, (data, _) in BROKEN.items() if data},
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_net_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """`info` shows the bundle's manifest alone, and the net never reaches OpenCV."""
    folder = bundle(tmp_path / "x.cv", *CASES[name])
    with pytest.raises(Keras2cvError) as caught:
        load(folder)
    assert str(caught.value).isprintable()
    assert main(["run", str(folder), str(tmp_path / "none.npy")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_nets_that_do_not_fit_are_one_sentence(tmp_path: Path) -> None:
    """All of them, before OpenCV is asked."""
    for number, make in enumerate(FOLLOWED.values()):
        data = make()
        folder = bundle(tmp_path / f"{number}.cv", data, shape_of_x(data))
        with pytest.raises(Keras2cvError, match=r"a node of .*Do not use it"):
            load(folder)


ODD = {
    "an op of OpenCV's": lambda: one(
        "Einsum", {"w": np.eye(8, dtype=np.float32)}, (1, 8), equation="ij,jk->ik"
    ),
    "coordinates far away": lambda: one(
        "GridSample", {"g": np.full((1, 8, 8, 2), 1e9, np.float32)}, opset=16
    ),
    "weights of int64": lambda: one("Conv", {"w": np.ones((3, 3, 1, 1), np.int64)}),
    "a huge OneHot": lambda: one(
        "OneHot",
        {"d": np.array([2**30]), "v": np.array([0, 1], np.float32)},
        (1, 8),
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_a_net_of_another_form_is_tried_elsewhere(tmp_path: Path, name: str) -> None:
    """It loads, or OpenCV's failure is a sentence."""
    data = ODD[name]()
    folder = bundle(tmp_path / "x.cv", data, shape_of_x(data))
    with contextlib.suppress(NetError):
        load(folder)
        assert name != "a huge OneHot"


def test_memory_in_answers_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, whose fresh memory differs, answer differently."""
    hook = """
import cv2, numpy as np
read = cv2.dnn.readNetFromONNX
class Leaky:
    def __init__(self, net): self._net = net
    def __getattr__(self, name): return getattr(self._net, name)
    def forward(self, names):
        made = self._net.forward(names)
        return [np.empty_like(a) + np.frombuffer(np.empty(999), a.dtype)[500] for a in made]
cv2.dnn.readNetFromONNX = lambda *a, **k: Leaky(read(*a, **k))
"""
    (tmp_path / "sitecustomize.py").write_text(hook, encoding="utf-8")
    data = ODD["an op of OpenCV's"]()
    folder = bundle(tmp_path / "x.cv", data, (1, 8))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(rehearsal, "_DONE", set())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(NetError, match="reads memory beyond the arrays of model"):
        load(folder)


def odd_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch, hook: str) -> Path:
    """Write a bundle that is tried elsewhere, in processes that run `hook` first."""
    hook = f"import os, pathlib, time\nfill = os.environ.get('MALLOC_PERTURB_')\n{hook}\n"
    (folder / "sitecustomize.py").write_text(hook, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(rehearsal, "_DONE", set())
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return bundle(folder / "x.cv", ODD["an op of OpenCV's"](), (1, 8))


def test_a_net_on_a_trusted_disk_is_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loads at once, without a process; other loads try it."""
    folder = odd_bundle(tmp_path, monkeypatch, "if fill: os.abort()")
    load(folder, check_hash=False)
    with pytest.raises(NetError, match=r"on a trial of model\.onnx, which has "):
        load(folder)


def test_a_net_that_passed_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later process does not try it again; where nothing can be written, it does."""
    hook = "if fill: (pathlib.Path(__file__).parent / f'{time.monotonic_ns()}.tried').touch()"
    folder = odd_bundle(tmp_path, monkeypatch, hook)
    for _ in range(2):
        monkeypatch.setattr(rehearsal, "_DONE", set())
        load(folder)
    assert len(list(tmp_path.glob("*.tried"))) == 2
    (tmp_path / "full").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "full"))
    monkeypatch.setattr(rehearsal, "_DONE", set())
    load(folder)
    assert len(list(tmp_path.glob("*.tried"))) == 4


def test_the_two_processes_of_a_trial_run_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits here until the other one has started."""
    hook = """
here = pathlib.Path(__file__).parent
if fill:
    (here / f"{fill}.begun").touch()
    end = time.monotonic() + 6
    while len(list(here.glob("*.begun"))) < 2:
        if time.monotonic() > end: os.abort()
        time.sleep(0.01)
"""
    load(odd_bundle(tmp_path, monkeypatch, hook))
    assert len(list(tmp_path.glob("*.begun"))) == 2


def test_a_machine_that_starts_slowly_tries_a_net_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing OpenCV is no part of a trial's seconds, and says how many a net may take."""
    monkeypatch.setattr(rehearsal, "_SECONDS", 0.01)
    load(odd_bundle(tmp_path, monkeypatch, "if fill: time.sleep(0.5)"))


@pytest.mark.skipif(os.name != "posix", reason="the names of programs")
@pytest.mark.parametrize("verb", ["info", "selftest", "codegen", "doctor"])
def test_no_module_of_the_current_folder_is_run(tmp_path: Path, verb: str) -> None:
    """Also where Python is started by `-m`, which puts that folder first."""
    folder = Classifier().write(tmp_path / "cat.cv")
    here = tmp_path / "here"
    here.mkdir()
    for name in ("platform", "numpy", "json", "cv2", "random", "zipfile"):
        (here / f"{name}.py").write_text(
            "open('ran', 'w').close(); raise SystemExit(9)", encoding="utf-8"
        )
    arguments = {"doctor": [], "codegen": [str(folder), "-o", str(tmp_path / "made")]}
    done = subprocess.run(
        [sys.executable, "-m", "keras2cv", verb, *arguments.get(verb, [str(folder)])],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (here / "ran").exists(), done.stderr
    assert "Traceback" not in done.stderr
