"""`export`, `check` and `demo`: the arguments of the functions, and the printed reports.

The exporter itself is a stand-in here: it records its arguments, and returns a report.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

pytest.importorskip("rich")
pytest.importorskip("keras2cv_export")
parity = pytest.importorskip("keras2cv_export.parity.parity")

from keras2cv.cli import main  # noqa: E402 - after their requirements are known to be installed
from keras2cv.errors import ModelError, ParityError  # noqa: E402
from keras2cv_export.cli import heavy  # noqa: E402
from keras2cv_export.options import CheckOptions, ExportOptions  # noqa: E402
from keras2cv_export.passes.left_alone import LeftAlone  # noqa: E402
from support.tiny_bundle import Classifier  # noqa: E402

SAMPLES = [np.random.default_rng(n).normal(size=(1, 7)).astype(np.float32) for n in range(4)]


def compared(error: float = 0.0, *, constant: bool = False) -> Any:
    """Return a comparison of four samples that is off by `error`, or uninformative if constant."""
    reference = [{"scores": SAMPLES[0] if constant else sample} for sample in SAMPLES]
    candidate = [{"scores": sample["scores"] + np.float32(error)} for sample in reference]
    return parity.compare(reference, candidate)


class Stand:
    """An exporter that records its arguments, and returns (or raises) the given result."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.arguments: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Be called in place of export or check."""
        if arguments and isinstance(arguments[0], ExportOptions):
            options = dict(vars(arguments[0]))
            arguments = (options.pop("model"), options.pop("bundle"))
        if arguments and isinstance(arguments[0], CheckOptions):
            options = dict(vars(arguments[0]))
            arguments = (options.pop("bundle"),)
        self.arguments, self.options = arguments, options
        options["progress"]("looking at it")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ARCHITECTURE = json.dumps({"class_name": "Sequential", "config": {"layers": []}})
PLACES = {
    "export": ("keras2cv_export.exporting", "export_model"),
    "check": ("keras2cv_export.checks.checking", "check_bundle"),
}
Put = Callable[[str, Any], Stand]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Put:
    """Return a function that puts a stand-in in the exporter's place."""
    monkeypatch.chdir(tmp_path)
    for name in ("cat.keras", "m.keras"):  # the stand-in opens nothing, but they must be there
        with zipfile.ZipFile(name, "w") as archive:
            archive.writestr("config.json", ARCHITECTURE)
    with h5py.File("cat.h5", "w") as file:
        file.attrs["model_config"] = ARCHITECTURE
    monkeypatch.setattr(heavy, "MODULES", ("json",))

    def put_there(name: str, answer: Any) -> Stand:
        stand = Stand(answer)
        module, function = PLACES[name]
        # Not setattr: to find the old value, it would import TensorFlow.
        monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{function: stand}))
        return stand

    return put_there


def exported(report: Any = None, **changes: Any) -> SimpleNamespace:
    """Return an export's report, with a comparison unless it was switched off."""
    attributes = {
        "bundle": Path("cat.cv"),
        "parity": compared() if report is None else report,
        "manifest": SimpleNamespace(
            status="verified", preprocessing=None, model=SimpleNamespace(size_bytes="2345678")
        ),
        "notes": ("Task: classify, since scores ends in softmax.",),
        "passes": (("fold_batch_norm", 3), ("clip_to_attributes", 12)),
        "left_alone": (LeftAlone("merge_pads", "it mirrors", 2, ("a", "b")),),
        "seconds": 4.26,
        "to_dict": lambda: {"bundle": "cat.cv", "seconds": 4.26},
    }
    return SimpleNamespace(**{**attributes, **changes})


def test_export_passes_no_option_that_was_not_given(put: Put) -> None:
    """Left out means left open: None, not a guess."""
    stand = put("export", exported())
    assert main(["export", "cat.keras", "-o", "cat.cv"]) == 0
    assert stand.arguments == (Path("cat.keras"), Path("cat.cv"))
    del stand.options["progress"]
    assert stand.options == {
        "format": "onnx",
        "opencv": None,
        "engine": None,
        "forms": None,
        "against": None,
        "input_shapes": None,
        "batch": 1,
        "signature": None,
        "task": None,
        "labels": None,
        "preprocess": None,
        "depth": None,
        "window": None,
        "stride": None,
        "hop": None,
        "resize": None,
        "size": None,
        "interpolation": None,
        "transpose_image": False,
        "detect": None,
        "segment": None,
        "keypoints": None,
        "image": None,
        "text": None,
        "samples": None,
        "power": None,
        "tolerance": None,
        "weights": "fp32",
        "tune": False,
        "unsafe": False,
        "check": True,
        "imports": (),
    }


def test_export_passes_every_option_that_was_given(put: Put) -> None:
    """Every option arrives, in the exporter's own types."""
    stand = put("export", exported())
    Path("l.txt").write_text("cat\ndog\n", encoding="utf-8")
    Path("photos").mkdir()
    line = (
        "export cat.h5 -o cat.cv --format onnx --opencv 4.10 --engine classic --batch 4 "
        "--task classify "
        "--labels l.txt --preprocess torch --resize letterbox --size 640x480 "
        "--interpolation tf-bilinear --transpose-image --samples photos "
        "--depth 16 --window 8 --stride 2 --hop 4 "
        "--tolerance fp16 --tolerance boxes:1e-3 "
        "--weights int8 --tune "
        "--import a.b --import c --unsafe "
        "--input-shape left:4,640,480,3 --input-shape a:b:4,2"
    )
    assert main(line.split()) == 0
    del stand.options["progress"]
    assert stand.options == {
        "format": "onnx",
        "opencv": "4.10",
        "engine": "classic",
        "forms": None,
        "against": None,
        "input_shapes": {"left": (4, 640, 480, 3), "a:b": (4, 2)},
        "batch": 4,
        "signature": None,
        "task": "classify",
        "labels": Path("l.txt"),
        "preprocess": "torch",
        "depth": 16,
        "window": 8,
        "stride": 2,
        "hop": 4,
        "resize": "letterbox",
        "size": (640, 480),
        "interpolation": "tf-bilinear",
        "transpose_image": True,
        "detect": None,
        "segment": None,
        "keypoints": None,
        "image": None,
        "text": None,
        "samples": Path("photos"),
        "power": None,
        "tolerance": ["fp16", "boxes:1e-3"],
        "weights": "int8",
        "tune": True,
        "unsafe": True,
        "check": True,
        "imports": ("a.b", "c"),
    }


def test_a_signature_arrives_with_its_folder(put: Put) -> None:
    """Only a SavedModel has signatures."""
    stand = put("export", exported())
    Path("cat").mkdir()
    Path("cat", "saved_model.pb").touch()
    assert main(["export", "cat", "-o", "cat.cv", "--signature", "embed"]) == 0
    assert stand.options["signature"] == "embed"
    assert main(["export", "cat.h5", "-o", "cat.cv", "--signature", "embed"]) == 2


def test_an_input_shape_without_a_name_is_the_only_one(put: Put) -> None:
    """1,224,224,3 is for a model of one input."""
    stand = put("export", exported())
    assert main(["export", "m.keras", "-o", "m.cv", "--input-shape", "1,32,24,3"]) == 0
    assert stand.options["input_shapes"] == (1, 32, 24, 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--input-shape a:1,2 --input-shape 1,2", "--input-shape is given for a, (none). With "),
        ("--input-shape a:1,2 --input-shape a:1,3", "--input-shape is given for a, a. With sev"),
        ("--input-shape None,224,224,3", "argument --input-shape: must be NAME:1,224,224,3 or "),
        ("--input-shape x:1,0,3", "argument --input-shape: must be NAME:1,224,224,3 or 1,224,"),
        ("--size 224", "argument --size: must be WIDTHxHEIGHT in pixels, such as 224x224, got '22"),
        ("--size 0x224", "argument --size: must be WIDTHxHEIGHT in pixels, such as 224x224, got "),
        ("--tolerance fp8", "argument --tolerance: must be strict, fp32, fp16, fp16-weig"),
        ("--tolerance a:nan", "argument --tolerance: must be strict, fp32, fp16, fp16-we"),
        (
            "--tolerance a:2",
            "argument --tolerance: must be strict, fp32, fp16, fp16-we",
        ),
        (
            "--batch -1",
            "argument --batch: must be a whole number of at least 1, got '-1'. See `kera",
        ),
        ("--task depth", "argument --task: invalid choice: 'depth' (choose from "),
        ("--format caffe", "argument --format: invalid choice: 'caffe' (choose from "),
        ("--weights int4", "argument --weights: invalid choice: 'int4' (choose from "),
        (
            "--tuned",
            "unrecognized arguments: --tuned. Did you mean --tune? See `keras2cv export --help`.\n",
        ),
        (
            "--pre tf",
            "unrecognized arguments: --pre tf. Did you mean --preprocess? See `keras2cv export "
            "--help`.\n",
        ),
    ],
)
def test_options_that_mean_nothing_end_with_2(
    put: Put, capsys: pytest.CaptureFixture[str], options: str, sentence: str
) -> None:
    """One line names the option, the right values and the given one; nothing is exported."""
    stand = put("export", exported())
    try:
        code = main(["export", "m.keras", "-o", "m.cv", *options.split()])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    assert stand.arguments == ()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"error: {sentence}")
    assert len(shown.err.splitlines()) == 1


def test_export_prints_what_was_done_and_what_is_next(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes, the comparison, the bundle and the next commands on stdout; steps on stderr."""
    put("export", exported())
    assert main(["export", "cat.keras", "-o", "cat.cv"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0] == "Task: classify, since scores ends in softmax."
    assert lines[1].startswith("parity: pass (1 output, 4 samples, tolerance fp32)")
    assert lines[-4:] == [
        "cat.cv  verified, 2.3 MB, 4.3 s",
        "next:",
        "  keras2cv info cat.cv",
        "  keras2cv run cat.cv inputs.npz",
    ]
    assert shown.err == "looking at it ...\n"


def test_explain_shows_what_was_rewritten(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    """Each pass with its count; without --explain, none of it."""
    put("export", exported())
    main(["export", "cat.keras", "-o", "cat.cv", "--explain"])
    explained = capsys.readouterr().out
    assert "rewritten:\n     3 x  fold_batch_norm\n    12 x  clip_to_attributes\n" in explained
    assert "left alone:\n     2 x  merge_pads: it mirrors (a, b)\n" in explained
    main(["export", "cat.keras", "-o", "cat.cv"])
    silent = capsys.readouterr().out
    assert "fold_batch_norm" not in silent
    assert "left alone" not in silent


def test_export_as_json(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    """--json - prints the report's own dictionary and nothing else."""
    put("export", exported())
    assert main(["export", "cat.keras", "-o", "cat.cv", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == {"bundle": "cat.cv", "seconds": 4.26}


def test_export_without_check_has_no_comparison(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bundle is written, and called unverified."""
    rules = SimpleNamespace(clip=None, color="RGB", depth=None, channels=3)
    manifest = SimpleNamespace(
        status="unverified",
        preprocessing=rules,
        own_inputs=(SimpleNamespace(name="photo"),),
        rules_of={"photo": rules}.get,
        model=SimpleNamespace(size_bytes="99"),
    )
    stand = put("export", exported(parity=None, manifest=manifest))
    assert main(["export", "cat.keras", "-o", "cat.cv", "--no-check"]) == 0
    assert stand.options["check"] is False
    shown = capsys.readouterr().out
    assert "parity" not in shown
    assert "cat.cv  unverified, 0.0 MB, 4.3 s\n" in shown
    assert shown.endswith("  keras2cv run cat.cv photo.jpg\n")


def test_an_inconclusive_export_ends_with_4(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    """Outputs that never change prove nothing."""
    put("export", exported(compared(constant=True)))
    assert main(["export", "cat.keras", "-o", "cat.cv"]) == 4
    assert "parity: inconclusive (" in capsys.readouterr().out


def test_a_failed_export_shows_the_comparison_and_ends_with_1(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    """The numbers are the answer, on stdout; the sentence goes to stderr."""
    error = ParityError("OpenCV's predictions are not TensorFlow's: scores is off.")
    error.report = compared(0.5)  # type: ignore[attr-defined]
    put("export", error)
    assert main(["export", "cat.keras", "-o", "cat.cv"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("parity: fail (1 output, 4 samples, tolerance fp32)")
    assert shown.err.endswith(f"error: {error}\n")
    assert main(["export", "cat.keras", "-o", "cat.cv", "--json", "-"]) == 1
    assert json.loads(capsys.readouterr().out)["parity"]["verdict"] == "fail"


def test_a_model_that_does_not_load_ends_with_2(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exporter's own sentence, and its exit code."""
    put("export", ModelError("There is no model at cat.keras. Check the path."))
    assert main(["export", "cat.keras", "-o", "cat.cv"]) == 2
    shown = capsys.readouterr().err
    assert shown.endswith("error: There is no model at cat.keras. Check the path.\n")


def checked(*reports: Any) -> SimpleNamespace:
    """Return a check's report for these comparisons, the last of which decides."""
    return SimpleNamespace(
        bundle=Path("cat.cv"),
        parity=reports[-1],
        by_engine=tuple(zip(("new", "classic"), reports, strict=False)),
        notes=(),
        exit_code=reports[-1].exit_code,
        journey=None,
        mismatches=(),
        speed=None,
        bisect=None,
        answers=None,
        findings=(),
        verdict=reports[-1].verdict,
        not_compared=(),
        to_dict=lambda: {"parity": reports[-1].to_dict()},
    )


@pytest.mark.parametrize(
    ("report", "code"),
    [(compared(), 0), (compared(0.5), 1), (compared(constant=True), 4)],
    ids=["pass", "fail", "inconclusive"],
)
def test_check_ends_with_its_verdict(
    put: Put, capsys: pytest.CaptureFixture[str], report: Any, code: int
) -> None:
    """0 for pass, 1 for fail, 4 for inconclusive, the table of each engine before it."""
    put("check", checked(compared(), report))
    Classifier().write(Path("cat.cv"))
    assert main(["check", "cat.cv", "--against", "cat.keras"]) == code
    shown = capsys.readouterr().out
    assert shown.startswith("cat.cv on the new engine\nparity: pass (")
    assert f"cat.cv on the classic engine\nparity: {report.verdict} (" in shown


def test_check_passes_every_option_that_was_given(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bundle, model, samples, tolerances, engine, modules and Keras' side arrive."""
    stand = put("check", checked(compared()))
    Classifier().write(Path("cat.cv"))
    Path("l.txt").write_text("cat\ndog\n", encoding="utf-8")
    np.savez("s.npz", x=np.zeros(3))
    Path("a.json").write_text('{"s": "cat"}', encoding="utf-8")
    line = (
        "check cat.cv --against cat.h5 --samples s.npz --tolerance strict --tolerance a:0.01 "
        "--engine new --import m.layers --unsafe --json - --reference-resize tf --max-ratio 1.5 "
        "--reference-preprocess caffe --reference-fn my.data:read --labels l.txt --bisect "
        "--reference-answers a.json --reference-timeout 5"
    )
    assert main(line.split()) == 0
    del stand.options["progress"]
    assert stand.arguments == (Path("cat.cv"),)
    assert stand.options == {
        "against": Path("cat.h5"),
        "samples": Path("s.npz"),
        "power": None,
        "tolerance": ["strict", "a:0.01"],
        "engine": "new",
        "unsafe": True,
        "imports": ("m.layers",),
        "reference_resize": "tf",
        "reference_preprocess": "caffe",
        "reference_fn": "my.data:read",
        "reference_answers": "a.json",
        "reference_timeout": 5.0,
        "labels": "l.txt",
        "speed": True,
        "max_ratio": 1.5,
        "bisect": True,
        "repro": None,
    }
    assert json.loads(capsys.readouterr().out)["parity"]["verdict"] == "pass"


@pytest.mark.parametrize("verb", ["export", "check", "demo"])
def test_without_tensorflow_the_line_to_install_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: str,
) -> None:
    """Every missing package is named, with one command; exit code 3; nothing is written."""
    monkeypatch.chdir(tmp_path)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name in ("tensorflow", "tf2onnx", "onnx") else find(name),
    )
    monkeypatch.setattr(heavy, "MODULES", ("tensorflow", "json", "tf2onnx", "onnx"))
    given = {"export": ["m.keras", "-o", "m.cv"], "check": ["m.cv", "--against", "m.keras"]}
    assert main([verb, *given.get(verb, [])]) == 3
    assert capsys.readouterr().err == (
        f"error: `keras2cv {verb}` needs tensorflow, tf2onnx and onnx, not installed for "
        f"{sys.executable}. Install what exporting takes: pip install 'keras2cv[export]'.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_tensorflow_is_made_quiet(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its start-up messages are off, unless the user set the log level."""
    put("export", exported())
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    main(["export", "m.keras", "-o", "m.cv"])
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    main(["export", "m.keras", "-o", "m.cv"])
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
