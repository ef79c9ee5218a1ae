"""The atlas: results kept from a sweep, the cells made of them, and the pages.

The suite measured here has three small cases of its own; the columns are this very OpenCV.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from support.engines import ONE_ENGINE

pytest.importorskip("jinja2")
pytest.importorskip("campaigns.atlas.columns")

from campaigns.atlas import __main__ as atlas_main
from campaigns.atlas import onnx_child, run_child
from campaigns.atlas.cells import (
    Atlas,
    Cell,
    Family,
    Heading,
    Row,
    cell_of,
    families_of,
)
from campaigns.atlas.columns import make_columns
from campaigns.atlas.markdown import error, markdown, percent
from campaigns.atlas.reasons import tidied
from campaigns.atlas.store import Record, Store, fingerprint
from campaigns.atlas.sweep import Listed
from campaigns.atlas.webpage import webpage
from keras2cv.errors import UsageError
from keras2cv_export.matrix.environment import Environment, Environments
from keras2cv_export.matrix.wheels import engines_of
from support.browser import LOOKS, WIDTHS, problems_of
from support.tiny_bundle import Classifier

Array = NDArray[Any]

HERE = ".".join(cv2.__version__.split(".")[:2])
RNG = np.random.default_rng(71)
STAMP = {"sources": "a", "keras": "3"}


def record(case: str = "relu", column: str = "4.6", batch: int = 1, **fields: Any) -> Record:
    """Return a record; a pass by default."""
    verdict = fields.pop("verdict", "pass")
    reason = "" if verdict == "pass" else "It is so."
    return Record(case, column, batch, verdict, **{"reason": reason, **fields})


def test_a_record_has_a_verdict_and_its_reason() -> None:
    """A failure without a reason, a pass with one, and an unknown verdict are bugs of ours."""
    for verdict, reason in (("fails", ""), ("pass", "It is wrong."), ("maybe", "It is so.")):
        with pytest.raises(ValueError, match=r"give either|not one of"):
            record(verdict=verdict, reason=reason)


def test_records_survive(tmp_path: Path) -> None:
    """A later run finds them; of two about the same, the later one counts."""
    store = Store(tmp_path / "work", STAMP)
    store.add([record(error=2e-7, rewrites=("a", "b")), record(batch=3, verdict="crash")])
    store.add([record(batch=3, error=1e-6, opencv="4.6")])
    again = Store(tmp_path / "work", STAMP)
    assert not again.outdated
    assert again.records == {
        ("relu", "4.6", 1): record(error=2e-7, rewrites=("a", "b")),
        ("relu", "4.6", 3): record(batch=3, error=1e-6, opencv="4.6"),
    }


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    """A run may be killed while it writes; the next one starts a new line."""
    Store(tmp_path, STAMP).add([record(), record("elu")])
    path = tmp_path / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    again = Store(tmp_path, STAMP)
    assert list(again.records) == [("relu", "4.6", 1)]
    again.add([record("selu")])
    assert list(Store(tmp_path, STAMP).records) == [("relu", "4.6", 1), ("selu", "4.6", 1)]


def test_other_sources_begin_anew_unless_kept_on_request(tmp_path: Path) -> None:
    """A measurement with other code is no result of this one."""
    Store(tmp_path, STAMP).add([record()])
    kept = Store(tmp_path, {**STAMP, "sources": "b"}, keep=True)
    assert (kept.outdated, len(kept.records)) == (True, 1)
    anew = Store(tmp_path, {**STAMP, "sources": "b"})
    assert (anew.outdated, len(anew.records)) == (True, 0)
    assert Store(tmp_path, STAMP).outdated


def test_what_keras_own_export_did_outlasts_our_sources(tmp_path: Path) -> None:
    """It is the slowest to measure, and depends on the suite but not on our code."""
    theirs = replace(record(), column="Keras 5.0")
    Store(tmp_path, STAMP).add([record(), theirs])
    changed = {**STAMP, "sources": "b"}
    assert list(Store(tmp_path, changed).records.values()) == [theirs]
    assert list(Store(tmp_path, changed).records.values()) == [theirs]
    assert not Store(tmp_path, {**changed, "suite": "other"}).records


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The error names the option for another folder."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot be written.*Use -w"):
        Store(tmp_path / "file", STAMP)


def test_the_fingerprint_sees_every_source(tmp_path: Path) -> None:
    """A changed, moved or new file changes it; a file that is no source does not."""
    (tmp_path / "a.py").write_text("x = 1", encoding="utf-8")
    before = fingerprint([tmp_path])
    (tmp_path / "notes.txt").write_text("y", encoding="utf-8")
    assert fingerprint([tmp_path]) == before
    (tmp_path / "a.py").write_text("x = 2", encoding="utf-8")
    changed = fingerprint([tmp_path])
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({before, changed, fingerprint([tmp_path])}) == 3


def write_io(path: Path, bundle: Classifier, offset: float = 0.0) -> Path:
    """Write two samples of the classifier, the second off by `offset` in every logit."""
    arrays: dict[str, Array] = {}
    for i in range(2):
        image = RNG.uniform(-1, 1, (1, 9, 12, 3)).astype(np.float32)
        arrays |= {f"in/{i}/0": image, f"out/{i}/0": bundle(image) + np.float32(offset * i)}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize(("offset", "verdict"), [(0.0, "pass"), (0.3, "wrong")])
def test_a_bundle_is_run_as_it_is_deployed(tmp_path: Path, offset: float, verdict: str) -> None:
    """Keras' arrays go in, and the worst sample decides."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    io = write_io(tmp_path / "io.npz", Classifier(), offset)
    job = {"kind": "bundle", "path": str(bundle), "io": str(io), "engine": ONE_ENGINE}
    found = run_child.verdict_on(job)
    assert found["verdict"] == verdict
    assert (found["error"] > 1e-3) is bool(offset)
    assert ("reason" in found) is bool(offset)


def test_what_fails_is_one_sentence(tmp_path: Path) -> None:
    """A damaged bundle, a file that cv2 refuses, a missing reference, and our own bug."""
    io = str(write_io(tmp_path / "io.npz", Classifier()))
    bundle = Classifier().write(tmp_path / "cat.cv")
    (bundle / "model.onnx").write_bytes(b"junk")
    job = {"kind": "bundle", "path": str(bundle), "io": io, "engine": ONE_ENGINE}
    found = run_child.verdict_on(job)
    assert (found["verdict"], found["reason"].count("\n")) == ("fails", 0)
    plain = {**job, "kind": "plain", "path": str(bundle / "model.onnx"), "inputs": ["image"]}
    assert run_child.verdict_on({**plain, "outputs": ["logits"]})["verdict"] == "fails"
    assert run_child.verdict_on(plain)["verdict"] in ("fails", "crash")
    assert run_child.verdict_on({**job, "io": "nowhere"})["verdict"] == "crash"
    assert run_child.verdict_on({**job, "path": 7})["verdict"] == "crash"


@pytest.mark.parametrize(("offset", "verdict"), [(0.0, "pass"), (3e-5, "wrong")])
def test_a_file_is_read_as_onnx(tmp_path: Path, offset: float, verdict: str) -> None:
    """Within a limit that is narrower than OpenCV's."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    largest = 10 * float(np.abs(Classifier()(RNG.uniform(-1, 1, (1, 9, 12, 3)).astype("f4"))).max())
    io = write_io(tmp_path / "io.npz", Classifier(), offset * largest)
    found = onnx_child.answer({"path": str(bundle), "io": str(io)}, print)
    assert found["verdict"] == verdict


class Invalid(Classifier):
    """A net with an attribute that its op does not have."""

    def onnx(self) -> bytes:
        """Return the net."""
        model = onnx.load_from_string(super().onnx())
        relu = next(node for node in model.graph.node if node.op_type == "Relu")
        relu.attribute.append(onnx.helper.make_attribute("slope", 1.0))
        return bytes(model.SerializeToString())


def test_an_invalid_file_fails(tmp_path: Path) -> None:
    """OpenCV runs it: the checker's sentence is the reason."""
    bundle = Invalid().write(tmp_path / "cat.cv")
    io = write_io(tmp_path / "io.npz", Classifier())
    found = onnx_child.answer({"path": str(bundle), "io": str(io)}, print)
    assert found["verdict"] == "fails"
    assert "ValidationError" in found["reason"]
    assert onnx_child.answer({"path": "", "io": "nowhere"}, print)["verdict"] == "crash"


def test_a_plain_file_is_run_as_a_user_does(tmp_path: Path) -> None:
    """Arrays go in under the file's own names; inputs beyond the model's are left alone."""
    path = tmp_path / "m.onnx"
    path.write_bytes(Classifier().onnx())
    arrays: dict[str, Array] = {}
    image = RNG.uniform(-1, 1, (1, 9, 12, 3)).astype(np.float32)
    blob = np.ascontiguousarray(image.transpose(0, 3, 1, 2))
    arrays |= {"in/0/0": blob, "out/0/0": Classifier()(image)}
    np.savez(tmp_path / "io.npz", **arrays)  # type: ignore[arg-type]
    job = {"kind": "plain", "path": str(path), "io": str(tmp_path / "io.npz")}
    found = run_child.verdict_on({**job, "inputs": ["image", "leaked"], "outputs": ["logits"]})
    assert found["verdict"] == "pass"


@pytest.mark.parametrize(
    ("got", "expected", "distance"),
    [
        ([1.0, 2.0], [1.0, -4.0], 1.5),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([1.0, np.nan], [1.0, 2.0], np.inf),
        ([1.0, np.nan], [2.0, np.nan], 0.5),
        ([np.nan], [np.nan], np.inf),
    ],
)
def test_the_distance_is_relative_to_the_largest_value(
    got: list[float], expected: list[float], distance: float
) -> None:
    """A NaN counts as right where Keras has one; an answer of NaNs alone does not."""
    assert run_child.distance(np.float32(got), np.float32(expected)) == pytest.approx(distance)


def test_another_shape_is_wrong(tmp_path: Path) -> None:
    """Dimensions of 1 may differ, as OpenCV drops and adds them; others may not."""
    np.savez(tmp_path / "io.npz", **{"out/0/0": RNG.normal(size=(1, 5))})
    right = np.load(tmp_path / "io.npz")["out/0/0"]
    assert run_child.judge([[right.reshape(5, 1)]], str(tmp_path / "io.npz"))["verdict"] == "pass"
    found = run_child.judge([[np.tile(right, (3, 1))]], str(tmp_path / "io.npz"))
    assert found["reason"] == "the shape (3, 5), and Keras gives (1, 5)"
    assert "error" not in found
    nan = run_child.judge([[right * np.nan]], str(tmp_path / "io.npz"))
    assert (nan["verdict"], nan["error"], nan["reason"]) == ("wrong", None, "NaN")
    json.dumps(nan, allow_nan=False)


def test_what_float32_cannot_tell_is_judged_by_the_exact_answer(tmp_path: Path) -> None:
    """An output passes too if it is as near to the exact answer as Keras' own, within a factor."""
    right = RNG.normal(size=(1, 5)).astype(np.float32)
    largest = np.abs(right).max()
    off = right + np.float32(3e-4) * largest
    for exact, verdict in ((None, "wrong"), (off + 1e-4 * largest, "pass"), (right, "wrong")):
        more = {} if exact is None else {"exact/0/0": exact}
        np.savez(tmp_path / "io.npz", **{"out/0/0": right}, **more)
        assert run_child.judge([[off]], str(tmp_path / "io.npz"))["verdict"] == verdict


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        ("It is so.", "It is so."),
        (
            "OpenCV 4.8.1 does not load model.onnx (classic engine: Node [TopK@ai.onnx]:"
            "(onnx_node!net/pick/TopKV2) parse error: OpenCV(4.8.1) /io/net.hpp:108: error: "
            '(-2:Unspecified error) Can\'t create layer "a" of type "TopK" in function '
            "'getLayerInstance', in handleNode). Export it for this OpenCV, with --opencv.",
            "TopK in net/pick: OpenCV has no such op",
        ),
        (
            "Node [Gather@ai.onnx]:(onnx_node!net/flip/GatherV2) parse error: OpenCV(4.6.0) "
            "/io/onnx_importer.cpp:2907: error: (-215:Assertion failed) total() == 1 in function "
            "'parseGather', in handleNode",
            "Gather in net/flip: assertion failed: total() == 1",
        ),
        (
            "Node [Clip@ai.onnx]:(Relu6) parse error",
            "Clip in Relu6: OpenCV does not take this form",
        ),
    ],
)
def test_complaints_are_cut_down(reason: str, short: str) -> None:
    """The node, its layer and the innermost message stay; other text is unchanged."""
    assert tidied(reason) == short


@pytest.mark.parametrize(
    ("verdicts", "worst", "reason"),
    [
        (["pass", "pass"], "pass", ""),
        (["pass", "fails"], "fails", "batch 3: It is so."),
        (["refused", "refused"], "refused", "It is so."),
        (["crash", "wrong"], "crash", "It is so."),
        (["wrong", "fails"], "wrong", "It is so."),
    ],
)
def test_a_cell_is_its_worst_batch_size(verdicts: Sequence[str], worst: str, reason: str) -> None:
    """The batch size is named where another one passes."""
    records = [
        record(batch=batch, verdict=verdict, error=batch * 1e-7)
        for batch, verdict in zip((1, 3), verdicts, strict=True)
    ]
    cell = cell_of(records)
    assert (cell.verdict, cell.reason) == (worst, reason)
    assert cell.error == pytest.approx(3e-7)
    assert cell_of([record(error=1e-7), record(verdict="crash")]).error is None


HEADINGS = (
    Heading("5.0 new", "bundle", "5.0.0", "2.4.6", "3.11.7"),
    Heading("4.6", "bundle", "4.6.0", "1.26.4", "3.11.7"),
    Heading("Keras 5.0", "plain", "5.0.0", "2.4.6", "3.11.7"),
)


def drawn(**changes: Any) -> Atlas:
    """Return an atlas with every verdict in it."""
    fine, exact = Cell("pass", 3.4e-7, "", ""), Cell("pass", 0.0, "", "4.6")
    bad = [Cell(v, None, f"why {v} <b>|`*_", "") for v in ("refused", "fails", "wrong", "crash")]
    rows = (
        Row("relu", (fine, exact, bad[1]), ("clip_to_relu",)),
        Row("elu", (fine, bad[0], bad[1]), ("clip_to_relu", "split_it")),
        Row("selu", (bad[2], bad[3], bad[3]), ()),
    )
    family = Family("layers_activation", "Activations: all of them, alone.", rows)
    fields: dict[str, Any] = {
        "headings": HEADINGS,
        "families": (family,),
        "date": "2031-02-03",
        "command": "python -m campaigns.atlas -o docs/",
        "versions": {"keras": "3.15.1", "onnx": "1.23.2"},
        "suite_size": 3,
    }
    return Atlas(**(fields | changes))


def test_cases_are_shown_when_every_column_has_them() -> None:
    """An interrupted sweep shows complete rows only; a family without any is left out."""
    cases = [
        Listed("relu", "layer", (1, 3), "activations", "Activations: all"),
        Listed("elu", "layer", (1,), "activations", "Activations: all"),
        Listed("conv", "layer", (1,), "convolutions", "Convolutions: all"),
    ]
    columns = [heading.name for heading in HEADINGS]
    found = [record("relu", c, b, rewrites=("a",)) for c in columns for b in (1, 3)]
    found += [record("elu", c) for c in columns[:2]] + [record("conv", columns[0])]
    (family,) = families_of(cases, HEADINGS, {r.key: r for r in found})
    assert [row.case for row in family.rows] == ["relu"]
    assert family.rows[0].rewrites == ("a",)
    assert (family.title, family.details) == ("Activations", "all")


def test_the_markdown_page() -> None:
    """Totals on top, a row per case, errors with one digit, reasons numbered below the table."""
    page = markdown(drawn())
    lines = page.splitlines()
    assert lines[0] == "# Compatibility"
    assert "The whole conformance suite: 3 cases. Measured on 2031-02-03" in page
    assert "    python -m campaigns.atlas -o docs/" in lines
    assert "| 5.0 new | 5.0.0 | 2.4.6 | 3 | **2** (66.7 %) | 0 | 0 | 1 | 0 |" in lines
    assert "| 4.6 | 4.6.0 | 1.26.4 | 3 | **1** (33.3 %) | 1 | 0 | 0 | 1 |" in lines
    assert "| `relu` | 3e-07 | 0 (4.6) | **fails** [1] |" in lines
    assert "| `elu` | 3e-07 | **refused** [2] | **fails** [1] |" in lines
    assert "| `selu` | **wrong** [3] | **crash** [4] | **crash** [4] |" in lines
    assert r"2. why refused \<b>\|\`\*\_" in lines
    assert "`clip_to_relu` 2, `split_it` 1" in page
    assert "A part of the conformance suite: 3 of 9 cases." in markdown(drawn(suite_size=9))


@pytest.mark.parametrize("page", [markdown, webpage])
def test_the_batch_sizes_are_named(page: Any) -> None:
    """A page of the largest batch sizes alone says so."""
    assert "all outputs and all batch sizes" in page(drawn())
    assert "all outputs and the largest" in page(drawn(batches="the largest batch size"))


@pytest.mark.parametrize("page", [markdown, webpage])
def test_kept_results_are_admitted(page: Any) -> None:
    """Results of other sources are marked as such."""
    words = "Some results were measured with earlier sources"
    assert (words in page(drawn(mixed=True)), words in page(drawn())) == (True, False)


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_the_web_page_reads_in_a_browser(look: Any, tmp_path: Path) -> None:
    """On a phone, a tablet and a desk: axe-core finds nothing, and nothing is cut off."""
    assert problems_of(webpage(drawn()), look, tmp_path) == {width: [] for width in WIDTHS}


def test_the_web_page() -> None:
    """It fetches nothing, and shows reasons as text."""
    page = webpage(drawn())
    assert "why refused &lt;b&gt;" in page
    assert "<b>|" not in page
    assert 'data-flaw="pass"' in page
    assert 'data-flaw="refused"' in page
    assert 'data-flaw="crash"' in page
    assert "3e-07" in page
    assert "--opencv 4.6" in page
    assert "66.7 %" in page
    for outside in ("http:", "https:", "src=", "@import", "url("):
        assert outside not in page
    assert "3 of 9 cases" in " ".join(webpage(drawn(suite_size=9)).split())


@pytest.mark.parametrize(
    ("share", "shown"), [(1.0, "100 %"), (0.9999, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")]
)
def test_a_hundred_percent_is_all(share: float, shown: str) -> None:
    """999 of 1000 are not rounded up to all."""
    assert percent(share) == shown


def test_errors_are_shown_with_one_digit() -> None:
    """An exact 0 is one, and an unknown error is no 0."""
    assert [error(e) for e in (3.44e-7, 0.0, None, 1e-4)] == ["3e-07", "0", "?", "1e-04"]


class Shelf(Environments):
    """Environments that exist already."""

    def __init__(self) -> None:
        """Have all of them."""

    def resolve(self, version: str) -> str:
        """Add the wheel's own numbers."""
        return f"{version}.0.1"

    def prepare(self, wheel: str) -> Environment:
        """Return it."""
        opencv = wheel.rpartition(".")[0]
        engines = engines_of(opencv)
        return Environment(Path("python"), wheel, opencv, "2.0.0", "3.12.1", engines)


def test_columns() -> None:
    """An engine each for OpenCV 5, our files as ONNX, frozen graphs, then Keras' own export."""
    asked = {"frozen": ["4.6"], "onnx": ["default", "4.6"]}
    columns = make_columns(["5.0", "4.6"], ["5.0"], {}, Shelf(), **asked)
    runtime = f"onnxruntime {onnxruntime.__version__}"
    assert [(c.name, c.kind, c.engine, c.runtime) for c in columns] == [
        ("5.0 new", "bundle", "new", "5.0.0"),
        ("5.0 classic", "bundle", "classic", "5.0.0"),
        ("4.6", "bundle", "classic", "4.6.0"),
        ("ONNX default", "onnx", "", runtime),
        ("ONNX 4.6", "onnx", "", runtime),
        ("frozen 4.6", "frozen", "classic", "4.6.0"),
        ("Keras 5.0", "plain", "default", "5.0.0"),
    ]


def test_a_python_of_another_version_is_refused() -> None:
    """An environment given by hand is checked first."""
    here = Path(sys.executable)
    with pytest.raises(UsageError, match=rf"for OpenCV 3\.1, and has OpenCV {cv2.__version__}"):
        make_columns(["3.1"], [], {"3.1": here})
    with pytest.raises(UsageError, match="no OpenCV that imports"):
        make_columns(["3.1"], [], {"3.1": here.parent / "no-python"})


SUITE = '''\
"""Three cases of all kinds."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    name: str
    make: Any
    group: str = "layer"
    batches: tuple = (1, 3)
    input_shapes: dict = field(default_factory=dict)

    def model(self):
        import keras

        keras.utils.set_random_seed(3)
        image = keras.Input((7, 10, 3), name="image")
        return keras.Model(image, self.make(keras)(image), name=self.name)

    def inputs(self, model, batch, seed):
        rng = np.random.default_rng(seed)
        return [rng.normal(size=(batch, 7, 10, 3)).astype(np.float32)]


def gamma(x):
    import tensorflow

    return tensorflow.math.lgamma(x)


def cases():
    return (
        Case("plain_conv", lambda keras: keras.layers.Conv2D(4, 3, activation="relu")),
        Case("odd_gamma", lambda keras: keras.layers.Lambda(gamma, output_shape=(7, 10, 3))),
        Case("broken_case", lambda keras: 1 / 0),
    )


def all_cases():
    return cases()
'''


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Write a suite of a convolution, an op that no OpenCV has, and a case with a bug."""
    folder = tmp_path / "small_suite"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "suite.py").write_text(SUITE, encoding="utf-8")
    return folder


def test_a_whole_sweep(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every case has its cells, whatever the outcome; a second run measures nothing again."""
    pytest.importorskip("tensorflow")
    command = ["--suite", str(suite), "-w", str(tmp_path / "work"), "-o", str(tmp_path / "out")]
    command += ["--opencv", HERE, "--onnx", "default,4.6", "--frozen", HERE, "--plain", HERE]
    command += ["--python", f"{HERE}={sys.executable}"]
    assert atlas_main.main(command) == 0
    printed = capfd.readouterr()
    assert "3 cases, 0 of them measured before" in printed.err
    page = (tmp_path / "out" / "compatibility.md").read_text(encoding="utf-8")
    assert printed.out.split() == [
        str(tmp_path / "out" / f"compatibility.{kind}") for kind in ("md", "html")
    ]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    cells = {line.split("`")[1]: [c.strip() for c in line.split("|")[2:-1]] for line in rows}
    assert list(cells) == ["plain_conv", "odd_gamma", "broken_case"]
    assert all(cell[0].isdigit() for cell in cells["plain_conv"])
    assert "| ONNX 4.6 | onnxruntime" in page
    assert all(cell.split("*")[2] in ("refused", "fails") for cell in cells["odd_gamma"])
    assert all(cell.startswith("**crash**") for cell in cells["broken_case"][:-1])
    assert "ZeroDivisionError" in page
    assert "Lgamma" in page
    work = [path.name for path in (tmp_path / "work").iterdir()]
    assert work == ["results.jsonl"]
    assert atlas_main.main([*command, "--only", "*conv", "--keep"]) == 0
    assert "1 cases, 1 of them measured before" in capfd.readouterr().err


def test_columns_can_be_left_out() -> None:
    """The command on the page leaves them out, too."""
    given = [
        "--largest-batch",
        "--opencv",
        "5.0",
        "--onnx",
        "default,4.10",
        "--frozen",
        "none",
        "--plain=none",
    ]
    args = atlas_main.parser().parse_args(given)
    assert (args.frozen, args.plain, args.onnx) == ((), (), ("default", "4.10"))
    words = "--opencv 5.0 --onnx default,4.10 --frozen none --plain none --largest-batch -o"
    assert words in atlas_main._command(args)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--suite", "nowhere"], "is no conformance suite"),
        (["--only", "nothing*"], "No case of the suite is called nothing"),
        (["--python", "4.6"], "takes VERSION=PATH"),
    ],
)
def test_bad_arguments_are_one_sentence(
    suite: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    """The exit code is 2, and nothing is measured."""
    listed = (Listed("relu", "layer", (1,), "suite", "Three cases"),)
    monkeypatch.setattr(atlas_main, "list_suite", lambda *_: (listed, {"keras": "3"}))
    command = ["--suite", str(suite), "-w", str(tmp_path / "work"), *arguments]
    assert atlas_main.main(command) == 2
    assert words in capfd.readouterr().err
