"""What a child process does to itself does not reach its parent, or the machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from keras2cv.child import run_child, spare_memory
from keras2cv.cli import main
from keras2cv.errors import NetError
from keras2cv.isolated import CrashError, run_worker
from tiny_bundle import HEIGHT, WIDTH, Classifier

GREEDY = "x = [bytearray(2**24) for _ in range(2000)]"  # 32 GiB, in pieces
DEADLY = {
    "segfault": "import ctypes; ctypes.string_at(0)",
    "abort": "import os; os.abort()",
    "hang": "import time; time.sleep(600)",
    "memory": GREEDY,
}


def run(code: str, **limits: float) -> tuple[int | None, bool]:
    """Run some Python, and return its exit code and whether it ran out of memory."""
    memory = int(limits.get("memory", 2**29))
    done = run_child(
        [sys.executable, "-c", code], timeout_s=limits.get("timeout_s", 60), memory=memory
    )
    return done.code, done.out_of_memory


def test_what_a_program_does_to_itself_is_told() -> None:
    """Its exit code, the signal that ended it, that its time or its memory was over."""
    assert run("import sys; sys.exit(3)") == (3, False)
    assert run(DEADLY["segfault"]) == (-11, False)
    assert run(DEADLY["abort"]) == (-6, False)
    started = time.monotonic()
    assert run(DEADLY["hang"], timeout_s=1) == (None, False)
    assert time.monotonic() - started < 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a child's")
def test_memory_is_limited_by_the_kernel() -> None:
    """An allocation fails long before the machine has none left."""
    assert run(GREEDY) == (1, True)
    assert run("x = bytearray(2**28)") == (0, False)


def test_what_is_free_is_known() -> None:
    """On Linux; elsewhere nothing is limited, and the documentation says so."""
    spare = spare_memory()
    assert (spare is not None) == sys.platform.startswith("linux")
    assert spare is None or spare >= 2**28


def sabotage(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let cv2 do `code` in every process that starts from here, when it is to read a net."""
    hook = f"""
import cv2
def read(*_, **__):
    {code}
cv2.dnn.readNetFromONNX = read
"""
    (folder / "sitecustomize.py").write_text(hook, encoding="utf-8")
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


@pytest.mark.parametrize("end", ["segfault", "abort"])
def test_selftest_survives_what_it_tests(
    cat_cv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: str,
) -> None:
    """The answer is no, in a sentence, and the process that asked goes on."""
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
    assert "is unverified" in capsys.readouterr().err
    sabotage(tmp_path, monkeypatch, DEADLY["segfault"])
    assert main(["run", str(cat_cv), str(tmp_path / "x.npy")]) == 1
    assert "crashed (SIGSEGV) while loading model.onnx" in capsys.readouterr().err
