"""The performance page: the measured cases, the counts, and the text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from campaigns.performance import measure
from campaigns.performance.__main__ import main
from campaigns.performance.flops import gflop_of
from campaigns.performance.measure import (
    Found,
    installed_peers,
    measure_all,
    prepare_all,
    results,
)
from campaigns.performance.page import write
from campaigns.performance.photos import COUNT, SIZE_WH, photos_in
from campaigns.performance.ratios import geometric_mean
from campaigns.performance.reasons import without_folders
from campaigns.performance.zoo import DEPTHS, NEWER, TYPICAL, Case, cases
from keras2cv_bench import subjects
from keras2cv_bench.pipeline import Job
from keras2cv_bench.process import environment_of
from keras2cv_bench.records import Answers, Missing, Record, Timing, to_json
from keras2cv_bench.subjects import AT_AVX2, ONEDNN, SAME_ISA
from support.bench_records import blocks, record, reference, timing, way_record, whole_of

WRONG = Answers("different", 0.5, "scores: off by 0.5")
TEMPLATES = Path(measure.__file__).parent / "templates"


def case(name: str, group: str = "models", x: float = 0.0) -> Case:
    """Return a case that nobody builds."""
    return Case(name, group, lambda: None, 224, "tf", x)


def measured(ours_ms: float = 5.0, **more: Any) -> Record:
    """Return a record with every subject on the page."""
    return record(
        timing("bundle", ours_ms),
        reference(10.0),
        timing("model.predict", 40.0),
        timing("onnxruntime", 4.0),
        timing("naive", 8.0, **more),
        missing=[Missing("frozen", "needs a pass")],
    )


def even(subject: str, ms: float) -> Timing:
    """Return a timing without noise."""
    return timing(subject, ms, found=blocks(ms, 0.0))


def page_of(found: list[Found], folder: Path) -> str:
    """Return the page's text."""
    write(found, {2: 200.0}, folder)
    return (folder / "performance.md").read_text(encoding="utf-8")


def test_every_model_and_every_scale_is_measured_once() -> None:
    """Twenty-one models; MobileNetV2 as it is belongs to each scale."""
    found = cases(4)
    assert len({one.folder for one in found}) == len(found)
    assert not any(set(one.folder) & set("/ ") for one in found)
    assert tuple(one.name for one in found if one.group == "models") == TYPICAL + NEWER
    assert len(TYPICAL + NEWER) == 21
    assert [one.threads for one in found if one.group == "threads"] == [1, 2]
    assert [one.x for one in found if one.group == "depth"] == list(DEPTHS)


def test_the_page_shows_means_and_the_slowest(tmp_path: Path) -> None:
    """Ratios are ours over theirs, the mean is geometric."""
    found = [
        Found(case("Fast"), measured(5.0), 0.6, ""),
        Found(case("Slow"), measured(20.0), 0.6, "no frozen graph of this"),
    ]
    text = page_of(found, tmp_path)
    line = next(x for x in text.splitlines() if x.startswith("| `tf.function` |"))
    assert "1.00" in line  # the mean of 0.5 and 2
    assert "2.0" in line
    assert "(Slow)" in line
    assert "no frozen graph of this" in text
    for name in ("models", "share"):
        drawing = (tmp_path / "performance" / f"{name}.svg").read_text(encoding="utf-8")
        assert drawing.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert f"performance/{name}.svg" in text


def test_a_wrong_answer_has_no_time(tmp_path: Path) -> None:
    """It is listed with its reason instead."""
    found = [Found(case("Odd"), measured(5.0, answers=WRONG), 0.6, "")]
    text = page_of(found, tmp_path)
    assert "other answers (scores: off by 0.5)" in text
    assert "| Keras' ONNX export in cv2 |" not in text.split("## Model by model")[0]


def test_scales_are_drawn_below_the_ceiling(tmp_path: Path) -> None:
    """From two points on."""
    found = [Found(case(f"p{x}", "depth", x), measured(x), 0.6, "") for x in (2.0, 4.0)]
    text = page_of(found, tmp_path)
    assert "### Depth" in text
    assert "### Batch" not in text
    assert "one big matrix product" in (tmp_path / "performance" / "depth.svg").read_text()
    assert re.search(r"\| 1(49|50|51)% \|", text)  # 0.6 GFLOP in 2 ms, of 200 GFLOP/s


def test_what_is_measured_is_found_again(tmp_path: Path) -> None:
    """An interrupted run resumes where it stopped."""
    done, open_ = case("Done"), case("Open")
    folder = tmp_path / "Done"
    folder.mkdir()
    (folder / "prepared.json").write_text('{"gflop": 1.5, "frozen": ""}')
    (folder / "record.json").write_text(to_json(measured()))
    (found,) = results([done, open_], tmp_path)
    assert (found.case, found.gflop) == (done, 1.5)
    assert found.record == measured()


def test_a_page_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    """Errors of other libraries contain the full path of a file."""
    folder = tmp_path / "Done"
    folder.mkdir()
    (folder / "prepared.json").write_text('{"gflop": 1.5, "frozen": ""}')
    missing = Missing("onnxruntime", f"Load model from {folder}/plain.onnx failed")
    (folder / "record.json").write_text(to_json(replace(measured(), missing=(missing,))))
    (found,) = results([case("Done")], tmp_path)
    assert [m.reason for m in found.record.missing] == ["Load model from plain.onnx failed"]


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("/home/me/work/frozen.cv.tmp-0f/model.pb has a node", "model.pb has a node"),
        (
            "no FlatBuffer./srv/x/bootstrap.py:189:1: error",
            "no FlatBuffer. bootstrap.py:189:1: error",
        ),
        ("in 'net_1/pool/MaxPool3D' and x.onnx", "in 'net_1/pool/MaxPool3D' and x.onnx"),
    ],
)
def test_a_reason_names_files_without_folders(reason: str, shown: str) -> None:
    """Of any kind of failure; names of layers, which have slashes too, stay."""
    assert without_folders(reason) == shown


def test_arithmetic_is_counted_as_everybody_does(tmp_path: Path) -> None:
    """Two operations a multiplication: a grouped convolution, a product, a Gemm."""
    make = onnx.helper
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.normal(size=(6, 2, 3, 3)),  # 4 channels in, in two groups
        "m": rng.normal(size=(90, 5)),
        "g": rng.normal(size=(5, 8)),
    }
    nodes = [
        make.make_node("Conv", ["x", "w"], ["c"], group=2, kernel_shape=[3, 3]),
        make.make_node("GlobalAveragePool", ["c"], ["p"]),
        make.make_node("Flatten", ["c"], ["f"]),
        make.make_node("MatMul", ["f", "m"], ["d"]),
        make.make_node("Gemm", ["d", "g"], ["y"]),
    ]
    value = make.make_tensor_value_info
    graph = make.make_graph(
        nodes,
        "g",
        [value("x", 1, [1, 4, 5, 7])],
        [value("y", 1, [1, 8])],
        [onnx.numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()],
    )
    conv = 2 * (6 * 3 * 5) * (2 * 9)
    onnx.save(make.make_model(graph), tmp_path / "m.onnx")
    expected = conv + 2 * 5 * 90 + 2 * 8 * 5
    assert gflop_of(tmp_path / "m.onnx") * 1e9 == pytest.approx(expected)


def test_a_mean_of_ratios_does_not_take_sides() -> None:
    """Twice as fast and twice as slow are no difference."""
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1.0)


def test_an_unknown_case_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, before anything is exported."""
    assert main(["--only", "AlexNet", "-w", str(tmp_path)]) == 2
    assert "There is no case 'AlexNet'" in capsys.readouterr().err


def test_tensorflow_at_avx2_explains(tmp_path: Path) -> None:
    """A row and a column of its own, beside those of TensorFlow as it is."""
    more = (timing(SAME_ISA, 20.0), timing("naive", 8.0))
    it = record(timing("bundle", 5.0), reference(10.0), *more)
    text = page_of([Found(case("Fast"), it, 0.6, "")], tmp_path)
    rows = [x for x in text.splitlines() if x.startswith("| `tf.function`")]
    means = [row.split(" | ")[1:3] for row in rows]
    assert means == [["0.50", "0.50 (Fast)"], ["0.25", "0.25 (Fast)"]]
    assert "| `tf.function`, AVX2 only |" in text.split("## Model by model")[1]
    assert "AVX2" not in page_of([Found(case("Fast"), measured(), 0.6, "")], tmp_path)


def test_the_faster_setting_of_onednn_is_tensorflow(tmp_path: Path) -> None:
    """The page says which model is measured against which; peers have columns where they ran."""
    on = record(
        timing("bundle", 5.0),
        reference(10.0),
        timing(ONEDNN.name, 8.0),
        timing("openvino", 4.0),
        timing("litert", 20.0),
    )
    off = record(timing("bundle", 5.0), reference(10.0), timing(ONEDNN.name, 12.0))
    found = [Found(case("Fast"), on, 0.6, ""), Found(case("Slow"), off, 0.6, "")]
    text = page_of(found, tmp_path)
    assert "with oneDNN on Fast; off Slow." in text
    rows = {row.split(" | ")[0]: row for row in text.splitlines() if row.startswith("| ")}
    assert "0.62 (Fast)" in rows["| `tf.function`"]
    assert "1.25 (Fast)" in rows["| OpenVINO"]
    assert "So does OpenVINO" in text
    assert "0.25 (Fast)" in rows["| LiteRT"]
    plain = page_of([Found(case("Fast"), measured(), 0.6, "")], tmp_path)
    assert "oneDNN" not in plain
    assert "OpenVINO" not in plain


def test_only_peers_that_are_installed_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of models does not repeat for each that one is not there."""
    monkeypatch.setattr(subjects, "_installed", lambda module: module == "onnxruntime")
    assert installed_peers() == ("naive", "tf", "ort")


def test_the_head_names_what_models_ran_on(tmp_path: Path) -> None:
    """Not those of the last scale, and in the right grammatical number."""
    one = record(timing("bundle", 5.0), reference(10.0), threads=1)
    found = [
        Found(case("Fast"), measured(), 0.6, ""),
        Found(case("Alone", "threads", 1.0), one, 0.6, ""),
    ]
    write(found, {1: 100.0, 2: 200.0}, tmp_path)
    assert "with 2 threads unless stated otherwise" in (tmp_path / "performance.md").read_text()
    write(found[1:], {1: 100.0}, tmp_path)
    assert "with 1 thread unless stated otherwise" in (tmp_path / "performance.md").read_text()


def test_a_limit_is_in_the_environment_before_anything_is_imported(tmp_path: Path) -> None:
    """The process starts with it, and no other does."""
    job = Job("keras_model", tmp_path, tmp_path, tmp_path, 1, 2, variables=AT_AVX2.variables)
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job
    assert environment_of(job)["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert "ONEDNN_MAX_CPU_ISA" not in environment_of(replace(job, variables=()))


def test_an_export_without_a_flag_is_compared_with_that_for_this_opencv(tmp_path: Path) -> None:
    """Its time over theirs; where it has one form, that is its file for every OpenCV."""
    slow = record(even("bundle", 5.0), reference(10.0), even("default", 6.0), even("portable", 8.0))
    same = record(even("bundle", 5.0), reference(10.0), even("default", 5.0))
    found = [Found(case("Slow"), slow, 0.6, ""), Found(case("Same"), same, 0.6, "")]
    text = page_of(found, tmp_path)
    assert "is **1.10** as a geometric mean over 2 models, and 1.20 (Slow) at most" in text
    table = text.split("## Model by model")[1].split("## ")[0]
    heads, _, *rows = (x.strip("| ").split(" | ") for x in table.splitlines() if x.startswith("|"))
    cells = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    assert cells["Slow"]["without a flag, ms"] == "6.00"
    assert cells["Slow"]["file for every OpenCV, ms"] == "8.00"
    assert cells["Same"]["file for every OpenCV, ms"] == "5.00"
    plain = page_of([Found(case("Fast"), measured(), 0.6, "")], tmp_path)
    assert "as a geometric mean over" not in plain


def test_a_bundle_on_the_classic_engine_is_named(tmp_path: Path) -> None:
    """The page's sentence about engines stays true."""
    about = "OpenCV 5.0.0, classic engine, 2 threads"
    it = record(timing("bundle", 5.0, about=about), reference(10.0))
    text = page_of(
        [Found(case("Old"), it, 0.6, ""), Found(case("Fast"), measured(), 0, "")], tmp_path
    )
    assert "(Old on the classic one, which their bundle chose)" in text
    assert "classic one" not in page_of([Found(case("Fast"), measured(), 0, "")], tmp_path)


def test_the_way_from_file_to_answer_has_tables_and_a_row(tmp_path: Path) -> None:
    """One by one, many, costs; a wrong way has no ratio, and its reason is given."""
    ways = (
        way_record("bundle", 5.0),
        way_record("tutorial", 50.0),
        way_record("tf_data", 20.0, blocks=()),
        way_record("onnx_cv2", 1.0, answers=WRONG),
    )
    it = replace(case("Net"), answers={"task": "detect"})
    plain = json.loads(json.dumps(whole_of(*ways).to_dict()))
    (folder := tmp_path / "Net").mkdir()
    (folder / "prepared.json").write_text('{"gflop": 1.5, "frozen": ""}')
    (folder / "record.json").write_text(to_json(measured()))
    (folder / "whole.json").write_text(json.dumps(plain))
    text = page_of(list(results([it], tmp_path)), tmp_path)
    assert "| the tutorials' loop, from file to answer | 0.10 | 0.10 (Net) | 1 |" in text
    assert "| Net (detector) | 5.00 | 5.00 | 0.10 (0.10-0.10) | - | - |" in text
    assert "| Net | 200.0 | 100.0 | 0.10 (0.10-0.10) | - | - | 0.25 (0.25-0.25) |" in text
    assert "| Net | this bundle | 1.50 | 99 | 255 |" in text
    assert "Net from a file, onnx_cv2: other answers (scores: off by 0.5)" in text
    assert "Net from a file, onnx_pil: not installed: PIL" in text
    assert "From file to answer" not in page_of([Found(it, measured(), 1.5, "")], tmp_path)


def test_no_case_is_begun_when_the_minutes_are_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run goes on; what is measured stays, unless it is wanted again."""
    both = [case("First"), replace(case("Second"), answers={"task": "classify"})]
    for one in both:
        (folder := tmp_path / one.folder).mkdir()
        (folder / "prepared.json").write_text('{"gflop": 1.5, "frozen": ""}')
    begun: list[str] = []

    def begin(one: Case, *_: object) -> Record:
        begun.append(one.name)
        return measured()

    monkeypatch.setattr(measure, "_bench", begin)
    monkeypatch.setattr(measure, "_bench_whole", lambda *_: begun.append("whole") or "{}")
    lines: list[str] = []
    measure_all(both, tmp_path, 1.0, lines.append, minutes=-1)
    assert begun == []
    assert "are over before First" in lines[-1]
    measure_all(both, tmp_path, 1.0, lines.append)
    measure_all(both, tmp_path, 1.0, lines.append)
    assert begun == ["First", "Second", "whole"]
    measure_all(both[:1], tmp_path, 1.0, lines.append, again=True)
    assert begun[3:] == ["First"]


def test_a_model_whose_package_is_not_there_is_left_out(tmp_path: Path) -> None:
    """With what to install; the others are exported."""
    lines: list[str] = []
    prepare_all([replace(case("Hub"), imports=("no_such_hub",))], tmp_path, lines.append)
    assert lines == ["[1/1] Hub is left out: pip install no-such-hub"]
    assert not (tmp_path / "Hub").exists()


def test_the_arithmetic_of_a_recurrent_layer_is_that_of_its_gates(tmp_path: Path) -> None:
    """At each step, of the input and of the state."""
    make, value = onnx.helper, onnx.helper.make_tensor_value_info
    weights = {"w": np.zeros((1, 4 * 8, 3), np.float32), "r": np.zeros((1, 4 * 8, 8), np.float32)}
    graph = make.make_graph(
        [make.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=8)],
        "g",
        [value("x", 1, [20, 1, 3])],
        [value("y", 1, None)],
        [onnx.numpy_helper.from_array(w, n) for n, w in weights.items()],
    )
    onnx.save(make.make_model(graph), tmp_path / "m.onnx")
    assert gflop_of(tmp_path / "m.onnx") * 1e9 == pytest.approx(20 * 2 * 4 * 8 * (3 + 8))


def test_pictures_are_drawn_once_and_differ(tmp_path: Path) -> None:
    """In the size that the page names."""
    folder = photos_in(tmp_path)
    files = sorted(folder.iterdir())
    assert len({path.read_bytes() for path in files}) == len(files) == COUNT
    assert f"of {SIZE_WH[0]}x{SIZE_WH[1]}." in (TEMPLATES / "performance.md.jinja").read_text()
    times = [path.stat().st_mtime_ns for path in files]
    assert photos_in(tmp_path) == folder
    assert [path.stat().st_mtime_ns for path in files] == times


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("LSTM", [(10,)]),
        pytest.param("U-Net 3D", [(64, 64, 64, 2)], marks=pytest.mark.slow),
        pytest.param(
            "YOLOv8-n", [(80, 80, 144), (40, 40, 144), (20, 20, 144)], marks=pytest.mark.slow
        ),
    ],
)
def test_a_model_of_plain_keras_needs_no_module_of_ours(
    tmp_path: Path, name: str, shapes: list[tuple[int, ...]]
) -> None:
    """Every subject's process opens its file, in Keras' safe mode."""
    keras = pytest.importorskip("keras")
    (it,) = (one for one in cases(2) if one.name == name)
    it.model().save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    found = [tuple(t.shape[1:]) for t in loaded.outputs]
    assert sorted(found) == sorted(shapes)
    assert it.imports == ()
