"""OpenCV's engines are found by asking, in OpenCVs that exist and in those that are played."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import pytest

from keras2cv.bundle.manifest import Engine
from keras2cv.bundle.writing import write_bundle
from keras2cv.net import available_devices, engine_options
from keras2cv.net.engine_options import engine_options as found_in
from keras2cv.net.importers import importer_of, missing_importer
from support.tiny_bundle import Classifier

ROOT = Path(__file__).parents[3]
PLAYED = ROOT / "tests" / "support" / "played_opencv"
has_5_0 = pytest.mark.skipif(
    not cv2.__version__.startswith("5.0"), reason="OpenCV 5.0 plays the others"
)


class RefusedError(Exception):
    """Plays cv2.error."""


def opencv(version: str, reads: Any, **constants: int) -> Any:
    """Return a cv2 that reads a file by `reads`, which returns a net's format."""

    def read(path: str, **options: int) -> Any:
        assert Path(path).read_bytes() == engine_options._GRAPH
        kind = reads(**options)
        return SimpleNamespace(empty=lambda: False, getModelFormat=lambda: kind)

    dnn = SimpleNamespace(readNetFromONNX=read, **constants)
    return SimpleNamespace(__version__=version, dnn=dnn, error=RefusedError)


def numbers(found: dict[int, int]) -> Any:
    """Return a reader that knows these numbers of engines, and gives 99 to AUTO's."""

    def reads(engine: int = 99) -> int:
        if engine not in found:
            raise RefusedError
        return found[engine]

    return reads


def one_engine() -> int:
    """Read with the new engine; there is no argument."""
    return 1


@pytest.mark.parametrize(
    ("opencv_of", "options"),
    [
        (("4.6.0", None), {"classic": {}}),
        (("5.0.0", numbers({2: 1, 1: 0})), {"new": {"engine": 2}, "classic": {"engine": 1}}),
        (("5.1.0-pre", numbers({2: 1})), {"new": {"engine": 2}}),
        (("5.1.0", one_engine), {"new": {}}),
        (("6.0.0", numbers({2: 0, 1: 1})), {"new": {"engine": 1}, "classic": {"engine": 2}}),
        (("6.0.0", numbers({7: 1, 5: 0})), {"new": {"engine": 7}, "classic": {"engine": 5}}),
        (("6.0.0", numbers({99: 1})), {"new": {}}),
    ],
    ids=["4", "5.0", "one", "no argument", "exchanged", "other numbers", "other names"],
)
def test_engines_are_found_by_loading_a_graph(
    opencv_of: tuple[str, Any], options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are called, and whatever number they have."""
    monkeypatch.delenv(engine_options.FORCED, raising=False)
    version, reads = opencv_of
    module = opencv(version, reads, ENGINE_X=7, ENGINE_Y=5, ENGINE_AUTO=98)
    assert found_in(module) == options
    assert list(found_in(module)) == list(options)


def test_a_forced_engine_hides_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variable wins over every argument, so asking is of no use."""
    monkeypatch.setenv(engine_options.FORCED, "1")
    assert list(found_in(opencv("5.0.0", numbers({2: 0, 1: 0})))) == ["new", "classic"]


@pytest.mark.parametrize("why", ["no file", "no reader"])
def test_where_nothing_is_learned_5_0_is_assumed(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No temporary file can be written, or cv2 cannot open it (a path that is not ASCII)."""
    monkeypatch.delenv(engine_options.FORCED, raising=False)
    monkeypatch.delattr(os, "memfd_create", raising=False)
    if why == "no file":
        monkeypatch.setattr("tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(OSError))
    assert found_in(opencv("5.0.0", numbers({}))) == engine_options._OF_5_0


def test_the_graph_is_left_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there are no files in memory, it is removed."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.delenv(engine_options.FORCED, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert found_in(opencv("5.1.0", one_engine)) == {"new": {}}
    assert not list(tmp_path.iterdir())


def test_an_importer_that_is_gone_is_named() -> None:
    """With what to do instead."""
    module = opencv("5.1.0", one_engine)
    assert missing_importer(module, "onnx") == ""
    with pytest.raises(Exception, match=r"5\.1\.0 has no readNetFromTensorflow.*--format onnx"):
        importer_of(module, "frozen")


def test_other_devices_say_what_is_left_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """They need the classic engine."""
    monkeypatch.delenv(engine_options.FORCED, raising=False)
    module = opencv("5.1.0", one_engine)
    module.getBuildInformation = lambda: "NVIDIA CUDA: YES (ver 12.4)"
    cpu, *others = available_devices.devices_of(module)
    assert cpu.available
    assert [device.name for device in others] == ["opencl", "cuda", "cuda-fp16"]
    assert all("classic engine, which OpenCV 5.1.0 does not have" in d.why for d in others)


LOAD = """
import sys, cv2, keras2cv
from keras2cv.selftest import run_selftest
for engine in (None, "new", "classic"):
    try:
        model = keras2cv.load(sys.argv[1], engine=engine)
        print(engine, model.engine, run_selftest(model).verdict)
    except Exception as error:
        print(engine, type(error).__name__, error)
"""


@has_5_0
@pytest.mark.parametrize(
    ("played", "verified", "lines"),
    [
        (
            "next",
            "new",
            ["None new pass", "new new pass", "classic MissingDependency OpenCV"],
        ),
        (
            "next",
            "any",
            ["None new pass", "new new pass", "classic MissingDependency OpenCV"],
        ),
        (
            "next",
            "classic",
            ["None MissingDependency OpenCV 5.1.0 has no classic engine"],
        ),
        ("renamed", "any", ["None new pass", "new new pass", "classic classic pass"]),
        ("renamed", "classic", ["None classic pass", "new new pass", "classic classic pass"]),
    ],
)
def test_a_bundle_runs_on_the_engines_that_are_left(
    played: str, verified: Any, lines: list[str], tmp_path: Path
) -> None:
    """One verified on "new" runs where that is the only one; others are refused in a sentence."""
    tiny, bundle = Classifier(), tmp_path / "cat.cv"
    manifest = tiny.manifest().replace(engine=Engine(verified, fusion=True, winograd=True))
    write_bundle(bundle, manifest, {"model.onnx": tiny.onnx(), "selftest.npz": tiny.selftest()})
    paths = os.pathsep.join([str(PLAYED), str(ROOT / "runtime")])
    variables = {**os.environ, "PYTHONPATH": paths, "KERAS2CV_PLAYED_OPENCV": played}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(bundle)],
        env=variables,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    found = done.stdout.splitlines()
    for line, expected in zip(found, lines, strict=False):
        assert line.startswith(expected)
