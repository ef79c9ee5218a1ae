"""The command line: its output on stdout and stderr, and its exit codes."""

from __future__ import annotations

import errno
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.cli.parser import make_parser
from keras2cv.cli.verbs import OWN, SHIPPED, find_verb
from keras2cv.errors import MissingDependency
from support.tiny_bundle import CLASSES, HEIGHT, LABELS, WIDTH, Classifier

ROOT = Path(__file__).parents[3]
SOURCE_ROOTS = os.pathsep.join(str(ROOT / name) for name in ("runtime", "exporter"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a bundle, cat.cv, and three images of different sizes."""
    monkeypatch.chdir(tmp_path)
    Classifier().write(tmp_path / "cat.cv")
    rng = np.random.default_rng(5)
    for number, size in {1: (40, 31), 2: (64, 48), 10: (30, 90)}.items():
        image = rng.integers(0, 256, (*size, 3), np.uint8)
        assert cv2.imwrite(str(tmp_path / f"img{number}.png"), image)
    return tmp_path


def expected_scores(path: Path) -> np.ndarray:
    """Return the class probabilities of the image at `path`, by numpy."""
    image = cv2.resize(cv2.imread(str(path)), (WIDTH, HEIGHT))[:, :, ::-1]
    logits = Classifier()((image[None].astype(np.float32) - 127.5) / 127.5)[0].astype(np.float64)
    return np.exp(logits) / np.exp(logits).sum()


def python(*arguments: str, path: str = SOURCE_ROOTS) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python with our sources."""
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a shell that closes streams")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_reason_to_fail(folder: Path, closed: str) -> None:
    """The file of --json holds its lines alone: none of OpenCV's own gets its descriptor."""
    words = [sys.executable, "-m", "keras2cv", "run", "cat.cv", "img1.png", "--json", "r.jsonl"]
    command = f"{shlex.join(words)} {closed}"
    environment = {**os.environ, "PYTHONPATH": SOURCE_ROOTS, "OPENCV_LOG_LEVEL": "DEBUG"}
    done = subprocess.run(command, shell=True, check=False, env=environment, capture_output=True)  # noqa: S602
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    text = (folder / "r.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["source"] for line in text.splitlines()] == ["img1.png"]


def test_run_prints_a_line_per_image(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Name, label and score, in natural order, on stdout alone."""
    assert main(["run", "cat.cv", "."]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines] == ["img1.png", "img2.png", "img10.png"]
    scores = expected_scores(folder / "img1.png")
    best = int(scores.argmax())
    name, rest = lines[0].split(maxsplit=1)
    assert (name, rest.rsplit(maxsplit=1)[0]) == ("img1.png", LABELS[best])
    assert float(lines[0].split()[-1]) == pytest.approx(scores[best], abs=6e-5)
    assert shown.err.startswith("cat.cv on cpu, ")


def test_top_shows_the_best_classes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--top 3 is three lines, best first, the name on the first of them."""
    assert main(["run", "cat.cv", "img2.png", "--top", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    order = np.argsort(-expected_scores(folder / "img2.png"))[:3]
    assert [LABELS[k] in line for k, line in zip(order, lines, strict=True)] == [True] * 3
    assert [line.startswith("img2.png") for line in lines] == [True, False, False]


def test_json_is_one_line_per_image(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json - prints JSON lines in place of the table; FILE gets the same, beside the table."""
    assert main(["run", "cat.cv", "img1.png", "img2.png", "--json", "-", "--top", "2"]) == 0
    printed = capsys.readouterr().out
    records = [json.loads(line) for line in printed.splitlines()]
    assert [record["source"] for record in records] == ["img1.png", "img2.png"]
    np.testing.assert_allclose(
        records[1]["scores"], expected_scores(folder / "img2.png"), rtol=1e-5
    )
    assert len(records[0]["top"]) == 2
    assert main(["run", "cat.cv", "img1.png", "img2.png", "--json", "r.jsonl", "--top", "2"]) == 0
    assert (folder / "r.jsonl").read_text(encoding="utf-8") == printed
    assert capsys.readouterr().out.startswith("img1.png")


@pytest.mark.parametrize("batch", ["1", "2", "5"])
def test_batches_change_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], batch: str
) -> None:
    """However many images go at a time, each gets its own answer, in order."""
    assert main(["run", "cat.cv", ".", "--json", "-", "--batch", batch]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for record, number in zip(records, (1, 2, 10), strict=True):
        wanted = expected_scores(folder / f"img{number}.png")
        np.testing.assert_allclose(record["scores"], wanted, rtol=1e-5)


def test_one_broken_image_costs_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest still run, it is listed with its reason, and the exit code is 2."""
    (folder / "img3.jpg").write_bytes(b"no image")
    assert main(["run", "cat.cv", ".", "--json", "r.jsonl", "--batch", "2"]) == 2
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 3
    *_, head, reason, summary = shown.err.splitlines()
    assert head == "1 could not be predicted:"
    assert reason == (
        f"  OpenCV {cv2.__version__} cannot decode img3.jpg as an image. "
        "If an image viewer opens it, save it as .png there."
    )
    assert summary.startswith("3 images, ")
    written = (folder / "r.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line) for line in written.splitlines()]
    assert [record["source"] for record in records] == [
        *("img1.png", "img2.png", "img3.jpg", "img10.png")
    ]
    assert "cannot decode img3.jpg" in records[2]["error"]


@pytest.mark.parametrize("kind", ["gray", "alpha", "16 bits"])
def test_gray_rgba_and_16_bit_images_run(
    folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """They are predicted as their 8-bit colour version, as cv2.imread makes it."""
    image = cv2.imread("img1.png")
    stored = {
        "gray": image[:, :, 0],
        "alpha": np.dstack([image, image[:, :, 1]]),
        "16 bits": image.astype(np.uint16) * 257,
    }[kind]
    assert cv2.imwrite("odd.png", stored)
    assert main(["run", "cat.cv", "odd.png", "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(record["scores"], expected_scores(folder / "odd.png"), rtol=1e-5)


def test_arrays_are_what_the_model_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """.npy and .npz go to the model as they are; each sample gets a line of its own."""
    samples = np.random.default_rng(8).normal(size=(3, HEIGHT, WIDTH, 3)).astype(np.float32)
    np.save("many.npy", samples)
    np.save("one.npy", samples[1])
    np.savez("named.npz", photo=samples[2:])
    assert main(["run", "cat.cv", "many.npy", "one.npy", "named.npz", "--json", "-"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["source"] for record in records] == [
        *(f"many.npy:{n:06d}" for n in range(3)),
        "one.npy",
        "named.npz",
    ]
    logits = Classifier()(samples)[[0, 1, 2, 1, 2]].astype(np.float64)
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose([record["scores"] for record in records], wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"arr_0": np.zeros((2, HEIGHT, WIDTH, 4), np.float32)}, "x.npz: Input photo must be (N, "),
        ({"image": np.zeros((2, HEIGHT, WIDTH, 3), np.float32)}, "x.npz: The model's inputs are "),
        ({"arr_0": np.zeros(1), "arr_1": np.zeros(1)}, "x.npz: the model takes 1 arrays (photo), "),
    ],
    ids=["shape", "name", "count"],
)
def test_arrays_that_do_not_fit_are_listed(
    folder: Path, capsys: pytest.CaptureFixture[str], content: dict[str, np.ndarray], reason: str
) -> None:
    """A wrong shape, name or number of arrays is listed, and the next image still runs."""
    np.savez("x.npz", **content)
    assert main(["run", "cat.cv", "x.npz", "img1.png"]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith("img1.png")
    assert reason in shown.err


def test_save_draws_into_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each image keeps its name; two of one name do not overwrite each other."""
    (folder / "more").mkdir()
    (folder / "more" / "img1.png").write_bytes((folder / "img2.png").read_bytes())
    assert main(["run", "cat.cv", "img1.png", "more", "--save", "out/drawn"]) == 0
    written = sorted(path.name for path in (folder / "out/drawn").iterdir())
    assert written == ["img1-2.png", "img1.png"]
    model = keras2cv.load(folder / "cat.cv")
    for name, source in (("img1.png", "img1.png"), ("img1-2.png", "img2.png")):
        image = cv2.imread(str(folder / source))
        wanted = model.predict(image).draw(image)
        np.testing.assert_array_equal(cv2.imread(str(folder / "out/drawn" / name)), wanted)


def test_a_video_is_its_frames(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each frame gets a line and a picture under its number."""
    writer = cv2.VideoWriter("clip.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for level in (20, 120, 220):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    assert main(["run", "cat.cv", "clip.avi", "--save", "drawn"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [f"clip.avi:{n:06d}" for n in range(3)]
    written = sorted(path.name for path in Path("drawn").iterdir())
    assert written == [f"clip.avi-{n:06d}.jpg" for n in range(3)]


def test_save_writes_one_image_to_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a single image PATH may be the picture itself, in folders that do not exist yet."""
    assert main(["run", "cat.cv", "img2.png", "--save", "deep/answer.jpg"]) == 0
    assert cv2.imread("deep/answer.jpg") is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["img1.png", "img2.png", "--save", "a.png"], "--save a.png names one picture, and there "),
        (["img1.png", "--save", "a.mp4"], "--save a.mp4 names a video, and is for one video or "),
        ([".", "--save", "a.mp4"], "--save a.mp4 names a video, and is for one video or camera, "),
        (["img1.png", "--every", "3"], "--every is for videos, and img1.png is none. "),
        (["img1.png", "--save", "img1.png"], "--save img1.png would overwrite what it reads. "),
        ([".", "--save", "."], "--save . would overwrite what it reads. "),
        (["x.npy", "--save", "out"], "--save draws on images, and x.npy holds arrays. "),
        (["img1.png", "--save", "img2.png/out"], "img2.png/out cannot be written: "),
        (["img1.png", "--json", "none/r.json"], "--json none/r.json cannot be written: "),
        (["missing.png"], "missing.png does not exist. "),
        (["img1.png", "--engine", "ort"], "argument --engine: invalid choice: 'ort' "),
        (["img1.png", "--batch", "0"], "argument --batch: must be a whole number of at least 1"),
        (["img1.png", "--dev", "cpu"], "unrecognized arguments: --dev cpu. "),
    ],
)
def test_arguments_that_mean_nothing_end_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """One sentence on stderr, nothing on stdout, nothing written, nothing overwritten."""
    np.save("x.npy", np.zeros((1, HEIGHT, WIDTH, 3), np.float32))
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert exit_code("run", "cat.cv", *arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1].startswith(f"error: {sentence}")
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def exit_code(*arguments: str) -> int:
    """Return the exit code, whether it is returned or raised by argparse."""
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("model.onnx", "cat.cv/model.onnx is missing. "),
        ("selftest.npz", "cat.cv/selftest.npz is missing. "),
        ("manifest.json", "cat.cv is not a bundle: it has no manifest.json. "),
        ("sha256", "cat.cv/model.onnx is not the file that was verified: sha256 "),
        ("schema", "cat.cv/manifest.json: schema: 99 is newer than this keras2cv reads (1). "),
        ("unknown key", "cat.cv/manifest.json: colour: unknown key; known: schema, "),
        ("folder", "cat.cv does not exist. "),
    ],
)
@pytest.mark.parametrize("verb", ["run", "selftest", "info"])
def test_a_damaged_bundle_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], verb: str, damage: str, sentence: str
) -> None:
    """Missing files, wrong sha256, a newer schema, unknown keys: each named, with exit code 2."""
    damage_bundle(folder / "cat.cv", damage)
    assert main([verb, "cat.cv", *(["img1.png"] if verb == "run" else [])]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.replace("\\", "/").startswith(f"error: {sentence}")
    assert len(shown.err.splitlines()) == 1


def damage_bundle(bundle: Path, damage: str) -> None:
    """Remove the file of that name, or alter it as `damage` describes."""
    manifest = bundle / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    if damage == "sha256":
        data = bytearray((bundle / "model.onnx").read_bytes())
        data[-1] ^= 1
        (bundle / "model.onnx").write_bytes(data)
    elif damage == "schema":
        manifest.write_text(text.replace('"schema": 1', '"schema": 99'), encoding="utf-8")
    elif damage == "unknown key":
        manifest.write_text(text.replace("{", '{"colour": 1,', 1), encoding="utf-8")
    elif damage == "folder":
        bundle.rename(bundle.with_name("dog.cv"))
    else:
        (bundle / damage).unlink()


def test_images_need_a_preprocessing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that takes arrays is not fed images by guessing."""
    manifest = json.loads((folder / "cat.cv/manifest.json").read_text(encoding="utf-8"))
    del manifest["preprocessing"]
    (folder / "cat.cv/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["run", "cat.cv", "img1.png"]) == 2
    assert capsys.readouterr().err == (
        "error: cat.cv takes arrays: it does not say how an image such as img1.png becomes its "
        "input. Give a .npy or .npz, or export it with --preprocess.\n"
    )


def test_top_is_for_classes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there are no classes, --top is refused rather than ignored."""
    text = (folder / "cat.cv/manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    manifest["task"] = {"kind": "regress", "output": "scores"}
    (folder / "cat.cv/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["run", "cat.cv", "img1.png", "--top", "2"]) == 2
    assert "--top is for classes, and the task of cat.cv is regress. " in capsys.readouterr().err
    assert main(["run", "cat.cv", "img1.png"]) == 0
    assert len(capsys.readouterr().out.split()) == 2 + CLASSES  # its name, "values", five numbers


def test_an_inconclusive_bundle_is_called_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs, after a warning of one line."""
    manifest = json.loads((folder / "cat.cv/manifest.json").read_text(encoding="utf-8"))
    del manifest["evidence"]
    manifest["status"] = "unverified"
    (folder / "cat.cv/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["run", "cat.cv", "img1.png"]) == 0
    assert capsys.readouterr().err.splitlines()[0].startswith("warning: cat.cv is inconclusive: ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have one display")
def test_show_without_a_display_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library of windows would end the process; we print a sentence and end with 3."""
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:   QT5\n")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["run", "cat.cv", "img1.png", "--show"]) == 3
    assert "There is no display (DISPLAY and WAYLAND_DISPLAY" in capsys.readouterr().err
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:   NONE\n")
    assert main(["run", "cat.cv", "img1.png", "--show"]) == 3
    assert "is built without windows, so there is no --show" in capsys.readouterr().err


def test_show_ends_with_q(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each image is shown until a key; q ends the run after the current one."""
    shown: list[tuple[int, ...]] = []
    keys = iter([ord(" "), ord("q")])
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:   QT5\n")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(cv2, "imshow", lambda _, image: shown.append(image.shape))
    monkeypatch.setattr(cv2, "waitKey", lambda delay: next(keys) if delay == 0 else -1)
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: shown.append(()))
    assert main(["run", "cat.cv", ".", "--show"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert len(shown) == 3
    assert shown[-1] == ()


def test_selftest_passes_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 with a line per comparison; 1 when an expected output is another."""
    assert main(["selftest", "cat.cv", "--json", "report.json"]) == 0
    assert capsys.readouterr().out.startswith("self-test: pass (OpenCV ")
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["verdict"] == "pass"
    with np.load("cat.cv/selftest.npz") as file:
        vectors = dict(file)
    vectors["out/1/0"][0, 2] += 0.5
    np.savez("cat.cv/selftest.npz", **vectors)
    assert main(["selftest", "cat.cv"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("self-test: fail (OpenCV ")
    assert [line.split()[0] for line in lines[1:]] == ["pass", "FAIL", "pass"]


def test_selftest_of_an_unverified_bundle_is_inconclusive(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its golden vectors may say too little: exit code 4, and 1 if they differ; `info` says so."""
    manifest = json.loads((folder / "cat.cv/manifest.json").read_text(encoding="utf-8"))
    del manifest["evidence"]
    manifest["status"] = "unverified"
    (folder / "cat.cv/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["selftest", "cat.cv", "--json", "report.json"]) == 4
    assert capsys.readouterr().out.startswith("self-test: inconclusive (OpenCV ")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "inconclusive"
    assert "cat.cv is inconclusive: " in report["unproven"]
    assert main(["info", "cat.cv"]) == 0
    assert "INCONCLUSIVE" in capsys.readouterr().out
    with np.load("cat.cv/selftest.npz") as file:
        vectors = dict(file)
    vectors["out/1/0"][0, 2] += 0.5
    np.savez("cat.cv/selftest.npz", **vectors)
    assert main(["selftest", "cat.cv"]) == 1


def test_selftest_names_an_engine_that_nobody_promised(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unverified bundle that asks for an engine that is not here is inconclusive, not 3."""
    manifest = json.loads((folder / "cat.cv/manifest.json").read_text(encoding="utf-8"))
    del manifest["evidence"]
    manifest["status"] = "unverified"
    (folder / "cat.cv/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def missing(_: object) -> None:
        raise MissingDependency("This OpenCV has no engine new.")

    monkeypatch.setattr("keras2cv.cli.selftest._in_child", missing)
    assert main(["selftest", "cat.cv"]) == 4
    assert "no engine new. cat.cv is inconclusive: " in capsys.readouterr().err


def test_info_is_a_card(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The card has inputs, outputs, preprocessing and evidence, in words."""
    assert main(["info", "cat.cv"]) == 0
    shown = capsys.readouterr().out
    assert "status       verified: it predicts what TensorFlow predicts\n" in shown
    assert "an image     becomes photo: RGB, stretched to 12x9 (linear), " in shown
    assert "(pixel - 127.5) / 127.5 [preset tf]\n" in shown
    assert "OpenCV 5.0.0, new engine: scores max_abs/max_ref 1.5e-06 of 1.0e-04 allowed" in shown


def test_doctor_prints_and_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fine is 0; without OpenCV the rest is still shown, the problem last, exit code 3."""
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--json", "d.json"]) in (0, 3)  # as this machine is
    report = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert report["opencv"]["version"] == cv2.__version__
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "cv2", None)  # type: ignore[arg-type]
    assert main(["doctor"]) == 3
    shown = capsys.readouterr().out
    assert "OpenCV      none that works\n" in shown
    assert "\nProblem 1. " in shown


@pytest.mark.parametrize("verb", [*OWN, *SHIPPED])
def test_help_of_every_verb_has_examples_that_parse(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """--help ends well, and each example in it is a command that the parser takes."""
    assert exit_code(verb, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: keras2cv {verb}")
    examples = find_verb(verb).EXAMPLES.splitlines()
    assert examples
    for example in examples:
        assert example in shown
        words = shlex.split(example.partition("|")[0].partition(" > ")[0])
        args = make_parser(words[1:]).parse_args(words[1:])
        assert args.execute == find_verb(verb).execute


def test_help_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of any help is wider than 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    texts = [make_parser([]).format_help()]
    for verb in (*OWN, *SHIPPED):
        verbs = next(action for action in make_parser([verb])._actions if action.choices)
        texts.append(verbs.choices[verb].format_help())  # type: ignore[index, call-overload]
    assert [line for text in texts for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--debug"], 2, "error: the following arguments are required: VERB. See `keras2cv "),
        (["frobnicate"], 2, "error: argument VERB: invalid choice: 'frobnicate' (choose from "),
        (["run"], 2, "error: the following arguments are required: BUNDLE, SOURCE. See `keras2cv "),
    ],
)
def test_a_command_that_is_none(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No verb, an unknown one, or one without its arguments: a line, and exit code 2."""
    assert exit_code(*arguments) == code
    assert capsys.readouterr().err.startswith(sentence)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints the package's."""
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"keras2cv {keras2cv.__version__}\n"


def failing(error: BaseException) -> object:
    """Return a predict_sources that gives nothing but `error`."""

    def predict_sources(*_: object) -> Iterator[object]:
        raise error
        yield

    return predict_sources


def test_interrupted_ends_with_130(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with 130, after closing every open file."""
    monkeypatch.setattr("keras2cv.streams.threads.predict_sources", failing(KeyboardInterrupt()))
    assert main(["run", "cat.cv", "img1.png", "--json", "r.jsonl"]) == 130
    assert capsys.readouterr().err.endswith("interrupted\n")
    assert (folder / "r.jsonl").read_bytes() == b""


def test_ctrl_c_while_a_module_is_imported_ends_with_130(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A C++ module, as TensorFlow's, then says "initialization failed" with Ctrl-C as the cause."""
    disguised = ImportError("initialization failed")
    disguised.__cause__ = KeyboardInterrupt()
    monkeypatch.setattr("keras2cv.streams.threads.predict_sources", failing(disguised))
    assert main(["run", "cat.cv", "img1.png"]) == 130
    assert capsys.readouterr().err.endswith("interrupted\n")


def test_a_folder_that_may_not_be_entered_is_no_bug_of_ours(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`Path.exists` raises there on many versions of Python."""
    denied = PermissionError(errno.EACCES, "Permission denied", "/secret/a.png")
    monkeypatch.setattr("keras2cv.streams.threads.predict_sources", failing(denied))
    assert main(["run", "cat.cv", "img1.png"]) == 2
    shown = capsys.readouterr().err
    assert "error: /secret/a.png cannot be used: Permission denied." in shown
    assert "Traceback" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays")
def test_a_current_folder_that_is_gone_is_no_bug_of_ours(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A relative place to write to lies nowhere then."""
    (folder / "gone").mkdir()
    os.chdir(folder / "gone")
    (folder / "gone").rmdir()
    words = ["codegen", str(folder / "cat.cv"), "--lang", "python", "-o", "here"]
    assert main(words) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_of_ours_shows_its_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception that is not ours is a bug: traceback, a request to report it, exit code 70."""
    monkeypatch.setattr(
        "keras2cv.streams.threads.predict_sources", failing(ZeroDivisionError("7 / 0"))
    )
    assert main(["run", "cat.cv", "img1.png"]) == 70
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.endswith(
        "error: a bug in keras2cv (ZeroDivisionError). Please report the above.\n"
    )


@pytest.mark.parametrize("arguments", [["--debug", "info", "x"], ["info", "x", "--debug"]])
def test_debug_shows_the_traceback_of_any_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    """--debug works before and after the verb; without it there is no traceback."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert "Traceback" in capsys.readouterr().err
    assert main(["info", "x"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_module_that_does_not_load_ends_with_3(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken installed package is the environment's fault, and the doctor is recommended."""
    error = ImportError("DLL load failed while importing _pywrap")
    monkeypatch.setattr("keras2cv.streams.threads.predict_sources", failing(error))
    assert main(["run", "cat.cv", "img1.png"]) == 3
    assert capsys.readouterr().err.endswith(
        "error: DLL load failed while importing _pywrap. `keras2cv doctor` says what is missing, "
        "--debug where it failed.\n"
    )


def test_a_fresh_process_answers(folder: Path) -> None:
    """`python -m keras2cv` is the command, and running a bundle loads nothing of TensorFlow."""
    code = (
        "import sys; from keras2cv.cli import main; "
        "code = main(['run', 'cat.cv', 'img1.png']); print(*sys.modules, file=sys.stderr); "
        "sys.exit(code)"
    )
    child = python("-c", code)
    assert child.returncode == 0
    loaded = set(child.stderr.split())
    assert "cv2" in loaded
    assert not loaded & {"tensorflow", "keras", "onnx", "onnx_ir", "tf2onnx", "keras2cv_export"}
    again = python("-m", "keras2cv", "run", "cat.cv", "img1.png")
    assert (again.returncode, again.stdout) == (0, child.stdout)
    assert len(again.stderr.splitlines()) == 2  # what runs, and how fast it was
    assert LABELS[int(expected_scores(folder / "img1.png").argmax())] in again.stdout


@pytest.mark.parametrize(
    ("command", "absent", "sentence"),
    [
        ("['run', 'cat.cv', 'img1.png']", "cv2", "error: OpenCV is not installed: "),
        ("['selftest', 'cat.cv']", "cv2", "error: OpenCV is not installed: "),
        ("['info', 'cat.cv']", "cv2", "error: OpenCV is not installed: "),
        (
            "['export', 'm.keras', '-o', 'b.cv']",
            "tensorflow",
            "error: `keras2cv export` needs tensorflow",
        ),
        (
            "['check', 'cat.cv', '--against', 'm.keras', '--html', 'page.html']",
            "jinja2",
            "error: `keras2cv check --html` needs jinja2",
        ),
        (
            "['bench', 'cat.cv', '--against', 'm.keras', '--html', 'page.html']",
            "matplotlib",
            "error: `keras2cv bench --html` needs matplotlib",
        ),
    ],
)
def test_what_is_not_installed_ends_with_3(
    folder: Path, command: str, absent: str, sentence: str
) -> None:
    """In a fresh process without the module: one sentence, no traceback, exit code 3."""
    code = (
        f"import sys; sys.modules[{absent!r}] = None; import importlib.metadata as m; "
        "real = m.version\n"
        "def version(name):\n"
        "    if name.startswith('opencv'): raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = version\n"
        f"import keras2cv; from keras2cv.cli import main; sys.exit(main({command}))"
    )
    child = python("-c", code)
    assert child.returncode == 3
    assert child.stdout == ""
    assert child.stderr.startswith(sentence)
    assert len(child.stderr.splitlines()) == 1
    assert "pip install 'keras2cv[" in child.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    """`keras2cv ... | head` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    child = subprocess.run(
        [sys.executable, "-m", "keras2cv", "info", "cat.cv"],
        check=False,
        env={**os.environ, "PYTHONPATH": SOURCE_ROOTS},
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(write)
    assert (child.returncode, child.stderr) == (141, b"")
