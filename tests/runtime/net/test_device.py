"""Devices: the one asked for, those present and the one that runs; `_missing_devices` is faked."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import BundleError, MissingDependency, NetError, UsageError
from keras2cv.net import device as device_module
from keras2cv.net.device import TARGETS, choose_device
from keras2cv.net.engines import ENGINES, OPTIONS
from keras2cv.selftest import HALF_LIMIT, run_selftest
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

ROOT = Path(__file__).parents[3]
NOT_BUILT = "this OpenCV is built without CUDA, as all of pip's wheels are"
NO_DEVICE = "built with CUDA 12.4, and no CUDA device or driver is found"
IMAGE = np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)


class FakeNet:
    """A net of OpenCV's CPU that notes where it was put, and changes its answers by `answer`."""

    def __init__(self, net: Any, nets: FakeNets) -> None:
        self._net, self._nets = net, nets
        self.runs = 0
        self.placed: list[int] = []
        self.setPreferableBackend = self.setPreferableTarget = self.placed.append

    def forward(self, names: list[str]) -> list[NDArray[Any]]:
        """Run the net."""
        self.runs += 1
        return [self._nets.answer(array) for array in self._net.forward(names)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._net, name)


class FakeNets:
    """The loaded nets, and a function that changes their outputs."""

    def __init__(self) -> None:
        self.loaded: list[FakeNet] = []
        self.answer: Callable[[NDArray[Any]], NDArray[Any]] = lambda array: array


@pytest.fixture
def nets(monkeypatch: pytest.MonkeyPatch) -> FakeNets:
    """Let nets be loaded for any device."""
    nets, read = FakeNets(), keras2cv.net.loading._read

    def fake(path: Path, file_format: str, engine: str) -> FakeNet:
        nets.loaded.append(FakeNet(read(path, file_format, engine), nets))
        return nets.loaded[-1]

    monkeypatch.setattr(device_module, "_missing_devices", dict)
    monkeypatch.setattr("keras2cv.net.loading._read", fake)
    return nets


def missing(monkeypatch: pytest.MonkeyPatch, reasons: Mapping[str, str]) -> None:
    """Let these devices be missing, for these reasons."""
    monkeypatch.setattr(device_module, "_missing_devices", lambda: dict(reasons))


ALL_MISSING = {"opencl": "none", "cuda": NOT_BUILT, "cuda-fp16": NOT_BUILT}


@pytest.mark.parametrize("device", ["cuda", "cuda-fp16", "opencl"])
def test_a_device_that_is_not_there_is_an_error_with_a_cure(
    device: str, cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build without CUDA and one without a GPU have different reasons and cures."""
    missing(monkeypatch, ALL_MISSING)
    with pytest.raises(MissingDependency, match=f"Device {device} is not there") as caught:
        keras2cv.load(cat_cv, device=device)
    assert ("docs/cuda.md" in str(caught.value)) == device.startswith("cuda")
    missing(monkeypatch, dict.fromkeys(ALL_MISSING, NO_DEVICE))
    with pytest.raises(MissingDependency, match="no CUDA device or driver is found") as caught:
        keras2cv.load(cat_cv, device=device)
    assert "docs/cuda.md" not in str(caught.value)


def test_auto_falls_back_and_gives_the_reason(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run --device auto` runs on the CPU, and reports it on stderr and in JSON."""
    missing(monkeypatch, ALL_MISSING)
    model = keras2cv.load(cat_cv, device="auto")
    assert model.device_choice.to_dict() == {
        "asked": "auto",
        "available": ["cpu"],
        "missing": ALL_MISSING,
        "runs": "cpu",
        "why": f"cuda is not there: {NOT_BUILT}",
    }
    image = cat_cv.parent / "photo.png"
    cv2.imwrite(str(image), IMAGE)
    assert main(["run", str(cat_cv), str(image), "--device", "auto", "--json", "-"]) == 0
    shown = capsys.readouterr()
    assert "on cpu, " in shown.err
    assert f"asked for auto (cuda is not there: {NOT_BUILT})" in shown.err
    assert json.loads(shown.out)["device"] == {"asked": "auto", "runs": "cpu"}


def test_the_cpu_is_not_looked_for(cat_cv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request for the CPU probes nothing, which would take longer than loading a small net."""
    monkeypatch.setattr(device_module, "_missing_devices", None)
    assert keras2cv.load(cat_cv).device_choice.to_dict()["runs"] == "cpu"


@pytest.mark.classic
@pytest.mark.parametrize("asked", ["cuda", "cuda-fp16", "opencl", "auto"])
def test_a_device_gets_a_warm_net_of_the_classic_engine(
    asked: str, cat_cv: Path, nets: FakeNets
) -> None:
    """Backend and target are set and the net has run before `load` returns, on any OpenCV."""
    model = keras2cv.load(cat_cv, device=asked)
    assert model.device == ("cuda" if asked == "auto" else asked)
    assert model.engine == "classic"
    assert nets.loaded[-1].placed == list(TARGETS[model.device])
    assert nets.loaded[-1].runs >= 1
    has_engines = len(ENGINES) > 1
    assert ("classic engine" in model.device_choice.why) == has_engines
    np.testing.assert_array_equal(
        model.predict(IMAGE).scores,  # type: ignore[union-attr]
        keras2cv.load(cat_cv, engine="classic").predict(IMAGE).scores,  # type: ignore[union-attr]
    )


@pytest.mark.classic
def test_auto_takes_the_cpu_where_the_device_fails(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, nets: FakeNets
) -> None:
    """The CPU runs a net that CUDA cannot, and the reason is kept; `--device cuda` fails."""

    def fail(array: NDArray[Any]) -> NDArray[Any]:
        if nets.loaded[-1].placed[-1:] == [cv2.dnn.DNN_TARGET_CUDA]:
            raise cv2.error("CUDNN_STATUS_NOT_SUPPORTED")
        return array

    nets.answer = fail
    model = keras2cv.load(cat_cv, device="auto")
    assert model.device == "cpu"
    assert "cuda fails: " in model.device_choice.why
    assert "CUDNN_STATUS_NOT_SUPPORTED" in model.device_choice.why
    assert model.predict(IMAGE)
    with pytest.raises(NetError, match="CUDNN_STATUS_NOT_SUPPORTED"):
        keras2cv.load(cat_cv, device="cuda")


def test_a_bundle_for_the_new_engine_stays_on_the_cpu(nets: FakeNets) -> None:
    """`auto` does not choose CUDA for it, and gives the reason."""
    choice = choose_device("auto", new_engine_only=True)
    assert choice.runs == "cpu"
    assert "cuda is there, but the bundle needs OpenCV's new engine" in choice.why
    assert not nets.loaded


@pytest.mark.classic
@pytest.mark.parametrize("device", ["cuda", "cuda-fp16", "opencl"])
def test_a_device_that_is_wrong_is_refused(device: str, cat_cv: Path, nets: FakeNets) -> None:
    """A bundle that predicts something else than TensorFlow does not load."""
    nets.answer = lambda array: array * 1.05
    with pytest.raises(NetError, match=r"of sample 0: off by .* allowed\)\. Use device .*cpu\."):
        keras2cv.load(cat_cv, device=device)
    assert keras2cv.load(cat_cv, device=device, check_device=False).device == device


@pytest.mark.classic
def test_auto_takes_the_cpu_where_the_device_is_wrong(cat_cv: Path, nets: FakeNets) -> None:
    """The CPU predicts, and the reason is kept."""

    def wrong_on_cuda(array: NDArray[Any]) -> NDArray[Any]:
        on_cuda = nets.loaded[-1].placed[-1:] == [cv2.dnn.DNN_TARGET_CUDA]
        return array * 1.05 if on_cuda else array

    nets.answer = wrong_on_cuda
    model = keras2cv.load(cat_cv, device="auto")
    assert model.device == "cpu"
    assert "cuda fails: OpenCV on cuda is wrong on" in model.device_choice.why
    assert run_selftest(model).verdict == "pass"


@pytest.mark.classic
def test_the_selftest_lists_what_a_device_gets_wrong(
    cat_cv: Path, nets: FakeNets, capsys: pytest.CaptureFixture[str]
) -> None:
    """`load` refuses the device; `selftest` reports the error of each output."""
    nets.answer = lambda array: array * 1.05
    assert main(["selftest", str(cat_cv), "--device", "cuda", "--in-process"]) == 1
    assert "FAIL  sample 2  scores  " in capsys.readouterr().out


@pytest.mark.parametrize("device", ["cuda", "cuda-fp16"])
def test_a_verified_bundle_without_golden_vectors_is_broken(
    device: str, cat_cv: Path, nets: FakeNets
) -> None:
    """There is nothing to check the device by."""
    (cat_cv / "selftest.npz").unlink()
    with pytest.raises(BundleError, match=r"selftest.npz is missing"):
        keras2cv.load(cat_cv, device=device)


@pytest.mark.classic
@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
def test_an_unverified_bundle_runs_on_a_device_unchecked(cat_cv: Path, nets: FakeNets) -> None:
    """Its user has been warned; half precision is another matter."""
    (cat_cv / "selftest.npz").unlink()
    path = cat_cv / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["evidence"]
    path.write_text(json.dumps({**manifest, "status": "unverified"}), encoding="utf-8")
    assert keras2cv.load(cat_cv, device="cuda").device == "cuda"
    with pytest.raises(BundleError, match=r"selftest.npz is missing"):
        keras2cv.load(cat_cv, device="cuda-fp16")


@pytest.mark.classic
def test_half_precision_is_held_against_the_selftest(cat_cv: Path, nets: FakeNets) -> None:
    """Rounded to float16 it passes by its own tolerance, by which the full one would not."""
    nets.answer = lambda array: array.astype(np.float16).astype(np.float32)
    model = keras2cv.load(cat_cv, device="cuda-fp16")
    rows = run_selftest(model).rows
    assert {row.limit for row in rows} == {HALF_LIMIT}
    assert all(row.passed for row in rows)
    with pytest.raises(NetError, match=r"OpenCV on cuda is wrong on"):
        keras2cv.load(cat_cv, device="cuda")


@pytest.mark.classic
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_half_precision_that_overflows_is_refused(
    value: float, cat_cv: Path, nets: FakeNets
) -> None:
    """NaN and infinity are not near anything."""
    nets.answer = lambda array: array * np.float32(value)
    with pytest.raises(NetError, match="NaN or infinity got"):
        keras2cv.load(cat_cv, device="cuda-fp16")


@pytest.mark.classic
@pytest.mark.parametrize("device", ["cuda", "cuda-fp16"])
def test_cuda_is_not_used_across_a_fork(
    device: str, cat_cv: Path, nets: FakeNets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forked process gets an error with a cure, because a run would end that process."""
    model = keras2cv.load(cat_cv, device=device)
    on_the_cpu = keras2cv.load(cat_cv)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(NetError, match=f"loaded on {device} before this process was forked"):
        model.predict(IMAGE)
    assert on_the_cpu.predict(IMAGE)


@pytest.mark.classic
@pytest.mark.parametrize(
    ("why", "hint"),
    [
        ("!blobs.empty() in function 'initCUDA'", "auto. A file from `export --engine classic`"),
        ('Layer of type "Arg" unsupported on OpenCV backend', "Use device cpu or auto.$"),
    ],
    ids=["computed weights", "argmax"],
)
def test_the_error_of_a_failing_device_has_a_cure(
    why: str, hint: str, cat_cv: Path, nets: FakeNets
) -> None:
    """Another engine is no cure there; the error advises another file if the graph's form fails."""

    def fail(array: NDArray[Any]) -> NDArray[Any]:
        raise cv2.error(why)

    nets.answer = fail
    with pytest.raises(NetError, match=rf"classic engine, cuda\) on .*{hint}"):
        keras2cv.load(cat_cv, device="cuda")


def test_half_precisions_tolerance_is_the_exporters() -> None:
    """Runtime and exporter allow the same error for half precision."""
    from keras2cv_export.parity.tolerance import PRESETS

    assert PRESETS["fp16"].max_abs == HALF_LIMIT


def test_info_lists_the_devices_it_runs_on(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The devices that are there, the one that auto takes, and why the others are not."""
    missing(monkeypatch, {"cuda": NO_DEVICE, "cuda-fp16": NO_DEVICE})
    assert main(["info", str(cat_cv)]) == 0
    shown = capsys.readouterr().out
    assert "here         --device cpu, opencl; auto takes cpu\n" in shown
    assert f"no cuda-fp16: {NO_DEVICE}\n" in shown


def test_the_selftest_reports_three_devices(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON has the device asked for, those available, and the one that runs."""
    missing(monkeypatch, ALL_MISSING)
    assert main(["selftest", str(cat_cv), "--device", "auto", "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["devices"]["asked"] == "auto"
    assert report["devices"]["available"] == ["cpu"]
    assert report["devices"]["runs"] == report["device"] == "cpu"


def test_a_device_that_does_not_exist_is_a_usage_error() -> None:
    """The message lists those that do."""
    with pytest.raises(UsageError, match="cpu, opencl, cuda, cuda-fp16, auto"):
        choose_device("tpu")


OPENCL = """
import json, sys, cv2, numpy as np, keras2cv
from keras2cv.selftest import run_selftest
from keras2cv.errors import MissingDependency
try:
    model = keras2cv.load(sys.argv[1], device="opencl")
except MissingDependency as error:
    print(json.dumps({"missing": str(error)}))
else:
    used = cv2.ocl.useOpenCL() and cv2.ocl.Device.getDefault().name()
    verdict = run_selftest(model).verdict
    print(json.dumps({"verdict": verdict, "used": used, "device": model.device}))
"""


def run_opencl(bundle: Path, **environment: str) -> Any:
    """Return the self-test of the bundle on OpenCL, from a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", OPENCL, str(bundle)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime"), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_opencl_runs_where_there_is_a_driver(cat_cv: Path) -> None:
    """A driver for the CPU, such as pocl, passes the self-test; without a driver it is an error."""
    found = run_opencl(
        cat_cv, OPENCV_OPENCL_DEVICE=":CPU:", OPENCV_DNN_OPENCL_ALLOW_ALL_DEVICES="1"
    )
    if "missing" in found:
        assert "opencl is not there" in found["missing"]
        pytest.skip("there is no OpenCL driver: apt install pocl-opencl-icd")
    assert (found["verdict"], found["device"]) == ("pass", "opencl")
    assert found["used"]


def test_an_opencl_device_that_opencv_would_not_use_is_not_there(cat_cv: Path) -> None:
    """OpenCV moves nets from OpenCL devices that are no GPU to the CPU: that is not "opencl"."""
    found = run_opencl(cat_cv, OPENCV_OPENCL_DEVICE=":CPU:")
    assert "opencl is not there" in found["missing"]


def _cuda_reason() -> str:
    return device_module._missing_devices().get("cuda", "")


@pytest.mark.cuda
@pytest.mark.parametrize("device", ["cuda", "cuda-fp16"])
def test_cuda_passes_the_selftest(device: str, cat_cv: Path) -> None:
    """On a real GPU: the bundle's golden vectors, by the device's tolerance."""
    assert _cuda_reason() == ""
    model = keras2cv.load(cat_cv, device=device)
    report = run_selftest(model)
    print(f"\n{device}: {max(row.measured for row in report.rows):.1e} of the largest value")
    assert (report.verdict, report.device, report.engine) == ("pass", device, "classic")


@pytest.mark.cuda
def test_auto_takes_cuda_where_it_is(cat_cv: Path) -> None:
    """On a real GPU `auto` is CUDA."""
    assert _cuda_reason() == ""
    assert keras2cv.load(cat_cv, device="auto").device == "cuda"


@pytest.mark.cuda
def test_the_speed_of_cuda_is_printed(cat_cv: Path) -> None:
    """On a real GPU: medians of every device, to be read and not judged."""
    blob = np.random.default_rng(1).normal(size=(1, HEIGHT, WIDTH, 3)).astype(np.float32)
    for device in ("cpu", "cuda", "cuda-fp16"):
        model = keras2cv.load(cat_cv, device=device)
        times_ms = []
        for _ in range(50):
            start = time.perf_counter()
            model.infer(blob)
            times_ms.append(1000 * (time.perf_counter() - start))
        print(f"{device}: median {np.median(times_ms):.3f} ms")
    assert Classifier()(blob).shape[0] == 1


def cuda_child(code: str, bundle: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code on a bundle in a fresh process."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(bundle)],
        env={**os.environ, "PYTHONPATH": _python_path(), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def _python_path() -> str:
    inherited = os.environ.get("PYTHONPATH")
    own = str(ROOT / "runtime")
    return os.pathsep.join((own, inherited)) if inherited else own


@pytest.mark.cuda
def test_cuda_answers_every_thread(cat_cv: Path) -> None:
    """On a real GPU: each caller of one predictor gets its own answer, bit for bit."""
    model = keras2cv.load(cat_cv, device="cuda")
    rng = np.random.default_rng(5)
    blobs = [rng.normal(size=(1, HEIGHT, WIDTH, 3)).astype(np.float32) for _ in range(8)]
    expected = [model.infer(blob)[0].tobytes() for blob in blobs]

    def answers(k: int) -> list[bytes]:
        return [model.infer(blobs[k])[0].tobytes() for _ in range(20)]

    with ThreadPoolExecutor(len(blobs)) as pool:
        assert list(pool.map(answers, range(len(blobs)))) == [[answer] * 20 for answer in expected]


@pytest.mark.cuda
def test_cuda_memory_comes_back(cat_cv: Path) -> None:
    """On a real GPU: fifty loads take no more of it than five did."""

    def free_after_loads(count: int) -> int:
        for _ in range(count):
            keras2cv.load(cat_cv, device="cuda").predict(IMAGE)
        gc.collect()
        return int(cv2.cuda.DeviceInfo(0).freeMemory())

    before = free_after_loads(5)
    assert before - free_after_loads(50) < 16 * 2**20  # bytes; other processes may use it, too


FORK = """
import os, sys, keras2cv
from keras2cv.errors import NetError
import numpy as np
model = keras2cv.load(sys.argv[1], device="cuda")
image = np.zeros((9, 9, 3), np.uint8)
if (child := os.fork()) == 0:
    try:
        model.predict(image)
    except NetError as error:
        os._exit(7 if "forked" in str(error) else 8)
    os._exit(9)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
model.predict(image)
"""


@pytest.mark.cuda
def test_a_fork_of_cuda_is_an_error_and_no_crash(cat_cv: Path) -> None:
    """On a real GPU: the child gets an error, and the parent goes on."""
    done = cuda_child(FORK, cat_cv)
    assert done.returncode == 0, done.stderr


@pytest.mark.cuda
def test_a_hidden_gpu_is_not_there(cat_cv: Path) -> None:
    """On a real GPU that CUDA_VISIBLE_DEVICES hides: an error with the reason, exit code 3."""
    code = "import sys; from keras2cv.cli import main; "
    code += "sys.exit(main(['selftest', sys.argv[1], '--device', 'cuda', '--in-process']))"
    done = cuda_child(code, cat_cv, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 3
    assert "no CUDA device or driver is found" in done.stderr


COMPUTED_WEIGHTS = [
    helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
    helper.make_node("Transpose", ["mean"], ["weight"], perm=[1, 0, 2, 3]),
    helper.make_node("Conv", ["x", "weight"], ["y"], group=3, kernel_shape=[1, 1]),
]
ARGMAX = [helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=1)]


@pytest.mark.cuda
@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param(
            COMPUTED_WEIGHTS,
            id="computed weights",
            marks=pytest.mark.xfail(
                strict=True, raises=cv2.error, reason="OpenCV 4.14's and 5.0's CUDA refuses it"
            ),
        ),
        pytest.param(
            ARGMAX,
            id="argmax",
            marks=pytest.mark.xfail(
                len(ENGINES) == 1,
                strict=True,
                raises=cv2.error,
                reason="OpenCV 4.14's CUDA refuses it, and 5.0 leaves it to the CPU",
            ),
        ),
    ],
)
def test_what_cuda_refuses(nodes: list[Any], tmp_path: Path) -> None:
    """On a real GPU: forms that docs/cuda.md lists as refused; the CPU runs them."""
    path = tmp_path / "net.onnx"
    channels = 1 if nodes is ARGMAX else 3
    graph = helper.make_graph(
        nodes,
        "refused",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 5, 4))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, channels, 5, 4))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 6
    path.write_bytes(model.SerializeToString())
    x = np.random.default_rng(2).normal(size=(1, 3, 5, 4)).astype(np.float32)
    answers = []
    for device in ("cpu", "cuda"):
        options = OPTIONS["classic"]
        net = cv2.dnn.readNetFromONNX(str(path), **options)
        net.setPreferableBackend(TARGETS[device][0])
        net.setPreferableTarget(TARGETS[device][1])
        net.setInput(x)
        answers.append(net.forward())
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-5)
