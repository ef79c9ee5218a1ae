"""Runs in a child process: their outputs, and the errors of lost ones."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.errors import BundleError, InputError, NetError
from keras2cv.isolation import ChildCrash, ending
from keras2cv.net.engines import ENGINES
from keras2cv.trial import worker
from keras2cv.trial.running import LoadingNet, run_worker
from support.engines import ONE_ENGINE
from support.net_reading import when_a_net_is_read
from support.tiny_bundle import HEIGHT, WIDTH, Classifier, npz

Array = NDArray[Any]
RNG = np.random.default_rng(43)


def photo(count: int = 1) -> Array:
    """Return (count, H, W, 3) float32 of the classifier's size."""
    return RNG.uniform(-1, 1, (count, HEIGHT, WIDTH, 3)).astype(np.float32)


def sabotage(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let every Python that starts from here run `code` first, with cv2 asked for its engines."""
    hook = f"import cv2\nimport keras2cv.net.engines\n{code}\n"
    (folder / "sitecustomize.py").write_text(hook, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize("engine", [None, *ENGINES])
def test_answers_come_back_per_sample(cat_cv: Path, engine: str | None) -> None:
    """Outputs, the engine that ran and the versions come from the child."""
    samples = [[photo()], [photo(4)], [photo()]]
    run = run_worker(
        cat_cv, samples, timeout_s=60, engine=engine, threads=1, fusion=False, winograd=False
    )
    for (inputs,), (scores,) in zip(samples, run.outputs, strict=True):
        assert np.allclose(scores, Classifier()(inputs), atol=1e-5)
    assert run.engine == (engine or ENGINES[0])
    assert (run.opencv, run.threads) == (cv2.__version__, 1)
    assert run.load_ms > 0


def test_our_own_errors_keep_their_kind(cat_cv: Path) -> None:
    """An error about the bundle or the samples has the same class here as in the child."""
    with pytest.raises(InputError, match=r"must be \(N, 9, 12, 3\) float32, got \(1, 9, 12, 4\)"):
        run_worker(cat_cv, [[np.zeros((1, HEIGHT, WIDTH, 4))]], timeout_s=60)
    with (cat_cv / "model.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(BundleError, match="its manifest says"):
        run_worker(cat_cv, [[photo()]], timeout_s=60)


CRASH = "import ctypes; ctypes.string_at(0)"
SEGFAULT = "SIGSEGV" if os.name == "posix" else "access violation"


@pytest.mark.genuine  # its child imports another file in the player's place
def test_a_crash_while_loading_is_one_sentence(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal, the version, the engine and the stage are named; this process lives on."""
    sabotage(tmp_path, monkeypatch, when_a_net_is_read(CRASH))
    with pytest.raises(NetError) as error:
        run_worker(cat_cv, [[photo()]], timeout_s=60, engine=ONE_ENGINE)
    message = str(error.value)
    assert message.startswith(
        f"OpenCV {cv2.__version__} ({ONE_ENGINE} engine) crashed ({SEGFAULT}) "
        "while loading model.onnx;"
    )
    assert "\n" not in message


def test_a_crash_while_running_names_the_sample(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage is the last one that the child announced."""
    code = (
        "import keras2cv.predictor as p\n"
        "calls = []\n"
        "def infer(self, *arrays):\n"
        " calls.append(1)\n"
        f" if len(calls) == 3: {CRASH}\n"
        " return list(arrays)\n"
        "p.Predictor.infer_net = infer"
    )
    sabotage(tmp_path, monkeypatch, code)
    with pytest.raises(NetError, match=f"crashed .{SEGFAULT}. while running sample 2 of model"):
        run_worker(cat_cv, [[photo()]] * 4, timeout_s=60)


def test_a_hang_ends_at_the_time_limit(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is killed, and the stage that it hung in is named."""
    sabotage(tmp_path, monkeypatch, when_a_net_is_read("import time; time.sleep(600)"))
    with pytest.raises(NetError, match=r"was not done after 3 s, while loading model\.onnx"):
        run_worker(cat_cv, [[photo()]], timeout_s=3)


def test_a_child_that_fails_without_a_word_shows_its_last_line(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the child is a NetError with the end of its traceback."""
    sabotage(tmp_path, monkeypatch, when_a_net_is_read("raise KeyError('surprise')"))
    with pytest.raises(NetError, match=r"exit code 1.* its last words: KeyError: 'surprise'"):
        run_worker(cat_cv, [[photo()]], timeout_s=60)


def test_a_cv2_in_the_current_folder_is_not_taken(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child imports this keras2cv and the installed cv2, wherever it is started."""
    (tmp_path / "cv2.py").write_text("raise SystemExit('not OpenCV')", encoding="utf-8")
    (tmp_path / "keras2cv.py").write_text("raise SystemExit('not keras2cv')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run_worker(cat_cv, [[photo()]], timeout_s=60).opencv == cv2.__version__


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-signal.SIGABRT, "SIGABRT"),
        (-250, "signal 250"),
        (0xC0000005, "access violation"),
        (3, "exit code 3"),
    ],
)
def test_the_end_of_a_process_is_described(code: int, words: str) -> None:
    """Signals and Windows' status codes have names."""
    assert ending(code) == words


@pytest.mark.skipif(os.name != "posix", reason="a POSIX signal")
def test_a_killed_process_may_have_lacked_memory() -> None:
    """The system sends SIGKILL when memory runs out."""
    assert ending(-signal.SIGKILL) == "SIGKILL, perhaps out of memory"


@pytest.mark.parametrize("names", [[], ["in/0/1"], ["in/1/0"], ["in/0/0", "x"]])
def test_inputs_that_are_no_samples_are_refused(
    cat_cv: Path, tmp_path: Path, names: list[str]
) -> None:
    """Every sample must have every input, and nothing else may be there."""
    path = tmp_path / "in.npz"
    path.write_bytes(npz({name: photo() for name in names}))
    request = {"bundle": str(cat_cv), "inputs": str(path), "outputs": "", "options": {}}
    stages: list[dict[str, Any]] = []
    with pytest.raises(InputError, match=r"must be in/<sample>/<input> for 1 inputs"):
        next(worker.answer(request, lambda **facts: stages.append(facts)))
    assert stages == [{"stage": "loading", "file": "model.onnx", "opencv": cv2.__version__}]


def test_a_net_may_be_loaded_before_its_samples_are_known(cat_cv: Path) -> None:
    """The answers are the same, and so are a load's errors."""
    loading, samples = LoadingNet(cat_cv, timeout_s=60), [[photo()]]
    found = run_worker(cat_cv, samples, timeout_s=60, ready=loading)
    again = run_worker(cat_cv, samples, timeout_s=60)
    assert np.array_equal(found.outputs[0][0], again.outputs[0][0])
    loading.end()  # it was taken over, and has ended
    unused = LoadingNet(cat_cv, timeout_s=60)
    unused.end()
    with pytest.raises(ChildCrash):
        unused.take().reply()
    (cat_cv / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"no manifest\.json"):
        run_worker(cat_cv, [[photo()]], timeout_s=60, ready=LoadingNet(cat_cv, timeout_s=60))
